// One member's log: the part on disk, the unstable tail, and how far it is committed, being applied and applied.
// Models raftLog of etcd-io/raft; rules from sections 5.3 and 5.4 of the Raft paper.

import { assert, StorageError } from './errors.ts';
import { countWithin, entriesSize, limitSize, NO_LIMIT } from './entry-size.ts';
import type { Storage } from './storage.ts';
import type { Entry, Snapshot } from './types.ts';
import { Unstable } from './unstable.ts';

const noEntries: readonly Entry[] = Object.freeze([]);

/** The log of one member, stored and not yet stored; throws RaftInvariantError where a committed entry would change. */
export class RaftLog {
  readonly storage: Storage;
  /** What is not known to be on disk; follows the stored log without a gap, and shadows it from its offset on. */
  readonly unstable: Unstable;
  /** Highest index known to be on a quorum's disks; never decreases. */
  committed: number;
  /** Highest index handed out for applying; applied ≤ applying ≤ committed. */
  applying: number;
  /** Highest index the application says it applied; never decreases. */
  applied: number;
  /** Size of the entries handed out for applying and not yet applied. */
  applyingSize = 0;
  /** Whether to hand out nothing more until something is applied. */
  applyingPaused = false;
  /** Bound of applyingSize; one entry always goes through. */
  readonly maxApplyingSize: number;

  constructor(storage: Storage, maxApplyingSize = NO_LIMIT) {
    this.storage = storage;
    this.maxApplyingSize = maxApplyingSize;
    this.unstable = new Unstable(storage.lastIndex() + 1);
    this.committed = storage.firstIndex() - 1;
    this.applying = this.committed;
    this.applied = this.committed;
  }

  firstIndex(): number {
    const snapshot = this.unstable.snapshot;
    return snapshot === undefined ? this.storage.firstIndex() : snapshot.index + 1;
  }

  lastIndex(): number {
    return this.unstable.maybeLastIndex() ?? this.storage.lastIndex();
  }

  lastTerm(): number {
    return this.term(this.lastIndex());
  }

  /** Term of entry i, undefined if it is compacted or not there. */
  maybeTerm(i: number): number | undefined {
    const term = this.unstable.maybeTerm(i);
    if (term !== undefined) return term;
    if (i + 1 < this.firstIndex() || i > this.lastIndex()) return undefined;
    return this.storage.term(i);
  }

  term(i: number): number {
    const term = this.maybeTerm(i);
    if (term === undefined) throw new StorageError(i + 1 < this.firstIndex() ? 'compacted' : 'unavailable');
    return term;
  }

  matchTerm(index: number, term: number): boolean {
    return this.maybeTerm(index) === term;
  }

  /** Whether a log ending with (index, term) is at least as up to date as this one (paper, 5.4.1). */
  isUpToDate(index: number, term: number): boolean {
    const lastIndex = this.lastIndex();
    const lastTerm = this.term(lastIndex);
    return term > lastTerm || (term === lastTerm && index >= lastIndex);
  }

  /** Appends after (index, term) if that entry is here; answers the last new index, or undefined for a refusal. */
  maybeAppend(index: number, term: number, entries: readonly Entry[], commit: number): number | undefined {
    if (!this.matchTerm(index, term)) return undefined;
    const lastNew = index + entries.length;
    const conflict = this.findConflict(entries);
    if (conflict !== 0) {
      assert(conflict > this.committed, `entry ${conflict} conflicts with a committed one (commit ${this.committed})`);
      this.append(entries, conflict - index - 1);
    }
    this.commitTo(Math.min(commit, lastNew));
    return lastNew;
  }

  append(entries: readonly Entry[], from = 0): void {
    const first = entries[from];
    if (first === undefined) return;
    assert(first.index > this.committed, `append at ${first.index} would overwrite committed entries (commit ${this.committed})`);
    this.unstable.truncateAndAppend(entries, from);
  }

  /** Index of the first entry that differs from this log or is new to it; 0 if all are here already. */
  findConflict(entries: readonly Entry[]): number {
    for (const entry of entries) {
      if (!this.matchTerm(entry.index, entry.term)) return entry.index;
    }
    return 0;
  }

  /** The highest index ≤ from whose term is ≤ term: where two logs may agree at best; term 0 where it is not known. */
  findConflictByTerm(from: number, term: number): { index: number; term: number } {
    for (let index = from; index > 0; index--) {
      const ours = this.maybeTerm(index);
      if (ours === undefined) return { index, term: 0 };
      if (ours <= term) return { index, term: ours };
    }
    return { index: 0, term: 0 };
  }

  commitTo(index: number): void {
    if (index <= this.committed) return;
    assert(index <= this.lastIndex(), `commit ${index} beyond the last index ${this.lastIndex()}: was the log truncated or lost?`);
    this.committed = index;
  }

  /** Commits up to index if that entry is of the given term (paper, 5.4.2). */
  maybeCommit(index: number, term: number): boolean {
    if (term === 0 || index <= this.committed || !this.matchTerm(index, term)) return false;
    this.commitTo(index);
    return true;
  }

  hasNextOrInProgressSnapshot(): boolean {
    return this.unstable.snapshot !== undefined;
  }

  hasNextOrInProgressEntries(): boolean {
    return this.unstable.entries.length !== 0;
  }

  #maxAppliable(allowUnstable: boolean): number {
    return allowUnstable ? this.committed : Math.min(this.committed, this.unstable.offset - 1);
  }

  hasNextCommitted(allowUnstable: boolean): boolean {
    if (this.applyingPaused || this.unstable.snapshot !== undefined) return false;
    return this.applying < this.#maxAppliable(allowUnstable);
  }

  /** Committed entries to hand out for applying. */
  nextCommitted(allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommitted(allowUnstable)) return noEntries;
    return this.slice(this.applying + 1, this.#maxAppliable(allowUnstable) + 1, this.maxApplyingSize - this.applyingSize);
  }

  acceptApplying(index: number, size: number, allowUnstable: boolean): void {
    assert(index <= this.committed, `applying ${index} beyond commit ${this.committed}`);
    this.applying = index;
    this.applyingSize += size;
    // Paused too when the next entry did not fit, else it would come alone and beyond the bound.
    this.applyingPaused = this.applyingSize >= this.maxApplyingSize || index < this.#maxAppliable(allowUnstable);
  }

  appliedTo(index: number, size: number): void {
    assert(index <= this.committed && index >= this.applied, `applied(${index}) is out of range ${this.applied}..${this.committed}`);
    this.applied = index;
    this.applying = Math.max(this.applying, index);
    this.applyingSize = Math.max(0, this.applyingSize - size);
    this.applyingPaused = this.applyingSize >= this.maxApplyingSize;
  }

  restore(snapshot: Snapshot): void {
    this.committed = snapshot.index;
    this.unstable.restore(snapshot);
  }

  /** Entries from lo to the end, as many as fit. Throws compacted if lo is gone. */
  entries(lo: number, maxBytes: number): readonly Entry[] {
    const last = this.lastIndex();
    return lo > last ? noEntries : this.slice(lo, last + 1, maxBytes);
  }

  /** Entries lo ≤ index < hi, as many as fit into maxBytes but at least one. */
  slice(lo: number, hi: number, maxBytes: number): readonly Entry[] {
    if (lo >= hi) return noEntries;
    if (lo < this.firstIndex()) throw new StorageError('compacted');
    assert(hi <= this.lastIndex() + 1, `entries up to ${hi} asked of a log that ends at ${this.lastIndex()}`);
    const { offset, entries } = this.unstable;
    if (lo >= offset) {
      const count = countWithin(entries, lo - offset, hi - offset, maxBytes);
      return this.unstable.slice(lo, lo + count);
    }
    const cut = Math.min(hi, offset);
    const stored = this.storage.entries(lo, cut, maxBytes);
    if (hi <= offset || stored.length < cut - lo) return stored;
    const tail = this.unstable.slice(offset, hi);
    if (maxBytes === NO_LIMIT) return stored.concat(tail);
    const size = entriesSize(stored);
    if (size >= maxBytes) return stored;
    const fitting = limitSize(tail, maxBytes - size);
    if (fitting.length === 1 && size + entriesSize(fitting) > maxBytes) return stored;
    return stored.concat(fitting);
  }
}
