/**
 * The one run queue of a machine: everything that happens to it (timers due, frames, disk completions, signals) is a task here.
 * Urgent tasks (Raft) go first. What a turn of the platform sets off runs in it, as far as it goes; a barrier task runs in a turn of its
 * own, so that no microtask of another task is pending.
 */

/** Calls back later: gives back control to the platform and goes on in a fresh macrotask, when all microtasks have run, or is a microtask itself. */
export type Turn = (callback: () => void) => void;

/** The run queue of one machine. */
export interface RunQueue {
  enqueue(task: () => void, options?: { urgent?: boolean; barrier?: boolean }): void;
  /** Runs a task in the next turn of the platform, when everything that this one sets off has run; others need not wait for it. */
  enqueueForNextTurn(task: () => void): void;
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

/** Where a queue's work is done. */
export interface Turns {
  /** A macrotask. */
  readonly turn: Turn;
  /** A microtask; given where something is to be done at its beginning. */
  readonly soon?: Turn;
}

const microtask: Turn = (callback) => void Promise.resolve().then(callback);

/** A run queue on the platform's turns. `onFault` gets exceptions of tasks: bugs of the machine itself. */
export function createRunQueue({ turn, soon = microtask }: Turns, onFault: (error: unknown) => void, watch = ALWAYS): RunQueue {
  const urgent = createFifo<Task>();
  const normal = createFifo<Task>();
  /** A stretch of work is on its way, as a microtask or in the next turn. */
  let scheduled = false;
  /** A turn is on its way; when it comes, every microtask of what ran before it has run. */
  let awaitsTurn = false;
  let forNextTurn: Task[] = [];
  /** Tasks that may still run in this turn. */
  let left = TASKS_PER_TURN;
  let paused = false;
  let drainers: (() => void)[] = [];
  const runOne = (): void => {
    left--;
    try {
      (urgent.size > 0 ? urgent : normal).shift()?.run();
    } catch (error) {
      onFault(error);
    }
  };
  const head = (): Task | undefined => (urgent.size > 0 ? urgent : normal).peek();
  const takeTurn = (): void => {
    if (awaitsTurn) return;
    awaitsTurn = true;
    turn(() => {
      awaitsTurn = false;
      left = TASKS_PER_TURN;
      for (const task of forNextTurn) normal.push(task);
      forNextTurn = [];
      run(true);
    });
  };
  const schedule = (): void => {
    if (paused) return watch.onIdle();
    if (scheduled) return;
    if (!head()) return takeTurn();
    scheduled = true;
    if (left <= 0 || head()!.barrier) takeTurn();
    else soon(() => scheduled && run(false));
  };
  const tellDrained = (): void => {
    const waiting = drainers;
    drainers = [];
    for (const resolve of waiting) resolve();
  };
  const idle = (): void => {
    tellDrained();
    watch.onIdle();
  };
  /** One stretch of work. `isTurn`: at the beginning of a turn, so that no microtask is pending. */
  const run = (isTurn: boolean): void => {
    scheduled = false;
    if (paused) return;
    if (!head()) return awaitsTurn ? undefined : idle();
    if (head()!.barrier) {
      if (isTurn) runOne();
    } else {
      while (left > 0 && head()?.barrier === false) runOne();
    }
    scheduled = head() !== undefined;
    // Also when the queue is empty now: only in the next turn have all microtasks run, and then the machine is idle.
    if (scheduled || drainers.length > 0 || watch.isOn()) takeTurn();
  };
  return {
    enqueue(task, options) {
      (options?.urgent ? urgent : normal).push({ run: task, barrier: options?.barrier ?? false });
      schedule();
    },
    enqueueForNextTurn(task) {
      forNextTurn.push({ run: task, barrier: false });
      if (!paused) takeTurn();
    },
    inTurn(act) {
      if (scheduled || paused) {
        act();
        if (paused) watch.onIdle();
        return;
      }
      scheduled = true;
      left = TASKS_PER_TURN;
      try {
        act();
      } finally {
        run(false);
      }
    },
    look() {
      if (paused) watch.onIdle();
      else if (watch.isOn()) takeTurn();
    },
    get isIdle() {
      return paused || (!scheduled && !awaitsTurn && head() === undefined);
    },
    drained() {
      if (paused) return Promise.resolve();
      return new Promise((resolve) => {
        drainers.push(resolve);
        takeTurn();
      });
    },
    pause() {
      paused = true;
      tellDrained();
    },
    resume() {
      if (!paused) return;
      paused = false;
      schedule();
      if (forNextTurn.length > 0) takeTurn();
    },
    get isPaused() {
      return paused;
    },
  };
}
