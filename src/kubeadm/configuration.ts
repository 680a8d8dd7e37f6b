/** What kubeadm is told: the cluster (ClusterConfiguration of kubeadm.k8s.io/v1beta4, in the lab's plain form) and one machine of it. */

/** Versions of the images of a control plane of Kubernetes v1.33.13, as `kubeadm config images list` prints them. */
export const IMAGE_TAGS = Object.freeze({ kubernetes: 'v1.33.13', coredns: 'v1.12.0', pause: '3.10', etcd: '3.5.21-0' });

/** Port of every API server. */
export const API_SERVER_PORT = 6443;

/** Command-line arguments laid over kubeadm's own, by component; undefined removes one. */
export type ExtraArgs = Readonly<Record<string, string | undefined>>;

/** A cluster. */
export interface ClusterConfiguration {
  /** `kubernetes`. */
  readonly clusterName: string;
  /** `v1.33.13`. */
  readonly kubernetesVersion: string;
  /** `10.0.0.10:6443`, the load balancer; empty: the first control plane itself. */
  readonly controlPlaneEndpoint: string;
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  readonly dnsDomain: string;
  /** Further names and addresses of the API servers' certificates. */
  readonly certSANs: readonly string[];
  readonly etcd: { readonly kind: 'local' } | { readonly kind: 'external'; readonly endpoints: readonly string[] };
  readonly extraArgs?: {
    readonly apiServer?: ExtraArgs;
    readonly controllerManager?: ExtraArgs;
    readonly scheduler?: ExtraArgs;
    readonly etcd?: ExtraArgs;
  };
}

/** kubeadm's defaults with the lab's pod network. */
export const defaultClusterConfiguration: ClusterConfiguration = Object.freeze({
  clusterName: 'kubernetes',
  kubernetesVersion: IMAGE_TAGS.kubernetes,
  controlPlaneEndpoint: '',
  podSubnet: '10.244.0.0/16',
  serviceSubnet: '10.96.0.0/16',
  dnsDomain: 'cluster.local',
  certSANs: Object.freeze([]),
  etcd: Object.freeze({ kind: 'local' as const }),
});

/** A machine that is set up. */
export interface NodeConfiguration {
  readonly name: string;
  readonly address: string;
}

/** An etcd member by name and peer address. */
export interface EtcdMember {
  readonly name: string;
  readonly address: string;
}

/** A file to write, with its permission bits; parents are to be made. */
export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** The URL clients of the cluster use: the load balancer's, or that of `node`. */
export function clusterServer(cluster: ClusterConfiguration, node: NodeConfiguration): string {
  return `https://${cluster.controlPlaneEndpoint || `${node.address}:${API_SERVER_PORT}`}`;
}

/** The address at `index` of a subnet: 1 is the API's (10.96.0.1), 10 the DNS's (10.96.0.10). */
export function addressInSubnet(subnet: string, index: number): string {
  const parts = subnet.split('/')[0]!.split('.').map(Number);
  const value = parts.reduce((sum, part) => sum * 256 + part, 0) + index;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
