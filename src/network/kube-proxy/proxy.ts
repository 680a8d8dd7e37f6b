/**
 * kube-proxy: watches Services and EndpointSlices and keeps the address rules of its node's kernel equal to them. It models the
 * iptables mode; ipvs and nftables configurations run as iptables. Left out: conntrack cleaning, topology hints.
 */
import type { Node } from '#api';
import {
  inClusterConfig,
  informerFactory,
  klogTelemetry,
  loadKubeconfig,
  resources,
  restClient,
  serveComponent,
  userAgentOf,
  type InformerFactory,
  type RestConfig,
} from '#client';
import { parseFlags, type HttpAnswer, type Process, type Program, type Telemetry } from '#host';
import { parseProxyConfiguration, splitHostPort, type ProxyConfiguration } from './configuration.ts';
import { planServiceRules } from './rules.ts';
import { syncRunner } from './sync-runner.ts';

const OWNER = 'kube-proxy';
const NOT_HEADLESS = '!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name';
const SECONDS_BUCKETS: readonly number[] = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];

interface Health {
  lastUpdatedMs: number | undefined;
  lastQueuedMs: number | undefined;
  nodeEligible: boolean;
}

function restConfigOf(process: Process, configuration: ProxyConfiguration): RestConfig {
  return configuration.kubeconfig
    ? loadKubeconfig(process.files, configuration.kubeconfig, process.crypto)
    : inClusterConfig(process.files, process.env, process.crypto);
}

/** Healthy while no change has been waiting for its rules for more than two sync periods. */
function healthAnswer(process: Process, health: Health, syncPeriodMs: number, withEligibility: boolean): HttpAnswer {
  const { lastUpdatedMs, lastQueuedMs, nodeEligible } = health;
  const isCurrent = lastUpdatedMs !== undefined && (lastQueuedMs === undefined || process.clock.wallMs() - lastQueuedMs < 2 * syncPeriodMs);
  const now = new Date(process.clock.wallMs()).toISOString();
  const updated = isCurrent ? now : lastUpdatedMs === undefined ? '' : new Date(lastUpdatedMs).toISOString();
  const body = JSON.stringify({ lastUpdated: updated, currentTime: now, nodeEligible });
  return {
    status: isCurrent && (nodeEligible || !withEligibility) ? 200 : 503,
    headers: [
      ['content-type', 'application/json'],
      ['x-content-type-options', 'nosniff'],
    ],
    body,
  };
}

async function serve(process: Process, configuration: ProxyConfiguration, health: Health, telemetry: Telemetry): Promise<void> {
  const { network } = process;
  const answer = (withEligibility: boolean) => (): Promise<HttpAnswer> =>
    Promise.resolve(healthAnswer(process, health, configuration.syncPeriodMs, withEligibility));
  const { address: healthzAddress, port: healthzPort } = splitHostPort(configuration.healthzBindAddress);
  await serveComponent({
    network,
    telemetry,
    port: healthzPort,
    address: healthzAddress,
    handlers: { '/healthz': answer(true), '/livez': answer(false) },
  });
  const { address, port } = splitHostPort(configuration.metricsBindAddress);
  const mode = (): Promise<HttpAnswer> =>
    Promise.resolve({ status: 200, headers: [['content-type', 'text/plain; charset=utf-8']], body: configuration.mode });
  await serveComponent({ network, telemetry, port, address, handlers: { '/proxyMode': mode } });
}

function keepRules(
  process: Process,
  configuration: ProxyConfiguration,
  nodeName: string,
  informers: InformerFactory,
  health: Health,
  telemetry: Telemetry,
  signal: AbortSignal,
): () => void {
  const { clock } = process;
  const kernel = process.kernel!;
  const services = informers.informer(resources.services, { labelSelector: NOT_HEADLESS });
  const slices = informers.informer(resources.endpointslices, { labelSelector: NOT_HEADLESS });
  slices.addIndex('service', (slice) => [
    `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`,
  ]);
  const duration = telemetry.metrics.histogram(
    'kubeproxy_sync_proxy_rules_duration_seconds',
    'SyncProxyRules latency in seconds',
    SECONDS_BUCKETS,
    ['ip_family'],
  );
  const count = telemetry.metrics.gauge('kubeproxy_sync_proxy_rules_iptables_total', 'Total number of iptables rules owned by kube-proxy', [
    'table',
    'ip_family',
  ]);
  const queued = telemetry.metrics.gauge(
    'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
    'The last time a sync of proxy rules was queued',
    ['ip_family'],
  );
  const updated = telemetry.metrics.gauge(
    'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    'The last time proxy rules were successfully synced',
    ['ip_family'],
  );
  const runner = syncRunner(clock, { minMs: configuration.minSyncPeriodMs, maxMs: configuration.syncPeriodMs }, () => {
    const startedMs = clock.monotonicMs();
    const rules = planServiceRules(services.lister.list(), (key) => slices.lister.byIndex('service', key), nodeName);
    kernel.setServiceRules(OWNER, rules);
    health.lastUpdatedMs = clock.wallMs();
    health.lastQueuedMs = undefined;
    duration.observe((clock.monotonicMs() - startedMs) / 1000, 'IPv4');
    count.set(rules.length, 'nat', 'IPv4');
    updated.set(health.lastUpdatedMs / 1000, 'IPv4');
  });
  // Rules written before both lists are complete would cut off Services that work.
  const request = (): void => {
    if (!services.hasSynced || !slices.hasSynced) return;
    health.lastQueuedMs ??= clock.wallMs();
    queued.set(clock.wallMs() / 1000, 'IPv4');
    runner.request();
  };
  const changed = { added: request, updated: request, deleted: request };
  services.addHandler(changed);
  slices.addHandler(changed);
  signal.addEventListener('abort', () => runner.stop(), { once: true });
  return request;
}

function watchOwnNode(informers: InformerFactory, nodeName: string, health: Health): void {
  const look = (node: Node): void => {
    health.nodeEligible =
      !node.metadata.deletionTimestamp && !node.spec?.taints?.some(({ key }) => key === 'ToBeDeletedByClusterAutoscaler');
  };
  informers
    .informer(resources.nodes, { fieldSelector: `metadata.name=${nodeName}` })
    .addHandler({ added: look, updated: look, deleted: () => (health.nodeEligible = false) });
}

/**
 * kube-proxy. Flags: `--config` (a KubeProxyConfiguration), `--hostname-override`. Needs the kernel facet. Serves /healthz and
 * /livez on 10256, /metrics, /healthz and /proxyMode on 10249. Ends with 0 after SIGTERM (the rules stay), 1 where it cannot start.
 */
export const kubeProxy: Program = async (process) => {
  const telemetry = klogTelemetry(process);
  const flags = parseFlags(process.argv);
  const terminating = new AbortController();
  const terminated = new Promise<void>((resolve) => terminating.signal.addEventListener('abort', () => resolve(), { once: true }));
  for (const signal of ['TERM', 'INT'] as const) process.onSignal(signal, () => terminating.abort(new Error(`received ${signal}`)));
  try {
    if (!process.kernel) throw new Error('can only be run by root: operation not permitted');
    const file = flags.get('config');
    const configuration = parseProxyConfiguration(file ? process.files.readText(file) : 'kind: KubeProxyConfiguration');
    const nodeName = flags.get('hostname-override') ?? (configuration.hostnameOverride || process.kernel.facts.hostname);
    const { network, clock, files, random } = process;
    const client = restClient({
      network,
      clock,
      files,
      config: restConfigOf(process, configuration),
      userAgent: userAgentOf('kube-proxy'),
    });
    telemetry.log('info', `Server info version="v1.33.13"`);
    telemetry.log('info', 'Using iptables Proxier');
    const health: Health = { lastUpdatedMs: undefined, lastQueuedMs: undefined, nodeEligible: true };
    await serve(process, configuration, health, telemetry);
    const informers = informerFactory({ client, clock, random, telemetry });
    watchOwnNode(informers, nodeName, health);
    const request = keepRules(process, configuration, nodeName, informers, health, telemetry, terminating.signal);
    informers.start(terminating.signal);
    void informers.synced().then(request);
    await terminated;
    return 0;
  } catch (error) {
    telemetry.log('error', `"Error running ProxyServer" err="${error instanceof Error ? error.message : String(error)}"`);
    return 1;
  }
};
