/**
 * What cloud-init does at a machine's first boot: the files kubeadm would have left on it. Keys come from the cluster's seed, so that
 * every machine derives the same certificate authorities without a word to the others; the authorities' keys stay on control planes.
 */
import type { management } from '#contracts';
import { createCrypto, seededRandom, type Crypto, type Files } from '#host';
import {
  defaultClusterConfiguration,
  derivedClusterPki,
  issue,
  kubeconfigText,
  provisionControlPlane,
  provisionEtcdHost,
  provisionWorker,
  writeFiles,
  type ClusterConfiguration,
  type ClusterPki,
  type GeneratedFile,
  type NodeConfiguration,
} from '#kubeadm';
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

/** What the seed and the plan make of a cluster. */
export function plannedCluster(seed: string, { spec, machines, createdWallMs }: Provisioning): PlannedCluster {
  const hosts = (role: ProvisionedMachine['role']): NodeConfiguration[] =>
    machines.filter((machine) => machine.role === role).map(({ name, address }) => ({ name, address }));
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
    pki: derivedClusterPki((part) => createCrypto(seededRandom(`${seed}/authorities/${part}`)), createdWallMs),
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

function roleFiles(role: ProvisionedMachine['role'], cluster: PlannedCluster, node: NodeConfiguration, crypto: Crypto): GeneratedFile[] {
  const { configuration, pki, createdWallMs: nowMs, etcdHosts, controlPlanes, endpointAddress } = cluster;
  const input = { crypto, nowMs, pki, cluster: configuration, node };
  const ca = (path: string): GeneratedFile => ({ path, content: crypto.certificatesToPem([pki.ca.certificate]), mode: 0o644 });
  const nodeNetwork = (server: string): GeneratedFile => ({
    path: NODE_NETWORK_KUBECONFIG,
    content: kubeconfigFor(cluster, crypto, server, NODE_NETWORK_USER, []),
    mode: 0o600,
  });
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

/** Writes what is missing on a machine at its first boot; later boots find it done. Resolves when it is durable. */
export async function provision(files: Files, boot: management.BootMessage): Promise<PlannedCluster> {
  const provisioning = boot.provisioning as unknown as Provisioning;
  const cluster = plannedCluster(boot.seed, provisioning);
  if (files.stat(MARKER)) return cluster;
  const hosts = ['127.0.0.1 localhost', ...provisioning.machines.map(({ name, address }) => `${address} ${name}`), ''].join('\n');
  writeFiles(files, [
    ...roleFiles(
      boot.role,
      cluster,
      { name: boot.machine, address: boot.address },
      createCrypto(seededRandom(`${boot.seed}/pki/${boot.machine}`)),
    ),
    { path: '/etc/hostname', content: `${boot.machine}\n`, mode: 0o644 },
    { path: '/etc/hosts', content: hosts, mode: 0o644 },
    { path: MARKER, content: 'done\n', mode: 0o644 },
  ]);
  await files.sync();
  return cluster;
}
