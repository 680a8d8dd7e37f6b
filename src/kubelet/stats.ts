/** What the node and its pods use: /stats/summary (stats/v1alpha1) and /metrics/resource, from the runtime's figures. */
import type { Pod } from '#api';
import { formatTime } from '#apimachinery';
import type { cri } from '#contracts';
import { LABEL_CONTAINER_NAME, LABEL_POD_NAME, LABEL_POD_NAMESPACE, LABEL_POD_UID } from './cri-client.ts';
import type { KubeletContext } from './context.ts';

/** What the node's own programs (containerd, kubelet, the kernel) are taken to use beside containers. */
export const systemMemoryBytes = 384 * 1024 * 1024;
const SYSTEM_CPU_MILLIS = 30;

interface Usage {
  readonly memoryBytes: number;
  readonly cpuNanoseconds: number;
}

const sum = (stats: readonly cri.ContainerStats[]): Usage => ({
  memoryBytes: stats.reduce((total, stat) => total + stat.memoryWorkingSetBytes, 0),
  cpuNanoseconds: stats.reduce((total, stat) => total + stat.cpuUsageNanoseconds, 0),
});

function nodeUsage(context: KubeletContext, stats: readonly cri.ContainerStats[]): Usage {
  const containers = sum(stats);
  return {
    memoryBytes: containers.memoryBytes + systemMemoryBytes,
    cpuNanoseconds: containers.cpuNanoseconds + SYSTEM_CPU_MILLIS * context.process.clock.monotonicMs() * 1000,
  };
}

/** The summary of node and pods. */
export async function statsSummary(context: KubeletContext, pods: readonly Pod[]): Promise<object> {
  const stats = await context.cri.listStats();
  const { clock, kernel } = context.process;
  const facts = kernel!.facts;
  const time = formatTime(clock.wallMs());
  const usage = ({ memoryBytes, cpuNanoseconds }: Usage) => ({
    cpu: { time, usageCoreNanoSeconds: cpuNanoseconds },
    memory: { time, usageBytes: memoryBytes, workingSetBytes: memoryBytes, rssBytes: memoryBytes },
  });
  const node = nodeUsage(context, stats);
  return {
    node: {
      nodeName: context.settings.nodeName,
      startTime: formatTime(facts.bootedWallMs),
      ...usage(node),
      memory: { ...usage(node).memory, availableBytes: facts.memoryBytes - node.memoryBytes },
      fs: {
        time,
        capacityBytes: facts.storageBytes,
        availableBytes: Math.floor(facts.storageBytes * 0.8),
        usedBytes: Math.floor(facts.storageBytes * 0.2),
      },
    },
    pods: pods.map((pod) => {
      const own = stats.filter((stat) => stat.labels[LABEL_POD_UID] === pod.metadata.uid);
      return {
        podRef: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
        startTime: pod.status?.startTime ?? time,
        containers: own.map((stat) => ({
          name: stat.labels[LABEL_CONTAINER_NAME],
          ...usage({ memoryBytes: stat.memoryWorkingSetBytes, cpuNanoseconds: stat.cpuUsageNanoseconds }),
          rootfs: { time, usedBytes: stat.rootFsUsedBytes },
        })),
        ...usage(sum(own)),
      };
    }),
  };
}

/** /metrics/resource, as metrics-server scrapes it. */
export async function resourceMetrics(context: KubeletContext): Promise<string> {
  const stats = await context.cri.listStats();
  const node = nodeUsage(context, stats);
  const labels = (stat: cri.ContainerStats): string =>
    `container="${stat.labels[LABEL_CONTAINER_NAME]}",namespace="${stat.labels[LABEL_POD_NAMESPACE]}",pod="${stat.labels[LABEL_POD_NAME]}"`;
  const family = (name: string, type: string, help: string, lines: readonly string[]): string =>
    [`# HELP ${name} [STABLE] ${help}`, `# TYPE ${name} ${type}`, ...lines].map((line) => `${line}\n`).join('');
  const at = (stat: cri.ContainerStats): string => String(stat.timestampMs);
  return (
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the container in core-seconds',
      stats.map((stat) => `container_cpu_usage_seconds_total{${labels(stat)}} ${stat.cpuUsageNanoseconds / 1e9} ${at(stat)}`),
    ) +
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set of the container in bytes',
      stats.map((stat) => `container_memory_working_set_bytes{${labels(stat)}} ${stat.memoryWorkingSetBytes} ${at(stat)}`),
    ) +
    family('node_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed by the node in core-seconds', [
      `node_cpu_usage_seconds_total ${node.cpuNanoseconds / 1e9}`,
    ]) +
    family('node_memory_working_set_bytes', 'gauge', 'Current working set of the node in bytes', [
      `node_memory_working_set_bytes ${node.memoryBytes}`,
    ]) +
    family('scrape_error', 'gauge', '1 if there was an error while getting container metrics, 0 otherwise', ['scrape_error 0'])
  );
}
