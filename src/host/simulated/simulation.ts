/**
 * A whole data centre in one thread, on a virtual clock, from a seed: machines, links with faults, disks that outlive power cuts.
 * After each simulated instant every machine drains fully before the next, so one seed gives one history, and its trace hash.
 */
import { createMachine, type Machine, type MachineOptions } from '../machine.ts';
import type { LinkFaultState } from '../network-card.ts';
import type { Address } from '../network.ts';
import type { LinkFrame } from '../packets.ts';
import { seededRandom, type Random } from '../random.ts';
import type { Turn } from '../run-queue.ts';
import { createTimerHeap } from '../timers.ts';
import { createSimulatedDisk, type SimulatedDisk } from './disk.ts';
import { clonePlain, createTraceHash, type TraceHash } from './plain-clone.ts';

/** What a simulation is made from. */
export interface SimulationOptions {
  readonly seed: string;
  /** One macrotask of the platform (Node's setImmediate, a browser's MessageChannel). */
  readonly turn: Turn;
  /** Wall clock at lab time 0. */
  readonly startWallMs?: number;
  readonly asset?: (name: string) => Promise<string>;
}

/** A machine to switch on. */
export type SimulatedMachineOptions = Omit<MachineOptions, 'seed' | 'incarnation' | 'wallMs'>;

/** What has happened so far. */
export interface SimulationCounts {
  readonly frames: number;
  /** Frames that came too late for a machine's life, or that a link lost; of a stream, the latter came again later. */
  readonly lostFrames: number;
  readonly instants: number;
  readonly powerCuts: number;
  /** Power cuts that found a disk in the middle of a write. */
  readonly cutWrites: number;
}

/** The data centre. */
export interface Simulation {
  readonly nowMs: number;
  readonly random: Random;
  readonly trace: TraceHash;
  readonly counts: SimulationCounts;
  /** Switches a machine on (its disk is that of its earlier lives) and loads its files. */
  powerOn(options: SimulatedMachineOptions): Promise<Machine>;
  /** Cuts its power: nothing is flushed, nobody is told. */
  powerOff(name: string): void;
  machine(name: string): Machine | undefined;
  /** Hears of every frame that is put on a link. One listener; it may not change anything. */
  onFrame(listener: (from: string, to: Address, frame: LinkFrame) => void): void;
  disk(name: string): SimulatedDisk;
  /** The fault of frames from machine `from` to machine `to`. */
  setLink(from: string, to: string, fault: LinkFaultState): void;
  /** Groups cannot talk to each other; machines in no group talk to all. */
  partition(...groups: readonly string[][]): void;
  heal(): void;
  /** Runs until `predicate` holds; rejects after `limitMs` of lab time, with `what` in its message. */
  until(predicate: () => boolean, limitMs: number, what: string): Promise<void>;
  /** Runs for `ms` of lab time. */
  run(ms: number): Promise<void>;
  /** Runs until `promise` has settled and gives its outcome; rejects after `limitMs` of lab time. */
  settle<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T>;
}

interface Site {
  readonly options: SimulatedMachineOptions;
  readonly disk: SimulatedDisk;
  incarnation: number;
  machine: Machine | undefined;
  bootedMs: number;
  readonly faults: Map<string, LinkFaultState>;
}

interface Waiter {
  readonly predicate: () => boolean;
  readonly deadlineMs: number;
  /** The error at the deadline; undefined: to arrive there was all that was wanted. */
  readonly late: (() => Error) | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const START_WALL_MS = Date.UTC(2026, 0, 5, 9, 0, 0);

/** An empty data centre at lab time 0. */
export function createSimulation(options: SimulationOptions): Simulation {
  const random = seededRandom(`simulation/${options.seed}`);
  const trace = createTraceHash();
  const sites = new Map<string, Site>();
  const byAddress = new Map<Address, Site>();
  const events = createTimerHeap();
  const startWallMs = options.startWallMs ?? START_WALL_MS;
  let frames = 0;
  let lostFrames = 0;
  let cutWrites = 0;
  let hearFrame: (from: string, to: Address, frame: LinkFrame) => void = () => undefined;
  let instants = 0;
  let powerCuts = 0;
  const siteOf = (name: string): Site => {
    const site = sites.get(name);
    if (!site) throw new Error(`no machine ${name}`);
    return site;
  };
  const after = (ms: number, run: () => void): void => void events.set(ms, run);
  const transmit = (from: Site, to: Address, frame: LinkFrame): boolean => {
    frames++;
    const target = byAddress.get(to);
    trace.addText(`${from.options.name}>${to}`);
    const copy = clonePlain(frame, trace);
    hearFrame(from.options.name, to, copy);
    if (!target?.machine) lostFrames++;
    target?.machine?.card.arrive(from.options.address, copy);
    return true;
  };
  const link = (a: Site, b: Site): void => {
    a.machine?.card.link(b.options.address, b.incarnation);
    b.machine?.card.link(a.options.address, a.incarnation);
  };
  const drainAll = async (): Promise<void> => {
    for (let isQuiet = false; !isQuiet;) {
      isQuiet = true;
      // Completions of disks and of whoever drives the simulation go no queue's way: a turn lets their continuations run.
      await new Promise<void>((resolve) => options.turn(resolve));
      for (const site of sites.values()) {
        if (!site.machine || site.machine.queue.isIdle) continue;
        isQuiet = false;
        await site.machine.queue.drained();
      }
    }
  };
  const nextAtMs = (): number | undefined => {
    let earliest = events.nextAtMs();
    for (const site of sites.values()) {
      const next = site.machine?.nextTimerAtMs();
      if (next !== undefined && (earliest === undefined || next + site.bootedMs < earliest)) earliest = next + site.bootedMs;
    }
    return earliest;
  };
  /** One instant: everything due at the earliest time, at most `limitMs`. False: nothing is due until then. */
  const step = async (limitMs: number): Promise<boolean> => {
    await drainAll();
    const next = nextAtMs();
    if (next === undefined || next > limitMs) {
      events.moveTo(limitMs);
      for (const site of sites.values()) site.machine?.timers.moveTo(limitMs - site.bootedMs);
      return false;
    }
    instants++;
    trace.addNumber(next);
    for (const run of events.takeDue(next) ?? []) run();
    events.moveTo(next);
    for (const site of [...sites.values()]) {
      const due = site.machine?.nextTimerAtMs();
      // Never short of the timer by a rounding of the sum.
      if (site.machine && due !== undefined && due + site.bootedMs <= next)
        await site.machine.advanceTo(Math.max(due, next - site.bootedMs));
      else site.machine?.timers.moveTo(next - site.bootedMs);
    }
    await drainAll();
    return true;
  };
  const waiters = new Set<Waiter>();
  let isPumping = false;
  const answerWaiters = (): void => {
    for (const waiter of [...waiters]) {
      const isLate = events.nowMs >= waiter.deadlineMs;
      if (!waiter.predicate() && !isLate) continue;
      waiters.delete(waiter);
      if (isLate && waiter.late && !waiter.predicate()) waiter.reject(waiter.late());
      else waiter.resolve();
    }
  };
  /** Whoever waits for lab time shares one loop, so that two of them never move the clock against each other. */
  const pump = async (): Promise<void> => {
    if (isPumping) return;
    isPumping = true;
    await drainAll();
    for (answerWaiters(); waiters.size > 0; answerWaiters()) {
      await step(Math.min(...[...waiters].map(({ deadlineMs }) => deadlineMs)));
      // What a waiter was told may make it wait anew; a turn lets it.
      await drainAll();
    }
    isPumping = false;
  };
  const waitFor = (waiter: Omit<Waiter, 'resolve' | 'reject'>): Promise<void> =>
    new Promise((resolve, reject) => {
      waiters.add({ ...waiter, resolve, reject });
      pump().catch((error: unknown) => {
        isPumping = false;
        for (const waiting of waiters) waiting.reject(error as Error);
        waiters.clear();
      });
    });
  const simulation: Simulation = {
    get nowMs() {
      return events.nowMs;
    },
    random,
    trace,
    get counts() {
      let lost = lostFrames;
      for (const site of sites.values()) lost += site.machine?.card.lost ?? 0;
      return { frames, lostFrames: lost, instants, powerCuts, cutWrites };
    },
    async powerOn(machineOptions) {
      let site = sites.get(machineOptions.name);
      if (!site) {
        site = {
          options: machineOptions,
          disk: createSimulatedDisk(machineOptions.name, random.fork(`disk/${machineOptions.name}`), trace, after),
          incarnation: 0,
          machine: undefined,
          bootedMs: 0,
          faults: new Map(),
        };
        sites.set(machineOptions.name, site);
        byAddress.set(machineOptions.address, site);
      }
      if (site.machine) throw new Error(`${machineOptions.name} is already on`);
      site.incarnation++;
      site.bootedMs = events.nowMs;
      const powered = site;
      const machine = createMachine(
        { ...machineOptions, seed: options.seed, incarnation: site.incarnation, wallMs: startWallMs + events.nowMs },
        {
          turn: options.turn,
          disk: site.disk.disk,
          transmit: (address, frame) => powered.machine === machine && transmit(powered, address, frame),
          requestLink(address) {
            const target = byAddress.get(address);
            if (target?.machine) machine.queue.enqueue(() => target.machine && link(powered, target));
          },
          asset: options.asset ?? ((name) => Promise.reject(new Error(`no asset ${name}`))),
          onTimerSet: () => undefined,
        },
      );
      site.machine = machine;
      for (const [from, fault] of site.faults) machine.card.setFault(siteOf(from).options.address, fault);
      // A machine that comes back is dialled anew: peers that waited for it get their link now.
      for (const other of sites.values()) if (other !== site && other.machine) link(powered, other);
      await simulation.settle(machine.load(), 60_000, `${machineOptions.name} loads its files`);
      return machine;
    },
    powerOff(name) {
      const site = siteOf(name);
      if (!site.machine) return;
      powerCuts++;
      lostFrames += site.machine.card.lost;
      if (site.disk.underWayCount > 0) cutWrites++;
      site.machine.queue.pause();
      site.machine = undefined;
      site.disk.cutPower();
      // What is sent to it from now on waits for its next life, as segments that are sent again and again.
      for (const other of sites.values()) other.machine?.card.unlink(site.options.address);
    },
    machine: (name) => sites.get(name)?.machine,
    onFrame(listener) {
      hearFrame = listener;
    },
    disk: (name) => siteOf(name).disk,
    setLink(from, to, fault) {
      const receiver = siteOf(to);
      receiver.faults.set(from, fault);
      receiver.machine?.card.setFault(siteOf(from).options.address, fault);
    },
    partition(...groups) {
      for (const [at, group] of groups.entries())
        for (const other of groups.slice(at + 1))
          for (const a of group)
            for (const b of other) {
              simulation.setLink(a, b, { down: true });
              simulation.setLink(b, a, { down: true });
            }
    },
    heal() {
      for (const site of sites.values()) for (const from of [...site.faults.keys()]) simulation.setLink(from, site.options.name, {});
    },
    until: (predicate, limitMs, what) =>
      waitFor({ predicate, deadlineMs: events.nowMs + limitMs, late: () => new Error(`${what}: not within ${limitMs} ms of lab time`) }),
    run: (ms) => waitFor({ predicate: () => false, deadlineMs: events.nowMs + ms, late: undefined }),
    async settle(promise, limitMs, what) {
      let isSettled = false;
      const settled = (): void => {
        isSettled = true;
      };
      promise.then(settled, settled);
      await simulation.until(() => isSettled, limitMs, what);
      return promise;
    },
  };
  return simulation;
}
