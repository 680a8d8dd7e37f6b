/**
 * Who belongs to the cluster, as the log says it: etcd's membership package. Ids are hexadecimal here and numbers in the consensus
 * core; the number is the low 52 bits of the id. Pure; changes come from applied entries only.
 */
import type { etcd } from '#contracts';
import type { RaftId } from '#raft';
import { etcdError } from './errors.ts';

type Member = etcd.Member;

/** The number under which the consensus core knows a member. */
export function raftIdOf(memberId: string): RaftId {
  return Number.parseInt(memberId.slice(-13), 16);
}

/** Learners a cluster may have at once (`--experimental-max-learners`). */
export const LEARNERS_MAX = 1;

/** The members, and those that were removed and may never come back under their old id. */
export class Membership {
  readonly #members = new Map<string, Member>();
  readonly #removed = new Set<string>();
  readonly #idOfRaftId = new Map<RaftId, string>();

  get(id: string): Member | undefined {
    return this.#members.get(id);
  }

  /** The member's id behind a number of the consensus core, removed ones included. */
  idOf(raftId: RaftId): string | undefined {
    return this.#idOfRaftId.get(raftId);
  }

  isRemoved(id: string): boolean {
    return this.#removed.has(id);
  }

  get removed(): readonly string[] {
    return [...this.#removed].sort();
  }

  /** All members by id. */
  list(): Member[] {
    return [...this.#members.values()].sort((one, other) => (one.id.padStart(16, '0') < other.id.padStart(16, '0') ? -1 : 1));
  }

  voters(): Member[] {
    return this.list().filter((member) => !member.isLearner);
  }

  /** Adds a member, or (for a learner that is there) gives it its vote. */
  put(member: Member): void {
    this.#members.set(member.id, member);
    this.#idOfRaftId.set(raftIdOf(member.id), member.id);
  }

  remove(id: string): void {
    this.#members.delete(id);
    this.#removed.add(id);
    this.#idOfRaftId.set(raftIdOf(id), id);
  }

  /** Name and client addresses, which a member tells of itself once it has started. */
  setAttributes(id: string, name: string, clientUrls: readonly string[]): void {
    const member = this.#members.get(id);
    if (member) this.#members.set(id, { ...member, name, clientUrls });
  }

  /** Throws `memberExists`, `peerUrlExists` or `tooManyLearners` where a member cannot be added. */
  checkAdd(member: Member): void {
    if (this.#members.has(member.id) || this.#removed.has(member.id)) throw etcdError('memberExists');
    if (this.hasPeerUrl(member.peerUrls)) throw etcdError('peerUrlExists');
    if (member.isLearner && this.list().filter(({ isLearner }) => isLearner).length >= LEARNERS_MAX) throw etcdError('tooManyLearners');
  }

  hasPeerUrl(peerUrls: readonly string[], exceptId?: string): boolean {
    return this.list().some((member) => member.id !== exceptId && member.peerUrls.some((url) => peerUrls.includes(url)));
  }

  /** Throws `memberNotFound`. */
  checkExists(id: string): Member {
    const member = this.#members.get(id);
    if (!member) throw etcdError('memberNotFound');
    return member;
  }
}

/** A member has started once it has told its name. */
const isStarted = (member: Member): boolean => member.name !== '';

/** Whether a quorum of the voters there would be after adding one has started (strict reconfiguration check). */
export function isReadyToAddVoter(membership: Membership): boolean {
  const voters = membership.voters();
  const started = voters.filter(isStarted).length;
  // The new member of what was a cluster of one brings the cluster to two of two; that is allowed.
  if (started === 1 && voters.length === 1) return true;
  return started >= Math.floor((voters.length + 1) / 2) + 1;
}

/** Whether a quorum of the voters there would be after promoting a learner has started. */
export function isReadyToPromote(membership: Membership, id: string): boolean {
  const members = membership.list().filter((member) => !member.isLearner || member.id === id);
  return members.filter((member) => isStarted(member)).length >= Math.floor(members.length / 2) + 1;
}

/** Whether a quorum of the voters that would be left has started. */
export function isReadyToRemoveVoter(membership: Membership, id: string): boolean {
  const left = membership.voters().filter((member) => member.id !== id);
  if (left.length === 0) return false;
  return left.filter(isStarted).length >= Math.floor(left.length / 2) + 1;
}
