// How a leader gets its log to its peers and finds out what is committed.
// Sections 5.3 and 5.4.2 of the Raft paper; flow control as in etcd-io/raft.

import { payloadSize } from './entry-size.ts';
import { assert, StorageError } from './errors.ts';
import type { ProposedEntry } from './messages.ts';
import type { Progress } from './progress.ts';
import { committedIndex } from './quorum.ts';
import type { RaftState } from './state.ts';
import { NONE, type Entry, type RaftId, type Snapshot } from './types.ts';

const noEntries: readonly Entry[] = Object.freeze([]);

/** Appends to the leader's own log, unless too much is uncommitted already. */
export function appendEntries(r: RaftState, proposed: readonly ProposedEntry[]): boolean {
  const size = payloadSize(proposed);
  // An empty entry always goes: a new leader's no-op and the way out of a joint configuration must not be refused.
  if (r.uncommittedSize > 0 && size > 0 && r.uncommittedSize + size > r.config.maxUncommittedSize) return false;
  r.uncommittedSize += size;
  const { term } = r;
  let index = r.log.lastIndex();
  const entries: Entry[] = [];
  for (const { kind, data } of proposed) entries.push({ index: ++index, term, kind, data });
  r.log.append(entries);
  // The leader's own acknowledgement counts only when its disk has the entries.
  r.sendAfterAppend({ type: 'appendReply', from: r.id, to: r.id, term, index, success: true });
  return true;
}

/** Counts applied entries out of the uncommitted tail; those of earlier leaders were never counted in. */
export function reduceUncommittedSize(r: RaftState, size: number): void {
  r.uncommittedSize = Math.max(0, r.uncommittedSize - size);
}

function entriesFor(r: RaftState, progress: Progress): readonly Entry[] {
  // With a full window only an empty append goes, which an answer or a heartbeat's answer may have asked for.
  if (progress.mode === 'replicate' && progress.inflights.isFull()) return noEntries;
  return r.log.entries(progress.next, r.config.maxMessageBytes);
}

/** Sends the next entries to a peer, a snapshot if they are compacted, nothing if the peer must wait. */
export function maybeSendAppend(r: RaftState, to: RaftId, sendIfEmpty: boolean): boolean {
  const progress = r.membership.progress.get(to);
  if (progress === undefined || progress.isPaused()) return false;
  const index = progress.next - 1;
  const logTerm = r.log.maybeTerm(index);
  if (logTerm === undefined) return maybeSendSnapshot(r, to, progress);
  if (!sendIfEmpty && progress.next > r.log.lastIndex()) return false;
  const entries = entriesFor(r, progress);
  if (entries.length === 0 && !sendIfEmpty) return false;
  const commit = r.log.committed;
  r.send({ type: 'append', from: r.id, to, term: r.term, index, logTerm, commit, entries });
  progress.sentEntries(entries.length, payloadSize(entries));
  progress.sentCommit = commit;
  return true;
}

function snapshotOrUndefined(r: RaftState): Snapshot | undefined {
  if (r.log.unstable.snapshot !== undefined) return r.log.unstable.snapshot;
  try {
    return r.log.storage.snapshot();
  } catch (error) {
    if (error instanceof StorageError && error.reason === 'snapshot-temporarily-unavailable') return undefined;
    throw error;
  }
}

function maybeSendSnapshot(r: RaftState, to: RaftId, progress: Progress): boolean {
  // No snapshot to a peer that may be down: it is dear, and nothing would come of it.
  if (!progress.recentActive) return false;
  const snapshot = snapshotOrUndefined(r);
  if (snapshot === undefined) return false;
  assert(snapshot.index > 0, 'entries are compacted, but there is no snapshot that stands for them');
  progress.becomeSnapshot(snapshot.index);
  r.send({ type: 'snapshot', from: r.id, to, term: r.term, snapshot });
  return true;
}

export function sendAppend(r: RaftState, to: RaftId): void {
  maybeSendAppend(r, to, true);
}

export function broadcastAppend(r: RaftState): void {
  for (const id of r.membership.ids) {
    if (id !== r.id) maybeSendAppend(r, id, true);
  }
}

/** Heartbeats to all, with the context of a read to be confirmed, '' for none. */
export function broadcastHeartbeat(r: RaftState, ctx: string): void {
  for (const id of r.membership.ids) {
    if (id === r.id) continue;
    const progress = r.membership.progress.get(id)!;
    // A follower may hold another log beyond what it is known to match, so it must not commit further.
    const commit = Math.min(progress.match, r.log.committed);
    r.send({ type: 'heartbeat', from: r.id, to: id, term: r.term, commit, ctx });
    progress.sentCommit = commit;
  }
}

export function sendTimeoutNow(r: RaftState, to: RaftId): void {
  r.send({ type: 'timeoutNow', from: r.id, to, term: r.term });
}

/** Commits what a quorum has, if it is of this leader's own term. */
export function maybeCommit(r: RaftState): boolean {
  const { progress } = r.membership;
  const index = committedIndex(r.membership, (id) => progress.get(id)?.match);
  return r.log.maybeCommit(index, r.term);
}

export function abortLeaderTransfer(r: RaftState): void {
  r.leadTransferee = NONE;
}
