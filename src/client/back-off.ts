/** Exponential back-off with jitter, as client-go's wait.Backoff and flowcontrol.Backoff use it. */
import type { Random } from '#host';

/** How a delay grows. */
export interface BackOffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Default 2. */
  readonly factor?: number;
  /** A delay is between itself and (1 + jitter) of itself; default 0. */
  readonly jitter?: number;
}

/** A delay that grows with each failure. */
export interface BackOff {
  /** The delay before the next try, in milliseconds. */
  next(): number;
  /** After a success: start over. */
  reset(): void;
}

/** A back-off of its own. */
export function backOff(options: BackOffOptions, random: Random): BackOff {
  const { initialMs, maxMs, factor = 2, jitter = 0 } = options;
  let delayMs = initialMs;
  return {
    next() {
      const base = delayMs;
      delayMs = Math.min(delayMs * factor, maxMs);
      return base * (1 + random.next() * jitter);
    },
    reset() {
      delayMs = initialMs;
    },
  };
}

/** A bucket of tokens that fills at a steady rate (golang.org/x/time/rate). */
export interface TokenBucket {
  /** Takes a token if there is one. */
  maybeTake(nowMs: number): boolean;
  /** Takes a token, also one of the future; answers how long to wait for it, in milliseconds. */
  reserve(nowMs: number): number;
}

/** A full bucket of `burst` tokens, refilled with `perSecond` a second. */
export function tokenBucket(perSecond: number, burst: number): TokenBucket {
  let tokens = burst;
  let lastMs: number | undefined;
  const refill = (nowMs: number): void => {
    if (lastMs !== undefined) tokens = Math.min(burst, tokens + ((nowMs - lastMs) / 1000) * perSecond);
    lastMs = nowMs;
  };
  return {
    maybeTake(nowMs) {
      refill(nowMs);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    reserve(nowMs) {
      refill(nowMs);
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
    },
  };
}
