/** The Cluster service: adding (as learner too), promoting, removing, updating and listing members; changes that would lose quorum are refused. */
import type { etcd } from '#contracts';
import type { Crypto } from '#host';
import { connectedVoters } from '../connectivity.ts';
import { etcdError, isEtcdError } from '../errors.ts';
import { checkUrl, memberIdOf } from '../identity.ts';
import type { EtcdMember } from '../member.ts';
import { isReadyToAddVoter, isReadyToPromote, isReadyToRemoveVoter, raftIdOf } from '../membership.ts';
import { NONE } from '#raft';
import type { LeaderClient } from './lease.ts';

/** A member counts as healthy once it has been heard of for that long (etcd's HealthInterval). */
const HEALTH_INTERVAL_MS = 5_000;
/** A learner may be promoted when it holds this share of the leader's log. */
const LEARNER_READY_SHARE = 0.9;

/** What the Cluster service needs beside the member. */
export interface ClusterSettings {
  readonly crypto: Crypto;
  readonly strictReconfigCheck: boolean;
  readonly leader: LeaderClient;
}

interface MembersResponse {
  readonly header: etcd.ResponseHeader;
  readonly members: readonly etcd.Member[];
}

function checkPeerUrls(peerUrls: readonly string[]): void {
  if (peerUrls.length === 0) throw etcdError('badPeerUrls');
  for (const url of peerUrls) {
    try {
      checkUrl(url);
    } catch (error) {
      throw error instanceof Error ? etcdError('badPeerUrls') : error;
    }
  }
}

function checkMayAdd(member: EtcdMember, isLearner: boolean): void {
  const { membership } = member.state;
  if (!isLearner && !isReadyToAddVoter(membership)) throw etcdError('notEnoughStarted');
  const sinceMs = member.clock.monotonicMs() - HEALTH_INTERVAL_MS;
  if (membership.voters().length > 1 && connectedVoters(member, sinceMs) < membership.voters().length) throw etcdError('unhealthy');
}

function checkMayRemove(member: EtcdMember, id: string): void {
  const { membership } = member.state;
  if (membership.get(id)?.isLearner !== false) return;
  if (!isReadyToRemoveVoter(membership, id)) throw etcdError('notEnoughStarted');
  // Who is down is not part of the quorum that is there.
  if (id !== member.settings.memberId && member.transport.activeSinceMs(raftIdOf(id)) === undefined) return;
  const active = connectedVoters(member, member.clock.monotonicMs() - HEALTH_INTERVAL_MS);
  if (active - 1 < 1 + Math.floor((membership.voters().length - 1) / 2)) throw etcdError('unhealthy');
}

/** Promotes on the leader, which alone knows how far the learner is. Throws `notLeader` elsewhere. */
export async function promoteHere(member: EtcdMember, settings: ClusterSettings, id: string): Promise<readonly etcd.Member[]> {
  const { progress } = member.raft.view();
  const { membership } = member.state;
  const target = membership.checkExists(id);
  if (!member.isLeader) throw etcdError('notLeader');
  if (!target.isLearner) throw etcdError('notLearner');
  const learner = progress.get(raftIdOf(id))?.match ?? 0;
  const own = progress.get(raftIdOf(member.settings.memberId))?.match ?? 0;
  if (learner < own * LEARNER_READY_SHARE) throw etcdError('learnerNotReady');
  if (settings.strictReconfigCheck && !isReadyToPromote(membership, id)) throw etcdError('notEnoughStarted');
  return member.proposeChange('promote', { ...target, isLearner: false });
}

/** The unary methods of the Cluster service. */
export function clusterMethods(member: EtcdMember, settings: ClusterSettings) {
  const answer = (members: readonly etcd.Member[]): MembersResponse => ({ header: member.header(), members });
  return {
    async 'Cluster/MemberList'(request: { readonly linearizable?: boolean }): Promise<MembersResponse> {
      if (request.linearizable) await member.linearize();
      return answer(member.state.membership.list());
    },
    async 'Cluster/MemberAdd'(request: {
      readonly peerUrls: readonly string[];
      readonly isLearner?: boolean;
    }): Promise<MembersResponse & { member: etcd.Member }> {
      checkPeerUrls(request.peerUrls);
      const id = memberIdOf(settings.crypto, request.peerUrls, member.settings.clusterId, member.clock.wallMs());
      const added: etcd.Member = {
        id,
        name: '',
        peerUrls: [...request.peerUrls].sort(),
        clientUrls: [],
        isLearner: request.isLearner ?? false,
      };
      if (raftIdOf(id) === NONE) throw etcdError('badPeerUrls');
      member.state.membership.checkAdd(added);
      if (settings.strictReconfigCheck) checkMayAdd(member, added.isLearner);
      const members = await member.proposeChange('add', added);
      return { ...answer(members), member: added };
    },
    async 'Cluster/MemberRemove'(request: { readonly id: string }): Promise<MembersResponse> {
      const present = member.state.membership.checkExists(request.id);
      if (settings.strictReconfigCheck) checkMayRemove(member, request.id);
      return answer(await member.proposeChange('remove', present));
    },
    async 'Cluster/MemberUpdate'(request: { readonly id: string; readonly peerUrls: readonly string[] }): Promise<MembersResponse> {
      checkPeerUrls(request.peerUrls);
      const present = member.state.membership.checkExists(request.id);
      return answer(await member.proposeChange('update', { ...present, peerUrls: [...request.peerUrls].sort() }));
    },
    async 'Cluster/MemberPromote'(request: { readonly id: string }): Promise<MembersResponse> {
      try {
        return answer(await promoteHere(member, settings, request.id));
      } catch (error) {
        const leader = isEtcdError(error, 'notLeader') ? settings.leader() : undefined;
        if (!leader) throw isEtcdError(error, 'notLeader') ? etcdError('noLeader') : error;
        return answer(await leader.call<readonly etcd.Member[]>('Cluster/MemberPromote', request, { timeoutMs: member.requestTimeoutMs }));
      }
    },
  };
}
