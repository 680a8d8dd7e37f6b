/**
 * The scheduling queue: active (to be scheduled now, sorted), backoff (tried lately), unschedulable (waiting for an event that
 * may help). Events move pods only if a plugin that rejected them says that they may help (queueing hints).
 */
import type { Pod } from '#api';
import { objectKey } from '#apimachinery';
import type { Clock, Stop } from '#host';
import type { ClusterEvent, EventInterest, PluginStatus, QueuedPod } from './framework.ts';

const INITIAL_BACK_OFF_MS = 1_000;
const MAX_BACK_OFF_MS = 10_000;
/** Pods that wait longer are tried again without an event. */
const MAX_UNSCHEDULABLE_MS = 300_000;
const UNSCHEDULABLE_CHECK_MS = 30_000;
/** Events remembered while pods are in their cycles; beyond it a pod returns to the queue at once. */
const MAX_IN_FLIGHT_EVENTS = 10_000;

/** What a queue stands on. */
export interface SchedulingQueueOptions {
  readonly clock: Clock;
  readonly compare: (a: QueuedPod, b: QueuedPod) => number;
  readonly preEnqueue: (pod: Pod) => PluginStatus | undefined;
  readonly interestsOf: (plugin: string) => readonly EventInterest[];
  readonly onDepth?: (queue: 'active' | 'backoff' | 'unschedulable' | 'gated', pods: number) => void;
}

/** The queue of pods without a node. */
export interface SchedulingQueue {
  add(pod: Pod): void;
  /** The pod changed while it waits. */
  update(pod: Pod, old: Pod): void;
  remove(pod: Pod): void;
  /** The next pod; waits for one. Undefined once closed. `done` must follow. */
  pop(): Promise<QueuedPod | undefined>;
  /** The pod's cycle ended with a placement, or the pod is gone. */
  done(pod: Pod): void;
  /** The pod's cycle failed: it waits for an event, or only for its back-off if something happened meanwhile or no plugin rejected it. */
  addUnschedulable(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void;
  /** Something happened: pods it may help move on. */
  moveOn(event: ClusterEvent): void;
  /** Pods waiting, by key, in the order of trying. For tests and facts. */
  readonly waiting: { active: string[]; backoff: string[]; unschedulable: string[] };
  close(): void;
}

/** How long a pod waits after its n-th attempt. */
export function backOffMs(attempts: number): number {
  return attempts < 1 ? 0 : Math.min(INITIAL_BACK_OFF_MS * 2 ** (attempts - 1), MAX_BACK_OFF_MS);
}

/** The queue's state; see SchedulingQueue for what its methods promise. */
class PodQueue implements SchedulingQueue {
  private readonly active: QueuedPod[] = [];
  private readonly backoff = new Map<string, { queued: QueuedPod; readonly stop: Stop }>();
  private readonly unschedulable = new Map<string, QueuedPod>();
  /** Pods in their cycles, with the number of the first event they have not seen. */
  private readonly inFlight = new Map<string, number>();
  /** Events since the first pod in flight began; numbered from `droppedEvents` on. */
  private events: ClusterEvent[] = [];
  private droppedEvents = 0;
  private waiter: ((queued: QueuedPod | undefined) => void) | undefined;
  private closed = false;
  private readonly stopCheck: Stop;

  constructor(private readonly options: SchedulingQueueOptions) {
    this.stopCheck = options.clock.every(UNSCHEDULABLE_CHECK_MS, () => this.flushOld());
  }

  private report(): void {
    const { onDepth } = this.options;
    onDepth?.('active', this.active.length);
    onDepth?.('backoff', this.backoff.size);
    onDepth?.('unschedulable', this.unschedulable.size);
  }

  private activate(queued: QueuedPod): void {
    const gate = this.options.preEnqueue(queued.pod);
    if (gate) {
      this.unschedulable.set(objectKey(queued.pod), { ...queued, unschedulablePlugins: new Set([gate.plugin ?? '']) });
      return this.report();
    }
    if (this.waiter) {
      const take = this.waiter;
      this.waiter = undefined;
      return take(this.begin(queued));
    }
    let at = this.active.length;
    while (at > 0 && this.options.compare(queued, this.active[at - 1]!) < 0) at--;
    this.active.splice(at, 0, queued);
    this.report();
  }

  private begin(queued: QueuedPod): QueuedPod {
    this.inFlight.set(objectKey(queued.pod), this.droppedEvents + this.events.length);
    return { ...queued, attempts: queued.attempts + 1 };
  }

  /** Into active, or into backoff if its time is not over. */
  private requeue(queued: QueuedPod): void {
    const { clock } = this.options;
    const key = objectKey(queued.pod);
    const remainingMs = queued.queuedMs + backOffMs(queued.attempts) - clock.monotonicMs();
    if (remainingMs <= 0) return this.activate(queued);
    const stop = clock.after(remainingMs, () => {
      const latest = this.backoff.get(key)?.queued ?? queued;
      this.backoff.delete(key);
      this.activate(latest);
    });
    this.backoff.set(key, { queued, stop });
    this.report();
  }

  private helps(queued: QueuedPod, event: ClusterEvent): boolean {
    if (queued.unschedulablePlugins.size === 0) return true;
    for (const plugin of queued.unschedulablePlugins) {
      for (const { resource, actions, hint } of this.options.interestsOf(plugin)) {
        if (resource === event.resource && actions.includes(event.action) && (hint?.(queued.pod, event) ?? true)) return true;
      }
    }
    return false;
  }

  private take(key: string): QueuedPod | undefined {
    const at = this.active.findIndex((queued) => objectKey(queued.pod) === key);
    if (at >= 0) return this.active.splice(at, 1)[0];
    const waiting = this.backoff.get(key);
    waiting?.stop();
    this.backoff.delete(key);
    const stuck = this.unschedulable.get(key);
    this.unschedulable.delete(key);
    return waiting?.queued ?? stuck;
  }

  private leave(key: string): void {
    this.inFlight.delete(key);
    if (this.inFlight.size > 0) return;
    this.droppedEvents += this.events.length;
    this.events = [];
  }

  private flushOld(): void {
    for (const [key, queued] of this.unschedulable) {
      if (this.options.clock.monotonicMs() - queued.queuedMs < MAX_UNSCHEDULABLE_MS) continue;
      this.unschedulable.delete(key);
      this.requeue(queued);
    }
  }

  add(pod: Pod): void {
    const key = objectKey(pod);
    if (this.inFlight.has(key)) return;
    const known = this.take(key);
    const now = this.options.clock.monotonicMs();
    this.activate(known ? { ...known, pod } : { pod, initialMs: now, queuedMs: now, attempts: 0, unschedulablePlugins: new Set() });
  }

  update(pod: Pod, old: Pod): void {
    const key = objectKey(pod);
    const event: ClusterEvent = { resource: 'Pod', action: 'Update', old, object: pod };
    if (this.inFlight.has(key)) {
      this.events.push(event);
      return;
    }
    const at = this.active.findIndex((queued) => objectKey(queued.pod) === key);
    const waiting = this.backoff.get(key);
    const stuck = this.unschedulable.get(key);
    if (at >= 0) this.active[at] = { ...this.active[at]!, pod };
    else if (waiting) waiting.queued = { ...waiting.queued, pod };
    else if (stuck) {
      const changed = { ...stuck, pod };
      this.unschedulable.set(key, changed);
      if (!this.helps(changed, event)) return;
      this.unschedulable.delete(key);
      this.requeue(changed);
    } else this.add(pod);
  }

  remove(pod: Pod): void {
    this.take(objectKey(pod));
    this.report();
  }

  pop(): Promise<QueuedPod | undefined> {
    if (this.closed) return Promise.resolve(undefined);
    const queued = this.active.shift();
    this.report();
    if (queued) return Promise.resolve(this.begin(queued));
    return new Promise((resolve) => (this.waiter = resolve));
  }

  done(pod: Pod): void {
    this.leave(objectKey(pod));
  }

  addUnschedulable(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    const key = objectKey(queued.pod);
    const since = this.inFlight.get(key) ?? this.droppedEvents;
    const missed = this.events.slice(Math.max(0, since - this.droppedEvents));
    const overran = since < this.droppedEvents;
    this.leave(key);
    const stuck: QueuedPod = { ...queued, queuedMs: this.options.clock.monotonicMs(), unschedulablePlugins: rejectedBy };
    if (rejectedBy.size === 0 || overran || missed.some((event) => this.helps(stuck, event))) return this.requeue(stuck);
    this.unschedulable.set(key, stuck);
    this.report();
  }

  moveOn(event: ClusterEvent): void {
    if (this.inFlight.size > 0) this.events.push(event);
    if (this.events.length > MAX_IN_FLIGHT_EVENTS) {
      this.droppedEvents += this.events.length;
      this.events = [];
    }
    for (const [key, queued] of this.unschedulable) {
      if (!this.helps(queued, event)) continue;
      this.unschedulable.delete(key);
      this.requeue(queued);
    }
  }

  get waiting(): { active: string[]; backoff: string[]; unschedulable: string[] } {
    return {
      active: this.active.map(({ pod }) => objectKey(pod)),
      backoff: [...this.backoff.keys()],
      unschedulable: [...this.unschedulable.keys()],
    };
  }

  close(): void {
    this.closed = true;
    this.stopCheck();
    for (const { stop } of this.backoff.values()) stop();
    this.waiter?.(undefined);
  }
}

/** An empty queue. */
export function schedulingQueue(options: SchedulingQueueOptions): SchedulingQueue {
  return new PodQueue(options);
}
