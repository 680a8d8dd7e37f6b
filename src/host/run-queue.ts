/**
 * The one run queue of a machine: everything that happens to it (timers due, frames, disk completions, signals) is a task here.
 * Urgent tasks (Raft) go first. A barrier task runs in a turn of its own, so that no microtask of another task is pending.
 */

/** Gives back control to the platform and calls back in a fresh macrotask, when all microtasks have run. */
export type Turn = (callback: () => void) => void;

/** The run queue of one machine. */
export interface RunQueue {
  enqueue(task: () => void, options?: { urgent?: boolean; barrier?: boolean }): void;
  /**
   * For callers in a macrotask of their own (a frame that arrives): what `act` enqueues runs in this turn of the platform instead of another
   * one. Where a turn is already on its way it runs then, so that nothing is overtaken.
   */
  inTurn(act: () => void): void;
  /** Something that was no task may have made the machine idle, or busy: whoever watches for idleness hears of the next end of work. */
  look(): void;
  /** Nothing queued and every microtask of what ran has run. The latter is only known to a queue that is watched. */
  readonly isIdle: boolean;
  /** Resolves at the next moment the queue is idle; at once (in a microtask) if it is. */
  drained(): Promise<void>;
  /** Keeps tasks instead of running them. */
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;
}

/** Tasks run in one turn before the platform gets control back. */
const TASKS_PER_TURN = 128;

interface Task {
  readonly run: () => void;
  readonly barrier: boolean;
}

/** A first-in first-out list whose removal costs nothing. */
function createFifo<T>(): { push(item: T): void; shift(): T | undefined; peek(): T | undefined; readonly size: number } {
  let items: T[] = [];
  let head = 0;
  return {
    push: (item) => void items.push(item),
    shift() {
      if (head >= items.length) return undefined;
      const item = items[head++]!;
      if (head > 1024 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      if (head === items.length) {
        items = [];
        head = 0;
      }
      return item;
    },
    peek: () => items[head],
    get size() {
      return items.length - head;
    },
  };
}

/** Whoever waits for a queue to become idle. */
export interface IdleWatch {
  /** Whether it matters now. A turn of the platform tells that all microtasks have run; where it does not matter, none is spent on that. */
  isOn(): boolean;
  /** Hears of every end of work, and of what comes to a paused queue, which is idle whatever it keeps. */
  onIdle(): void;
}

const ALWAYS: IdleWatch = { isOn: () => true, onIdle: () => undefined };

/** A run queue on the platform's turns. `onFault` gets exceptions of tasks: bugs of the machine itself. */
export function createRunQueue(turn: Turn, onFault: (error: unknown) => void, watch = ALWAYS): RunQueue {
  const urgent = createFifo<Task>();
  const normal = createFifo<Task>();
  let scheduled = false;
  let paused = false;
  let drainers: (() => void)[] = [];
  const runOne = (): boolean => {
    const queue = urgent.size > 0 ? urgent : normal;
    const task = queue.shift();
    if (!task) return false;
    try {
      task.run();
    } catch (error) {
      onFault(error);
    }
    return true;
  };
  const schedule = (): void => {
    if (paused) return watch.onIdle();
    if (scheduled) return;
    scheduled = true;
    turn(run);
  };
  const run = (): void => {
    scheduled = false;
    if (paused) return;
    if (urgent.size + normal.size === 0) {
      const waiting = drainers;
      drainers = [];
      for (const resolve of waiting) resolve();
      watch.onIdle();
      return;
    }
    const first = (urgent.size > 0 ? urgent : normal).peek()!;
    if (first.barrier) runOne();
    else {
      for (let count = 0; count < TASKS_PER_TURN; count++) {
        const next = (urgent.size > 0 ? urgent : normal).peek();
        if (!next || next.barrier) break;
        runOne();
      }
    }
    // Also when the queue is empty now: only in the next turn have all microtasks run, and then the machine is idle.
    if (urgent.size + normal.size > 0 || drainers.length > 0 || watch.isOn()) schedule();
  };
  return {
    enqueue(task, options) {
      (options?.urgent ? urgent : normal).push({ run: task, barrier: options?.barrier ?? false });
      schedule();
    },
    inTurn(act) {
      if (scheduled || paused) {
        act();
        if (paused) watch.onIdle();
        return;
      }
      scheduled = true;
      try {
        act();
      } finally {
        run();
      }
    },
    look() {
      if (paused || watch.isOn()) schedule();
    },
    get isIdle() {
      return paused || (!scheduled && urgent.size + normal.size === 0);
    },
    drained() {
      if (paused) return Promise.resolve();
      return new Promise((resolve) => {
        drainers.push(resolve);
        schedule();
      });
    },
    pause() {
      paused = true;
      const waiting = drainers;
      drainers = [];
      for (const resolve of waiting) resolve();
    },
    resume() {
      if (!paused) return;
      paused = false;
      schedule();
    },
    get isPaused() {
      return paused;
    },
  };
}
