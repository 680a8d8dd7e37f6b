/** Everything a machine of each kind needs on its disk before its first boot, made from the shared authorities: kubeadm init and join without their waiting. Pure. */
import type { Crypto } from '#host';
import type { ClusterConfiguration, EtcdMember, GeneratedFile, NodeConfiguration } from './configuration.ts';
import { controlPlaneKubeconfigs, workerKubeconfig } from './kubeconfigs.ts';
import { kubeletFiles } from './kubelet-start.ts';
import { controlPlaneCertificates, etcdCertificates, PKI_DIRECTORY, sharedPkiFiles, type ClusterPki } from './pki.ts';
import { apiServerPod, controllerManagerPod, etcdPod, manifestFile, schedulerPod } from './static-pods.ts';

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
