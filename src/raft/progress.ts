// What a leader knows of one peer's log, and how fast it may send to it: probe (one append, wait), replicate
// (pipelined within a window), snapshot (nothing until it arrived). Models tracker.Progress of etcd-io/raft.

import type { Inflights } from './inflights.ts';

/** How the leader sends to a peer. */
export type ProgressMode = 'probe' | 'replicate' | 'snapshot';

/** One peer as its leader sees it: what it holds, what was sent, and whether more may be sent now. */
export class Progress {
  /** Highest index known to be on the peer's disk; never decreases within a leader's term. */
  match = 0;
  /** Index of the next entry to send; match < next, and all between are under way or guessed to be there. */
  next: number;
  mode: ProgressMode = 'probe';
  /** Index of the snapshot under way; 0 unless mode is 'snapshot'. */
  pendingSnapshot = 0;
  /** Whether the peer was heard of since the last check of the quorum. */
  recentActive = false;
  /** Whether appends wait for an answer or a heartbeat; says nothing in mode 'snapshot', which always waits. */
  appendsPaused = false;
  /** Appends under way; empty unless mode is 'replicate'. */
  readonly inflights: Inflights;
  /** Whether the peer has no vote. */
  isLearner: boolean;
  /** Highest commit index sent to the peer, as far as is known; < next. */
  sentCommit = 0;

  constructor(next: number, inflights: Inflights, isLearner: boolean) {
    this.next = next;
    this.inflights = inflights;
    this.isLearner = isLearner;
  }

  clone(): Progress {
    const copy = new Progress(this.next, this.inflights.clone(), this.isLearner);
    copy.match = this.match;
    copy.mode = this.mode;
    copy.pendingSnapshot = this.pendingSnapshot;
    copy.recentActive = this.recentActive;
    copy.appendsPaused = this.appendsPaused;
    copy.sentCommit = this.sentCommit;
    return copy;
  }

  /** Forgets everything but who the peer is: the start of a new term. */
  restart(next: number, match: number): void {
    this.#enter('probe');
    this.match = match;
    this.next = next;
    this.recentActive = false;
    this.sentCommit = 0;
  }

  #enter(mode: ProgressMode): void {
    this.appendsPaused = false;
    this.pendingSnapshot = 0;
    this.mode = mode;
    this.inflights.reset();
  }

  becomeProbe(): void {
    // Behind a snapshot that was sent, probing goes on after it; a failed one was set to 0 before.
    const pending = this.mode === 'snapshot' ? this.pendingSnapshot : 0;
    this.#enter('probe');
    this.next = Math.max(this.match, pending) + 1;
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
  }

  becomeReplicate(): void {
    this.#enter('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.#enter('snapshot');
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.sentCommit = index;
  }

  /** Notes that an append with this many entries was sent. */
  sentEntries(count: number, bytes: number): void {
    if (this.mode === 'replicate') {
      if (count > 0) {
        this.next += count;
        this.inflights.add(this.next - 1, bytes);
      }
      // With a full window one empty append goes now and then, see the leader's heartbeat answers.
      this.appendsPaused = this.inflights.isFull();
    } else if (this.mode === 'probe' && count > 0) {
      this.appendsPaused = true;
    }
  }

  /** Whether an (empty) append could raise the peer's commit index further than what was sent. */
  canBumpCommit(index: number): boolean {
    return index > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /** Takes an acknowledgement up to index; false if it says nothing new. */
  maybeUpdate(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.appendsPaused = false;
    return true;
  }

  /** Takes a refusal of the append after `refused`, steps back to what may match; false if it is stale. */
  maybeDecreaseTo(refused: number, hint: number): boolean {
    if (this.mode === 'replicate') {
      if (refused <= this.match) return false;
      this.next = this.match + 1;
    } else {
      if (this.next - 1 !== refused) return false;
      this.next = Math.max(Math.min(refused, hint + 1), this.match + 1);
      this.appendsPaused = false;
    }
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    return true;
  }

  isPaused(): boolean {
    return this.mode === 'snapshot' || this.appendsPaused;
  }
}
