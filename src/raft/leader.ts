// A leader: takes proposals, replicates them, commits what a quorum holds, answers reads, hands its office over.
// Sections 5.3, 5.4, 6 and 8 of the Raft paper; 3.10 (transfer) and 6.4 (reads) of the dissertation.

import { decodeConfChange } from './conf-change.ts';
import type { StepOutcome } from './follower.ts';
import type { AppendReply, HeartbeatReply, Message, ProposedEntry, ReadIndexMessage } from './messages.ts';
import type { Progress } from './progress.ts';
import { voteOutcome } from './quorum.ts';
import {
  abortLeaderTransfer,
  appendEntries,
  broadcastAppend,
  broadcastHeartbeat,
  maybeCommit,
  maybeSendAppend,
  sendAppend,
  sendTimeoutNow,
} from './replication.ts';
import type { RaftState } from './state.ts';
import { becomeFollower } from './transitions.ts';
import { NONE, type ProposalOutcome, type RaftId } from './types.ts';

export function stepLeader(r: RaftState, m: Message): StepOutcome {
  switch (m.type) {
    case 'propose':
      return propose(r, m.entries);
    case 'readIndex':
      takeRead(r, m);
      return undefined;
    case 'appendReply': {
      const progress = r.membership.progress.get(m.from);
      if (progress === undefined) return undefined;
      progress.recentActive = true;
      if (m.success) takeAcknowledgement(r, m, progress);
      else takeRefusal(r, m, progress);
      return undefined;
    }
    case 'heartbeatReply': {
      const progress = r.membership.progress.get(m.from);
      if (progress !== undefined) takeHeartbeatReply(r, m, progress);
      return undefined;
    }
    case 'transferLeader':
      takeTransfer(r, m.transferee);
      return undefined;
    default:
      return undefined;
  }
}

/** Appends and sends proposals; a membership change that may not start now goes into the log as an empty entry. */
export function propose(r: RaftState, proposed: readonly ProposedEntry[]): ProposalOutcome {
  // A leader that was removed leads on until someone else does, but adds nothing to the log.
  if (!r.membership.progress.has(r.id)) return 'removed';
  if (r.leadTransferee !== NONE) return 'transferring';
  let admitted = proposed;
  for (let i = 0; i < proposed.length; i++) {
    if (proposed[i]!.kind !== 'conf') continue;
    if (mayChangeMembership(r, proposed[i]!.data)) {
      r.pendingConfIndex = r.log.lastIndex() + i + 1;
    } else {
      admitted = admitted.with(i, { kind: 'normal', data: '' });
    }
  }
  if (!appendEntries(r, admitted)) return 'uncommitted-limit';
  broadcastAppend(r);
  return 'appended';
}

function mayChangeMembership(r: RaftState, data: string): boolean {
  if (r.config.disableConfChangeValidation) return true;
  const isPending = r.pendingConfIndex > r.log.applied;
  const isJoint = r.membership.outgoing.length > 0;
  const leaves = decodeConfChange(data).changes.length === 0;
  return !isPending && isJoint === leaves;
}

function takeAcknowledgement(r: RaftState, m: AppendReply, progress: Progress): void {
  const isNews = progress.maybeUpdate(m.index);
  // Nothing new but from a probed peer: it answers, so appends may flow again.
  if (!isNews && !(progress.match === m.index && progress.mode === 'probe')) return;
  if (progress.mode === 'probe') {
    progress.becomeReplicate();
  } else if (progress.mode === 'replicate') {
    progress.inflights.freeTo(m.index);
  } else if (progress.match + 1 >= r.log.firstIndex()) {
    // However it caught up, its next entry is still in our log: no snapshot needed. The detour counts the one sent.
    progress.becomeProbe();
    progress.becomeReplicate();
  }
  const isPeer = m.from !== r.id;
  if (maybeCommit(r)) {
    releaseReadsBeforeCommit(r);
    broadcastAppend(r);
  } else if (isPeer && progress.canBumpCommit(r.log.committed)) {
    sendAppend(r, m.from);
  }
  if (isPeer) sendAllThatFits(r, m.from);
  if (m.from === r.leadTransferee && progress.match === r.log.lastIndex()) sendTimeoutNow(r, m.from);
}

/** Fills the window; ends with it, or with the log. */
function sendAllThatFits(r: RaftState, to: RaftId): void {
  let isSent = true;
  while (isSent) isSent = maybeSendAppend(r, to, false);
}

function takeRefusal(r: RaftState, m: AppendReply, progress: Progress): void {
  const hintIndex = m.hintIndex ?? 0;
  const hintTerm = m.hintTerm ?? 0;
  // The peer holds nothing of a term above hintTerm up to there, so entries of ours above it need no probing.
  const next = hintTerm > 0 ? r.log.findConflictByTerm(hintIndex, hintTerm).index : hintIndex;
  if (!progress.maybeDecreaseTo(m.index, next)) return;
  if (progress.mode === 'replicate') progress.becomeProbe();
  sendAppend(r, m.from);
}

function takeHeartbeatReply(r: RaftState, m: HeartbeatReply, progress: Progress): void {
  progress.recentActive = true;
  progress.appendsPaused = false;
  // The peer lives, and lacks something or is being probed: an append, if only an empty one, finds out.
  if (progress.match < r.log.lastIndex() || progress.mode === 'probe') sendAppend(r, m.from);
  if (r.config.readOnly !== 'safe' || m.ctx === '') return;
  const read = r.reads.acknowledge(m.from, m.ctx);
  if (read === undefined) return;
  if (voteOutcome(r.membership, (id) => (read.acks.has(id) ? true : undefined)) !== 'won') return;
  for (const released of r.reads.release(m.ctx)) answerRead(r, released.request, released.index);
}

function takeRead(r: RaftState, m: ReadIndexMessage): void {
  const { voters, outgoing } = r.membership;
  if (voters.length === 1 && outgoing.length === 0) {
    answerRead(r, m, r.log.committed);
  } else if (r.hasCommittedInTerm()) {
    startRead(r, m);
  } else {
    // Until an entry of its own term commits a leader does not know what is committed (paper, 8).
    r.readsBeforeCommit.push(m);
  }
}

function startRead(r: RaftState, m: ReadIndexMessage): void {
  if (r.config.readOnly === 'lease') {
    answerRead(r, m, r.log.committed);
    return;
  }
  r.reads.add(m, r.log.committed, r.id);
  broadcastHeartbeat(r, m.ctx);
}

export function releaseReadsBeforeCommit(r: RaftState): void {
  if (r.readsBeforeCommit.length === 0 || !r.hasCommittedInTerm()) return;
  const waiting = r.readsBeforeCommit;
  r.readsBeforeCommit = [];
  for (const request of waiting) startRead(r, request);
}

function answerRead(r: RaftState, m: ReadIndexMessage, index: number): void {
  if (m.from === NONE || m.from === r.id) r.readStates.push({ index, ctx: m.ctx });
  else r.send({ type: 'readIndexReply', from: r.id, to: m.from, term: r.term, index, ctx: m.ctx });
}

function takeTransfer(r: RaftState, transferee: RaftId): void {
  const progress = r.membership.progress.get(transferee);
  if (progress === undefined || progress.isLearner) return;
  if (r.leadTransferee !== NONE) {
    if (r.leadTransferee === transferee) return;
    abortLeaderTransfer(r);
  }
  if (transferee === r.id) return;
  // The transfer has one election timeout from now.
  r.electionElapsed = 0;
  r.leadTransferee = transferee;
  if (progress.match === r.log.lastIndex()) sendTimeoutNow(r, transferee);
  else sendAppend(r, transferee);
}

/** Steps down if no quorum was heard of since the last look. */
export function checkQuorum(r: RaftState): void {
  const { progress } = r.membership;
  const isActive = (id: RaftId): boolean | undefined => {
    const peer = progress.get(id);
    return peer !== undefined && !peer.isLearner && (id === r.id || peer.recentActive);
  };
  if (voteOutcome(r.membership, isActive) !== 'won') becomeFollower(r, r.term, NONE);
  for (const [id, peer] of progress) {
    if (id !== r.id) peer.recentActive = false;
  }
}

/** The host could not reach the peer: appends under way are likely lost. */
export function noteUnreachable(r: RaftState, peer: RaftId): void {
  const progress = r.membership.progress.get(peer);
  if (progress?.mode === 'replicate') progress.becomeProbe();
}

/** The host's word on a snapshot that it was given to send. */
export function noteSnapshotStatus(r: RaftState, peer: RaftId, isSent: boolean): void {
  const progress = r.membership.progress.get(peer);
  if (progress === undefined || progress.mode !== 'snapshot') return;
  // After a failure probing goes on where the log ended, not behind a snapshot that never arrived.
  if (!isSent) progress.pendingSnapshot = 0;
  progress.becomeProbe();
  // Wait for the peer's answer to the snapshot, or for a heartbeat before the next try.
  progress.appendsPaused = true;
}
