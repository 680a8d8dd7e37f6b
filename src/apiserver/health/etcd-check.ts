/** The check that etcd answers, as the API server makes it: with a time limit, and so seldom that many who ask cost one look. */
import type { Clock } from '#host';
import { withTimeout } from '../limits.ts';
import type { Check } from './checks.ts';

/** Default of the storage's HealthcheckTimeout and ReadycheckTimeout. */
export const ETCD_CHECK_MS = 2_000;

/**
 * A check that rejects when `look` does, or has not answered within the time limit. At most one look is begun per half of that limit; who
 * asks in between is told what the last one that was begun found (newETCD3Check's rate limiter, with a burst of one).
 */
export function etcdCheck(clock: Clock, look: () => Promise<unknown>): Check {
  let lastLookMs = -Infinity;
  let lastError: unknown;
  /** When the look was begun that the last error is from. */
  let foundAtMs = -Infinity;
  return async () => {
    const nowMs = clock.monotonicMs();
    // Whole milliseconds: who asks each second must not be a rounding too early.
    if (Math.round(nowMs - lastLookMs) < ETCD_CHECK_MS / 2) {
      if (lastError !== undefined) throw lastError;
      return;
    }
    lastLookMs = nowMs;
    const found = (error?: unknown): void => {
      // A look that was begun earlier and took longer is no news.
      if (nowMs < foundAtMs) return;
      foundAtMs = nowMs;
      lastError = error;
    };
    try {
      await withTimeout(clock, ETCD_CHECK_MS, look());
      found();
    } catch (error) {
      found(error);
      throw error;
    }
  };
}
