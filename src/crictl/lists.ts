/** crictl ps, pods, images, stats: tables, ids alone (-q), or JSON. */
import type { cri } from '#contracts';
import type { Process } from '#host';
import { readOptions, type GivenOptions } from '#shell';
import { columns, humanDuration, humanSize, shortId } from './format.ts';
import type { Runtime } from './runtime-client.ts';

/** One command of crictl. */
export type CrictlCommand = (process: Process, runtime: Runtime, argv: readonly string[]) => Promise<number | void>;

const STATES: Readonly<Record<string, string>> = {
  CONTAINER_CREATED: 'Created',
  CONTAINER_RUNNING: 'Running',
  CONTAINER_EXITED: 'Exited',
  CONTAINER_UNKNOWN: 'Unknown',
};

const age = (process: Process, createdAt: number): string => `${humanDuration(process.clock.wallMs() - createdAt)} ago`;

const LIST_OPTIONS = {
  flags: 'aqvrlL',
  values: 'opns',
  long: {
    all: 'a',
    quiet: 'q',
    latest: 'l',
    output: 'o',
    pod: 'p',
    name: 'name',
    namespace: 'namespace',
    state: 's',
    label: 'label',
    image: 'image',
    id: 'id',
    'no-trunc': 'no-trunc',
    last: 'n',
    verbose: 'v',
  },
  longValues: ['name', 'namespace', 'label', 'image', 'id', 'state'],
} as const;

/** Whether labels hold every `key=value` of --label. */
const hasLabels = (labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean =>
  wanted.every((pair) => labels[pair.slice(0, pair.indexOf('='))] === pair.slice(pair.indexOf('=') + 1));

async function show(
  process: Process,
  options: GivenOptions,
  ids: readonly string[],
  json: unknown,
  table: readonly (readonly string[])[],
): Promise<void> {
  if (options.has('q')) await process.stdout.write(ids.map((id) => `${id}\n`).join(''));
  else if (options.value('o') === 'json') await process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
  else await process.stdout.write(columns(table));
}

const POD_NAME = 'io.kubernetes.pod.name';
const POD_NAMESPACE = 'io.kubernetes.pod.namespace';

/** crictl ps [-a] [-q] [--name] [--pod] [--state] [--label] [--namespace]. */
export const ps: CrictlCommand = async (process, runtime, argv) => {
  const options = readOptions(argv, LIST_OPTIONS);
  const images = new Map(
    (await runtime.images()).flatMap((image) =>
      [...image.repoTags, ...image.repoDigests, image.id].map((name) => [name, image.id] as const),
    ),
  );
  const state = options.value('s')?.toLowerCase();
  const isShown = ({ state: own, metadata, podSandboxId, labels, id }: cri.Container): boolean =>
    (options.has('a') || state !== undefined || own === 'CONTAINER_RUNNING') &&
    (state === undefined || STATES[own]!.toLowerCase() === state) &&
    (!options.has('name') || new RegExp(options.value('name')!).test(metadata.name)) &&
    (!options.has('p') || podSandboxId.startsWith(options.value('p')!)) &&
    (!options.has('id') || id.startsWith(options.value('id')!)) &&
    (!options.has('namespace') || labels[POD_NAMESPACE] === options.value('namespace')) &&
    hasLabels(labels, options.values('label'));
  let found = (await runtime.containers()).filter(isShown).sort((one, other) => other.createdAt - one.createdAt);
  if (options.has('l')) found = found.slice(0, 1);
  const id = options.has('no-trunc') ? (text: string) => text : shortId;
  const rows = found.map((container) => {
    const { id: containerId, image, imageRef, createdAt, state: own, metadata, podSandboxId, labels } = container;
    return [
      id(containerId),
      id(images.get(image) ?? images.get(imageRef) ?? image),
      age(process, createdAt),
      STATES[own]!,
      metadata.name,
      String(metadata.attempt),
      id(podSandboxId),
      labels[POD_NAME] ?? 'unknown',
      labels[POD_NAMESPACE] ?? 'unknown',
    ];
  });
  await show(
    process,
    options,
    found.map(({ id: containerId }) => containerId),
    { containers: found },
    [['CONTAINER', 'IMAGE', 'CREATED', 'STATE', 'NAME', 'ATTEMPT', 'POD ID', 'POD', 'NAMESPACE'], ...rows],
  );
};

/** crictl pods [-q] [--name] [--namespace] [--state] [--label]. */
export const pods: CrictlCommand = async (process, runtime, argv) => {
  const options = readOptions(argv, LIST_OPTIONS);
  const nameOf = (state: cri.PodSandboxState): string => (state === 'SANDBOX_READY' ? 'Ready' : 'NotReady');
  const found = (await runtime.sandboxes())
    .filter(
      ({ metadata, state, labels, id }) =>
        (!options.has('name') || new RegExp(options.value('name')!).test(metadata.name)) &&
        (!options.has('namespace') || metadata.namespace === options.value('namespace')) &&
        (!options.has('s') || nameOf(state).toLowerCase() === options.value('s')!.toLowerCase()) &&
        (!options.has('id') || id.startsWith(options.value('id')!)) &&
        hasLabels(labels, options.values('label')),
    )
    .sort((one, other) => other.createdAt - one.createdAt);
  const id = options.has('no-trunc') ? (text: string) => text : shortId;
  const rows = found.map(({ id: sandboxId, createdAt, state, metadata }) => [
    id(sandboxId),
    age(process, createdAt),
    nameOf(state),
    metadata.name,
    metadata.namespace,
    String(metadata.attempt),
    '(default)',
  ]);
  await show(
    process,
    options,
    found.map(({ id: sandboxId }) => sandboxId),
    { items: found },
    [['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME'], ...rows],
  );
};

/** crictl images [-q]. */
export const images: CrictlCommand = async (process, runtime, argv) => {
  const options = readOptions(argv, LIST_OPTIONS);
  const found = (await runtime.images()).filter(
    ({ repoTags }) => options.operands.length === 0 || repoTags.some((tag) => tag.includes(options.operands[0]!)),
  );
  const rows = found
    .flatMap(({ id, repoTags, repoDigests, sizeBytes }) =>
      (repoTags.length > 0 ? repoTags : [`${repoDigests[0]?.split('@')[0] ?? '<none>'}:<none>`]).map((tag) => [
        tag.slice(0, tag.lastIndexOf(':')),
        tag.slice(tag.lastIndexOf(':') + 1),
        options.has('no-trunc') ? id : shortId(id),
        humanSize(sizeBytes),
      ]),
    )
    .sort((one, other) => (one[0]! < other[0]! ? -1 : 1));
  await show(
    process,
    options,
    found.map(({ id }) => id),
    { images: found },
    [['IMAGE', 'TAG', 'IMAGE ID', 'SIZE'], ...rows],
  );
};

/** How long crictl watches a container's CPU time to tell a share. */
const STATS_SECONDS = 1;

/** crictl stats [id]. */
export const stats: CrictlCommand = async (process, runtime, argv) => {
  const options = readOptions(argv, LIST_OPTIONS);
  const read = async (): Promise<readonly cri.ContainerStats[]> =>
    (await runtime.call<{ stats: cri.ContainerStats[] }>('Runtime/ListContainerStats', {})).stats.filter(
      ({ id }) => options.operands.length === 0 || options.operands.some((prefix) => id.startsWith(prefix)),
    );
  const before = new Map((await read()).map((each) => [each.id, each]));
  await process.clock.sleep(STATS_SECONDS * 1_000);
  const after = await read();
  const rows = after.map((each) => {
    const first = before.get(each.id);
    const elapsedNs = (each.timestampMs - (first?.timestampMs ?? each.timestampMs)) * 1e6;
    const share = elapsedNs > 0 ? ((each.cpuUsageNanoseconds - first!.cpuUsageNanoseconds) / elapsedNs) * 100 : 0;
    return [
      shortId(each.id),
      each.metadata.name,
      share.toFixed(2),
      humanSize(each.memoryWorkingSetBytes),
      humanSize(each.rootFsUsedBytes),
      '0',
    ];
  });
  await show(
    process,
    options,
    after.map(({ id }) => id),
    { stats: after },
    [['CONTAINER', 'NAME', 'CPU %', 'MEM', 'DISK', 'INODES'], ...rows],
  );
};
