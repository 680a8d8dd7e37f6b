/**
 * The life of a process: what makes kill and freeze possible. Every promise handed to a program and every callback into it
 * goes through its life. `running`: delivered. `stopped`: kept in order until SIGCONT. `dead`: dropped, so nothing of the
 * program continues (no catch, no finally); its closures become garbage. Resources hang on the life and are released with it.
 */
import type { RunQueue } from './run-queue.ts';
import type { Stop } from './clock.ts';

/** How many completions in a row a process gets before its machine's other work has a turn. */
const COMPLETIONS_PER_TURN = 64;

/** Kinds of resources that are counted. */
export type ResourceKind = 'timer' | 'listener' | 'connection' | 'file-watch' | 'pipe';

/** The life of one process. */
export interface Life {
  readonly state: 'running' | 'stopped' | 'dead';
  /** Promises handed out and not settled. */
  readonly pendingCount: number;
  resourceCount(kind: ResourceKind): number;
  /** Hands a promise to the program: settles only while the life is running. */
  guard<T>(promise: Promise<T>): Promise<T>;
  /** Calls into the program now, later (stopped) or never (dead). An exception is the process's crash. */
  deliver(callback: () => void): void;
  /** Ties a resource to the life; returned function lets go of it without releasing. */
  hold(kind: ResourceKind, release: () => void): Stop;
  stop(): void;
  resume(): void;
  /** Ends the life and releases what it holds. */
  end(): void;
}

/** A life whose callbacks' exceptions go to `onCrash`. */
export function createLife(queue: RunQueue, onCrash: (error: unknown) => void): Life {
  let state: Life['state'] = 'running';
  let pending = 0;
  let sinceTurn = 0;
  let held: (() => void)[] = [];
  const resources = new Map<() => void, ResourceKind>();
  const call = (callback: () => void): void => {
    try {
      callback();
    } catch (error) {
      onCrash(error);
    }
  };
  const deliver = (callback: () => void): void => {
    if (state === 'running') call(callback);
    else if (state === 'stopped') held.push(callback);
  };
  const settle = (act: () => void): void => {
    if (state === 'dead') return;
    pending--;
    if (state === 'stopped') {
      held.push(act);
    } else if (++sinceTurn >= COMPLETIONS_PER_TURN) {
      sinceTurn = 0;
      pending++;
      queue.enqueue(() => {
        if (state === 'dead') return;
        pending--;
        if (state === 'stopped') held.push(act);
        else act();
      });
    } else {
      act();
    }
  };
  return {
    get state() {
      return state;
    },
    get pendingCount() {
      return pending;
    },
    resourceCount(kind) {
      let count = 0;
      for (const held of resources.values()) if (held === kind) count++;
      return count;
    },
    guard(promise) {
      if (state === 'dead') {
        // Nobody is left to hear how it ends, not even of a failure.
        promise.catch(() => undefined);
        return new Promise(() => undefined);
      }
      pending++;
      return new Promise((resolve, reject) => {
        promise.then(
          (value) => settle(() => resolve(value)),
          (reason: unknown) => settle(() => reject(reason)),
        );
      });
    },
    deliver,
    hold(kind, release) {
      if (state === 'dead') {
        release();
        return () => undefined;
      }
      resources.set(release, kind);
      return () => void resources.delete(release);
    },
    stop() {
      if (state === 'running') state = 'stopped';
    },
    resume() {
      if (state !== 'stopped') return;
      state = 'running';
      const waiting = held;
      held = [];
      for (const callback of waiting) deliver(callback);
    },
    end() {
      if (state === 'dead') return;
      state = 'dead';
      pending = 0;
      held = [];
      const releases = [...resources.keys()];
      resources.clear();
      for (const release of releases) release();
    },
  };
}
