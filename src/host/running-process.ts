/** A process that runs: its life, the facets it is given, its signals and its end. */
import { processClock } from './machine.ts';
import type { Clock } from './clock.ts';
import type { Disk, Log, Records } from './disk.ts';
import type { Files } from './files.ts';
import type { Kernel, MachineFacts, ProcessInfo } from './kernel.ts';
import { createLife, type Life } from './life.ts';
import { createMetrics } from './metrics.ts';
import type { PidNamespaces } from './pid-namespaces.ts';
import type { CatchableSignal, Child, ExitStatus, Process, Program, Signal, SpawnOptions } from './process.ts';
import type { MachineBody } from './machine.ts';
import type { Crypto } from './crypto.ts';
import type { NetworkStack } from './network-stack.ts';
import type { Random } from './random.ts';
import type { Recorder } from './recorder.ts';
import type { RunQueue } from './run-queue.ts';
import type { TimerHeap } from './timers.ts';
import { BrokenPipeError, discardWriter, emptyReader, type ByteReader, type ByteWriter } from './streams.ts';
import type { Span, Telemetry } from './telemetry.ts';

const SIGNAL_NUMBERS: Readonly<Record<Signal, number>> = { HUP: 1, INT: 2, KILL: 9, USR1: 10, TERM: 15, CONT: 18, STOP: 19 };

/** Exit code of a program that threw, as a Go panic. */
const CRASH_EXIT_CODE = 2;

/** A process as its machine holds it. */
export interface RunningProcess {
  readonly child: Child;
  readonly life: Life;
  readonly component: string | undefined;
  readonly exit: Promise<ExitStatus>;
  signal(signal: Signal): void;
  /** Whether its program has a handler for a signal. */
  handles(signal: CatchableSignal): boolean;
  info(): ProcessInfo;
}

/** What a process is made from. */
export interface ProcessParts {
  readonly body: MachineBody;
  readonly queue: RunQueue;
  readonly timers: TimerHeap;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly stack: NetworkStack;
  readonly recorder: Recorder;
  readonly disk: Disk;
  readonly wallMs: () => number;
  readonly facts: MachineFacts;
  readonly kernel: Kernel;
  readonly pidNamespaces: PidNamespaces;
  readonly pid: number;
  readonly parentPid: number;
  readonly program: Program;
  readonly spawnOptions: SpawnOptions;
  readonly spawnAs: (parentPid: number, program: Program, options: SpawnOptions) => Child;
  readonly onEnd: () => void;
}

const guardReader = (life: Life, reader: ByteReader): ByteReader => ({
  read: () => life.guard(reader.read()),
  cancel: () => reader.cancel(),
});
const guardWriter = (life: Life, writer: ByteWriter): ByteWriter => ({
  write: (chunk) => life.guard(writer.write(chunk)),
  close: () => writer.close(),
});

function guardDisk(life: Life, disk: Disk): Disk {
  const guardLog = (log: Log): Log => ({
    append: (firstIndex, entries, meta) => life.guard(log.append(firstIndex, entries, meta)),
    compactTo: (index) => life.guard(log.compactTo(index)),
    read: () => life.guard(log.read()),
  });
  const guardRecords = (records: Records): Records => ({
    get: (key) => life.guard(records.get(key)),
    put: (entries) => life.guard(records.put(entries)),
    entries: (prefix) => life.guard(records.entries(prefix)),
    keys: (prefix) => life.guard(records.keys(prefix)),
  });
  return {
    log: (name, durability) => guardLog(disk.log(name, durability)),
    records: (name) => guardRecords(disk.records(name)),
    remove: (name) => life.guard(disk.remove(name)),
  };
}

function guardFiles(life: Life, files: Files): Files {
  return {
    ...files,
    watch(path, listener) {
      const stop = files.watch(path, (changed) => life.deliver(() => listener(changed)));
      const letGo = life.hold('file-watch', stop);
      return () => {
        letGo();
        stop();
      };
    },
    sync: () => life.guard(files.sync()),
  };
}

function guardKernel(life: Life, kernel: Kernel): Kernel {
  return {
    ...kernel,
    wait: (pid) => life.guard(kernel.wait(pid)),
    spawnDetached(program, options) {
      const child = kernel.spawnDetached(program, options);
      return guardChild(life, child);
    },
  };
}

function guardChild(life: Life, child: Child, pid = child.pid): Child {
  const exit = life.guard(child.exit);
  return {
    pid,
    name: child.name,
    kill: (signal) => child.kill(signal),
    exit,
    get state() {
      return child.state;
    },
  };
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function createTelemetry(component: string, random: Random, recorder: Recorder, clock: Clock): Telemetry {
  return {
    metrics: createMetrics(),
    log: (level, message, attributes) =>
      recorder.log({ component, level, message, atMs: clock.monotonicMs(), ...(attributes ? { attributes } : {}) }),
    lifecycle: (name, state, facts) => recorder.lifecycle(name, state, facts),
    facts: (facts) => recorder.facts(component, facts),
    span(name, attributes = {}, parent): Span {
      const [, parentTrace, parentSpanId] = parent?.split('-') ?? [];
      const traceId = parentTrace ?? hex(random.bytes(16));
      const spanId = hex(random.bytes(8));
      const startMs = clock.monotonicMs();
      return {
        traceparent: `00-${traceId}-${spanId}-01`,
        end: (more) =>
          recorder.span({
            traceId,
            spanId,
            parentSpanId,
            name,
            component,
            startMs,
            endMs: clock.monotonicMs(),
            attributes: { ...attributes, ...more },
          }),
      };
    },
  };
}

/** Where a process stands among others: its id and its children's ids as it knows them, and whom it sees. */
function placeOf({ pid, pidNamespaces, spawnOptions: { pidNamespace } }: ProcessParts) {
  if (pidNamespace === undefined) return { pid, peers: undefined, pidOf: (child: Child) => child.pid, leave: () => undefined };
  return {
    pid: pidNamespaces.enter(pidNamespace, pid),
    peers: pidNamespaces.view(pidNamespace),
    pidOf: (child: Child) => pidNamespaces.localPid(pidNamespace, child.pid) ?? child.pid,
    leave: () => pidNamespaces.leave(pidNamespace, pid),
  };
}

/** What a child inherits beside environment and directory. */
const surroundingsOf = ({ kernel, spawnOptions: { files, namespace, hostname, accounting, pidNamespace } }: ProcessParts) => ({
  files: files ?? kernel.root,
  namespace: namespace ?? 'host',
  ...(hostname ? { hostname } : {}),
  ...(accounting ? { accounting } : {}),
  ...(pidNamespace === undefined ? {} : { pidNamespace }),
});

/** Starts a process: its program runs in the next turn of the machine. */
export function createProcess(parts: ProcessParts): RunningProcess {
  const { queue, timers, recorder, pid, spawnOptions: options } = parts;
  const handlers = new Map<CatchableSignal, () => void>();
  const place = placeOf(parts);
  let title: { readonly name: string; readonly argv: readonly string[] } = { name: options.name, argv: options.argv ?? [] };
  const startedMs = timers.nowMs;
  let settleExit: (status: ExitStatus) => void;
  const exit = new Promise<ExitStatus>((resolve) => (settleExit = resolve));
  const end = (status: ExitStatus): void => {
    if (life.state === 'dead') return;
    life.end();
    parts.onEnd();
    options.accounting?.used(pid, undefined);
    place.leave();
    if (options.component) recorder.lifecycle(options.component, 'exited', { exitCode: status.code });
    settleExit(status);
  };
  const crash = (error: unknown): void => {
    if (life.state === 'dead') return;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    recorder.log({ component: options.component ?? options.name, level: 'error', atMs: timers.nowMs, message: `panic: ${message}` });
    const told = options.stderr?.write(`panic: ${message}\n`) ?? Promise.resolve();
    told.catch((reason: unknown) => {
      if (!(reason instanceof BrokenPipeError)) recorder.fault(reason);
    });
    // In a turn of its own, so that nothing else of the program is under way.
    queue.enqueue(() => end({ code: CRASH_EXIT_CODE }), { barrier: true });
  };
  const life = createLife(queue, crash);
  const signal = (name: Signal): void => {
    if (life.state === 'dead') return;
    if (name === 'STOP') life.stop();
    else if (name === 'CONT') life.resume();
    else if (name !== 'KILL' && handlers.has(name)) life.deliver(handlers.get(name)!);
    else queue.enqueue(() => end({ code: 128 + SIGNAL_NUMBERS[name], signal: name }), { barrier: true });
    if (options.component && (name === 'STOP' || name === 'CONT')) recorder.facts(options.component, { isFrozen: name === 'STOP' });
  };
  const random = parts.random.fork(`process-${pid}-${options.name}`);
  const clock = processClock(timers, queue, life, parts.wallMs);
  const namespace = options.namespace ?? 'host';
  const files = guardFiles(life, options.files ?? parts.kernel.root);
  const process: Process = {
    pid: place.pid,
    name: options.name,
    hostname: options.hostname ?? parts.facts.hostname,
    argv: options.argv ?? [],
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    stdin: guardReader(life, options.stdin ?? emptyReader),
    stdout: guardWriter(life, options.stdout ?? discardWriter),
    stderr: guardWriter(life, options.stderr ?? discardWriter),
    terminal: options.terminal,
    files,
    disk: guardDisk(life, parts.disk),
    network: parts.stack.networkFor(life, namespace),
    clock,
    random,
    crypto: parts.crypto,
    telemetry: createTelemetry(options.component ?? options.name, random.fork('spans'), recorder, clock),
    kernel: options.privileged ? guardKernel(life, parts.kernel) : undefined,
    declareUsage: (usage) => options.accounting?.used(pid, usage),
    onSignal: (name, handler) => void handlers.set(name, handler),
    spawn(program, childOptions) {
      const inherited = { env: process.env, cwd: process.cwd, ...surroundingsOf(parts) };
      const child = parts.spawnAs(pid, program, { ...inherited, ...childOptions });
      return guardChild(life, child, place.pidOf(child));
    },
    exec(program, as) {
      title = as;
      return program({ ...process, ...as });
    },
    peers: place.peers,
    yield: () => life.guard(new Promise((resolve) => queue.enqueueForNextTurn(() => resolve()))),
    asset: (name) => life.guard(parts.body.asset(name)),
  };
  if (options.component) recorder.lifecycle(options.component, 'running', { exitCode: undefined, isFrozen: false });
  const begin = (): void => {
    if (life.state === 'dead') return;
    let outcome: Promise<number>;
    try {
      outcome = parts.program(process);
    } catch (error) {
      return crash(error);
    }
    outcome.then(
      (code) => end({ code: code & 0xff }),
      (error: unknown) => crash(error),
    );
  };
  queue.enqueue(begin);
  return {
    life,
    component: options.component,
    exit,
    signal,
    handles: (name) => handlers.has(name),
    child: {
      pid,
      name: options.name,
      kill: signal,
      exit,
      get state() {
        return life.state;
      },
    },
    info: () => ({
      pid,
      parentPid: parts.parentPid,
      name: title.name,
      argv: title.argv,
      state: life.state === 'stopped' ? 'stopped' : 'running',
      startedMs,
      component: options.component,
      namespace,
    }),
  };
}
