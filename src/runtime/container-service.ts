/** Containers: created in a sandbox, started through its shim, stopped with TERM and then KILL, recovered after containerd or the machine was away. */
import { RpcError, type Process } from '#host';
import type {
  Container,
  ContainerEvent,
  ContainerFilter,
  ContainerReference,
  ContainerStats,
  ContainerStatus,
  CreateContainerRequest,
  StopContainerRequest,
} from './cri-types.ts';
import { environmentOf, type ResolvedImage } from './image.ts';
import type { ImageService } from './image-service.ts';
import { idFrom, logDirectoryOf, matchesLabels, type ContainerRecord, type SandboxRecord } from './records.ts';
import type { RecordStore } from './record-store.ts';
import { resolvConfOf } from './sandbox-service.ts';
import type { Shims } from './shims.ts';
import { createUsages } from './stats.ts';
import type { CreateTaskRequest, StartTaskResponse, TaskState } from './task.ts';

/** What containers stand on. */
export interface ContainerServiceOptions {
  readonly process: Process;
  readonly store: RecordStore<ContainerRecord>;
  readonly images: ImageService;
  readonly shims: Shims;
  readonly sandboxOf: (id: string) => SandboxRecord;
  readonly emit: (type: ContainerEvent['type'], id: string, sandboxId: string) => void;
  /** A container's record changed, for those who watch the machine. */
  readonly onRecord: (record: ContainerRecord) => void;
}

/** The container methods of the CRI, and what the sandboxes and the streams need. */
export interface ContainerService {
  readonly unary: Readonly<Record<string, (request: never) => Promise<unknown>>>;
  require(id: string): ContainerRecord;
  ofSandbox(sandboxId: string): ContainerRecord[];
  /** Statuses of the containers with all of these labels. */
  statuses(labels: ContainerFilter['labels']): ContainerStatus[];
  stop(id: string, timeoutSeconds: number): Promise<void>;
  remove(id: string): Promise<void>;
  /** Takes what a shim says of a task. */
  onTask(state: TaskState): void;
  /** Marks everything of a sandbox that ran as ended, because nobody can say how it ended. */
  markLost(sandboxId: string): void;
}

const toContainer = (record: ContainerRecord): Container => ({
  id: record.id,
  podSandboxId: record.podSandboxId,
  metadata: record.config.metadata,
  image: record.image,
  imageRef: record.imageRef,
  state: record.state,
  createdAt: record.createdAt,
  labels: record.config.labels,
  annotations: record.config.annotations,
});

function taskOf(
  id: string,
  request: CreateContainerRequest,
  image: string,
  resolved: ResolvedImage,
  sandbox: SandboxRecord,
): CreateTaskRequest {
  const { config } = request;
  const command = config.command.length ? config.command : (resolved.image.entrypoint ?? []);
  // A command given by the pod also drops the image's own arguments, as in Docker.
  const args = config.args.length ? config.args : config.command.length ? [] : (resolved.image.cmd ?? []);
  return {
    containerId: id,
    name: config.metadata.name,
    image,
    argv: [...command, ...args],
    env: { ...environmentOf(resolved), ...Object.fromEntries(config.env.map(({ key, value }) => [key, value])) },
    cwd: config.workingDir || resolved.image.workingDir || '/',
    mounts: config.mounts,
    hostname: sandbox.config.hostname,
    resolvConf: resolvConfOf(sandbox.config),
    privileged: config.privileged,
    memoryLimitBytes: config.memoryLimitBytes,
    stdin: config.stdin,
    tty: config.tty,
    logPath: config.logPath ? `${logDirectoryOf(sandbox.config)}/${config.logPath}` : '',
  };
}

/** Makes the container service. */
export function createContainerService(options: ContainerServiceOptions): ContainerService {
  const { process, store, images, shims, emit } = options;
  const waiting = new Map<string, Set<() => void>>();
  const usages = createUsages(images);
  const require = (id: string): ContainerRecord => {
    const record = store.get(id);
    if (!record) throw new RpcError('NotFound', `an error occurred when try to find container "${id}": not found`);
    return record;
  };
  const put = (record: ContainerRecord): void => {
    store.put(record);
    options.onRecord(record);
  };
  const ended = (record: ContainerRecord, exitCode: number, finishedAt: number, reason: string, message = ''): void => {
    put({ ...record, state: 'CONTAINER_EXITED', exitCode, finishedAt, reason, message, pid: 0 });
    emit('CONTAINER_STOPPED_EVENT', record.id, record.podSandboxId);
    for (const wake of waiting.get(record.id) ?? []) wake();
    waiting.delete(record.id);
  };
  const clientOf = (record: ContainerRecord) => {
    const client = shims.client(options.sandboxOf(record.podSandboxId));
    if (!client) throw new RpcError('Unknown', `failed to get the shim of sandbox "${record.podSandboxId}": not found`);
    return client;
  };
  const create = async (request: CreateContainerRequest): Promise<ContainerReference> => {
    const sandbox = options.sandboxOf(request.podSandboxId);
    if (sandbox.state !== 'SANDBOX_READY')
      throw new RpcError('Unknown', `failed to get sandbox container task: no running task found: task ${sandbox.id} not found: not found`);
    const { config } = request;
    const { record: image, resolved } = images.require(config.image);
    const id = idFrom(process.random.bytes(32));
    const reference = image.repoTags[0] ?? image.repoDigests[0]!;
    const task = taskOf(id, request, reference, resolved, sandbox);
    if (!task.argv.length)
      throw new RpcError('Unknown', 'failed to generate container "' + id + '" spec: failed to generate spec: no command specified');
    const client = shims.client(sandbox);
    if (!client) throw new RpcError('Unknown', `failed to get the shim of sandbox "${sandbox.id}": not found`);
    await client.call('Task/Create', task);
    put({
      id,
      podSandboxId: sandbox.id,
      config,
      image: reference,
      imageRef: image.repoDigests[0]!,
      state: 'CONTAINER_CREATED',
      createdAt: process.clock.wallMs(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
      message: '',
      pid: 0,
    });
    emit('CONTAINER_CREATED_EVENT', id, sandbox.id);
    return { containerId: id };
  };
  const start = async ({ containerId }: ContainerReference): Promise<object> => {
    const record = require(containerId);
    if (record.state !== 'CONTAINER_CREATED') throw new RpcError('Unknown', `container "${containerId}" is in ${record.state} state`);
    try {
      await clientOf(record).call<StartTaskResponse>('Task/Start', { containerId });
    } catch (error) {
      const message = (error as Error).message;
      const now = process.clock.wallMs();
      ended(require(containerId), 128, now, 'StartError', message);
      throw error;
    }
    return {};
  };
  const stop = async (id: string, timeoutSeconds: number): Promise<void> => {
    const record = store.get(id);
    if (!record || record.state !== 'CONTAINER_RUNNING') return;
    const client = shims.client(options.sandboxOf(record.podSandboxId));
    if (!client) return ended(record, 255, process.clock.wallMs(), 'Unknown');
    const exited = new Promise<void>((resolve) => {
      const wakers = waiting.get(id) ?? new Set();
      wakers.add(resolve);
      waiting.set(id, wakers);
    });
    if (timeoutSeconds > 0) {
      await client.call('Task/Kill', { containerId: id, signal: 'TERM' });
      await Promise.race([exited, process.clock.sleep(timeoutSeconds * 1000)]);
    }
    if (store.get(id)?.state !== 'CONTAINER_RUNNING') return;
    await client.call('Task/Kill', { containerId: id, signal: 'KILL' });
    await exited;
  };
  const remove = async (id: string): Promise<void> => {
    const record = store.get(id);
    if (!record) return;
    if (record.state === 'CONTAINER_RUNNING') await stop(id, 0);
    await shims.client(options.sandboxOf(record.podSandboxId))?.call('Task/Delete', { containerId: id });
    store.remove(id);
    usages.forget(id);
    emit('CONTAINER_DELETED_EVENT', id, record.podSandboxId);
  };
  const onTask = (state: TaskState): void => {
    const record = store.get(state.containerId);
    if (!record || record.state === 'CONTAINER_EXITED') return;
    if (state.state === 'running' && record.state === 'CONTAINER_CREATED') {
      put({ ...record, state: 'CONTAINER_RUNNING', startedAt: state.startedAt, pid: state.pid });
      emit('CONTAINER_STARTED_EVENT', record.id, record.podSandboxId);
    } else if (state.state === 'running' && state.usage) usages.declared(record, state.usage, process.clock.wallMs());
    else if (state.state === 'stopped') {
      const reason = state.isOutOfMemory ? 'OOMKilled' : state.exitCode === 0 ? 'Completed' : 'Error';
      ended({ ...record, startedAt: state.startedAt }, state.exitCode, state.exitedAt, reason);
    }
  };
  const statusOf = (record: ContainerRecord): ContainerStatus => {
    const { startedAt, finishedAt, exitCode, reason, message, config } = record;
    const logPath = config.logPath ? `${logDirectoryOf(options.sandboxOf(record.podSandboxId).config)}/${config.logPath}` : '';
    return { ...toContainer(record), startedAt, finishedAt, exitCode, reason, message, mounts: config.mounts, logPath };
  };
  const stats = (record: ContainerRecord): ContainerStats => usages.stats(record, process.clock.wallMs());
  const matching = (filter: ContainerFilter): ContainerRecord[] =>
    store
      .list()
      .filter(
        (record) =>
          (filter.id === undefined || record.id === filter.id) &&
          (filter.podSandboxId === undefined || record.podSandboxId === filter.podSandboxId),
      )
      .filter(
        (record) => (filter.state === undefined || record.state === filter.state) && matchesLabels(record.config.labels, filter.labels),
      );
  return {
    require,
    stop,
    remove,
    onTask,
    statuses: (labels) =>
      store
        .list()
        .filter((record) => matchesLabels(record.config.labels, labels))
        .map(statusOf),
    ofSandbox: (sandboxId) => store.list().filter((record) => record.podSandboxId === sandboxId),
    markLost(sandboxId) {
      for (const record of store.list()) {
        if (record.podSandboxId !== sandboxId || record.state === 'CONTAINER_EXITED') continue;
        ended(record, 255, process.clock.wallMs(), 'Unknown');
      }
    },
    unary: {
      'Runtime/CreateContainer': create,
      'Runtime/StartContainer': start,
      'Runtime/StopContainer': async ({ containerId, timeoutSeconds }: StopContainerRequest) => {
        await stop(containerId, timeoutSeconds);
        return {};
      },
      'Runtime/RemoveContainer': async ({ containerId }: ContainerReference) => {
        await remove(containerId);
        return {};
      },
      'Runtime/ListContainers': async (filter: ContainerFilter) => ({ containers: matching(filter).map(toContainer) }),
      'Runtime/ContainerStatus': async ({ containerId }: ContainerReference) => {
        return { status: statusOf(require(containerId)) };
      },
      'Runtime/ContainerStats': async ({ containerId }: ContainerReference) => ({ stats: stats(require(containerId)) }),
      'Runtime/ListContainerStats': async (filter: ContainerFilter) => ({
        stats: matching({ ...filter, state: 'CONTAINER_RUNNING' }).map(stats),
      }),
    },
  };
}
