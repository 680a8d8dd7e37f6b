/** What kubeadm is told of a cluster: its ClusterConfiguration, cut to what the lab's clusters differ in, and the hosts it is made of. */

/** A host of the cluster. */
export interface ClusterHost {
  readonly name: string;
  readonly address: string;
}

/** Input of every phase. */
export interface ClusterConfiguration {
  readonly clusterName: string;
  /** `v1.33.1`. */
  readonly kubernetesVersion: string;
  /** Address of the control-plane endpoint (load balancer). */
  readonly endpointAddress: string;
  readonly serviceSubnet: string;
  readonly podSubnet: string;
  readonly dnsDomain: string;
  readonly topology: 'stacked' | 'external';
  readonly controlPlanes: readonly ClusterHost[];
  /** Hosts of etcd members: the control planes themselves when stacked. */
  readonly etcdHosts: readonly ClusterHost[];
  readonly proxyMode: 'iptables' | 'ipvs' | 'nftables';
  readonly etcd: { readonly heartbeatMs: number; readonly electionMs: number; readonly quotaBytes: number };
  /** Per component, real flag names without dashes in front. */
  readonly extraArgs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Certificates are valid from here, lab wall milliseconds. */
  readonly createdWallMs: number;
}

/** First address of the service subnet: the `kubernetes` Service. */
export const KUBERNETES_SERVICE_ADDRESS = '10.96.0.1';
/** Tenth address of the service subnet: cluster DNS. */
export const DNS_SERVICE_ADDRESS = '10.96.0.10';

/** Image references by component, as `kubeadm config images list` prints them for this version. */
export const imagesOf = (configuration: ClusterConfiguration) =>
  ({
    'kube-apiserver': `registry.k8s.io/kube-apiserver:${configuration.kubernetesVersion}`,
    'kube-controller-manager': `registry.k8s.io/kube-controller-manager:${configuration.kubernetesVersion}`,
    'kube-scheduler': `registry.k8s.io/kube-scheduler:${configuration.kubernetesVersion}`,
    'kube-proxy': `registry.k8s.io/kube-proxy:${configuration.kubernetesVersion}`,
    coredns: 'registry.k8s.io/coredns/coredns:v1.12.0',
    pause: 'registry.k8s.io/pause:3.10',
    etcd: 'registry.k8s.io/etcd:3.5.21-0',
  }) as const;

/** A file a phase writes. */
export interface PhaseFile {
  readonly content: string;
  readonly mode: number;
}

/** Files by absolute path. */
export type PhaseFiles = Readonly<Record<string, PhaseFile>>;
