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

/** An empty queue. */
export function schedulingQueue(options: SchedulingQueueOptions): SchedulingQueue {
  const { clock, compare, interestsOf } = options;
  const active: QueuedPod[] = [];
  const backoff = new Map<string, { queued: QueuedPod; stop: Stop }>();
  const unschedulable = new Map<string, QueuedPod>();
  const inFlight = new Map<string, number>();
  let events: ClusterEvent[] = [];
  let droppedEvents = 0;
  let waiter: ((queued: QueuedPod | undefined) => void) | undefined;
  let closed = false;

  const report = (): void => {
    options.onDepth?.('active', active.length);
    options.onDepth?.('backoff', backoff.size);
    options.onDepth?.('unschedulable', unschedulable.size);
  };
  const activate = (queued: QueuedPod): void => {
    const gate = options.preEnqueue(queued.pod);
    if (gate) {
      unschedulable.set(objectKey(queued.pod), { ...queued, unschedulablePlugins: new Set([gate.plugin ?? '']) });
      return report();
    }
    if (waiter) {
      const take = waiter;
      waiter = undefined;
      return take(begin(queued));
    }
    let at = active.length;
    while (at > 0 && compare(queued, active[at - 1]!) < 0) at--;
    active.splice(at, 0, queued);
    report();
  };
  const begin = (queued: QueuedPod): QueuedPod => {
    inFlight.set(objectKey(queued.pod), droppedEvents + events.length);
    return { ...queued, attempts: queued.attempts + 1 };
  };
  /** Into active, or into backoff if its time is not over. */
  const requeue = (queued: QueuedPod): void => {
    const key = objectKey(queued.pod);
    const remainingMs = queued.queuedMs + backOffMs(queued.attempts) - clock.monotonicMs();
    if (remainingMs <= 0) return activate(queued);
    const stop = clock.after(remainingMs, () => {
      const latest = backoff.get(key)?.queued ?? queued;
      backoff.delete(key);
      activate(latest);
    });
    backoff.set(key, { queued, stop });
    report();
  };
  const helps = (queued: QueuedPod, event: ClusterEvent): boolean => {
    if (queued.unschedulablePlugins.size === 0) return true;
    for (const plugin of queued.unschedulablePlugins) {
      for (const interest of interestsOf(plugin)) {
        if (interest.resource === event.resource && interest.actions.includes(event.action) && (interest.hint?.(queued.pod, event) ?? true))
          return true;
      }
    }
    return false;
  };
  const take = (key: string): QueuedPod | undefined => {
    const at = active.findIndex((queued) => objectKey(queued.pod) === key);
    if (at >= 0) return active.splice(at, 1)[0];
    const waiting = backoff.get(key);
    waiting?.stop();
    backoff.delete(key);
    const stuck = unschedulable.get(key);
    unschedulable.delete(key);
    return waiting?.queued ?? stuck;
  };
  const leave = (key: string): void => {
    inFlight.delete(key);
    if (inFlight.size > 0) return;
    droppedEvents += events.length;
    events = [];
  };
  const stopCheck = clock.every(UNSCHEDULABLE_CHECK_MS, () => {
    for (const [key, queued] of unschedulable) {
      if (clock.monotonicMs() - queued.queuedMs < MAX_UNSCHEDULABLE_MS) continue;
      unschedulable.delete(key);
      requeue(queued);
    }
  });
  return {
    add(pod) {
      const key = objectKey(pod);
      if (inFlight.has(key)) return;
      const known = take(key);
      const now = clock.monotonicMs();
      activate(known ? { ...known, pod } : { pod, initialMs: now, queuedMs: now, attempts: 0, unschedulablePlugins: new Set() });
    },
    update(pod, old) {
      const key = objectKey(pod);
      if (inFlight.has(key)) {
        events.push({ resource: 'Pod', action: 'Update', old, object: pod });
        return;
      }
      const at = active.findIndex((queued) => objectKey(queued.pod) === key);
      const waiting = backoff.get(key);
      const stuck = unschedulable.get(key);
      if (at >= 0) active[at] = { ...active[at]!, pod };
      else if (waiting) waiting.queued = { ...waiting.queued, pod };
      else if (stuck) {
        const changed = { ...stuck, pod };
        unschedulable.set(key, changed);
        if (!helps(changed, { resource: 'Pod', action: 'Update', old, object: pod })) return;
        unschedulable.delete(key);
        requeue(changed);
      } else this.add(pod);
    },
    remove(pod) {
      take(objectKey(pod));
      report();
    },
    pop() {
      if (closed) return Promise.resolve(undefined);
      const queued = active.shift();
      report();
      if (queued) return Promise.resolve(begin(queued));
      return new Promise((resolve) => (waiter = resolve));
    },
    done: (pod) => leave(objectKey(pod)),
    addUnschedulable(queued, rejectedBy) {
      const key = objectKey(queued.pod);
      const since = inFlight.get(key) ?? droppedEvents;
      const missed = events.slice(Math.max(0, since - droppedEvents));
      leave(key);
      const stuck: QueuedPod = { ...queued, queuedMs: clock.monotonicMs(), unschedulablePlugins: rejectedBy };
      if (rejectedBy.size === 0 || since < droppedEvents || missed.some((event) => helps(stuck, event))) return requeue(stuck);
      unschedulable.set(key, stuck);
      report();
    },
    moveOn(event) {
      if (inFlight.size > 0) events.push(event);
      if (events.length > MAX_IN_FLIGHT_EVENTS) {
        droppedEvents += events.length;
        events = [];
      }
      for (const [key, queued] of unschedulable) {
        if (!helps(queued, event)) continue;
        unschedulable.delete(key);
        requeue(queued);
      }
    },
    get waiting() {
      return { active: active.map(({ pod }) => objectKey(pod)), backoff: [...backoff.keys()], unschedulable: [...unschedulable.keys()] };
    },
    close() {
      closed = true;
      stopCheck();
      for (const { stop } of backoff.values()) stop();
      waiter?.(undefined);
    },
  };
}
