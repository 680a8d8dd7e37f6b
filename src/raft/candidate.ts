// A candidate or pre-candidate: counts votes, and follows at once where it hears of a leader of its term.
// Section 5.2 of the Raft paper.

import { campaign, poll } from './election.ts';
import { handleAppend, handleHeartbeat, handleSnapshot, type StepOutcome } from './follower.ts';
import type { Message, VoteReply } from './messages.ts';
import { broadcastAppend } from './replication.ts';
import type { RaftState } from './state.ts';
import { becomeFollower, becomeLeader } from './transitions.ts';
import { NONE } from './types.ts';

export function stepCandidate(r: RaftState, m: Message): StepOutcome {
  switch (m.type) {
    case 'propose':
      return 'no-leader';
    case 'append':
      becomeFollower(r, m.term, m.from);
      handleAppend(r, m);
      return undefined;
    case 'heartbeat':
      becomeFollower(r, m.term, m.from);
      handleHeartbeat(r, m);
      return undefined;
    case 'snapshot':
      becomeFollower(r, m.term, m.from);
      handleSnapshot(r, m);
      return undefined;
    case 'preVoteReply':
    case 'voteReply':
      // Answers to the rehearsal may still come in while the election is on; they do not count for it.
      if ((m.type === 'preVoteReply') === (r.role === 'preCandidate')) countVote(r, m);
      return undefined;
    default:
      return undefined;
  }
}

function countVote(r: RaftState, m: VoteReply): void {
  const outcome = poll(r, m.from, m.granted);
  if (outcome === 'lost') {
    // Our own term: an answer to a rehearsal carries a term nobody has yet.
    becomeFollower(r, r.term, NONE);
  } else if (outcome === 'won') {
    if (r.role === 'preCandidate') {
      campaign(r, 'election');
    } else {
      becomeLeader(r);
      broadcastAppend(r);
    }
  }
}
