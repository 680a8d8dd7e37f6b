/**
 * The lease table as it is replicated: which leases there are, their TTLs, and the keys attached to them; etcd's lease package
 * without its clock. When a lease runs out is known to the leader alone (see `expiry.ts`). Checkpoints are off, as in 3.5.
 */
import { etcdError } from '../errors.ts';
import { NO_LEASE } from '../mvcc/version.ts';

/** One lease. */
export interface Lease {
  /** Lower-case hexadecimal. */
  readonly id: string;
  /** Granted TTL in seconds. */
  readonly ttlSeconds: number;
  readonly keys: ReadonlySet<string>;
}

interface MutableLease extends Lease {
  readonly keys: Set<string>;
}

/** etcd refuses TTLs beyond about 285 years. */
export const LEASE_TTL_SECONDS_MAX = 9_000_000_000;

export class Lessor {
  readonly #leases = new Map<string, MutableLease>();
  /** The lease of each key that has one. */
  readonly #leaseOfKey = new Map<string, string>();

  get(id: string): Lease | undefined {
    return this.#leases.get(id);
  }

  /** All leases in order of their ids. */
  list(): Lease[] {
    return [...this.#leases.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  get size(): number {
    return this.#leases.size;
  }

  /** Throws `leaseExists`, `leaseTtlTooLarge` or, for no id, `leaseNotFound`. */
  grant(id: string, ttlSeconds: number): Lease {
    if (id === NO_LEASE) throw etcdError('leaseNotFound');
    if (ttlSeconds > LEASE_TTL_SECONDS_MAX) throw etcdError('leaseTtlTooLarge');
    if (this.#leases.has(id)) throw etcdError('leaseExists');
    const lease = { id, ttlSeconds, keys: new Set<string>() };
    this.#leases.set(id, lease);
    return lease;
  }

  /** Removes a lease; answers the keys it held, sorted, which must be deleted with it. Throws `leaseNotFound`. */
  revoke(id: string): string[] {
    const lease = this.#leases.get(id);
    if (!lease) throw etcdError('leaseNotFound');
    this.#leases.delete(id);
    for (const key of lease.keys) this.#leaseOfKey.delete(key);
    return [...lease.keys].sort();
  }

  /** Throws `leaseNotFound` unless the lease is there or none is meant. */
  check(id: string): void {
    if (id !== NO_LEASE && !this.#leases.has(id)) throw etcdError('leaseNotFound');
  }

  /** Ties a key to a lease (NO_LEASE: to none) in place of the one it had. */
  attach(key: string, id: string): void {
    const former = this.#leaseOfKey.get(key);
    if (former === id) return;
    if (former !== undefined) {
      this.#leases.get(former)?.keys.delete(key);
      this.#leaseOfKey.delete(key);
    }
    if (id === NO_LEASE) return;
    this.#leases.get(id)?.keys.add(key);
    this.#leaseOfKey.set(key, id);
  }
}
