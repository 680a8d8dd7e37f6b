/** Runs something soon after it was asked for, but not more often than a period allows, and at least every so often (kube-proxy's BoundedFrequencyRunner). */
import type { Clock, Stop } from '#host';

/** Bounds of the runs, in milliseconds. */
export interface SyncBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** A runner. */
export interface SyncRunner {
  /** Asks for a run; many asks before it are one run. */
  request(): void;
  stop(): void;
}

/** A runner of `run`; the first run comes with the first request. */
export function syncRunner(clock: Clock, bounds: SyncBounds, run: () => void): SyncRunner {
  let lastMs = -Infinity;
  let pending: { atMs: number; stop: Stop } | undefined;
  const runAt = (atMs: number): void => {
    pending?.stop();
    pending = { atMs, stop: clock.after(Math.max(0, atMs - clock.monotonicMs()), execute) };
  };
  const execute = (): void => {
    pending = undefined;
    lastMs = clock.monotonicMs();
    run();
    if (!pending) runAt(lastMs + bounds.maxMs);
  };
  return {
    request() {
      const atMs = Math.max(clock.monotonicMs(), lastMs + bounds.minMs);
      if (!pending || pending.atMs > atMs) runAt(atMs);
    },
    stop: () => pending?.stop(),
  };
}
