/** Who of the cluster is heard of, and what that says about a request that was not answered in time. */
import type { EtcdMember } from './member.ts';
import { raftIdOf } from './membership.ts';

/** Voters that decide: more than half. */
export function quorumOf(member: EtcdMember): number {
  return Math.floor(member.state.membership.voters().length / 2) + 1;
}

/** Voters heard of without a pause since `sinceMs`, the member itself included. */
export function connectedVoters(member: EtcdMember, sinceMs: number): number {
  const isConnected = (id: string): boolean =>
    id === member.settings.memberId || (member.transport.activeSinceMs(raftIdOf(id)) ?? Infinity) <= sinceMs;
  return member.state.membership.voters().filter(({ id }) => isConnected(id)).length;
}

/** Why a request made at `sinceMs` may have got lost (etcd's parseProposeCtxErr). */
export function timeoutCause(
  member: EtcdMember,
  sinceMs: number,
  leaderElectedMs: number,
): 'timeout' | 'timeoutLeaderFail' | 'timeoutConnectionLost' {
  const previousLostMs = leaderElectedMs - 2 * member.settings.electionMs;
  if (sinceMs > previousLostMs && sinceMs < leaderElectedMs) return 'timeoutLeaderFail';
  const { lead, id } = member.raft.view();
  if (lead === 0) return 'timeout';
  if (lead === id) return connectedVoters(member, sinceMs) < quorumOf(member) ? 'timeoutConnectionLost' : 'timeout';
  return (member.transport.activeSinceMs(lead) ?? Infinity) <= sinceMs ? 'timeout' : 'timeoutConnectionLost';
}
