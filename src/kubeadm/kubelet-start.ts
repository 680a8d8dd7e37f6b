/** The kubelet's configuration (kubeadm's phase kubelet-start) and the flags systemd starts it with. */
import { writeYaml } from '#client';
import { addressInSubnet, type ClusterConfiguration, type GeneratedFile, type NodeConfiguration } from './configuration.ts';
import { MANIFESTS_DIRECTORY } from './static-pods.ts';

/** Credentials of a joining worker's kubelet, signed before the machine was switched on; `.crt` and `.key`. */
export const HANDED_CREDENTIALS = '/var/lib/cloud/data/kubelet-client';

/** The KubeletConfiguration of a cluster, as it also stands in the ConfigMap kubelet-config. */
export function kubeletConfiguration(cluster: ClusterConfiguration): Record<string, unknown> {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    authentication: {
      anonymous: { enabled: false },
      webhook: { cacheTTL: '0s', enabled: true },
      x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
    },
    authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: '0s', cacheUnauthorizedTTL: '0s' } },
    cgroupDriver: 'systemd',
    clusterDNS: [addressInSubnet(cluster.serviceSubnet, 10)],
    clusterDomain: cluster.dnsDomain,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cpuManagerReconcilePeriod: '0s',
    crashLoopBackOff: {},
    evictionPressureTransitionPeriod: '0s',
    fileCheckFrequency: '0s',
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10248,
    httpCheckFrequency: '0s',
    imageMaximumGCAge: '0s',
    imageMinimumGCAge: '0s',
    kind: 'KubeletConfiguration',
    logging: { flushFrequency: 0, options: { json: { infoBufferSize: '0' }, text: { infoBufferSize: '0' } }, verbosity: 0 },
    memorySwap: {},
    nodeStatusReportFrequency: '0s',
    nodeStatusUpdateFrequency: '0s',
    rotateCertificates: true,
    runtimeRequestTimeout: '0s',
    shutdownGracePeriod: '0s',
    shutdownGracePeriodCriticalPods: '0s',
    staticPodPath: MANIFESTS_DIRECTORY,
    streamingConnectionIdleTimeout: '0s',
    syncFrequency: '0s',
    volumeStatsAggPeriod: '0s',
  };
}

/** /var/lib/kubelet/config.yaml and kubeadm-flags.env. */
export function kubeletFiles(cluster: ClusterConfiguration, node: NodeConfiguration): GeneratedFile[] {
  return [
    { path: '/var/lib/kubelet/config.yaml', content: writeYaml(kubeletConfiguration(cluster)), mode: 0o644 },
    {
      path: '/var/lib/kubelet/kubeadm-flags.env',
      content: `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/containerd/containerd.sock --node-ip=${node.address} --hostname-override=${node.name} --pod-infra-container-image=registry.k8s.io/pause:3.10"\n`,
      mode: 0o644,
    },
  ];
}

/** The arguments systemd starts the kubelet with (10-kubeadm.conf and kubeadm-flags.env). `standalone`: without an API server, as on a dedicated etcd host. */
export function kubeletArguments(node: NodeConfiguration, standalone = false): string[] {
  const api = standalone
    ? []
    : ['--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf', '--kubeconfig=/etc/kubernetes/kubelet.conf'];
  return [
    ...api,
    '--config=/var/lib/kubelet/config.yaml',
    '--container-runtime-endpoint=unix:///run/containerd/containerd.sock',
    `--node-ip=${node.address}`,
    `--hostname-override=${node.name}`,
  ];
}
