/** KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1): the file kube-proxy reads its settings from; fields that the lab's proxy acts on. */
import { parseDuration } from '#apimachinery';
import { readYaml } from '#client';

/** Settings of a kube-proxy. */
export interface ProxyConfiguration {
  /** '' means: the pod's own service account. */
  readonly kubeconfig: string;
  readonly mode: 'iptables';
  readonly hostnameOverride: string;
  readonly healthzBindAddress: string;
  readonly metricsBindAddress: string;
  /** Least time between two writes of the rules. */
  readonly minSyncPeriodMs: number;
  /** Rules are written at least that often. */
  readonly syncPeriodMs: number;
}

interface ConfigurationFile {
  kind?: string;
  mode?: string;
  hostnameOverride?: string;
  healthzBindAddress?: string;
  metricsBindAddress?: string;
  clientConnection?: { kubeconfig?: string } | null;
  iptables?: { minSyncPeriod?: string | null; syncPeriod?: string | null } | null;
}

/** kubeadm writes `0s` where the default is meant. */
const durationOr = (text: string | null | undefined, fallback: string): number =>
  parseDuration(text && text !== '0s' && text !== '0' ? text : fallback);

/** Reads the configuration. Throws an Error for another kind of file or a mode that does not exist. */
export function parseProxyConfiguration(text: string): ProxyConfiguration {
  const file = (readYaml(text) ?? {}) as ConfigurationFile;
  if (file.kind !== 'KubeProxyConfiguration')
    throw new Error(`no kind "${file.kind ?? ''}" is registered for version "kubeproxy.config.k8s.io/v1alpha1"`);
  const mode = file.mode || 'iptables';
  if (!['iptables', 'ipvs', 'nftables'].includes(mode))
    throw new Error(
      `KubeProxyConfiguration.mode: Invalid value: "${mode}": must be iptables, ipvs, nftables or blank (blank means the best-available proxy [currently iptables])`,
    );
  return {
    kubeconfig: file.clientConnection?.kubeconfig ?? '',
    mode: 'iptables',
    hostnameOverride: file.hostnameOverride ?? '',
    healthzBindAddress: file.healthzBindAddress || '0.0.0.0:10256',
    metricsBindAddress: file.metricsBindAddress || '127.0.0.1:10249',
    minSyncPeriodMs: durationOr(file.iptables?.minSyncPeriod, '1s'),
    syncPeriodMs: durationOr(file.iptables?.syncPeriod, '30s'),
  };
}

/** Address and port of a bind address. Throws an Error in Go's words where there is no port. */
export function splitHostPort(text: string): { address: string; port: number } {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon < 0 || !Number.isInteger(port)) throw new Error(`address ${text}: missing port in address`);
  return { address: text.slice(0, colon) || '0.0.0.0', port };
}
