// The entrance for every message: the rules about terms, which are the same for all roles, then the role's own.
// Section 5.1 of the Raft paper; pre-vote and leases as in etcd-io/raft.

import { stepCandidate } from './candidate.ts';
import { entriesSize, payloadSize } from './entry-size.ts';
import { answerVote, isInLease } from './election.ts';
import { stepFollower, type StepOutcome } from './follower.ts';
import { propose, stepLeader } from './leader.ts';
import type { Message, StorageAppendReply, StorageApplyReply } from './messages.ts';
import { reduceUncommittedSize } from './replication.ts';
import type { RaftState } from './state.ts';
import { becomeFollower } from './transitions.ts';
import { NONE } from './types.ts';

export function step(r: RaftState, m: Message): StepOutcome {
  if (m.term !== 0 && m.term !== r.term) {
    const goesOn = m.term > r.term ? takeNewerTerm(r, m) : takeOlderTerm(r, m);
    if (!goesOn) return undefined;
  }
  switch (m.type) {
    case 'vote':
    case 'preVote':
      answerVote(r, m);
      return undefined;
    case 'storageAppendReply':
      takeStorageAppendReply(r, m);
      return undefined;
    case 'storageApplyReply':
      takeStorageApplyReply(r, m);
      return undefined;
    default:
      if (r.role === 'follower') return stepFollower(r, m);
      return r.role === 'leader' ? stepLeader(r, m) : stepCandidate(r, m);
  }
}

/** A newer term is adopted, except where that would let a member without a chance disturb a working leader. */
function takeNewerTerm(r: RaftState, m: Message): boolean {
  switch (m.type) {
    case 'vote':
      if (!m.transfer && isInLease(r)) return false;
      becomeFollower(r, m.term, NONE);
      return true;
    case 'preVote':
      // A rehearsal never changes the term.
      return m.transfer || !isInLease(r);
    case 'preVoteReply':
      // A granted one carries the term that this member asked for; a refusal comes from a member that is ahead.
      if (!m.granted) becomeFollower(r, m.term, NONE);
      return true;
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      becomeFollower(r, m.term, m.from);
      return true;
    default:
      becomeFollower(r, m.term, NONE);
      return true;
  }
}

function takeOlderTerm(r: RaftState, m: Message): boolean {
  if ((m.type === 'append' || m.type === 'heartbeat') && (r.config.checkQuorum || r.config.preVote)) {
    // An old leader, which with leases may not see our votes: our term in any answer makes it step down. Without
    // this a member that was cut off and raised its term would never be let back in.
    r.sendAfterAppend({ type: 'appendReply', from: r.id, to: m.from, term: r.term, index: 0, success: true });
  } else if (m.type === 'preVote') {
    r.sendAfterAppend({ type: 'preVoteReply', from: r.id, to: m.from, term: r.term, granted: false });
  } else if (m.type === 'storageAppendReply' && m.snapshot !== undefined) {
    // Entries may have been overwritten in the newer term, a snapshot holds committed state only.
    takeAppliedSnapshot(r, m.snapshot.index);
  }
  return false;
}

export function takeStorageAppendReply(r: RaftState, m: StorageAppendReply): void {
  if (m.index !== 0) r.log.unstable.stableTo(m.index, m.logTerm);
  if (m.snapshot !== undefined) takeAppliedSnapshot(r, m.snapshot.index);
}

function takeAppliedSnapshot(r: RaftState, index: number): void {
  r.log.unstable.stableSnapTo(index);
  appliedTo(r, index, 0);
}

function takeStorageApplyReply(r: RaftState, m: StorageApplyReply): void {
  const last = m.entries.at(-1);
  if (last === undefined) return;
  appliedTo(r, last.index, entriesSize(m.entries));
  reduceUncommittedSize(r, payloadSize(m.entries));
}

function appliedTo(r: RaftState, index: number, size: number): void {
  const applied = Math.max(index, r.log.applied);
  r.log.appliedTo(applied, size);
  if (r.membership.autoLeave && applied >= r.pendingConfIndex && r.role === 'leader') {
    // Refused only during a transfer: then this leader tries again after the next entry, or its successor does.
    propose(r, [{ kind: 'conf', data: '' }]);
  }
}
