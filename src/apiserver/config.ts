/** The settings of one API server as its flags give them, decoded: certificates and keys are parsed, durations are milliseconds. */
import type { Certificate, PrivateKey } from '#host';

/** An entry of --token-auth-file (static tokens, for labs). */
export interface StaticToken {
  readonly token: string;
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
}

/** The settings. */
export interface ApiServerConfig {
  /** The host's name: identity of this server beside its address. */
  readonly hostname: string;
  readonly advertiseAddress: string;
  readonly securePort: number;
  /** --service-cluster-ip-range, one IPv4 range: 10.96.0.0/12. */
  readonly serviceClusterIpRange: string;
  /** --service-node-port-range, both ends included. */
  readonly serviceNodePortRange: readonly [number, number];
  /** --service-account-issuer; the first signs. */
  readonly issuers: readonly string[];
  /** --api-audiences; the issuer by default. */
  readonly audiences: readonly string[];
  /** --service-account-signing-key-file. */
  readonly signingKey: PrivateKey | undefined;
  /** --service-account-key-file: uncompressed public points. */
  readonly verificationKeys: readonly Uint8Array[];
  readonly clientCas: readonly Certificate[];
  /** --requestheader-client-ca-file: callers it signed speak for the user in their X-Remote-* headers. */
  readonly requestHeaderCas: readonly Certificate[];
  /** --requestheader-allowed-names; empty allows all. */
  readonly requestHeaderNames: readonly string[];
  /** --authorization-mode, in order. */
  readonly authorizationModes: readonly string[];
  /** --enable-admission-plugins beyond the defaults. */
  readonly enabledAdmission: readonly string[];
  /** --disable-admission-plugins. */
  readonly disabledAdmission: readonly string[];
  /** --enable-bootstrap-token-auth. */
  readonly bootstrapTokens: boolean;
  /** --anonymous-auth. */
  readonly anonymous: boolean;
  readonly staticTokens: readonly StaticToken[];
  /** --kubelet-preferred-address-types. */
  readonly kubeletAddressTypes: readonly string[];
  /** --allow-privileged. */
  readonly allowPrivileged: boolean;
  /** --request-timeout, 60 s. */
  readonly requestTimeoutMs: number;
  /** --min-request-timeout, 1800 s: the least a watch without timeoutSeconds lasts. */
  readonly minRequestTimeoutSeconds: number;
  /** --max-requests-inflight and --max-mutating-requests-inflight. */
  readonly maxInFlight: number;
  readonly maxMutatingInFlight: number;
  /** --event-ttl. */
  readonly eventTtlSeconds: number;
  /** --default-not-ready-toleration-seconds, --default-unreachable-toleration-seconds. */
  readonly notReadyTolerationSeconds: number;
  readonly unreachableTolerationSeconds: number;
  /** kube-system's extension-apiserver-authentication ConfigMap; '' leaves a key out. */
  readonly clientCaPem: string;
  readonly requestHeaderCaPem: string;
}

/** What kube-apiserver does where nothing is said. */
export const defaultConfig: ApiServerConfig = {
  hostname: 'control-plane-1',
  advertiseAddress: '127.0.0.1',
  securePort: 6443,
  serviceClusterIpRange: '10.96.0.0/12',
  serviceNodePortRange: [30000, 32767],
  issuers: ['https://kubernetes.default.svc.cluster.local'],
  audiences: ['https://kubernetes.default.svc.cluster.local'],
  signingKey: undefined,
  verificationKeys: [],
  clientCas: [],
  requestHeaderCas: [],
  requestHeaderNames: [],
  authorizationModes: ['Node', 'RBAC'],
  enabledAdmission: ['NodeRestriction'],
  disabledAdmission: [],
  bootstrapTokens: true,
  anonymous: true,
  staticTokens: [],
  kubeletAddressTypes: ['InternalIP', 'ExternalIP', 'Hostname'],
  allowPrivileged: true,
  requestTimeoutMs: 60_000,
  minRequestTimeoutSeconds: 1800,
  maxInFlight: 400,
  maxMutatingInFlight: 200,
  eventTtlSeconds: 3600,
  notReadyTolerationSeconds: 300,
  unreachableTolerationSeconds: 300,
  clientCaPem: '',
  requestHeaderCaPem: '',
};
