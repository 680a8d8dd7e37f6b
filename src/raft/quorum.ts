// Majorities, and the joint quorums of a membership change: what a set of voters agrees on.
// Models the quorum package of etcd-io/raft; sections 5.2, 5.3 and 6 of the Raft paper. Pure functions.

import type { RaftId } from './types.ts';

/** Outcome of an election so far. */
export type VoteOutcome = 'pending' | 'won' | 'lost';

/** Two voter lists that must both agree; `outgoing` is empty unless a joint configuration is in force. */
export interface Quorum {
  readonly voters: readonly RaftId[];
  readonly outgoing: readonly RaftId[];
}

function majorityCommitted(voters: readonly RaftId[], acked: (id: RaftId) => number | undefined): number {
  const count = voters.length;
  if (count === 0) return Number.POSITIVE_INFINITY;
  if (count === 1) return acked(voters[0]!) ?? 0;
  // Insertion sort: there are few voters, and it needs nothing but this one array.
  const sorted: number[] = [];
  for (let i = 0; i < count; i++) {
    const index = acked(voters[i]!) ?? 0;
    let at = i;
    for (; at > 0 && sorted[at - 1]! > index; at--) sorted[at] = sorted[at - 1]!;
    sorted[at] = index;
  }
  return sorted[count - (count >> 1) - 1]!;
}

/**
 * The highest index that a majority of each half acknowledged. `acked` answers undefined for a voter of whom nothing
 * is known. An empty half agrees to everything, so an empty configuration commits Infinity.
 */
export function committedIndex(quorum: Quorum, acked: (id: RaftId) => number | undefined): number {
  const incoming = majorityCommitted(quorum.voters, acked);
  return quorum.outgoing.length === 0 ? incoming : Math.min(incoming, majorityCommitted(quorum.outgoing, acked));
}

function majorityVote(voters: readonly RaftId[], votes: (id: RaftId) => boolean | undefined): VoteOutcome {
  // An empty configuration wins, so that a joint quorum with an empty half is as good as its other half.
  if (voters.length === 0) return 'won';
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = (voters.length >> 1) + 1;
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

/** Whether both halves granted, or one can no longer do so. `votes` answers undefined for a voter yet to answer. */
export function voteOutcome(quorum: Quorum, votes: (id: RaftId) => boolean | undefined): VoteOutcome {
  const incoming = majorityVote(quorum.voters, votes);
  if (quorum.outgoing.length === 0 || incoming === 'lost') return incoming;
  const outgoing = majorityVote(quorum.outgoing, votes);
  if (incoming === outgoing || outgoing === 'lost') return outgoing;
  return 'pending';
}
