/** The public key infrastructure of a cluster (kubeadm's phase certs): three authorities, the service account key, and the certificates of each machine. ECDSA P-256 throughout. */
import type { Certificate, CertificateTemplate, Crypto, Files, Identity, PrivateKey } from '#host';
import { addressInSubnet, type ClusterConfiguration, type GeneratedFile, type NodeConfiguration } from './configuration.ts';

/** Directory of certificates and keys. */
export const PKI_DIRECTORY = '/etc/kubernetes/pki';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
/** Clocks of machines differ; what is issued now is good everywhere. */
const BACKDATE_MS = 5 * 60 * 1000;

/** A signing authority. */
export interface Authority {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

/** What the whole cluster shares and control planes hand on to each other. */
export interface ClusterPki {
  readonly ca: Authority;
  readonly frontProxyCa: Authority;
  readonly etcdCa: Authority;
  readonly serviceAccountKey: PrivateKey;
}

/** A self-signed authority, good for ten years. */
export function createAuthority(crypto: Crypto, nowMs: number, commonName: string): Authority {
  const key = crypto.generateKey();
  const template: CertificateTemplate = {
    subject: { commonName, organizations: [] },
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + 10 * YEAR_MS,
    isCa: true,
    dnsNames: [commonName],
  };
  return { certificate: crypto.issueCertificate(template, key.publicKey, key), key };
}

/** Makes the authorities of a new cluster, good for ten years. */
export function createClusterPki(crypto: Crypto, nowMs: number): ClusterPki {
  return {
    ca: createAuthority(crypto, nowMs, 'kubernetes'),
    frontProxyCa: createAuthority(crypto, nowMs, 'front-proxy-ca'),
    etcdCa: createAuthority(crypto, nowMs, 'etcd-ca'),
    serviceAccountKey: crypto.generateKey(),
  };
}

/**
 * The same for a cluster whose keys come from a seed: each part has a random stream of its own (`cryptoOf`) and is made when it is first
 * asked for, since a machine that only knows the authority of the API needs none of the others.
 */
export function derivedClusterPki(cryptoOf: (part: string) => Crypto, nowMs: number): ClusterPki {
  const made = new Map<string, Authority | PrivateKey>();
  const once = <T extends Authority | PrivateKey>(part: string, make: (crypto: Crypto) => T): T => {
    const known = (made.get(part) as T | undefined) ?? make(cryptoOf(part));
    made.set(part, known);
    return known;
  };
  return {
    get ca() {
      return once('ca', (crypto) => createAuthority(crypto, nowMs, 'kubernetes'));
    },
    get frontProxyCa() {
      return once('front-proxy-ca', (crypto) => createAuthority(crypto, nowMs, 'front-proxy-ca'));
    },
    get etcdCa() {
      return once('etcd-ca', (crypto) => createAuthority(crypto, nowMs, 'etcd-ca'));
    },
    get serviceAccountKey() {
      return once('sa', (crypto) => crypto.generateKey());
    },
  };
}

/** Who a certificate is for. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly usages: readonly ('client auth' | 'server auth')[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** Issues a certificate, good for one year. */
export function issue(crypto: Crypto, nowMs: number, authority: Authority, request: CertificateRequest): Identity {
  const key = crypto.generateKey();
  const { commonName, organizations = [], ...rest } = request;
  const template: CertificateTemplate = {
    subject: { commonName, organizations },
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + YEAR_MS,
    ...rest,
  };
  return { chain: [crypto.issueCertificate(template, key.publicKey, authority.key, authority.certificate)], key };
}

const file = (name: string, content: string, mode: number): GeneratedFile => ({ path: `${PKI_DIRECTORY}/${name}`, content, mode });
const pair = (crypto: Crypto, name: string, identity: Identity): GeneratedFile[] => [
  file(`${name}.crt`, crypto.certificatesToPem(identity.chain), 0o644),
  file(`${name}.key`, crypto.keyToPem(identity.key), 0o600),
];
const authorityFiles = (crypto: Crypto, name: string, authority: Authority): GeneratedFile[] =>
  pair(crypto, name, { chain: [authority.certificate], key: authority.key });

/** The files control planes share (kubeadm's upload-certs). With external etcd its authority's key stays away. */
export function sharedPkiFiles(crypto: Crypto, pki: ClusterPki, withEtcdKey: boolean): GeneratedFile[] {
  return [
    ...authorityFiles(crypto, 'ca', pki.ca),
    ...authorityFiles(crypto, 'front-proxy-ca', pki.frontProxyCa),
    ...(withEtcdKey
      ? authorityFiles(crypto, 'etcd/ca', pki.etcdCa)
      : [file('etcd/ca.crt', crypto.certificatesToPem([pki.etcdCa.certificate]), 0o644)]),
    file('sa.key', crypto.keyToPem(pki.serviceAccountKey), 0o600),
    file('sa.pub', crypto.publicKeyToPem(pki.serviceAccountKey.publicKey), 0o600),
  ];
}

const isAddress = (name: string): boolean => /^\d+(\.\d+){3}$/.test(name);

/** Names and addresses of an API server's certificate. */
export function apiServerNames(cluster: ClusterConfiguration, node: NodeConfiguration): { dnsNames: string[]; ipAddresses: string[] } {
  const endpoint = cluster.controlPlaneEndpoint.split(':')[0]!;
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${cluster.dnsDomain}`,
    node.name,
    ...cluster.certSANs,
    ...(endpoint ? [endpoint] : []),
  ];
  const addresses = [addressInSubnet(cluster.serviceSubnet, 1), node.address];
  return {
    dnsNames: [...new Set(names.filter((name) => !isAddress(name)))],
    ipAddresses: [...new Set([...addresses, ...names.filter(isAddress)])],
  };
}

/** The certificates of a control plane's API server. */
export function controlPlaneCertificates(
  crypto: Crypto,
  nowMs: number,
  pki: ClusterPki,
  cluster: ClusterConfiguration,
  node: NodeConfiguration,
): GeneratedFile[] {
  return [
    ...pair(
      crypto,
      'apiserver',
      issue(crypto, nowMs, pki.ca, { commonName: 'kube-apiserver', usages: ['server auth'], ...apiServerNames(cluster, node) }),
    ),
    ...pair(
      crypto,
      'apiserver-kubelet-client',
      issue(crypto, nowMs, pki.ca, {
        commonName: 'kube-apiserver-kubelet-client',
        organizations: ['kubeadm:cluster-admins'],
        usages: ['client auth'],
      }),
    ),
    ...pair(
      crypto,
      'front-proxy-client',
      issue(crypto, nowMs, pki.frontProxyCa, { commonName: 'front-proxy-client', usages: ['client auth'] }),
    ),
    ...pair(
      crypto,
      'apiserver-etcd-client',
      issue(crypto, nowMs, pki.etcdCa, { commonName: 'kube-apiserver-etcd-client', usages: ['client auth'] }),
    ),
  ];
}

/** The certificates of an etcd member's host. */
export function etcdCertificates(crypto: Crypto, nowMs: number, pki: ClusterPki, node: NodeConfiguration): GeneratedFile[] {
  const both = {
    commonName: node.name,
    usages: ['server auth', 'client auth'] as const,
    dnsNames: [node.name, 'localhost'],
    ipAddresses: [node.address, '127.0.0.1'],
  };
  return [
    ...pair(crypto, 'etcd/server', issue(crypto, nowMs, pki.etcdCa, both)),
    ...pair(crypto, 'etcd/peer', issue(crypto, nowMs, pki.etcdCa, both)),
    ...pair(
      crypto,
      'etcd/healthcheck-client',
      issue(crypto, nowMs, pki.etcdCa, { commonName: 'kube-etcd-healthcheck-client', usages: ['client auth'] }),
    ),
  ];
}

/** Reads the shared part back from a control plane's files. Throws FileError where one is missing. */
export function readClusterPki(files: Files, crypto: Crypto, withEtcdKey = true): ClusterPki {
  const authority = (name: string): Authority => ({
    certificate: crypto.certificatesFromPem(files.readText(`${PKI_DIRECTORY}/${name}.crt`))[0]!,
    key: crypto.keyFromPem(files.readText(`${PKI_DIRECTORY}/${name}.key`)),
  });
  return {
    ca: authority('ca'),
    frontProxyCa: authority('front-proxy-ca'),
    // With external etcd its authority's key is elsewhere; what it would sign is on this machine already.
    etcdCa: withEtcdKey
      ? authority('etcd/ca')
      : { ...authority('ca'), certificate: crypto.certificatesFromPem(files.readText(`${PKI_DIRECTORY}/etcd/ca.crt`))[0]! },
    serviceAccountKey: crypto.keyFromPem(files.readText(`${PKI_DIRECTORY}/sa.key`)),
  };
}
