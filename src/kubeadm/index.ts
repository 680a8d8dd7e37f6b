/** The front door of kubeadm: its phases as functions from a configuration to files and objects. */
export * from './cluster-configuration.ts';
export * from './phases/certs.ts';
export * from './phases/control-plane.ts';
export * from './phases/etcd.ts';
export * from './phases/kubeconfig.ts';
export * from './phases/kubelet.ts';
export { initObjects, markControlPlanePatch } from './phases/objects.ts';
