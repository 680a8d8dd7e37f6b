/** The Lease service. Grants and revokes go through the log; keep-alives and remaining times are the leader's, others pass them on. */
import type { etcd } from '#contracts';
import type { Random, RpcClient, RpcStream } from '#host';
import { ROOT } from '../auth/auth-store.ts';
import { etcdError, isEtcdError } from '../errors.ts';
import { LEASE_TTL_SECONDS_MAX } from '../lease/lessor.ts';
import type { EtcdMember } from '../member.ts';
import { NO_LEASE } from '../mvcc/version.ts';
import type { GuardedCall } from './callers.ts';

/** Dials the peer port of the leader for what only it knows. */
export type LeaderClient = () => RpcClient | undefined;

/** A new lease's id: 63 random bits, as etcd's request ids are. */
function newLeaseId(random: Random): string {
  const bytes = random.bytes(8);
  bytes[0] = bytes[0]! & 0x7f;
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return id.replace(/^0+/, '') || '1';
}

/** The least TTL: one and a half elections, in whole seconds, so that a lease outlives the loss of a leader. */
export function leaseTtlSecondsMin(electionMs: number): number {
  return Math.ceil((1.5 * electionMs) / 1000);
}

/** Waits for a leader and asks it; throws `timeout` when there is none in time. */
async function askLeader<Response>(
  member: EtcdMember,
  leader: LeaderClient,
  method: string,
  request: unknown,
  own: () => Promise<Response | undefined>,
): Promise<Response> {
  const deadlineMs = member.clock.monotonicMs() + member.requestTimeoutMs;
  for (;;) {
    const answer = member.isLeader ? await own() : undefined;
    if (answer !== undefined) return answer;
    const client = member.isLeader ? undefined : leader();
    if (client) {
      try {
        return await client.call<Response>(method, request, { timeoutMs: member.requestTimeoutMs });
      } catch (error) {
        if (isEtcdError(error, 'leaseNotFound')) throw etcdError('leaseNotFound');
        if (!isEtcdError(error, 'notLeader'))
          member.telemetry.log('warning', 'failed to ask the leader', {
            method,
            error: error instanceof Error ? error.message : String(error),
          });
      }
    }
    if (member.clock.monotonicMs() >= deadlineMs) throw etcdError('timeout');
    await member.clock.sleep(member.settings.heartbeatMs / 2);
  }
}

/**
 * Whether this member leads, as a quorum confirms it now: one that was frozen, stuck on its disk or cut off may not know yet that
 * another leads, which counts the leases anew. Everything that is committed is applied here then. After etcd's ensureLeadership.
 */
async function leadsStill(member: EtcdMember): Promise<boolean> {
  try {
    await member.linearize();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'RpcError') throw error;
    member.telemetry.log('warning', "Failed to check current member's leadership", { error: error.message });
    return false;
  }
  return member.isLeader;
}

/** What the leader answers on behalf of others; undefined while this member is none with its leases at hand. */
export async function renewHere(member: EtcdMember, id: string): Promise<number | undefined> {
  if (!(await leadsStill(member)) || !member.expiry.isPrimary) return undefined;
  const lease = member.state.lessor.get(id);
  if (!lease || !member.expiry.renew(lease, member.clock.monotonicMs())) throw etcdError('leaseNotFound');
  return lease.ttlSeconds;
}

/** Time left of a lease as the leader counts it. */
export function timeToLiveHere(member: EtcdMember, request: etcd.LeaseTimeToLiveRequest): etcd.LeaseTimeToLiveResponse | undefined {
  if (!member.expiry.isPrimary) return undefined;
  const lease = member.state.lessor.get(request.id);
  const header = member.header();
  if (!lease) return { header, id: request.id, ttl: -1, grantedTtl: 0, keys: [] };
  const ttl = member.expiry.remainingSeconds(request.id, member.clock.monotonicMs()) ?? 0;
  return { header, id: request.id, ttl, grantedTtl: lease.ttlSeconds, keys: request.keys ? [...lease.keys].sort() : [] };
}

/** The unary methods of the Lease service. */
export function leaseMethods(member: EtcdMember, leader: LeaderClient) {
  return {
    async 'Lease/LeaseGrant'(request: etcd.LeaseGrantRequest): Promise<etcd.LeaseGrantResponse> {
      if (request.ttl > LEASE_TTL_SECONDS_MAX) throw etcdError('leaseTtlTooLarge');
      const isChosen = request.id !== undefined && request.id !== '' && request.id !== NO_LEASE;
      const ttl = Math.max(Math.floor(request.ttl), leaseTtlSecondsMin(member.settings.electionMs));
      const granted = await member.propose<etcd.LeaseGrantResponse>({
        leaseGrant: { id: isChosen ? request.id! : newLeaseId(member.random), ttl },
      });
      member.metrics.leasesGranted.add();
      return granted;
    },
    async 'Lease/LeaseRevoke'({ id }: { readonly id: string }, { caller }: GuardedCall): Promise<{ header: etcd.ResponseHeader }> {
      const revoked = await member.propose<{ header: etcd.ResponseHeader }>({ leaseRevoke: { id }, ...(caller ? { caller } : {}) });
      member.metrics.leasesRevoked.add();
      return revoked;
    },
    async 'Lease/LeaseTimeToLive'(request: etcd.LeaseTimeToLiveRequest, call: GuardedCall): Promise<etcd.LeaseTimeToLiveResponse> {
      const answer = await askLeader(member, leader, 'Lease/LeaseTimeToLive', request, () =>
        Promise.resolve(timeToLiveHere(member, request)),
      );
      // The names of keys are for those who may read them.
      for (const key of answer.keys) member.state.auth.check(call.caller, 'READ', key);
      return { ...answer, header: member.header() };
    },
    async 'Lease/LeaseLeases'(): Promise<{ header: etcd.ResponseHeader; leases: readonly { id: string }[] }> {
      await member.linearize();
      return { header: member.header(), leases: member.state.lessor.list().map(({ id }) => ({ id })) };
    },
  };
}

/** `Lease/LeaseKeepAlive`: one answer per request; TTL 0 says that the lease is gone. */
export async function serveKeepAlive(
  member: EtcdMember,
  leader: LeaderClient,
  stream: RpcStream<etcd.LeaseKeepAliveRequest, etcd.LeaseKeepAliveResponse>,
): Promise<void> {
  for (let request = await stream.receive(); request; request = await stream.receive()) {
    const { id } = request;
    let ttl: number;
    try {
      ttl = await askLeader(member, leader, 'Lease/LeaseRenew', { id }, () => renewHere(member, id));
    } catch (error) {
      if (!isEtcdError(error, 'leaseNotFound')) throw error;
      ttl = 0;
    }
    await stream.send({ header: member.header(), id, ttl });
  }
}

/** Has leases that ran out revoked, as the leader does twice a second; `underWay` keeps those that are being revoked. */
export async function revokeExpired(member: EtcdMember, underWay: Set<string>): Promise<void> {
  if (!member.isLeader) return;
  const expired = member.expiry.expired(member.clock.monotonicMs()).filter((id) => !underWay.has(id));
  if (expired.length === 0) return;
  for (const id of expired) underWay.add(id);
  if (await leadsStill(member)) await Promise.all(expired.map((id) => revoke(member, id)));
  for (const id of expired) underWay.delete(id);
}

async function revoke(member: EtcdMember, id: string): Promise<void> {
  try {
    await member.propose({ leaseRevoke: { id }, caller: { username: ROOT, revision: member.state.auth.revision } });
    member.metrics.leasesRevoked.add();
  } catch (error) {
    if (isEtcdError(error, 'leaseNotFound')) return;
    const text = error instanceof Error ? error.message : String(error);
    member.telemetry.log('warning', 'failed to revoke lease', { 'lease-id': id, error: text });
  }
}
