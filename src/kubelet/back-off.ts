/** Back-off per key that looks at when the last attempt ended (client-go flowcontrol.Backoff as the kubelet uses it): CrashLoopBackOff and image pulls. */
import type { Clock } from '#host';

/** Back-offs by key. */
export interface KeyedBackOff {
  /** Whether the key's delay, counted from `sinceMs`, has not passed; the rest of it in milliseconds. */
  remainingMs(key: string, sinceMs: number): number;
  /** After an attempt: the next delay is twice as long; after a long quiet time it starts over. */
  next(key: string): void;
  /** The present delay of a key. */
  delayMs(key: string): number;
  forget(prefix: string): void;
}

/** Delays from `initialMs` doubling to `maxMs`; a key unused for twice `maxMs` starts over. */
export function keyedBackOff(clock: Clock, initialMs: number, maxMs: number): KeyedBackOff {
  const entries = new Map<string, { delayMs: number; updatedMs: number }>();
  const isStale = (entry: { updatedMs: number }): boolean => clock.wallMs() - entry.updatedMs > 2 * maxMs;
  return {
    remainingMs(key, sinceMs) {
      const entry = entries.get(key);
      if (!entry || isStale(entry)) return 0;
      return Math.max(0, entry.delayMs - (clock.wallMs() - sinceMs));
    },
    next(key) {
      const entry = entries.get(key);
      const delayMs = !entry || isStale(entry) ? initialMs : Math.min(entry.delayMs * 2, maxMs);
      entries.set(key, { delayMs, updatedMs: clock.wallMs() });
    },
    delayMs: (key) => entries.get(key)?.delayMs ?? 0,
    forget(prefix) {
      for (const key of [...entries.keys()]) if (key.startsWith(prefix)) entries.delete(key);
    },
  };
}
