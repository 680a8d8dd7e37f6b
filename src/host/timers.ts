/** The timers of one machine: a heap ordered by time and then by order of setting. Who drives it decides what time it is. */
import type { Stop } from './clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
  inHeap: boolean;
}

/** Timers and the machine's monotonic time. */
export interface TimerHeap {
  /** Monotonic lab time of this machine in milliseconds. */
  readonly nowMs: number;
  /** Timers set and not yet due or stopped. */
  readonly size: number;
  set(delayMs: number, run: () => void): Stop;
  /** When the next one is due, undefined where there is none. */
  nextAtMs(): number | undefined;
  /** Moves time forward to `ms` without running anything; never backwards. */
  moveTo(ms: number): void;
  /** Takes the timers due at the earliest due time ≤ `untilMs`, in order, moving time to it; undefined if none is due. */
  takeDue(untilMs: number): readonly (() => void)[] | undefined;
}

/** An empty heap at time 0. */
export function createTimerHeap(): TimerHeap {
  const heap: Timer[] = [];
  let nowMs = 0;
  let nextOrder = 0;
  let cancelledCount = 0;
  const before = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  const up = (start: number): void => {
    let at = start;
    const timer = heap[at]!;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  };
  const down = (): void => {
    const timer = heap[0]!;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, timer)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = timer;
  };
  const pop = (): Timer => {
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      down();
    }
    return top;
  };
  const skipCancelled = (): void => {
    while (heap.length > 0 && heap[0]!.cancelled) {
      pop();
      cancelledCount--;
    }
  };
  /** Cancelled timers stay in the heap until due; beyond half of it they are swept out, so that it stays linear in what is set. */
  const maybeSweep = (): void => {
    if (cancelledCount < 256 || cancelledCount * 2 < heap.length) return;
    const live = heap.filter((timer) => !timer.cancelled).sort((a, b) => (before(a, b) ? -1 : 1));
    heap.length = 0;
    heap.push(...live);
    cancelledCount = 0;
  };
  return {
    get nowMs() {
      return nowMs;
    },
    get size() {
      return heap.length - cancelledCount;
    },
    set(delayMs, run) {
      const timer: Timer = { atMs: nowMs + Math.max(0, delayMs), order: nextOrder++, run, cancelled: false, inHeap: true };
      heap.push(timer);
      up(heap.length - 1);
      return () => {
        if (timer.cancelled) return;
        timer.cancelled = true;
        if (!timer.inHeap) return;
        cancelledCount++;
        maybeSweep();
      };
    },
    nextAtMs() {
      skipCancelled();
      return heap[0]?.atMs;
    },
    moveTo(ms) {
      if (ms > nowMs) nowMs = ms;
    },
    takeDue(untilMs) {
      skipCancelled();
      const dueMs = heap[0]?.atMs;
      if (dueMs === undefined || dueMs > untilMs) return undefined;
      if (dueMs > nowMs) nowMs = dueMs;
      const due: (() => void)[] = [];
      while (heap.length > 0 && heap[0]!.atMs <= nowMs) {
        const timer = pop();
        if (timer.cancelled) {
          cancelledCount--;
          continue;
        }
        timer.inHeap = false;
        // One that is due at the same time may still stop it before its turn.
        due.push(() => {
          if (!timer.cancelled) timer.run();
        });
      }
      return due;
    },
  };
}
