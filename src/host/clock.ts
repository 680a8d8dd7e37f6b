/** Time as a process sees it: a monotonic clock for ticks, leases and back-off, and a wall clock for timestamps and certificates. */

/** Stops what it was given for; calling it twice does nothing. */
export type Stop = () => void;

/** The clock of one process. All times are lab time in milliseconds. */
export interface Clock {
  /** Milliseconds since the machine's power-on; never jumps, never runs backwards. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch as this machine believes; clock skew changes only this one. */
  wallMs(): number;
  /** Resolves after `ms`. Rejects with the signal's reason if `signal` aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `callback` once after `ms`. */
  after(ms: number, callback: () => void): Stop;
  /** Calls `tick` every `ms`. Ticks are counted, not derived: a gap (frozen page) counts as one tick. */
  every(ms: number, tick: () => void): Stop;
}
