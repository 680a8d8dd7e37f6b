/** Ports of a kubeadm cluster and of the lab itself, as literal types and documentation. Values live in `#host`-free constants of each server; types only here. */

/** Well-known ports of the cluster. */
export interface WellKnownPorts {
  readonly etcdClient: 2379;
  readonly etcdPeer: 2380;
  readonly etcdMetrics: 2381;
  readonly apiServer: 6443;
  readonly kubeletHealthz: 10248;
  readonly kubeProxyMetrics: 10249;
  readonly kubelet: 10250;
  readonly kubeProxyHealth: 10256;
  readonly controllerManager: 10257;
  readonly cloudControllerManager: 10258;
  readonly scheduler: 10259;
  /** Loopback stand-in for the runtime's unix socket. */
  readonly cri: 10010;
}
