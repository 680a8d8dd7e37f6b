/** One container inside its shim: root file system, main process, its log, those attached to it, and commands executed in it. */
import {
  createPipe,
  emptyReader,
  type ByteReader,
  type Child,
  type Clock,
  type Kernel,
  type Process,
  type RpcStream,
  type Terminal,
} from '#host';
import { RpcError } from '#host';
import type { Catalogue } from './catalogue.ts';
import { createControlGroup } from './control-group.ts';
import { openContainerLog } from './container-log.ts';
import type { ExecMessage, ExecRequest } from './cri-types.ts';
import { environmentOf, type ResolvedImage } from './image.ts';
import { ExecError, findExecutable, hostMount, unpack } from './root-filesystem.ts';
import type { CreateTaskRequest, TaskState } from './task.ts';

/** A container of a shim. */
export interface ShimTask {
  readonly request: CreateTaskRequest;
  state(): TaskState;
  /** Throws RpcError with runc's text where the command leads to no program. */
  start(): number;
  kill(signal: 'TERM' | 'KILL' | 'STOP' | 'CONT' | 'HUP' | 'INT'): void;
  exec(request: ExecRequest, stream: RpcStream<ExecMessage, ExecMessage>): Promise<void>;
  attach(request: ExecRequest, stream: RpcStream<ExecMessage, ExecMessage>): Promise<void>;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

type Listener = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;

const CREATE_FAILED =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ';
const EXEC_FAILED =
  'failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: ';

/** A terminal whose size messages of a stream change. */
function resizableTerminal(): Terminal & { resize(columns: number, rows: number): void } {
  const listeners: (() => void)[] = [];
  let size = { columns: 80, rows: 24 };
  return {
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    onResize: (listener) => void listeners.push(listener),
    resize(columns, rows) {
      size = { columns, rows };
      for (const listener of listeners) listener();
    },
  };
}

/** Feeds what a client sends (input, size) to a process until it ends or goes. */
async function takeInput(
  stream: RpcStream<ExecMessage, ExecMessage>,
  onMessage: (message: ExecMessage) => Promise<void> | void,
): Promise<void> {
  for (let message = await stream.receive(); message !== undefined; message = await stream.receive()) await onMessage(message);
}

async function pump(reader: ByteReader, take: (chunk: Uint8Array) => Promise<void> | void): Promise<void> {
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) await take(chunk);
}

/** Kills what a container's main process has started: as in a pid namespace, nothing survives its init. */
function killDescendants(kernel: Kernel, pid: number): void {
  const below = new Set([pid]);
  const processes = kernel.processes();
  for (let grown = true; grown;) {
    grown = false;
    for (const info of processes) {
      if (below.has(info.pid) || !below.has(info.parentPid)) continue;
      below.add(info.pid);
      grown = true;
    }
  }
  below.delete(pid);
  for (const child of below) kernel.signal(child, 'KILL');
}

/** What a task stands on. */
export interface TaskSurroundings {
  readonly process: Process;
  readonly kernel: Kernel;
  readonly catalogue: Catalogue;
  /** Network namespace of the sandbox. */
  readonly namespace: string;
  readonly onChange: (state: TaskState) => void;
}

/** Makes a task in state created. */
export function createTask(surroundings: TaskSurroundings, request: CreateTaskRequest): ShimTask {
  const { process, kernel, namespace, onChange } = surroundings;
  const clock: Clock = process.clock;
  const resolved: ResolvedImage = surroundings.catalogue.resolve(request.image, process.crypto);
  const base = unpack(kernel, resolved, { hostname: request.hostname, resolvConf: request.resolvConf });
  const root = kernel.overlay(
    base,
    request.mounts.map((mount) => hostMount(kernel, mount)),
  );
  const ofImage: Record<string, string> = environmentOf(resolved);
  // In the order that containerd and runc put them together.
  const env = {
    ...('PATH' in ofImage ? { PATH: ofImage['PATH'] } : {}),
    HOSTNAME: request.hostname,
    ...(request.tty ? { TERM: 'xterm' } : {}),
    ...ofImage,
    ...request.env,
    HOME: request.env['HOME'] ?? ofImage['HOME'] ?? '/root',
  };
  const listeners = new Set<Listener>();
  const input = request.stdin ? createPipe() : undefined;
  const terminal = request.tty ? resizableTerminal() : undefined;
  let child: Child | undefined;
  let state: TaskState = { containerId: request.containerId, pid: 0, state: 'created', exitCode: 0, startedAt: 0, exitedAt: 0 };
  const accounting = createControlGroup({
    memoryLimitBytes: request.memoryLimitBytes,
    baseMemoryBytes: resolved.image.usage?.memoryBytes ?? 0,
    onUsage(usage) {
      if (state.state !== 'running') return;
      state = { ...state, usage };
      onChange(state);
    },
    onOutOfMemory() {
      state = { ...state, isOutOfMemory: true };
      child?.kill('KILL');
    },
  });
  const spawnOptions = {
    accounting,
    pidNamespace: request.containerId,
    hostname: request.hostname,
    env,
    cwd: request.cwd,
    files: root,
    namespace,
    privileged: request.privileged,
  };

  const start = (): number => {
    let executable;
    try {
      executable = findExecutable(root, resolved, request.argv, env, request.cwd);
    } catch (error) {
      if (error instanceof ExecError) throw new RpcError('Unknown', `${CREATE_FAILED}${error.message}: unknown`);
      throw error;
    }
    const log = request.logPath ? openContainerLog(process.files, clock, request.logPath) : undefined;
    const stdout = createPipe();
    const stderr = request.tty ? stdout : createPipe();
    const pumps = (request.tty ? (['stdout'] as const) : (['stdout', 'stderr'] as const)).map((name) => {
      const lines = log?.stream(name);
      return pump((name === 'stdout' ? stdout : stderr).reader, (chunk) => {
        lines?.write(chunk);
        for (const listener of listeners) listener(name, chunk);
      }).then(() => lines?.end());
    });
    const { component } = resolved.image;
    child = process.spawn(executable.program, {
      ...spawnOptions,
      name: baseName(executable.argv[0]!),
      argv: executable.argv.slice(1),
      stdin: input?.reader ?? emptyReader,
      stdout: stdout.writer,
      stderr: stderr.writer,
      ...(terminal ? { terminal } : {}),
      ...(component ? { component } : {}),
    });
    const { pid } = child;
    state = { ...state, pid, state: 'running', startedAt: clock.wallMs() };
    onChange(state);
    void child.exit.then(async (status) => {
      killDescendants(kernel, pid);
      stdout.writer.close();
      stderr.writer.close();
      await Promise.all(pumps);
      state = { ...state, state: 'stopped', exitCode: status.code, exitedAt: clock.wallMs() };
      onChange(state);
      for (const end of ends.splice(0)) end();
    });
    return pid;
  };
  const ends: (() => void)[] = [];
  const current = (): TaskState => state;

  const exec = async (wanted: ExecRequest, stream: RpcStream<ExecMessage, ExecMessage>): Promise<void> => {
    if (state.state !== 'running')
      throw new RpcError(
        'FailedPrecondition',
        `failed to exec in container: failed to load task: no running task found: task ${request.containerId} not found: not found`,
      );
    let executable;
    try {
      executable = findExecutable(root, resolved, wanted.command, env, request.cwd);
    } catch (error) {
      if (error instanceof ExecError) throw new RpcError('Unknown', `${EXEC_FAILED}${error.message}: unknown`);
      throw error;
    }
    const stdin = wanted.stdin ? createPipe() : undefined;
    const stdout = createPipe();
    const stderr = wanted.tty ? stdout : createPipe();
    const size = wanted.tty ? resizableTerminal() : undefined;
    const started = process.spawn(executable.program, {
      ...spawnOptions,
      env: wanted.tty ? { ...env, TERM: 'xterm' } : env,
      name: baseName(executable.argv[0]!),
      argv: executable.argv.slice(1),
      stdin: stdin?.reader ?? emptyReader,
      stdout: stdout.writer,
      stderr: stderr.writer,
      ...(size ? { terminal: size } : {}),
    });
    const pumps = [pump(stdout.reader, (chunk) => stream.send({ stdout: chunk }))];
    if (!wanted.tty) pumps.push(pump(stderr.reader, (chunk) => stream.send({ stderr: chunk })));
    const input = takeInput(stream, async (message) => {
      if ('stdin' in message) await stdin?.writer.write(message.stdin);
      else if ('stdinEnd' in message) stdin?.writer.close();
      else if ('resize' in message) size?.resize(message.resize.columns, message.resize.rows);
    });
    // A client that goes away takes the command with it; one that only ends its input does not.
    input.then(
      () => stdin?.writer.close(),
      () => started.kill('KILL'),
    );
    const status = await started.exit;
    stdout.writer.close();
    stderr.writer.close();
    await Promise.all(pumps);
    await stream.send({ exitCode: status.code });
  };

  const attach = async (wanted: ExecRequest, stream: RpcStream<ExecMessage, ExecMessage>): Promise<void> => {
    if (state.state !== 'running')
      throw new RpcError(
        'FailedPrecondition',
        `container is in ${state.state === 'created' ? 'CONTAINER_CREATED' : 'CONTAINER_EXITED'} state`,
      );
    const listener: Listener = (name, chunk) => {
      if (name === 'stdout' ? wanted.stdout : wanted.stderr)
        stream.send(name === 'stdout' ? { stdout: chunk } : { stderr: chunk }).catch(() => listeners.delete(listener));
    };
    listeners.add(listener);
    const gone = takeInput(stream, async (message) => {
      if ('stdin' in message && wanted.stdin) await input?.writer.write(message.stdin);
      else if ('resize' in message) terminal?.resize(message.resize.columns, message.resize.rows);
      // The end of a client's input does not end the container's: another client may attach.
    });
    const ended = new Promise<void>((resolve) => ends.push(resolve));
    // A client that only ends its input stays; one that goes away is not waited for.
    const left = gone.then(
      () => ended,
      (error: unknown) => process.telemetry.log('info', `attach ended: ${String(error)}`),
    );
    await Promise.race([ended, left]);
    listeners.delete(listener);
    const last = current();
    if (last.state === 'stopped') await stream.send({ exitCode: last.exitCode });
  };

  return { request, state: () => state, start, kill: (signal) => child?.kill(signal), exec, attach };
}
