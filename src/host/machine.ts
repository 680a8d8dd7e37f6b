/**
 * A machine: one run queue, one clock, a process table, files, a network stack. It models hardware and Linux kernel together and
 * knows no Kubernetes. What differs between a Web Worker and the simulator is its body.
 */
import type { Clock, Stop } from './clock.ts';
import { countedAs, countingDisk, type CountedDisk } from './counted-disk.ts';
import type { Crypto } from './crypto.ts';
import type { Disk } from './disk.ts';
import { createDurableFiles, WRITE_BACK_MS, type DurableFiles } from './file-persistence.ts';
import { createFileTree } from './file-tree.ts';
import type { Files } from './files.ts';
import { createVerifyCache } from './handshake.ts';
import type { Kernel, MachineFacts, ProcessInfo } from './kernel.ts';
import { createNetworkCard, type NetworkCard } from './network-card.ts';
import { createNetworkStack, type NetworkStack } from './network-stack.ts';
import { createOverlay } from './overlay.ts';
import type { LinkFrame } from './packets.ts';
import type { Address } from './network.ts';
import type { Child, ExitStatus, Program, Signal, SpawnOptions } from './process.ts';
import { createPidNamespaces } from './pid-namespaces.ts';
import { createProcess, type RunningProcess } from './running-process.ts';
import { createCrypto } from './pure-crypto.ts';
import { randomUid, seededRandom, type Random } from './random.ts';
import { createRunQueue, type IdleWatch, type RunQueue, type Turn } from './run-queue.ts';
import { createRecorder, type Recorder, type TelemetryRecords } from './recorder.ts';
import { createTimerHeap, type TimerHeap } from './timers.ts';
import { withWriteBack } from './write-back.ts';

/** What a machine stands on; made by `host/browser` or `host/simulated`. */
export interface MachineBody {
  readonly turn: Turn;
  /** A microtask at whose beginning the machine's clock is right; given where the clock runs by itself. */
  readonly soon?: Turn;
  readonly disk: Disk;
  /** Puts a frame on the link to the machine at `address`; returns false if there is no link (yet): the card keeps the frame and asks for one. */
  transmit(address: Address, frame: LinkFrame): boolean;
  /** Asks the data centre for a link; `machine.link` is called when it is there. */
  requestLink(address: Address): void;
  asset(name: string): Promise<string>;
  /** The machine has timers anew: whoever drives its clock looks at `nextTimerAtMs`. */
  onTimerSet(): void;
  /** Who keeps the machine's time, as long as it must hear of every end of its work (and then asks `isIdle`, since a disk may be busy still). */
  readonly idleWatch?: IdleWatch;
}

/** Identity of a machine and of this life of it. */
export interface MachineOptions {
  readonly name: string;
  readonly address: Address;
  readonly zone: string;
  readonly seed: string;
  readonly incarnation: number;
  /** Wall clock at power-on in lab milliseconds. */
  readonly wallMs: number;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly storageBytes?: number;
}

/** What was counted on a machine. */
export interface MachineCounts {
  readonly processes: number;
  readonly timers: number;
  readonly listeners: number;
  readonly connections: number;
  readonly pendingPromises: number;
}

/** A machine that is switched on. */
export interface Machine {
  readonly name: string;
  readonly facts: MachineFacts;
  readonly queue: RunQueue;
  readonly timers: TimerHeap;
  readonly files: Files;
  readonly kernel: Kernel;
  /** Loads what the disk holds; nothing may be spawned before. */
  load(): Promise<void>;
  spawn(program: Program, options: SpawnOptions): Child;
  /** Sends a signal to every process of `component`; with undefined, STOP and CONT concern the whole machine. False: nothing of that name runs. */
  signal(component: string | undefined, signal: Signal): boolean;
  /** State of the processes of a component as the kernel sees it. */
  componentState(component: string): 'running' | 'stopped' | undefined;
  counts(): MachineCounts;
  /** This machine's ends of established connections, with whom each is. */
  connections(): ReturnType<NetworkStack['connections']>;
  /** Runs everything due until `untilMs`, draining between instants; resolves when idle at `untilMs`. */
  advanceTo(untilMs: number): Promise<void>;
  nextTimerAtMs(): number | undefined;
  /** Run queue empty, disk quiet, nothing under way inside the machine. */
  readonly isIdle: boolean;
  /** What its disk has been asked and has not answered. */
  readonly pendingDiskOperations: number;
  readonly isFrozen: boolean;
  readonly card: NetworkCard;
  setClockSkew(skewMs: number): void;
  /** Takes the lifecycle states, spans and logs since the last call. */
  takeTelemetry(): TelemetryRecords;
  onTelemetry(listener: () => void): void;
  wallMs(): number;
  readonly recorder: Recorder;
}

const DEFAULT_CPUS = 4;
const DEFAULT_MEMORY_BYTES = 8 * 1024 ** 3;
const DEFAULT_STORAGE_BYTES = 100 * 1024 ** 3;

interface Table {
  readonly processes: Map<number, RunningProcess>;
  nextPid: number;
}

interface Parts {
  readonly options: MachineOptions;
  readonly body: MachineBody;
  readonly queue: RunQueue;
  readonly timers: TimerHeap;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly stack: NetworkStack;
  readonly durable: DurableFiles;
  readonly recorder: Recorder;
  readonly disk: CountedDisk;
  readonly table: Table;
  readonly wallMs: () => number;
}

/** The disk as the machine's processes have it: counted, and with logs that wait for no fsync. */
function diskOf(body: Disk, queue: RunQueue, timers: TimerHeap): CountedDisk {
  const counted = countingDisk(body, () => queue.look());
  return countedAs(
    counted,
    withWriteBack(counted, (ms, run) => void timers.set(ms, () => queue.enqueue(run))),
  );
}

/** The clock of one process, over the machine's timers. Every callback goes through the life. */
export function processClock(
  timers: TimerHeap,
  queue: RunQueue,
  life: { deliver(callback: () => void): void; hold(kind: 'timer', release: () => void): Stop; guard<T>(promise: Promise<T>): Promise<T> },
  wallMs: () => number,
): Clock {
  const after = (ms: number, callback: () => void): Stop => {
    const stopTimer = timers.set(ms, () =>
      queue.enqueue(() => {
        letGo();
        life.deliver(callback);
      }),
    );
    const letGo = life.hold('timer', stopTimer);
    return () => {
      letGo();
      stopTimer();
    };
  };
  return {
    monotonicMs: () => timers.nowMs,
    wallMs,
    after,
    every(ms, tick) {
      let stop: Stop = () => undefined;
      let isStopped = false;
      const again = (): void => {
        stop = after(ms, () => {
          if (isStopped) return;
          again();
          tick();
        });
      };
      again();
      return () => {
        isStopped = true;
        stop();
      };
    },
    sleep: (ms, signal) =>
      life.guard(
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason as Error);
          const stop = after(ms, () => resolve());
          signal?.addEventListener(
            'abort',
            () => {
              stop();
              reject(signal.reason as Error);
            },
            { once: true },
          );
        }),
      ),
  };
}

function createKernel(
  parts: Parts,
  facts: MachineFacts,
  spawnAs: (parentPid: number, program: Program, options: SpawnOptions) => Child,
): Kernel {
  const { stack, table, durable } = parts;
  return {
    facts,
    root: durable.files,
    processes: (): readonly ProcessInfo[] => [...table.processes.values()].map((running) => running.info()),
    process: (pid) => table.processes.get(pid)?.info(),
    signal(pid, signal) {
      const running = table.processes.get(pid);
      running?.signal(signal);
      return running !== undefined;
    },
    async wait(pid): Promise<ExitStatus | undefined> {
      return table.processes.get(pid)?.exit;
    },
    spawnDetached: (program, options) => spawnAs(1, program, options),
    namespaces: {
      create: (name, address) => stack.createNamespace(name, address),
      remove: (name) => stack.removeNamespace(name),
      list: () => stack.namespaces(),
    },
    setRoutes: (routes) => stack.setRoutes(routes),
    routes: () => stack.routes(),
    setServiceRules: (owner, rules) => stack.setServiceRules(owner, rules),
    serviceRules: () => stack.serviceRules(),
    createTmpfs: () => createFileTree({ nowMs: parts.wallMs }),
    overlay: (base, mounts) => createOverlay(base, mounts, parts.wallMs),
  };
}

/** The same timers, and whoever drives the machine is told of each new one. */
const tellingTimers = (timers: TimerHeap, onSet: () => void): TimerHeap => ({
  ...timers,
  get nowMs() {
    return timers.nowMs;
  },
  get size() {
    return timers.size;
  },
  set(delayMs, run) {
    const stop = timers.set(delayMs, run);
    onSet();
    return stop;
  },
});

/** What a machine tells of itself: its own id stays over all its boots, `bootId` is this boot's. */
const factsOf = (options: MachineOptions, bootId: string): MachineFacts => ({
  hostname: options.name,
  machineId: randomUid(seededRandom(`${options.seed}/${options.name}/machine-id`)).replaceAll('-', ''),
  bootId,
  address: options.address,
  zone: options.zone,
  cpus: options.cpus ?? DEFAULT_CPUS,
  memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
  storageBytes: options.storageBytes ?? DEFAULT_STORAGE_BYTES,
  bootedWallMs: options.wallMs,
});

/** Switches a machine on. */
export function createMachine(options: MachineOptions, body: MachineBody): Machine {
  let skewMs = 0;
  let frozen = false;
  const timers = createTimerHeap();
  const recorder = createRecorder(() => timers.nowMs);
  const queue = createRunQueue(body, (error) => recorder.fault(error), body.idleWatch);
  const wallMs = (): number => options.wallMs + timers.nowMs + skewMs;
  const random = seededRandom(`${options.seed}/${options.name}/${options.incarnation}`);
  const crypto = createCrypto(random.fork('crypto'));
  const timersTold = tellingTimers(timers, () => body.onTimerSet());
  const disk = diskOf(body.disk, queue, timersTold);
  const durable = createDurableFiles(disk, wallMs, () => {
    // A failed write-back is told to whoever syncs; the paths stay dirty and are tried again with the next change.
    timersTold.set(WRITE_BACK_MS, () => void durable.flush().catch((error: unknown) => recorder.fault(error)));
  });
  const card = createNetworkCard({
    incarnation: options.incarnation,
    queue,
    timers: timersTold,
    random: random.fork('card'),
    body,
    receive: (from, packet) => stack.receive(from, packet),
  });
  const stack = createNetworkStack({
    address: options.address,
    queue,
    timers: timersTold,
    random: random.fork('network'),
    crypto,
    verifyCache: createVerifyCache(crypto),
    wallMs,
    card,
  });
  const table: Table = { processes: new Map(), nextPid: 1 };
  const parts: Parts = { options, body, queue, timers: timersTold, random, crypto, stack, durable, recorder, disk, table, wallMs };
  const facts = factsOf(options, randomUid(random.fork('boot-id')));
  const pidNamespaces = createPidNamespaces(table.processes);
  const spawnAs = (parentPid: number, program: Program, spawnOptions: SpawnOptions): Child => {
    const pid = table.nextPid++;
    const running = createProcess({
      ...parts,
      pidNamespaces,
      facts,
      kernel,
      pid,
      parentPid,
      program,
      spawnOptions,
      spawnAs,
      onEnd: () => table.processes.delete(pid),
    });
    table.processes.set(pid, running);
    return running.child;
  };
  const kernel: Kernel = createKernel(parts, facts, spawnAs);
  const sumOver = (of: (running: RunningProcess) => number): number =>
    [...table.processes.values()].reduce((sum, running) => sum + of(running), 0);
  const ofComponent = (component: string): RunningProcess[] =>
    [...table.processes.values()].filter((running) => running.component === component);
  return {
    name: options.name,
    facts,
    queue,
    timers: timersTold,
    files: durable.files,
    kernel,
    card,
    load: () => durable.load(),
    spawn: (program, spawnOptions) => spawnAs(0, program, { files: durable.files, namespace: 'host', ...spawnOptions }),
    signal(component, signal) {
      if (component === undefined) {
        frozen = signal === 'STOP';
        if (frozen) queue.pause();
        else queue.resume();
        return true;
      }
      const targets = ofComponent(component);
      for (const running of targets) running.signal(signal);
      return targets.length > 0;
    },
    componentState: (component) => ofComponent(component)[0]?.info().state,
    connections: () => stack.connections(),
    counts: () => ({
      processes: table.processes.size,
      timers: sumOver((running) => running.life.resourceCount('timer')),
      listeners: sumOver((running) => running.life.resourceCount('listener')),
      connections: stack.connectionCount,
      pendingPromises: sumOver((running) => running.life.pendingCount),
    }),
    async advanceTo(untilMs) {
      if (!queue.isIdle) await queue.drained();
      for (let due = frozen ? undefined : timers.takeDue(untilMs); due; due = frozen ? undefined : timers.takeDue(untilMs)) {
        for (const run of due) run();
        await queue.drained();
      }
      timers.moveTo(untilMs);
    },
    nextTimerAtMs: () => (frozen ? undefined : timers.nextAtMs()),
    get isIdle() {
      return queue.isIdle && disk.pendingCount === 0;
    },
    get pendingDiskOperations() {
      return disk.pendingCount;
    },
    get isFrozen() {
      return frozen;
    },
    setClockSkew(ms) {
      skewMs = ms;
    },
    takeTelemetry: () => recorder.take(),
    onTelemetry: (listener) => recorder.onRecord(listener),
    wallMs,
    recorder,
  };
}
