/**
 * What cloud-init does at a machine's first boot: the files kubeadm would have left on it. Keys come from the cluster's seed, so that
 * every machine derives the same certificate authorities without a word to the others; the authorities' keys stay on control planes.
 */
import { createCrypto, seededRandom, type Files } from '#host';
import {
  controlPlaneCertificates,
  controlPlaneKubeconfigs,
  controlPlaneManifests,
  createClusterPki,
  ADMIN,
  etcdCertificates,
  etcdManifest,
  kubeconfigText,
  kubeletFiles,
  kubeletKubeconfig,
  nodeNetworkKubeconfig,
  type ClusterConfiguration,
  type ClusterHost,
  type ClusterPki,
  type PhaseFiles,
} from '#kubeadm';
import type { management } from '#contracts';

/** Version of everything kubeadm installs. */
export const KUBERNETES_VERSION = 'v1.33.1';

/** The part of the lab's cluster spec that provisioning reads; the lab hands it over as plain data. */
export interface ProvisionedSpec {
  readonly topology: 'stacked' | 'external';
  readonly proxyMode: 'iptables' | 'ipvs' | 'nftables';
  readonly etcd: { readonly heartbeatMs: number; readonly electionMs: number; readonly quotaBytes: number };
  readonly extraArgs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A machine as the lab planned it. */
export interface ProvisionedMachine extends ClusterHost {
  readonly role: management.BootMessage['role'];
  readonly zone: string;
}

/** What a boot message's `provisioning` holds. */
export interface Provisioning {
  readonly spec: ProvisionedSpec;
  readonly machines: readonly ProvisionedMachine[];
  readonly createdWallMs: number;
}

/** kubeadm's configuration of the planned cluster. */
export function configurationOf({ spec, machines, createdWallMs }: Provisioning): ClusterConfiguration {
  const hosts = (role: ProvisionedMachine['role']): ClusterHost[] => machines.filter((machine) => machine.role === role).map(({ name, address }) => ({ name, address }));
  const controlPlanes = hosts('control-plane');
  return {
    clusterName: 'kubernetes',
    kubernetesVersion: KUBERNETES_VERSION,
    endpointAddress: hosts('load-balancer')[0]?.address ?? controlPlanes[0]!.address,
    serviceSubnet: '10.96.0.0/12',
    podSubnet: '10.244.0.0/16',
    dnsDomain: 'cluster.local',
    topology: spec.topology,
    controlPlanes,
    etcdHosts: spec.topology === 'stacked' ? controlPlanes : hosts('etcd'),
    proxyMode: spec.proxyMode,
    etcd: spec.etcd,
    extraArgs: spec.extraArgs,
    createdWallMs,
  };
}

function roleFiles(role: ProvisionedMachine['role'], configuration: ClusterConfiguration, host: ClusterHost, pki: ClusterPki, seed: string): PhaseFiles {
  const crypto = createCrypto(seededRandom(`${seed}/pki/${host.name}`));
  const caFile = { '/etc/kubernetes/pki/ca.crt': { content: crypto.certificatesToPem([pki.ca.certificate]), mode: 0o644 } };
  switch (role) {
    case 'control-plane': {
      const isEtcdHost = configuration.topology === 'stacked';
      return {
        ...controlPlaneCertificates(configuration, host, pki, crypto),
        ...(isEtcdHost ? { ...etcdCertificates(configuration, host, pki, crypto), ...etcdManifest(configuration, host) } : {}),
        ...controlPlaneKubeconfigs(configuration, host, pki, crypto),
        ...kubeletKubeconfig(configuration, host, host.address, pki, crypto),
        ...nodeNetworkKubeconfig(configuration, host.address, pki, crypto),
        ...controlPlaneManifests(configuration, host),
        ...kubeletFiles(configuration),
      };
    }
    case 'worker':
      return { ...caFile, ...kubeletKubeconfig(configuration, host, configuration.endpointAddress, pki, crypto), ...nodeNetworkKubeconfig(configuration, configuration.endpointAddress, pki, crypto), ...kubeletFiles(configuration) };
    case 'etcd':
      return { ...etcdCertificates(configuration, host, pki, crypto), ...etcdManifest(configuration, host), ...kubeletFiles(configuration), ...caFile };
    case 'load-balancer':
      return { '/etc/haproxy/ca.crt': caFile['/etc/kubernetes/pki/ca.crt'] };
    case 'workstation':
      return {
        '/home/student/.kube/config': { content: kubeconfigText(configuration, pki, crypto, configuration.endpointAddress, ADMIN), mode: 0o600 },
        '/home/student/.kube/ca.crt': caFile['/etc/kubernetes/pki/ca.crt'],
      };
  }
}

const MARKER = '/var/lib/cloud/instance/boot-finished';

/** Writes what is missing on a machine at its first boot; later boots find it done. Resolves when it is durable. */
export async function provision(files: Files, boot: management.BootMessage): Promise<ClusterConfiguration> {
  const provisioning = boot.provisioning as unknown as Provisioning;
  const configuration = configurationOf(provisioning);
  if (files.stat(MARKER)) return configuration;
  const pki = createClusterPki(createCrypto(seededRandom(`${boot.seed}/pki`)), configuration.createdWallMs);
  const written: PhaseFiles = {
    ...roleFiles(boot.role, configuration, { name: boot.machine, address: boot.address }, pki, boot.seed),
    '/etc/hostname': { content: `${boot.machine}\n`, mode: 0o644 },
    '/etc/hosts': { content: ['127.0.0.1 localhost', ...provisioning.machines.map(({ name, address }) => `${address} ${name}`), ''].join('\n'), mode: 0o644 },
    [MARKER]: { content: 'done\n', mode: 0o644 },
  };
  for (const [path, { content, mode }] of Object.entries(written)) {
    files.makeDirectory(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    files.write(path, content, { mode });
  }
  await files.sync();
  return configuration;
}
