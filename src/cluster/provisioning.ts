/**
 * What cloud-init does at a machine's first boot: the files kubeadm would have left on it. Keys come from the cluster's seed, so that
 * every machine derives the same certificate authorities without a word to the others; the authorities' keys stay on control planes.
 */
import type { management } from '#contracts';
import { createCrypto, createEcdsa, seededRandom, type Crypto, type Files } from '#host';
import {
  createAuthority,
  defaultClusterConfiguration,
  derivedClusterPki,
  issue,
  kubeconfigText,
  provisionControlPlane,
  provisionEtcdHost,
  provisionWorker,
  joiningFiles,
  writeFiles,
  type ClusterConfiguration,
  type ClusterPki,
  type GeneratedFile,
  type NodeConfiguration,
} from '#kubeadm';
import { HOST_CERTIFICATE, HOST_KEY, USER_CA, USER_CERTIFICATE, USER_KEY } from '#node-tools';
import { NODE_NETWORK_KUBECONFIG, NODE_NETWORK_USER } from './node-network-access.ts';

/** Version of everything kubeadm installs. */
export const KUBERNETES_VERSION = defaultClusterConfiguration.kubernetesVersion;

/** The part of the lab's cluster spec that provisioning reads; the lab hands it over as plain data. */
export interface ProvisionedSpec {
  readonly topology: 'stacked' | 'external';
  readonly proxyMode: 'iptables' | 'ipvs' | 'nftables';
  readonly etcd: { readonly heartbeatMs: number; readonly electionMs: number; readonly quotaBytes: number };
  readonly extraArgs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A machine as the lab planned it. */
export interface ProvisionedMachine extends NodeConfiguration {
  readonly role: management.BootMessage['role'];
  readonly zone: string;
  /** Added to a running cluster: it joins it by itself at its first boot instead of being part of it from the start. */
  readonly joins?: boolean;
  /** `kubeadm join …` with a token, for machines that join. */
  readonly joinCommand?: string;
}

/** What a boot message's `provisioning` holds. */
export interface Provisioning {
  readonly spec: ProvisionedSpec;
  readonly machines: readonly ProvisionedMachine[];
  readonly createdWallMs: number;
}

/** A planned cluster as kubeadm sees it, and its hosts. */
export interface PlannedCluster {
  readonly configuration: ClusterConfiguration;
  readonly endpointAddress: string;
  readonly controlPlanes: readonly NodeConfiguration[];
  /** Hosts of etcd members: the control planes themselves when stacked. */
  readonly etcdHosts: readonly NodeConfiguration[];
  readonly createdWallMs: number;
  /** The authorities, each derived from the seed when it is asked for. */
  readonly pki: ClusterPki;
}

/** Gives each part of what is derived from a seed its own stream of keys. */
type CryptoOf = (part: string) => Crypto;

const derivedFrom = (seed: string): CryptoOf => {
  const ecdsa = createEcdsa();
  return (part) => createCrypto(seededRandom(`${seed}/${part}`), ecdsa);
};

/** What the seed and the plan make of a cluster. */
export function plannedCluster(
  seed: string,
  { spec, machines, createdWallMs }: Provisioning,
  cryptoOf: CryptoOf = derivedFrom(seed),
): PlannedCluster {
  const hosts = (role: ProvisionedMachine['role']): NodeConfiguration[] =>
    machines.filter((machine) => machine.role === role && !machine.joins).map(({ name, address }) => ({ name, address }));
  const controlPlanes = hosts('control-plane');
  const etcdHosts = spec.topology === 'stacked' ? controlPlanes : hosts('etcd');
  const endpointAddress = hosts('load-balancer')[0]?.address ?? controlPlanes[0]!.address;
  const { heartbeatMs, electionMs, quotaBytes } = spec.etcd;
  return {
    configuration: {
      ...defaultClusterConfiguration,
      controlPlaneEndpoint: `${endpointAddress}:6443`,
      etcd:
        spec.topology === 'stacked'
          ? { kind: 'local' }
          : { kind: 'external', endpoints: etcdHosts.map(({ address }) => `https://${address}:2379`) },
      extraArgs: {
        apiServer: { ...spec.extraArgs['kube-apiserver'] },
        controllerManager: { ...spec.extraArgs['kube-controller-manager'] },
        scheduler: { ...spec.extraArgs['kube-scheduler'] },
        etcd: {
          'heartbeat-interval': `${heartbeatMs}`,
          'election-timeout': `${electionMs}`,
          'quota-backend-bytes': `${quotaBytes}`,
          ...spec.extraArgs['etcd'],
        },
      },
    },
    endpointAddress,
    controlPlanes,
    etcdHosts,
    createdWallMs,
    pki: derivedClusterPki((part) => cryptoOf(`authorities/${part}`), createdWallMs),
  };
}

function kubeconfigFor(cluster: PlannedCluster, crypto: Crypto, server: string, user: string, organizations: readonly string[]): string {
  const { configuration, pki, createdWallMs } = cluster;
  return kubeconfigText(
    crypto,
    configuration.clusterName,
    `https://${server}:6443`,
    pki,
    user,
    issue(crypto, createdWallMs, pki.ca, { commonName: user, organizations, usages: ['client auth'] }),
  );
}

function roleFiles(
  role: ProvisionedMachine['role'],
  joins: boolean,
  cluster: PlannedCluster,
  node: NodeConfiguration,
  crypto: Crypto,
): GeneratedFile[] {
  const { configuration, pki, createdWallMs: nowMs, etcdHosts, controlPlanes, endpointAddress } = cluster;
  const input = { crypto, nowMs, pki, cluster: configuration, node };
  const ca = (path: string): GeneratedFile => ({ path, content: crypto.certificatesToPem([pki.ca.certificate]), mode: 0o644 });
  const nodeNetwork = (server: string): GeneratedFile => ({
    path: NODE_NETWORK_KUBECONFIG,
    content: kubeconfigFor(cluster, crypto, server, NODE_NETWORK_USER, []),
    mode: 0o600,
  });
  if (joins)
    return [...joiningFiles(input, role), ...(role === 'etcd' ? [] : [nodeNetwork(role === 'worker' ? endpointAddress : node.address)])];
  switch (role) {
    case 'control-plane':
      return [
        ...provisionControlPlane(input, configuration.etcd.kind === 'local' ? { members: etcdHosts, isJoining: false } : undefined),
        nodeNetwork(node.address),
      ];
    case 'worker':
      return [...provisionWorker(input, controlPlanes[0]!), nodeNetwork(endpointAddress)];
    case 'etcd':
      return provisionEtcdHost(input, etcdHosts);
    case 'load-balancer':
      return [ca('/etc/haproxy/ca.crt')];
    case 'workstation':
      return [
        {
          path: '/home/student/.kube/config',
          content: kubeconfigFor(cluster, crypto, endpointAddress, 'kubernetes-admin', ['kubeadm:cluster-admins']),
          mode: 0o600,
        },
      ];
  }
}

const MARKER = '/var/lib/cloud/instance/boot-finished';

/** The part of /etc/hosts that follows the plan stands between these lines; what else is in the file is the student's. */
const HOSTS_BEGIN = '# machines of this data centre';
const HOSTS_END = '# end of machines';

function hostsText(before: string, machines: readonly ProvisionedMachine[]): string {
  const own = [HOSTS_BEGIN, ...machines.map(({ name, address }) => `${address} ${name}`), HOSTS_END].join('\n');
  const [begin, end] = [before.indexOf(HOSTS_BEGIN), before.indexOf(HOSTS_END)];
  if (begin >= 0 && end > begin) return before.slice(0, begin) + own + before.slice(end + HOSTS_END.length);
  return `${before === '' ? '127.0.0.1 localhost\n' : before}${own}\n`;
}

/** Where the load balancer's program finds the API servers. */
export const BACKENDS_FILE = '/etc/haproxy/backends';

/** Writes what a machine knows of the others; safe to do again whenever the plan has changed. */
export function writePlan(files: Files, role: ProvisionedMachine['role'], machines: readonly ProvisionedMachine[]): void {
  const update = (path: string, content: string): void => {
    if (files.stat(path) && files.readText(path) === content) return;
    writeFiles(files, [{ path, content, mode: 0o644 }]);
  };
  // Machines set up by an earlier version have a list without the lines around it.
  const before = files.stat('/etc/hosts') ? files.readText('/etc/hosts') : '';
  const kept = before.includes(HOSTS_BEGIN)
    ? before
    : before
        .split('\n')
        .filter((line) => !machines.some(({ name, address }) => line === `${address} ${name}`))
        .join('\n');
  update('/etc/hosts', hostsText(kept, machines));
  if (role !== 'load-balancer') return;
  const backends = machines.filter((machine) => machine.role === 'control-plane').map(({ address }) => `${address}:6443\n`);
  update(BACKENDS_FILE, backends.join(''));
}

/** Keys of ssh: one certificate of one authority for every machine, which its sshd shows and its administrator logs in to others with. */
function sshFiles(boot: management.BootMessage, createdWallMs: number, cryptoOf: CryptoOf): GeneratedFile[] {
  const authority = createAuthority(cryptoOf('ssh'), createdWallMs, 'ssh-ca');
  const crypto = cryptoOf(`ssh/${boot.machine}`);
  const { chain, key } = issue(crypto, createdWallMs, authority, {
    commonName: boot.machine,
    usages: ['server auth', 'client auth'],
    dnsNames: [boot.machine, 'localhost'],
    ipAddresses: [boot.address, '127.0.0.1'],
  });
  const home = boot.role === 'workstation' ? '/home/student' : '/root';
  const [certificate, secret] = [crypto.certificatesToPem(chain), crypto.keyToPem(key)];
  return [
    { path: USER_CA, content: crypto.certificatesToPem([authority.certificate]), mode: 0o644 },
    { path: HOST_CERTIFICATE, content: certificate, mode: 0o644 },
    { path: HOST_KEY, content: secret, mode: 0o600 },
    { path: `${home}/${USER_CERTIFICATE}`, content: certificate, mode: 0o644 },
    { path: `${home}/${USER_KEY}`, content: secret, mode: 0o600 },
  ];
}

/** What etcdctl on the workstation needs, and a file of variables to source. */
function etcdClientFiles(cluster: PlannedCluster, crypto: Crypto): GeneratedFile[] {
  const { pki, createdWallMs, etcdHosts } = cluster;
  const client = issue(crypto, createdWallMs, pki.etcdCa, { commonName: 'kube-etcd-healthcheck-client', usages: ['client auth'] });
  const directory = '/etc/kubernetes/pki/etcd';
  const variables = [
    `export ETCDCTL_ENDPOINTS=${etcdHosts.map(({ address }) => `https://${address}:2379`).join(',')}`,
    `export ETCDCTL_CACERT=${directory}/ca.crt`,
    `export ETCDCTL_CERT=${directory}/healthcheck-client.crt`,
    `export ETCDCTL_KEY=${directory}/healthcheck-client.key`,
    '',
  ];
  return [
    { path: `${directory}/ca.crt`, content: crypto.certificatesToPem([pki.etcdCa.certificate]), mode: 0o644 },
    { path: `${directory}/healthcheck-client.crt`, content: crypto.certificatesToPem(client.chain), mode: 0o644 },
    { path: `${directory}/healthcheck-client.key`, content: crypto.keyToPem(client.key), mode: 0o600 },
    { path: '/home/student/etcdctl.env', content: variables.join('\n'), mode: 0o644 },
  ];
}

/** Writes what is missing on a machine at its first boot; later boots find it done. Resolves when it is durable. */
export async function provision(files: Files, boot: management.BootMessage): Promise<PlannedCluster> {
  const provisioning = boot.provisioning as unknown as Provisioning;
  const cryptoOf = derivedFrom(boot.seed);
  const cluster = plannedCluster(boot.seed, provisioning, cryptoOf);
  const own = provisioning.machines.find(({ name }) => name === boot.machine);
  if (!files.stat(MARKER)) {
    writeFiles(files, [
      ...roleFiles(boot.role, own?.joins ?? false, cluster, { name: boot.machine, address: boot.address }, cryptoOf(`pki/${boot.machine}`)),
      { path: '/etc/hostname', content: `${boot.machine}\n`, mode: 0o644 },
    ]);
  }
  if (!files.stat(HOST_KEY)) {
    writeFiles(files, sshFiles(boot, cluster.createdWallMs, cryptoOf));
    if (boot.role === 'workstation') writeFiles(files, etcdClientFiles(cluster, cryptoOf('etcd-client')));
  }
  writePlan(files, boot.role, provisioning.machines);
  if (!files.stat(MARKER)) writeFiles(files, [{ path: MARKER, content: 'done\n', mode: 0o644 }]);
  await files.sync();
  return cluster;
}
