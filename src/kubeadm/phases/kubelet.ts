/** kubeadm's phase `kubelet-start`: the KubeletConfiguration and the flags file. An external etcd host runs a kubelet without API server for its one static pod. */
import { stringify } from 'yaml';
import { DNS_SERVICE_ADDRESS, type ClusterConfiguration, type PhaseFiles } from '../cluster-configuration.ts';

/** The KubeletConfiguration object, as kubeadm writes it and uploads it. */
export function kubeletConfiguration(configuration: ClusterConfiguration): Record<string, unknown> {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    authentication: { anonymous: { enabled: false }, webhook: { cacheTTL: '0s', enabled: true }, x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } },
    authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: '0s', cacheUnauthorizedTTL: '0s' } },
    cgroupDriver: 'systemd',
    clusterDNS: [DNS_SERVICE_ADDRESS],
    clusterDomain: configuration.dnsDomain,
    containerRuntimeEndpoint: 'unix:///var/run/containerd/containerd.sock',
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
    staticPodPath: '/etc/kubernetes/manifests',
    streamingConnectionIdleTimeout: '0s',
    syncFrequency: '0s',
    volumeStatsAggPeriod: '0s',
  };
}

/** Configuration files of a kubelet. */
export function kubeletFiles(configuration: ClusterConfiguration): PhaseFiles {
  return { '/var/lib/kubelet/config.yaml': { content: stringify(kubeletConfiguration(configuration), { lineWidth: 0, indentSeq: false }), mode: 0o644 } };
}
