/**
 * When leases run out, as the leader alone counts it (etcd's primary lessor): a new leader gives every lease its full TTL again, and a
 * lease that has run out is only reported here; it ends by a revoke that goes through the log. Times are monotonic milliseconds.
 */
import type { Lease } from './lessor.ts';

/** Leases reported as expired at once, so that a mass expiry does not flood the log. */
export const EXPIRED_LEASES_MAX = 500;

export class LeaseExpiry {
  /** Deadline of each lease; undefined while this member does not lead. */
  #deadlines: Map<string, number> | undefined;

  get isPrimary(): boolean {
    return this.#deadlines !== undefined;
  }

  /** This member leads now: each lease gets its full TTL again. */
  promote(leases: Iterable<Lease>, nowMs: number): void {
    this.#deadlines = new Map();
    for (const lease of leases) this.#deadlines.set(lease.id, nowMs + lease.ttlSeconds * 1000);
  }

  /** Another member leads. */
  demote(): void {
    this.#deadlines = undefined;
  }

  granted(lease: Lease, nowMs: number): void {
    this.#deadlines?.set(lease.id, nowMs + lease.ttlSeconds * 1000);
  }

  revoked(id: string): void {
    this.#deadlines?.delete(id);
  }

  /** Gives a lease its full TTL; false if this member does not know it as alive. */
  renew(lease: Lease, nowMs: number): boolean {
    const deadline = this.#deadlines?.get(lease.id);
    // A lease that has run out is being revoked; it cannot come back.
    if (deadline === undefined || deadline <= nowMs) return false;
    this.#deadlines!.set(lease.id, nowMs + lease.ttlSeconds * 1000);
    return true;
  }

  /** Whole seconds left, rounded down; undefined where this member does not know. */
  remainingSeconds(id: string, nowMs: number): number | undefined {
    const deadline = this.#deadlines?.get(id);
    return deadline === undefined ? undefined : Math.max(0, Math.floor((deadline - nowMs) / 1000));
  }

  /** Leases that have run out, at most EXPIRED_LEASES_MAX. */
  expired(nowMs: number): string[] {
    const ids: string[] = [];
    if (!this.#deadlines) return ids;
    for (const [id, deadline] of this.#deadlines) {
      if (deadline > nowMs) continue;
      ids.push(id);
      if (ids.length === EXPIRED_LEASES_MAX) break;
    }
    return ids;
  }
}
