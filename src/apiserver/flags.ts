/** kube-apiserver's command line, as kubeadm writes it, read into settings. Files are read and keys parsed here. */
import { parseDuration } from '#apimachinery';
import { parseFlags, type Certificate, type Flags, type Identity, type Process } from '#host';
import { defaultConfig, type ApiServerConfig, type StaticToken } from './config.ts';

/** Everything the command line says. */
export interface ServerSettings {
  readonly config: ApiServerConfig;
  readonly serving: Identity;
  readonly bindAddress: string | undefined;
  readonly etcd: {
    readonly endpoints: readonly string[];
    readonly identity: Identity | undefined;
    readonly rootCas: readonly Certificate[];
  };
  readonly kubelet: { readonly identity: Identity | undefined; readonly rootCas: readonly Certificate[] };
}

/** Flags that take no word of their own after them. */
const switches: readonly string[] = [
  'allow-privileged',
  'enable-bootstrap-token-auth',
  'anonymous-auth',
  'profiling',
  'enable-aggregator-routing',
  'service-account-lookup',
  'contention-profiling',
  'goaway-chance',
];

/** A line of --token-auth-file: token,user,uid,"group1,group2". */
function parseTokenFile(text: string): StaticToken[] {
  const tokens: StaticToken[] = [];
  for (const line of text.split('\n')) {
    const match = /^([^,]+),([^,]+),([^,]*)(?:,"?([^"]*)"?)?\s*$/.exec(line.trim());
    if (!match) continue;
    const [, token = '', user = '', uid = '', groups = ''] = match;
    tokens.push({ token, user, uid, groups: groups.split(',').filter((group) => group !== '') });
  }
  return tokens;
}

class FileReader {
  constructor(
    private readonly process: Process,
    private readonly flags: Flags,
  ) {}

  /** Text of the file a flag names; '' without the flag. Throws an Error as Go would print it. */
  text(flag: string): string {
    const path = this.flags.get(flag);
    if (!path) return '';
    try {
      return this.process.files.readText(path);
    } catch (error) {
      throw new Error(`open ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  certificates(flag: string): readonly Certificate[] {
    const pem = this.text(flag);
    return pem ? this.process.crypto.certificatesFromPem(pem) : [];
  }

  identity(certificateFlag: string, keyFlag: string): Identity | undefined {
    const chain = this.certificates(certificateFlag);
    if (chain.length === 0) return undefined;
    return { chain, key: this.process.crypto.keyFromPem(this.text(keyFlag)) };
  }
}

/** The public keys of --service-account-key-file, each a public or a private key. */
function verificationKeys(process: Process, flags: Flags): Uint8Array[] {
  return flags.list('service-account-key-file').map((path) => {
    const pem = process.files.readText(path);
    return pem.includes('PUBLIC KEY') ? process.crypto.publicKeyFromPem(pem) : process.crypto.keyFromPem(pem).publicKey;
  });
}

function portRange(text: string | undefined): readonly [number, number] {
  const match = /^(\d+)-(\d+)$/.exec(text ?? '');
  return match ? [Number(match[1]), Number(match[2])] : defaultConfig.serviceNodePortRange;
}

const listOr = (values: readonly string[], fallback: readonly string[]): readonly string[] => (values.length > 0 ? values : fallback);

function durationMs(flags: Flags, name: string, fallbackMs: number): number {
  const text = flags.get(name);
  return text === undefined ? fallbackMs : parseDuration(text);
}

function readConfig(process: Process, flags: Flags, files: FileReader): ApiServerConfig {
  const issuers = listOr(flags.list('service-account-issuer'), defaultConfig.issuers);
  const signingPem = files.text('service-account-signing-key-file');
  return {
    hostname: process.hostname,
    advertiseAddress: flags.get('advertise-address') ?? process.network.addresses[0] ?? defaultConfig.advertiseAddress,
    securePort: flags.number('secure-port', defaultConfig.securePort),
    serviceClusterIpRange: (flags.get('service-cluster-ip-range') ?? defaultConfig.serviceClusterIpRange).split(',')[0]!,
    serviceNodePortRange: portRange(flags.get('service-node-port-range')),
    issuers,
    audiences: listOr(flags.list('api-audiences'), issuers.slice(0, 1)),
    signingKey: signingPem ? process.crypto.keyFromPem(signingPem) : undefined,
    verificationKeys: verificationKeys(process, flags),
    clientCas: files.certificates('client-ca-file'),
    requestHeaderCas: files.certificates('requestheader-client-ca-file'),
    requestHeaderNames: flags.list('requestheader-allowed-names'),
    authorizationModes: listOr(flags.list('authorization-mode'), defaultConfig.authorizationModes),
    enabledAdmission: flags.list('enable-admission-plugins'),
    disabledAdmission: flags.list('disable-admission-plugins'),
    bootstrapTokens: flags.boolean('enable-bootstrap-token-auth', false),
    anonymous: flags.boolean('anonymous-auth', true),
    staticTokens: parseTokenFile(files.text('token-auth-file')),
    kubeletAddressTypes: listOr(flags.list('kubelet-preferred-address-types'), [
      'Hostname',
      'InternalDNS',
      'InternalIP',
      'ExternalDNS',
      'ExternalIP',
    ]),
    allowPrivileged: flags.boolean('allow-privileged', false),
    requestTimeoutMs: durationMs(flags, 'request-timeout', defaultConfig.requestTimeoutMs),
    minRequestTimeoutSeconds: flags.number('min-request-timeout', defaultConfig.minRequestTimeoutSeconds),
    maxInFlight: flags.number('max-requests-inflight', defaultConfig.maxInFlight),
    maxMutatingInFlight: flags.number('max-mutating-requests-inflight', defaultConfig.maxMutatingInFlight),
    eventTtlSeconds: durationMs(flags, 'event-ttl', defaultConfig.eventTtlSeconds * 1000) / 1000,
    notReadyTolerationSeconds: flags.number('default-not-ready-toleration-seconds', 300),
    unreachableTolerationSeconds: flags.number('default-unreachable-toleration-seconds', 300),
    clientCaPem: files.text('client-ca-file'),
    requestHeaderCaPem: files.text('requestheader-client-ca-file'),
  };
}

/** Reads the command line of a process. Throws an Error with the text the real program would end with. */
export function readSettings(process: Process): ServerSettings {
  const argv = process.argv[0]?.startsWith('--') ? process.argv : process.argv.slice(1);
  const flags = parseFlags(argv, switches);
  const files = new FileReader(process, flags);
  const endpoints = flags.list('etcd-servers');
  if (endpoints.length === 0) throw new Error('--etcd-servers must be specified');
  const serving = files.identity('tls-cert-file', 'tls-private-key-file');
  if (!serving) throw new Error('--tls-cert-file and --tls-private-key-file must be specified');
  const storageMedia = flags.get('storage-media-type');
  if (storageMedia !== undefined && storageMedia !== 'application/json')
    throw new Error(`--storage-media-type "${storageMedia}" invalid, allowed values: application/json`);
  return {
    config: readConfig(process, flags, files),
    serving,
    bindAddress: flags.get('bind-address'),
    etcd: { endpoints, identity: files.identity('etcd-certfile', 'etcd-keyfile'), rootCas: files.certificates('etcd-cafile') },
    kubelet: {
      identity: files.identity('kubelet-client-certificate', 'kubelet-client-key'),
      rootCas: files.certificates('kubelet-certificate-authority'),
    },
  };
}
