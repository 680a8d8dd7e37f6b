// The steps from one role to another, and what each of them forgets.
// Figure 4 of the Raft paper, with the pre-candidate of section 9.6 of the dissertation.

import { assert } from './errors.ts';
import { ReadIndexQueue } from './read-index.ts';
import { appendEntries } from './replication.ts';
import type { RaftState } from './state.ts';
import { NONE, type RaftId } from './types.ts';

function reset(r: RaftState, term: number): void {
  if (r.term !== term) {
    r.term = term;
    r.vote = NONE;
  }
  r.lead = NONE;
  r.electionElapsed = 0;
  r.heartbeatElapsed = 0;
  r.drawElectionTimeout();
  r.leadTransferee = NONE;
  if (r.votes.size !== 0) r.votes = new Map();
  const last = r.log.lastIndex();
  for (const [id, progress] of r.membership.progress) progress.restart(last + 1, id === r.id ? last : 0);
  r.pendingConfIndex = 0;
  r.uncommittedSize = 0;
  r.reads = new ReadIndexQueue();
}

export function becomeFollower(r: RaftState, term: number, lead: RaftId): void {
  reset(r, term);
  r.lead = lead;
  r.role = 'follower';
}

export function becomeCandidate(r: RaftState): void {
  assert(r.role !== 'leader', 'a leader does not become a candidate');
  reset(r, r.term + 1);
  r.vote = r.id;
  r.role = 'candidate';
}

/** Asks around without touching term or vote, so that a member without a chance disturbs nobody. */
export function becomePreCandidate(r: RaftState): void {
  assert(r.role !== 'leader', 'a leader does not become a pre-candidate');
  r.votes = new Map();
  r.lead = NONE;
  r.role = 'preCandidate';
}

export function becomeLeader(r: RaftState): void {
  assert(r.role === 'candidate' || r.role === 'preCandidate', 'only a candidate becomes leader');
  reset(r, r.term);
  r.lead = r.id;
  r.role = 'leader';
  const own = r.membership.progress.get(r.id);
  assert(own !== undefined, 'a leader belongs to its own cluster');
  own.becomeReplicate();
  own.recentActive = true;
  // Any entry of the log may be a change not applied yet. It is safe to hold back new ones until all are applied.
  r.pendingConfIndex = r.log.lastIndex();
  // The no-op: entries of earlier terms commit only along with one of this term (paper, 5.4.2 and 8).
  const appended = appendEntries(r, [{ kind: 'normal', data: '' }]);
  assert(appended, 'the empty entry of a new leader is never refused');
}
