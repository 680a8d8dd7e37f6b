/** kubectl top: what nodes and pods use, from the metrics API (served by the metrics-server add-on where it is installed). */
import { ageOf, parseQuantity, type KubeObject } from '#apimachinery';
import type { Node } from '#api';
import { allNamespacesFlag, defineFlag, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { isNotFound } from '../discovery.ts';
import { CommandError } from '../errors.ts';
import { alignTabs, tableLayout } from '../printers/tabs.ts';

interface Usage {
  readonly cpu: string;
  readonly memory: string;
}
type NodeMetrics = KubeObject & { usage: Usage };
type PodMetrics = KubeObject & { containers: readonly { name: string; usage: Usage }[] };

const NANOS_PER_MILLI = 1_000_000n;
const NANOS_PER_MEBI = 1_048_576n * 1_000_000_000n;
const millis = (cpu: string): number => Number((parseQuantity(cpu).nanos + NANOS_PER_MILLI - 1n) / NANOS_PER_MILLI);
const mebibytes = (memory: string): number => Number(parseQuantity(memory).nanos / NANOS_PER_MEBI);
const percent = (used: string, of: string): string => `${Number((parseQuantity(used).nanos * 100n) / (parseQuantity(of).nanos || 1n))}%`;

async function metrics<T>({ session, flags }: Invocation, path: string): Promise<T[]> {
  const groups = await session.discovery.groupVersions();
  if (!groups.includes('metrics.k8s.io/v1beta1')) throw new CommandError('Metrics API not available');
  const query = { labelSelector: flags.text('selector') || undefined };
  const found = await session.json<{ items?: T[] } & T>({ method: 'GET', path: `/apis/metrics.k8s.io/v1beta1/${path}`, query });
  return found.items ?? [found];
}

function print({ session, flags }: Invocation, header: string, rows: readonly string[]): Promise<void> {
  return session.out(`${alignTabs([...(flags.on('no-headers') ? [] : [header]), ...rows].join('\n'), tableLayout)}\n`);
}

async function runNodes(invocation: Invocation): Promise<void> {
  const { session, args, flags } = invocation;
  const used = await metrics<NodeMetrics>(invocation, args[0] ? `nodes/${args[0]}` : 'nodes');
  const nodes = await session.json<{ items: Node[] }>({ method: 'GET', path: '/api/v1/nodes', query: { limit: 500 } });
  const by = flags.text('sort-by');
  const sorted = [...used].sort((a, b) =>
    by === 'cpu'
      ? millis(b.usage.cpu) - millis(a.usage.cpu)
      : by === 'memory'
        ? mebibytes(b.usage.memory) - mebibytes(a.usage.memory)
        : a.metadata.name < b.metadata.name
          ? -1
          : 1,
  );
  const rows = sorted.map(({ metadata, usage }) => {
    const allocatable = (nodes.items.find((node) => node.metadata.name === metadata.name)?.status?.allocatable ?? {}) as Record<
      string,
      string
    >;
    return `${metadata.name}\t${millis(usage.cpu)}m\t${percent(usage.cpu, allocatable['cpu'] ?? '0')}\t${mebibytes(usage.memory)}Mi\t${percent(usage.memory, allocatable['memory'] ?? '0')}`;
  });
  await print(invocation, 'NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)', rows);
}

async function runPods(invocation: Invocation): Promise<void> {
  const { session, args, flags } = invocation;
  const everywhere = flags.on('all-namespaces');
  const root = everywhere ? 'pods' : `namespaces/${session.namespace}/pods`;
  const pods = await metrics<PodMetrics>(invocation, args[0] ? `${root}/${args[0]}` : root).catch((error: unknown) => {
    if (args[0] && isNotFound(error))
      throw new CommandError(`Metrics not available for pod ${session.namespace}/${args[0]}, age: ${ageOf(undefined, session.nowMs())}`);
    throw error;
  });
  if (pods.length === 0)
    return session.err(everywhere ? 'No resources found\n' : `No resources found in ${session.namespace} namespace.\n`);
  const withContainers = flags.on('containers');
  const lines = pods.flatMap(({ metadata, containers }) => {
    const place = everywhere ? `${metadata.namespace ?? ''}\t` : '';
    if (withContainers)
      return containers.map(({ name, usage }) => ({
        head: `${place}${metadata.name}\t${name}`,
        cpu: millis(usage.cpu),
        memory: mebibytes(usage.memory),
      }));
    const sum = (read: (usage: Usage) => number): number => containers.reduce((total, { usage }) => total + read(usage), 0);
    return [{ head: `${place}${metadata.name}`, cpu: sum(({ cpu }) => millis(cpu)), memory: sum(({ memory }) => mebibytes(memory)) }];
  });
  const by = flags.text('sort-by');
  lines.sort((a, b) => (by === 'cpu' ? b.cpu - a.cpu : by === 'memory' ? b.memory - a.memory : a.head < b.head ? -1 : 1));
  const header = `${everywhere ? 'NAMESPACE\t' : ''}${withContainers ? 'POD\tNAME' : 'NAME'}\tCPU(cores)\tMEMORY(bytes)`;
  await print(
    invocation,
    header,
    lines.map(({ head, cpu, memory }) => `${head}\t${cpu}m\t${memory}Mi`),
  );
}

const flags = [
  selectorFlags[0]!,
  defineFlag('no-headers', 'bool', 'If present, print output without headers'),
  defineFlag('sort-by', 'string', "If non-empty, sort list using specified field. The field can be either 'cpu' or 'memory'."),
];

/** kubectl top */
export const top: Command = {
  name: 'top',
  short: 'Display resource (CPU/memory) usage',
  group: 'Cluster Management Commands',
  usage: '[options]',
  commands: [
    {
      name: 'node',
      aliases: ['nodes', 'no'],
      short: 'Display resource (CPU/memory) usage of nodes',
      usage: '[NAME | -l label] [options]',
      completes: 'nodes',
      flags,
      run: runNodes,
    },
    {
      name: 'pod',
      aliases: ['pods', 'po'],
      short: 'Display resource (CPU/memory) usage of pods',
      usage: '[NAME | -l label] [options]',
      completes: 'pods',
      flags: [...flags, allNamespacesFlag, defineFlag('containers', 'bool', 'If present, print usage of containers within a pod.')],
      run: runPods,
    },
  ],
};
