/** The front door of kubeadm: its phases as pure functions (files and API objects of a cluster) and its command. */
export * from './configuration.ts';
export {
  createAuthority,
  createClusterPki,
  derivedClusterPki,
  readClusterPki,
  issue,
  apiServerNames,
  PKI_DIRECTORY,
  type Authority,
  type CertificateRequest,
  type ClusterPki,
} from './pki.ts';
export { kubeconfigText } from './kubeconfigs.ts';
export { kubeletArguments, kubeletConfiguration } from './kubelet-start.ts';
export { apiServerPod, controllerManagerPod, etcdPod, schedulerPod, manifestFile, MANIFESTS_DIRECTORY } from './static-pods.ts';
export {
  joiningFiles,
  provisionControlPlane,
  provisionEtcdHost,
  provisionWorker,
  type EtcdStart,
  type ProvisioningInput,
} from './provision.ts';
export {
  addonObjects,
  bootstrapTokenObjects,
  bootstrapTokenSecret,
  initObjects,
  markControlPlanePatch,
  uploadConfigObjects,
} from './bootstrap-objects.ts';
export type { ApiObject } from './api-objects.ts';
export { applyInitObjects, markControlPlane, writeFiles } from './apply.ts';
export { kubeadm, kubeadmWith } from './kubeadm.ts';
export type { UnitControl } from './command-error.ts';
export { joinEtcd } from './join/join.ts';
export { etcdMembers, type EtcdMembers } from './join/etcd-members.ts';
