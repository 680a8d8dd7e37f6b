/** Leases for keys that expire: keys with the same long time to live share one for a minute, as the real server's lease manager does. */
import type { Clock } from '#host';
import type { Etcd } from './etcd.ts';

/** How long one lease is shared. */
const LEASE_SHARE_MS = 60_000;
/** Shorter lives are not shared: a key may come to a shared lease late. */
const SHARED_TTL_SECONDS_MIN = 600;

/** Answers the id of a lease under which a key lives at least `ttlSeconds`; undefined for keys that live on. */
export type LeaseFor = (ttlSeconds: number | undefined) => Promise<string | undefined>;

/** Leases on an etcd. */
export function createSharedLeases(etcd: Etcd, clock: Clock): LeaseFor {
  const leases = new Map<number, { id: Promise<string>; untilMs: number }>();
  return (ttlSeconds) => {
    if (!ttlSeconds) return Promise.resolve(undefined);
    if (ttlSeconds < SHARED_TTL_SECONDS_MIN) return etcd.grantLease(ttlSeconds);
    const shared = leases.get(ttlSeconds);
    if (shared && shared.untilMs > clock.monotonicMs()) return shared.id;
    const id = etcd.grantLease(ttlSeconds + LEASE_SHARE_MS / 1000);
    id.catch(() => leases.delete(ttlSeconds));
    leases.set(ttlSeconds, { id, untilMs: clock.monotonicMs() + LEASE_SHARE_MS });
    return id;
  };
}
