/** Pod sandboxes: a shim, a network namespace with an address of its own (unless the pod shares the machine's), and the pause container that holds it. */
import { RpcError, type Kernel, type Process } from '#host';
import type { Cni } from './cni.ts';
import type {
  PodSandbox,
  PodSandboxConfig,
  PodSandboxFilter,
  PodSandboxReference,
  PodSandboxStatus,
  RunPodSandboxRequest,
} from './cri-types.ts';
import { idFrom, logDirectoryOf, matchesLabels, type SandboxRecord } from './records.ts';
import type { RecordStore } from './record-store.ts';
import type { Shims } from './shims.ts';
import type { ImageService } from './image-service.ts';
import type { CreateTaskRequest } from './task.ts';

/** What sandboxes stand on. */
export interface SandboxServiceOptions {
  readonly process: Process;
  readonly kernel: Kernel;
  readonly cni: Cni;
  readonly shims: Shims;
  readonly store: RecordStore<SandboxRecord>;
  readonly images: ImageService;
  readonly pauseImage: string;
  /** The containers of a sandbox are to be stopped, or removed with their logs kept. */
  readonly stopContainers: (sandboxId: string) => Promise<void>;
  readonly removeContainers: (sandboxId: string) => Promise<void>;
  /** A shim runs; its tasks are to be followed. */
  readonly follow: (sandbox: SandboxRecord) => void;
  readonly emit: (
    type: 'CONTAINER_STARTED_EVENT' | 'CONTAINER_STOPPED_EVENT' | 'CONTAINER_DELETED_EVENT',
    id: string,
    sandboxId: string,
  ) => void;
}

/** The sandbox methods of the CRI. */
export interface SandboxService {
  readonly unary: Readonly<Record<string, (request: never) => Promise<unknown>>>;
  require(id: string): SandboxRecord;
  markNotReady(id: string): void;
  /** Statuses of the sandboxes with all of these labels. */
  statuses(labels: PodSandboxFilter['labels']): PodSandboxStatus[];
}

const toSandbox = (record: SandboxRecord): PodSandbox => ({
  id: record.id,
  metadata: record.config.metadata,
  state: record.state,
  createdAt: record.createdAt,
  labels: record.config.labels,
  annotations: record.config.annotations,
});

/** The resolver configuration of a sandbox. */
export function resolvConfOf(config: PodSandboxConfig): string {
  const lines: string[] = [];
  if (config.dnsSearches.length) lines.push(`search ${config.dnsSearches.join(' ')}`);
  for (const server of config.dnsServers) lines.push(`nameserver ${server}`);
  if (config.dnsOptions.length) lines.push(`options ${config.dnsOptions.join(' ')}`);
  return lines.map((line) => `${line}\n`).join('');
}

/** Makes the sandbox service. */
export function createSandboxService(options: SandboxServiceOptions): SandboxService {
  const { process, kernel, cni, shims, store } = options;
  const environment = { files: process.files, kernel };
  const attachmentOf = (record: Pick<SandboxRecord, 'id' | 'namespace' | 'config'>) => ({
    containerId: record.id,
    namespace: record.namespace,
    podNamespace: record.config.metadata.namespace,
    podName: record.config.metadata.name,
  });
  const require = (id: string): SandboxRecord => {
    const record = store.get(id);
    if (!record) throw new RpcError('NotFound', `an error occurred when try to find sandbox: not found`);
    return record;
  };
  const setUpNetwork = (record: SandboxRecord): string => {
    if (record.config.hostNetwork) return '';
    if (!cni.isConfigured(environment))
      throw new RpcError('Unknown', `failed to setup network for sandbox "${record.id}": cni plugin not initialized`);
    try {
      return cni.add(environment, attachmentOf(record)).address;
    } catch (error) {
      throw new RpcError('Unknown', `failed to setup network for sandbox "${record.id}": ${(error as Error).message}`);
    }
  };
  const pauseTask = (record: SandboxRecord): CreateTaskRequest => ({
    containerId: record.id,
    name: 'pause',
    image: options.pauseImage,
    argv: ['/pause'],
    env: {},
    cwd: '/',
    mounts: [],
    hostname: record.config.hostname,
    resolvConf: '',
    privileged: false,
    memoryLimitBytes: 0,
    stdin: false,
    tty: false,
    logPath: '',
  });
  const run = async ({ config }: RunPodSandboxRequest): Promise<PodSandboxReference> => {
    const { namespace, name, uid, attempt } = config.metadata;
    const taken = store.list().find(({ config: { metadata } }) => metadata.uid === uid && metadata.attempt === attempt);
    if (taken) {
      const key = `${name}_${namespace}_${uid}_${attempt}`;
      throw new RpcError('Unknown', `failed to reserve sandbox name "${key}": name "${key}" is reserved for "${taken.id}"`);
    }
    const id = idFrom(process.random.bytes(32));
    const netns = config.hostNetwork ? 'host' : `cni-${uid}-${attempt}`;
    options.images.preload(options.pauseImage);
    const draft: SandboxRecord = {
      id,
      config,
      state: 'SANDBOX_NOTREADY',
      createdAt: process.clock.wallMs(),
      ip: '',
      namespace: netns,
      shim: undefined,
    };
    const ip = setUpNetwork(draft);
    process.files.makeDirectory(logDirectoryOf(config), { recursive: true });
    let record: SandboxRecord = { ...draft, ip };
    store.put(record);
    try {
      record = { ...record, shim: await shims.start(id, netns) };
      store.put(record);
      const client = shims.client(record);
      if (!client) throw new Error('the shim ended at once');
      await client.call('Task/Create', pauseTask(record));
      await client.call('Task/Start', { containerId: id });
    } catch (error) {
      await tearDown(record);
      store.remove(id);
      throw error;
    }
    record = { ...record, state: 'SANDBOX_READY' };
    store.put(record);
    options.follow(record);
    options.emit('CONTAINER_STARTED_EVENT', id, id);
    return { podSandboxId: id };
  };
  const tearDown = async (record: SandboxRecord): Promise<void> => {
    await shims.end(record);
    if (!record.config.hostNetwork) cni.remove(environment, attachmentOf(record));
  };
  const stop = async (id: string): Promise<void> => {
    const record = store.get(id);
    if (!record) return;
    await options.stopContainers(id);
    await tearDown(record);
    const wasReady = record.state === 'SANDBOX_READY';
    store.put({ ...record, state: 'SANDBOX_NOTREADY', ip: wasReady ? record.ip : '', shim: undefined });
    if (wasReady) options.emit('CONTAINER_STOPPED_EVENT', id, id);
  };
  const statusOf = (record: SandboxRecord): PodSandboxStatus => ({
    ...toSandbox(record),
    ip: record.ip,
    hostNetwork: record.config.hostNetwork,
  });
  return {
    require,
    statuses: (labels) =>
      store
        .list()
        .filter((record) => matchesLabels(record.config.labels, labels))
        .map(statusOf),
    markNotReady(id) {
      const record = store.get(id);
      if (!record || record.state === 'SANDBOX_NOTREADY') return;
      store.put({ ...record, state: 'SANDBOX_NOTREADY' });
      options.emit('CONTAINER_STOPPED_EVENT', id, id);
    },
    unary: {
      'Runtime/RunPodSandbox': run,
      'Runtime/StopPodSandbox': async ({ podSandboxId }: PodSandboxReference) => {
        await stop(podSandboxId);
        return {};
      },
      'Runtime/RemovePodSandbox': async ({ podSandboxId }: PodSandboxReference) => {
        await stop(podSandboxId);
        await options.removeContainers(podSandboxId);
        if (store.get(podSandboxId)) {
          store.remove(podSandboxId);
          options.emit('CONTAINER_DELETED_EVENT', podSandboxId, podSandboxId);
        }
        return {};
      },
      'Runtime/PodSandboxStatus': async ({ podSandboxId }: PodSandboxReference) => {
        return { status: statusOf(require(podSandboxId)) };
      },
      'Runtime/ListPodSandbox': async (filter: PodSandboxFilter) => ({
        items: store
          .list()
          .filter(
            (record) =>
              (filter.id === undefined || record.id === filter.id) && (filter.state === undefined || record.state === filter.state),
          )
          .filter((record) => matchesLabels(record.config.labels, filter.labels))
          .map(toSandbox),
      }),
    },
  };
}
