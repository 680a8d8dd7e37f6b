/** Keeps a lease alive: a keep-alive every third of its TTL, again soon where one failed, until it is lost or stopped. */
import type { etcd } from '#contracts';
import type { Clock } from '#host';

/** A lease that is being kept. */
export interface LeaseKeeper {
  /** Resolves when the lease is gone, or could not be kept alive for its whole TTL; stays open after `stop`. */
  readonly lost: Promise<void>;
  stop(): void;
}

/** Pause after a keep-alive that failed (clientv3's retryConnWait). */
const RETRY_MS = 500;

export function keepLeaseAlive(
  clock: Clock,
  ttlSeconds: number,
  keepAlive: (timeoutMs: number) => Promise<etcd.LeaseKeepAliveResponse>,
): LeaseKeeper {
  let isStopped = false;
  let stopTimer: (() => void) | undefined;
  let deadlineMs = clock.monotonicMs() + ttlSeconds * 1000;
  let lose: () => void;
  const lost = new Promise<void>((resolve) => (lose = resolve));
  const next = (ms: number): void => {
    if (!isStopped) stopTimer = clock.after(ms, round);
  };
  const round = (): void => {
    const intervalMs = (ttlSeconds * 1000) / 3;
    keepAlive(intervalMs).then(
      ({ ttl }) => {
        if (isStopped) return;
        if (ttl <= 0) return lose();
        deadlineMs = clock.monotonicMs() + ttl * 1000;
        next((ttl * 1000) / 3);
      },
      () => {
        // What failed is tried again until the TTL is over; then nobody can say that the lease still lives.
        if (!isStopped && clock.monotonicMs() >= deadlineMs) lose();
        else next(RETRY_MS);
      },
    );
  };
  next((ttlSeconds * 1000) / 3);
  return {
    lost,
    stop() {
      isStopped = true;
      stopTimer?.();
    },
  };
}
