/** Everything a machine of each kind needs on its disk before its first boot, made from the shared authorities: kubeadm init and join without their waiting. Pure. */
import type { Crypto } from '#host';
import type { ClusterConfiguration, EtcdMember, GeneratedFile, NodeConfiguration } from './configuration.ts';
import { controlPlaneKubeconfigs, workerKubeconfig } from './kubeconfigs.ts';
import { HANDED_CREDENTIALS, kubeletFiles } from './kubelet-start.ts';
import { controlPlaneCertificates, etcdCertificates, issue, PKI_DIRECTORY, sharedPkiFiles, type ClusterPki } from './pki.ts';
import { apiServerPod, controllerManagerPod, etcdPod, manifestFile, MANIFESTS_DIRECTORY, schedulerPod } from './static-pods.ts';

/** What all provisioning starts from. */
export interface ProvisioningInput {
  readonly crypto: Crypto;
  /** Wall clock that certificates are issued at, milliseconds. */
  readonly nowMs: number;
  readonly pki: ClusterPki;
  readonly cluster: ClusterConfiguration;
  readonly node: NodeConfiguration;
}

/** How a control plane's etcd member starts (stacked topology). */
export interface EtcdStart {
  /** The initial cluster, this member included. */
  readonly members: readonly EtcdMember[];
  /** The cluster runs already and has been told of this member (join). */
  readonly isJoining: boolean;
}

/** Files of a control plane. `etcd` is left out with external etcd. */
export function provisionControlPlane(input: ProvisioningInput, etcd: EtcdStart | undefined): GeneratedFile[] {
  const { crypto, nowMs, pki, cluster, node } = input;
  return [
    ...sharedPkiFiles(crypto, pki, etcd !== undefined),
    ...controlPlaneCertificates(crypto, nowMs, pki, cluster, node),
    ...(etcd ? etcdCertificates(crypto, nowMs, pki, node) : []),
    ...controlPlaneKubeconfigs(crypto, nowMs, pki, cluster, node),
    ...kubeletFiles(cluster, node),
    ...(etcd ? [manifestFile(etcdPod(node, etcd.members, etcd.isJoining, cluster.extraArgs?.etcd))] : []),
    manifestFile(apiServerPod(cluster, node)),
    manifestFile(controllerManagerPod(cluster)),
    manifestFile(schedulerPod(cluster)),
  ];
}

/** Files of a worker; it knows the authority's certificate and its own credentials. */
export function provisionWorker(input: ProvisioningInput, firstControlPlane: NodeConfiguration): GeneratedFile[] {
  const { crypto, nowMs, pki, cluster, node } = input;
  return [
    { path: `${PKI_DIRECTORY}/ca.crt`, content: crypto.certificatesToPem([pki.ca.certificate]), mode: 0o644 },
    ...workerKubeconfig(crypto, nowMs, pki, cluster, node, firstControlPlane),
    ...kubeletFiles(cluster, node),
  ];
}

/** Files of a dedicated etcd host: its certificates, its manifest, a kubelet without API server. */
export function provisionEtcdHost(input: ProvisioningInput, members: readonly EtcdMember[], isJoining = false): GeneratedFile[] {
  const { crypto, nowMs, pki, cluster, node } = input;
  const etcdCa = sharedPkiFiles(crypto, pki, true).filter((file) => file.path.startsWith(`${PKI_DIRECTORY}/etcd/`));
  const ca: GeneratedFile = { path: `${PKI_DIRECTORY}/ca.crt`, content: crypto.certificatesToPem([pki.ca.certificate]), mode: 0o644 };
  return [
    ca,
    ...etcdCa,
    ...etcdCertificates(crypto, nowMs, pki, node),
    ...kubeletFiles(cluster, node),
    manifestFile(etcdPod(node, members, isJoining, cluster.extraArgs?.etcd)),
  ];
}

/**
 * Files of a machine that will join a running cluster, before kubeadm join: for a control plane the certificates that control planes share,
 * as an administrator copies them; for a worker its kubelet's signed credentials; for an etcd host everything but the manifest.
 */
export function joiningFiles(
  input: ProvisioningInput,
  role: 'control-plane' | 'worker' | 'etcd' | 'load-balancer' | 'workstation',
): GeneratedFile[] {
  const { crypto, nowMs, pki, cluster, node } = input;
  switch (role) {
    case 'control-plane': {
      const isStacked = cluster.etcd.kind === 'local';
      const etcdClient = controlPlaneCertificates(crypto, nowMs, pki, cluster, node).filter(({ path }) =>
        path.includes('apiserver-etcd-client'),
      );
      return [...sharedPkiFiles(crypto, pki, isStacked), ...(isStacked ? [] : etcdClient)];
    }
    case 'worker': {
      const { chain, key } = issue(crypto, nowMs, pki.ca, {
        commonName: `system:node:${node.name}`,
        organizations: ['system:nodes'],
        usages: ['client auth'],
      });
      return [
        { path: `${HANDED_CREDENTIALS}.crt`, content: crypto.certificatesToPem(chain), mode: 0o600 },
        { path: `${HANDED_CREDENTIALS}.key`, content: crypto.keyToPem(key), mode: 0o600 },
      ];
    }
    case 'etcd':
      return provisionEtcdHost(input, []).filter(({ path }) => !path.startsWith(MANIFESTS_DIRECTORY));
    case 'load-balancer':
    case 'workstation':
      throw new Error(`a ${role} does not join a cluster`);
  }
}
