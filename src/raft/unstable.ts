// The newest part of the log: entries and at most one snapshot that are not known to be on disk yet.
// Models `unstable` of etcd-io/raft, with its "in progress" mark for writes that have been handed out.

import { assert } from './errors.ts';
import type { Entry, Snapshot } from './types.ts';

export class Unstable {
  /** Entries offset, offset+1, ... without gaps; none of them is known to be durable. */
  entries: Entry[] = [];
  /** Index that entries[0] has or would have; everything below is on disk or in the snapshot. */
  offset: number;
  /** Entries below this were handed to the host for writing; offset ≤ offsetInProgress ≤ offset + entries.length. */
  offsetInProgress: number;
  /** A snapshot from the leader, not yet on disk; its index is below offset. */
  snapshot: Snapshot | undefined = undefined;
  /** Whether the snapshot was handed to the host for writing; false without one. */
  snapshotInProgress = false;

  constructor(offset: number) {
    this.offset = offset;
    this.offsetInProgress = offset;
  }

  /** Term of entry i if it, or the snapshot that ends with it, is here. */
  maybeTerm(i: number): number | undefined {
    if (i >= this.offset) return this.entries[i - this.offset]?.term;
    return this.snapshot !== undefined && this.snapshot.index === i ? this.snapshot.term : undefined;
  }

  maybeLastIndex(): number | undefined {
    if (this.entries.length !== 0) return this.offset + this.entries.length - 1;
    return this.snapshot?.index;
  }

  hasNextEntries(): boolean {
    return this.offset + this.entries.length > this.offsetInProgress;
  }

  /** The entries that still have to be handed out for writing. */
  nextEntries(): readonly Entry[] {
    const from = this.offsetInProgress - this.offset;
    return from === 0 ? this.entries.slice() : this.entries.slice(from);
  }

  nextSnapshot(): Snapshot | undefined {
    return this.snapshotInProgress ? undefined : this.snapshot;
  }

  acceptInProgress(): void {
    this.offsetInProgress = this.offset + this.entries.length;
    if (this.snapshot !== undefined) this.snapshotInProgress = true;
  }

  /** Forgets the entries up to index, now on disk; a write that was since overwritten (other term) does not count. */
  stableTo(index: number, term: number): void {
    if (index < this.offset) return;
    const held = this.entries[index - this.offset];
    if (held === undefined || held.term !== term) return;
    const count = index + 1 - this.offset;
    if (count === this.entries.length) this.entries = [];
    else this.entries.splice(0, count);
    this.offset = index + 1;
    this.offsetInProgress = Math.max(this.offsetInProgress, this.offset);
  }

  stableSnapTo(index: number): void {
    if (this.snapshot === undefined || this.snapshot.index !== index) return;
    this.snapshot = undefined;
    this.snapshotInProgress = false;
  }

  restore(snapshot: Snapshot): void {
    this.offset = snapshot.index + 1;
    this.offsetInProgress = this.offset;
    this.entries = [];
    this.snapshot = snapshot;
    this.snapshotInProgress = false;
  }

  /** Adds entries[from..], first dropping everything from the first one's index on. */
  truncateAndAppend(entries: readonly Entry[], from = 0): void {
    const first = entries[from]!.index;
    const end = this.offset + this.entries.length;
    if (first !== end) {
      if (first <= this.offset) {
        this.entries = [];
        this.offset = first;
        this.offsetInProgress = first;
      } else {
        assert(first < end, `append at ${first} would leave a gap after ${end - 1}`);
        // A new array, since the old one may be on its way to disk.
        this.entries = this.entries.slice(0, first - this.offset);
        this.offsetInProgress = Math.min(this.offsetInProgress, first);
      }
    }
    for (let i = from; i < entries.length; i++) this.entries.push(entries[i]!);
  }

  slice(lo: number, hi: number): readonly Entry[] {
    assert(lo >= this.offset && hi <= this.offset + this.entries.length, `unstable entries ${lo}..${hi} are out of bounds`);
    return this.entries.slice(lo - this.offset, hi - this.offset);
  }
}
