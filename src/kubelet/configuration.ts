/** What the kubelet is told: its flags and the KubeletConfiguration file that kubeadm writes (kubelet.config.k8s.io/v1beta1). Unknown fields are refused as the real one does. */
import { parseDuration } from '#apimachinery';
import { readYaml } from '#client';
import { parseFlags, type Files } from '#host';

/** Settings of one kubelet, with Kubernetes' defaults filled in. */
export interface KubeletSettings {
  readonly nodeName: string;
  readonly nodeIp: string;
  /** Empty: standalone, without API server. */
  readonly kubeconfigPath: string;
  readonly bootstrapKubeconfigPath: string;
  readonly staticPodPath: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly criPort: number;
  readonly port: number;
  readonly healthzPort: number;
  readonly clientCaPath: string;
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly maxPods: number;
  readonly nodeStatusUpdateFrequencyMs: number;
  readonly nodeStatusReportFrequencyMs: number;
  readonly leaseDurationSeconds: number;
  readonly syncFrequencyMs: number;
  readonly fileCheckFrequencyMs: number;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly providerId: string;
}

const CRI_PORT = 10010;
const KNOWN_FIELDS: readonly string[] = [
  'apiVersion',
  'kind',
  'authentication',
  'authorization',
  'cgroupDriver',
  'clusterDNS',
  'clusterDomain',
  'containerRuntimeEndpoint',
  'cpuManagerReconcilePeriod',
  'crashLoopBackOff',
  'enableServer',
  'evictionHard',
  'evictionSoft',
  'evictionPressureTransitionPeriod',
  'featureGates',
  'fileCheckFrequency',
  'healthzBindAddress',
  'healthzPort',
  'httpCheckFrequency',
  'imageMaximumGCAge',
  'imageMinimumGCAge',
  'kubeReserved',
  'logging',
  'maxPods',
  'memorySwap',
  'nodeLeaseDurationSeconds',
  'nodeStatusReportFrequency',
  'nodeStatusUpdateFrequency',
  'podPidsLimit',
  'port',
  'registerWithTaints',
  'resolvConf',
  'rotateCertificates',
  'runtimeRequestTimeout',
  'serializeImagePulls',
  'serverTLSBootstrap',
  'shutdownGracePeriod',
  'shutdownGracePeriodCriticalPods',
  'staticPodPath',
  'streamingConnectionIdleTimeout',
  'syncFrequency',
  'systemReserved',
  'tlsCertFile',
  'tlsPrivateKeyFile',
  'volumeStatsAggPeriod',
  'failSwapOn',
  'allowedUnsafeSysctls',
  'readOnlyPort',
  'containerLogMaxSize',
  'containerLogMaxFiles',
  'providerID',
  'protectKernelDefaults',
];

type ConfigurationFile = Record<string, unknown> & {
  authentication?: { x509?: { clientCAFile?: string } };
  registerWithTaints?: KubeletSettings['taints'];
};

/** Reads the configuration file. Throws an Error with the kubelet's text. */
function readConfiguration(files: Files, path: string): ConfigurationFile {
  if (!files.stat(path)) {
    throw new Error(
      `failed to load kubelet config file, path: ${path}, error: failed to load Kubelet config file ${path}, error failed to read kubelet config file "${path}", error: open ${path}: no such file or directory`,
    );
  }
  const file = (readYaml(files.readText(path)) ?? {}) as ConfigurationFile;
  const unknown = Object.keys(file).find((field) => !KNOWN_FIELDS.includes(field));
  if (unknown)
    throw new Error(
      `failed to load kubelet config file, path: ${path}, error: failed to decode: strict decoding error: unknown field "${unknown}"`,
    );
  return file;
}

/** A duration field; zero means the default, as for the real kubelet. */
function durationMs(value: unknown, fallbackMs: number): number {
  const ms = typeof value === 'string' ? parseDuration(value) : typeof value === 'number' ? value / 1e6 : 0;
  return ms > 0 ? ms : fallbackMs;
}

const textOf = (value: unknown, fallback: string): string => (typeof value === 'string' && value !== '' ? value : fallback);
const numberOf = (value: unknown, fallback: number): number => (typeof value === 'number' && value !== 0 ? value : fallback);

/** Settings from `argv` (without the program's name), the configuration file and the machine's facts. Throws Errors with the kubelet's texts. */
export function readSettings(
  argv: readonly string[],
  files: Files,
  machine: { readonly hostname: string; readonly address: string },
): KubeletSettings {
  const flags = parseFlags(argv);
  const configPath = flags.get('config');
  const file: ConfigurationFile = configPath ? readConfiguration(files, configPath) : {};
  const labels = flags.list('node-labels').map((pair) => pair.split('=') as [string, string?]);
  const taints = flags.list('register-with-taints').map((text) => {
    const [pair = '', effect = ''] = text.split(/:(?=[^:]*$)/);
    const [key = '', value] = pair.split('=');
    return { key, ...(value ? { value } : {}), effect };
  });
  const updateMs = durationMs(file['nodeStatusUpdateFrequency'], 10_000);
  return {
    nodeName: (flags.get('hostname-override') ?? machine.hostname).toLowerCase(),
    nodeIp: flags.get('node-ip') ?? machine.address,
    kubeconfigPath: flags.get('kubeconfig') ?? '',
    bootstrapKubeconfigPath: flags.get('bootstrap-kubeconfig') ?? '',
    staticPodPath: textOf(file['staticPodPath'], flags.get('pod-manifest-path') ?? ''),
    clusterDns: (file['clusterDNS'] as string[] | undefined) ?? flags.list('cluster-dns'),
    clusterDomain: textOf(file['clusterDomain'], flags.get('cluster-domain') ?? ''),
    criPort: CRI_PORT,
    port: numberOf(file['port'], 10250),
    healthzPort: numberOf(file['healthzPort'], 10248),
    clientCaPath: textOf(file.authentication?.x509?.clientCAFile, flags.get('client-ca-file') ?? ''),
    certificatePath: textOf(file['tlsCertFile'], flags.get('tls-cert-file') ?? '/var/lib/kubelet/pki/kubelet.crt'),
    keyPath: textOf(file['tlsPrivateKeyFile'], flags.get('tls-private-key-file') ?? '/var/lib/kubelet/pki/kubelet.key'),
    maxPods: numberOf(file['maxPods'], 110),
    nodeStatusUpdateFrequencyMs: updateMs,
    nodeStatusReportFrequencyMs: durationMs(file['nodeStatusReportFrequency'], 300_000),
    leaseDurationSeconds: numberOf(file['nodeLeaseDurationSeconds'], 40),
    syncFrequencyMs: durationMs(file['syncFrequency'], 60_000),
    fileCheckFrequencyMs: durationMs(file['fileCheckFrequency'], 20_000),
    nodeLabels: Object.fromEntries(labels.map(([key, value]) => [key, value ?? ''])),
    taints: file.registerWithTaints ?? taints,
    providerId: textOf(file['providerID'], flags.get('provider-id') ?? ''),
  };
}
