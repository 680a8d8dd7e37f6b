// A follower: takes the leader's entries, snapshots and heartbeats, passes requests on to it, and waits.
// Section 5.3 (AppendEntries) and 7 (InstallSnapshot) of the Raft paper.

import { maybeCampaign } from './election.ts';
import { restoreMembership } from './membership.ts';
import type { AppendMessage, HeartbeatMessage, Message, SnapshotMessage } from './messages.ts';
import type { RaftState } from './state.ts';
import { becomeFollower } from './transitions.ts';
import { NONE, type ProposalOutcome, type Snapshot } from './types.ts';

/** What came of a stepped message; only proposals have an outcome. */
export type StepOutcome = ProposalOutcome | undefined;

function heardOfLeader(r: RaftState, lead: number): void {
  r.electionElapsed = 0;
  r.lead = lead;
}

export function stepFollower(r: RaftState, m: Message): StepOutcome {
  switch (m.type) {
    case 'append':
      heardOfLeader(r, m.from);
      handleAppend(r, m);
      return undefined;
    case 'heartbeat':
      heardOfLeader(r, m.from);
      handleHeartbeat(r, m);
      return undefined;
    case 'snapshot':
      heardOfLeader(r, m.from);
      handleSnapshot(r, m);
      return undefined;
    case 'propose':
      if (r.lead === NONE) return 'no-leader';
      if (r.config.disableProposalForwarding) return 'not-forwarded';
      r.send({ type: 'propose', from: m.from, to: r.lead, term: 0, entries: m.entries });
      return 'forwarded';
    case 'readIndex':
      if (r.lead !== NONE) r.send({ type: 'readIndex', from: m.from, to: r.lead, term: 0, ctx: m.ctx });
      return undefined;
    case 'transferLeader':
      if (r.lead !== NONE) {
        r.send({ type: 'transferLeader', from: r.id, to: r.lead, term: r.term, transferee: m.transferee });
      }
      return undefined;
    case 'readIndexReply':
      r.readStates.push({ index: m.index, ctx: m.ctx });
      return undefined;
    case 'timeoutNow':
      // No rehearsal: the leader itself wants this election.
      maybeCampaign(r, 'transfer');
      return undefined;
    default:
      return undefined;
  }
}

export function handleAppend(r: RaftState, m: AppendMessage): void {
  const { log } = r;
  const reply = { type: 'appendReply', from: r.id, to: m.from, term: r.term } as const;
  if (m.index < log.committed) {
    // An old message. What is committed matches every leader's log, so tell how far that is.
    r.sendAfterAppend({ ...reply, index: log.committed, success: true });
    return;
  }
  const last = log.maybeAppend(m.index, m.logTerm, m.entries, m.commit);
  if (last !== undefined) {
    r.sendAfterAppend({ ...reply, index: last, success: true });
    return;
  }
  // Everything the leader has up to m.index is of term ≤ m.logTerm, so our entries above that term cannot match.
  const hint = log.findConflictByTerm(Math.min(m.index, log.lastIndex()), m.logTerm);
  r.sendAfterAppend({ ...reply, index: m.index, success: false, hintIndex: hint.index, hintTerm: hint.term });
}

export function handleHeartbeat(r: RaftState, m: HeartbeatMessage): void {
  r.log.commitTo(m.commit);
  r.send({ type: 'heartbeatReply', from: r.id, to: m.from, term: r.term, ctx: m.ctx });
}

export function handleSnapshot(r: RaftState, m: SnapshotMessage): void {
  const isRestored = restore(r, m.snapshot);
  const index = isRestored ? r.log.lastIndex() : r.log.committed;
  r.sendAfterAppend({ type: 'appendReply', from: r.id, to: m.from, term: r.term, index, success: true });
}

/** Replaces the log by the snapshot, unless the log has all that is in it. */
function restore(r: RaftState, snapshot: Snapshot): boolean {
  if (snapshot.index <= r.log.committed) return false;
  if (r.role !== 'follower') {
    // Cannot happen, since all who handle snapshots became followers before; be safe all the same.
    becomeFollower(r, r.term + 1, NONE);
    return false;
  }
  const { voters, outgoing, learners } = snapshot.conf;
  // learnersNext needs no look: its members are among the outgoing voters.
  if (!voters.includes(r.id) && !learners.includes(r.id) && !outgoing.includes(r.id)) return false;
  if (r.log.matchTerm(snapshot.index, snapshot.term)) {
    r.log.commitTo(snapshot.index);
    return false;
  }
  r.log.restore(snapshot);
  r.membership = restoreMembership(snapshot.conf, r.log.lastIndex(), r.config);
  return true;
}
