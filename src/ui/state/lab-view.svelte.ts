/**
 * What the page knows of the lab: fed by the lab's events and by two watches, changed at most five times a second.
 * It keeps no truth of its own; closing it leaves the lab as it is.
 */
import { SvelteMap } from 'svelte/reactivity';
import type { ClusterSpec, Lab, LabEvents, LabFault, MachineInfo } from '#lab';
import { differsOnlyInFigures, happenings, readyNodeNames } from '../cluster-summary.ts';
import { followFailover, leadershipOf, type FailoverStory, type Leadership } from '../failover-story.ts';
import type { LeaseObject } from '../leases.ts';
import { faultChanges, type Told } from '../timeline.ts';
import { toldFaults } from '../fault-words.ts';
import { Beat, SHOWN_EVERY_MS } from './beat.ts';
import { createPacedBatch, createSharedBatches, type Batched } from './frame-batch.ts';
import { Gathered } from './gathered.ts';
import type { NodeObject, PodObject } from './objects.ts';
import { startTicker } from './ticker.ts';
import { WatchedList } from './watched-list.svelte.ts';

/** Spans and happenings that are kept. */
const SPANS_MAX = 200;
const HAPPENINGS_MAX = 200;
const NOTICES_MAX = 6;
/** How often the figures that move by themselves are looked at, real milliseconds. */
const CLOCK_PERIOD_MS = 4 * SHOWN_EVERY_MS;
/** So many looks are a second of the reader's. */
const LOOKS_PER_SECOND = 2;
/** How often what happens to machines is shown at most, real milliseconds. */
const MACHINES_EVERY_MS = 2 * SHOWN_EVERY_MS;
/** The same of everything during a boot, whose time is the machines'. */
const BOOTING_EVERY_MS = CLOCK_PERIOD_MS;

type Span = LabEvents['span'];

/** Something that happened, with the lab wall clock when it was seen. */
export interface Happening extends Told {
  readonly id: number;
  readonly wallMs: number;
}

/** A sentence at the top of the page until somebody puts it away. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'bad';
}

/** The state behind every component of the page. */
export class LabView {
  /** What goes on all the time (figures that grow, requests, leases that are renewed) is shown with the clock's next second, in one frame. */
  readonly #withClock = createSharedBatches();
  lab = $state.raw<Lab | undefined>(undefined);
  /** starting: no lab yet; failed: it could not be made, or its cluster does not become ready. */
  phase = $state<'starting' | 'booting' | 'ready' | 'failed'>('starting');
  problem = $state('');
  spec = $state.raw<ClusterSpec | undefined>(undefined);
  readonly machines = new SvelteMap<string, MachineInfo>();
  readonly #beat = new Beat();
  /** Shows what follows the cluster, at the page's beat. */
  readonly batched: Batched = (flush) => createPacedBatch(this.#beat, flush, () => this.#every(SHOWN_EVERY_MS));
  readonly pods = new WatchedList<PodObject>('/api/v1/pods', this);
  readonly nodes = new WatchedList<NodeObject>('/api/v1/nodes', this);
  /** Of all namespaces: leader elections and nodes. */
  readonly leases = new WatchedList<LeaseObject>('/apis/coordination.k8s.io/v1/leases', {
    batched: this.#withClock.batch,
  });
  /** Faults of links and disks, as the lab tells them. */
  faults = $state.raw<readonly LabFault[]>([]);
  time = $state.raw<LabEvents['time']>({ labMs: 0, rate: 1, mode: 'free', trueRate: 1, stuck: [], wallMs: 0 });
  nowMs = $state(0);
  /** The rate to go on with after a pause. */
  chosenRate = $state(1);
  notices = $state.raw<readonly Notice[]>([]);
  happened = $state.raw<readonly Happening[]>([]);
  spans = $state.raw<readonly Span[]>([]);
  /** When a machine (`name`) or a component (`name/component`) was first seen in its present state, lab wall clock. */
  readonly since = new SvelteMap<string, number>();
  /** Counts log records per `machine/component`, so that an open log knows when to look again. */
  readonly logged = new SvelteMap<string, number>();
  isAwaitingElection = $state(false);
  /** What follows from the last loss of etcd's leader; undefined until there was one. */
  story = $state.raw<FailoverStory | undefined>(undefined);
  #led: Leadership | undefined;
  #termBefore = 0;
  #ids = 0;
  #looks = 0;
  #followed: Promise<void> | undefined;
  readonly #changed = new Gathered<MachineInfo>();
  #spans: Span[] = [];
  readonly #logged = new Gathered<number>();
  readonly #batch = createPacedBatch(
    this.#beat,
    () => this.#show(),
    () => this.#every(MACHINES_EVERY_MS),
  );
  readonly #slowBatch = this.#withClock.batch(() => this.#show());
  readonly #ends: (() => void)[] = [];
  readonly #lists = [this.pods, this.nodes, this.leases] as const;

  /** Shows this lab from now on. */
  attach(lab: Lab): void {
    this.lab = lab;
    this.spec = lab.spec;
    this.nowMs = lab.time.now;
    this.time = { ...this.time, rate: lab.time.rate };
    if (lab.time.rate > 0) this.chosenRate = lab.time.rate;
    this.#ends.push(
      lab.on('machine', (machine) => this.#note(machine)),
      lab.on('span', (span) => {
        this.#spans.push(span);
        if (this.#spans.length > SPANS_MAX) this.#spans.shift();
        this.#slowBatch.request();
      }),
      lab.on('log', ({ machine, component }) => {
        const key = `${machine}/${component}`;
        this.#logged.set(key, (this.#logged.get(key) ?? 0) + 1);
        this.#batch.request();
      }),
      lab.on('time', (time) => {
        this.time = time;
        this.nowMs = time.wallMs;
        if (time.rate > 0) this.chosenRate = time.rate;
      }),
      lab.on('faults', (faults) => this.#takeFaults(faults)),
      lab.on('raft', (raft) => this.#lookForElection(raft)),
      lab.on('notice', ({ message }) => this.notify(message)),
      lab.on('error', ({ machine, message }) => this.notify(machine ? `${machine}: ${message}` : message, 'bad')),
      lab.on('cluster', (spec) => this.#begin(spec)),
      startTicker(this.#beat, () => this.#tick(), CLOCK_PERIOD_MS),
    );
    this.#begin(lab.spec);
  }

  /** The lab could not be made. */
  fail(error: unknown): void {
    this.phase = 'failed';
    this.problem = error instanceof Error ? error.message : String(error);
  }

  notify(text: string, tone: Notice['tone'] = 'plain'): void {
    if (this.notices.some((notice) => notice.text === text)) return;
    this.notices = [...this.notices, { id: ++this.#ids, text, tone }].slice(-NOTICES_MAX);
  }

  /** Stops time, or lets it go on as fast as before. */
  async setPaused(isPaused: boolean): Promise<void> {
    try {
      await this.lab?.time.setRate(isPaused ? 0 : this.chosenRate);
    } catch (error) {
      this.notify(`Time: ${error instanceof Error ? error.message : String(error)}`, 'bad');
    }
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }

  /** Lets go of the lab without ending it. */
  detach(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#batch.cancel();
    this.#slowBatch.cancel();
    for (const list of this.#lists) list.stop();
  }

  #every(ms: number): number {
    return this.phase === 'booting' ? BOOTING_EVERY_MS : ms;
  }

  #begin(spec: ClusterSpec): void {
    const { lab } = this;
    if (!lab) return;
    this.spec = spec;
    this.machines.clear();
    this.since.clear();
    this.#changed.take();
    this.happened = [];
    this.story = undefined;
    this.#led = undefined;
    this.faults = lab.faults.list();
    for (const list of this.#lists) list.start((input, init) => lab.fetch(input, init));
    void this.#readMachines(lab);
    void this.#follow(lab.ready);
  }

  async #readMachines(lab: Lab): Promise<void> {
    try {
      for (const machine of await lab.machines.list()) if (!this.#changed.has(machine.name)) this.#note(machine);
    } catch (error) {
      this.notify(`The machines could not be listed: ${error instanceof Error ? error.message : String(error)}`, 'bad');
    }
  }

  /** Follows the present cluster until it is ready; an older one's end is nobody's business any more. */
  async #follow(ready: Promise<void>): Promise<void> {
    this.#followed = ready;
    this.phase = 'booting';
    this.problem = '';
    try {
      await ready;
      if (this.#followed === ready) this.phase = 'ready';
      for (const list of this.#lists) list.nudge(true);
    } catch (error) {
      if (this.#followed === ready) this.fail(error);
    }
  }

  #note(machine: MachineInfo): void {
    const before = this.#changed.get(machine.name) ?? this.machines.get(machine.name);
    this.#changed.set(machine.name, machine);
    (differsOnlyInFigures(before, machine) ? this.#slowBatch : this.#batch).request();
  }

  #tick(): void {
    this.#followStory();
    const nowMs = this.lab?.time.now ?? 0;
    const isSameSecond = Math.floor(nowMs / 1_000) === Math.floor(this.nowMs / 1_000);
    // Where time goes slowly or stands still, a second is one of the reader's.
    if (++this.#looks < LOOKS_PER_SECOND && isSameSecond) return;
    this.#looks = 0;
    this.nowMs = nowMs;
    this.#withClock.show();
    for (const list of this.#lists) list.nudge();
  }

  #followStory(): void {
    const sight = { machines: this.machines, readyNodes: readyNodeNames(this.nodes.items.values()), nowMs: this.lab?.time.now ?? 0 };
    // A boot that was never ready has nothing to lose.
    if (this.phase === 'ready' || this.story) this.story = followFailover(this.story, this.#led, sight);
    this.#led = leadershipOf(this.machines) ?? this.#led;
  }

  /** Newest first. */
  #tell(told: readonly Told[]): void {
    if (told.length === 0) return;
    const wallMs = this.lab?.time.now ?? 0;
    const happened = told.map((each) => ({ ...each, id: ++this.#ids, wallMs }));
    this.happened = [...happened.reverse(), ...this.happened].slice(0, HAPPENINGS_MAX);
  }

  #takeFaults(faults: readonly LabFault[]): void {
    const names = [...this.machines.keys()];
    const words = (each: readonly LabFault[]): string[] => toldFaults(names, each).map(({ text }) => text);
    this.#tell(faultChanges(words(this.faults), words(faults)));
    this.faults = faults;
  }

  /** Lets time run until a member of etcd begins a new term, and pauses it then; or gives up waiting. */
  async awaitElection(isAwaiting: boolean): Promise<void> {
    this.isAwaitingElection = isAwaiting;
    this.#termBefore = Math.max(
      0,
      ...[...this.machines.values()].flatMap(({ components }) => components.map(({ raft }) => raft?.term ?? 0)),
    );
    if (isAwaiting && this.time.rate === 0) await this.setPaused(false);
  }

  #lookForElection({ term }: LabEvents['raft']): void {
    if (!this.isAwaitingElection || term <= this.#termBefore) return;
    this.isAwaitingElection = false;
    void this.setPaused(true);
  }

  #show(): void {
    const told: Told[] = [];
    const now = this.lab?.time.now ?? 0;
    for (const [name, machine] of this.#changed.take()) {
      const before = this.machines.get(name);
      told.push(...happenings(before, machine));
      if (before?.state !== machine.state) this.since.set(name, now);
      for (const component of machine.components) {
        const old = before?.components.find((each) => each.name === component.name);
        if (old?.state !== component.state) this.since.set(`${name}/${component.name}`, now);
      }
      this.machines.set(name, machine);
    }
    this.#tell(told);
    this.#followStory();
    if (this.#spans.length > 0) this.spans = [...this.spans, ...this.#spans.splice(0)].slice(-SPANS_MAX);
    for (const [key, count] of this.#logged.take()) this.logged.set(key, (this.logged.get(key) ?? 0) + count);
  }
}
