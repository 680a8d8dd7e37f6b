// Elections: when to stand, whom to ask, whom to vote for.
// Sections 5.2 and 5.4.1 of the Raft paper, 3.10 (transfer) and 9.6 (pre-vote) of the dissertation.

import type { VoteMessage } from './messages.ts';
import { voteOutcome, type VoteOutcome } from './quorum.ts';
import type { RaftState } from './state.ts';
import { becomeCandidate, becomePreCandidate } from './transitions.ts';
import { NONE, type RaftId } from './types.ts';

/** Why a member stands: it asks first, it stands at once, or the leader told it to. */
export type CampaignKind = 'preElection' | 'election' | 'transfer';

/** The end of an election timeout, or a wish to stand: starts an election unless this member may not. */
export function maybeCampaign(r: RaftState, kind: CampaignKind): void {
  if (r.role === 'leader' || !r.isPromotable() || hasUnappliedConfChange(r)) return;
  campaign(r, kind);
}

/** A committed change not applied yet: this member may be counting with the wrong voters. */
function hasUnappliedConfChange(r: RaftState): boolean {
  const { applied, committed } = r.log;
  for (let lo = applied + 1; lo <= committed;) {
    const page = r.log.slice(lo, committed + 1, 1 << 20);
    if (page.some((entry) => entry.kind === 'conf')) return true;
    lo += page.length;
  }
  return false;
}

export function campaign(r: RaftState, kind: CampaignKind): void {
  const isPre = kind === 'preElection';
  if (isPre) becomePreCandidate(r);
  else becomeCandidate(r);
  const term = isPre ? r.term + 1 : r.term;
  const index = r.log.lastIndex();
  const logTerm = r.log.lastTerm();
  for (const id of voterIds(r)) {
    if (id === r.id) {
      // The vote for oneself counts only when it is durable, so it goes the way of all votes.
      r.sendAfterAppend({ type: isPre ? 'preVoteReply' : 'voteReply', from: id, to: id, term, granted: true });
    } else {
      const type = isPre ? 'preVote' : 'vote';
      r.send({ type, from: r.id, to: id, term, index, logTerm, transfer: kind === 'transfer' });
    }
  }
}

function voterIds(r: RaftState): RaftId[] {
  const { ids, voters, outgoing } = r.membership;
  return ids.filter((id) => voters.includes(id) || outgoing.includes(id));
}

/** Counts an answer; the first one of each voter stands. */
export function poll(r: RaftState, from: RaftId, granted: boolean): VoteOutcome {
  if (!r.votes.has(from)) r.votes.set(from, granted);
  return voteOutcome(r.membership, (id) => r.votes.get(id));
}

/** Whether a leader was heard of so lately that this member takes part in no election (dissertation, 4.2.3). */
export function isInLease(r: RaftState): boolean {
  return r.config.checkQuorum && r.lead !== NONE && r.electionElapsed < r.config.electionTick;
}

/** Answers a request for a vote whose term is not older than ours. */
export function answerVote(r: RaftState, m: VoteMessage): void {
  const isPre = m.type === 'preVote';
  const type = isPre ? 'preVoteReply' : 'voteReply';
  const isFree = r.vote === m.from || (r.vote === NONE && r.lead === NONE) || (isPre && m.term > r.term);
  // A learner votes when asked: the candidate may know of a promotion that this member has not applied yet.
  const granted = isFree && r.log.isUpToDate(m.index, m.logTerm);
  // A granted rehearsal is answered with the term that was asked for; ours would look like an old answer.
  const term = granted ? m.term : r.term;
  r.sendAfterAppend({ type, from: r.id, to: m.from, term, granted });
  if (granted && !isPre) {
    r.electionElapsed = 0;
    r.vote = m.from;
  }
}
