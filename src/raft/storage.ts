// The log on disk as the core sees it: a read-only, synchronous interface, and an implementation in memory, which an
// etcd member keeps as a mirror of its durable log. Models Storage and MemoryStorage of etcd-io/raft.

import { assert, StorageError } from './errors.ts';
import { countWithin } from './entry-size.ts';
import type { ConfState, Entry, HardState, Snapshot } from './types.ts';

/** The durable log, hard state and snapshot of one member. The core never writes; the host does, from each Ready. */
export interface Storage {
  /** Hard state and configuration to start from. */
  initialState(): { readonly hardState: HardState; readonly conf: ConfState };
  /** Entries lo ≤ index < hi, as many as fit into maxBytes but at least one; throws compacted or unavailable. */
  entries(lo: number, hi: number, maxBytes: number): readonly Entry[];
  /** Term of entry i, firstIndex-1 ≤ i ≤ lastIndex; throws compacted below, unavailable above. */
  term(i: number): number;
  /** Index of the oldest entry still there; all before it are in the snapshot. */
  firstIndex(): number;
  /** Index of the newest entry, or of the snapshot if there is none. */
  lastIndex(): number;
  /** The newest snapshot; throws snapshot-temporarily-unavailable while one is being made. */
  snapshot(): Snapshot;
}

/** A configuration without members. */
export const emptyConf: ConfState = Object.freeze({ voters: [], outgoing: [], learners: [], learnersNext: [], autoLeave: false });

/** Hard state of a member that never lived. */
export const emptyHardState: HardState = Object.freeze({ term: 0, vote: 0, commit: 0 });

/** A Storage in memory. Reads are O(1) by index; compaction is O(entries kept). */
export class MemoryStorage implements Storage {
  /** What to start from after a restart; replaced whole. */
  #hardState: HardState = emptyHardState;
  /** Configuration of the snapshot; the configuration of newer entries follows from applying them. */
  #snapshot: Snapshot;
  /** Index of the entry before #log[0]; that entry is compacted, only its term is known. */
  #offset: number;
  /** Term of the entry at #offset. */
  #offsetTerm: number;
  /** Entries #offset+1, #offset+2, ... without gaps. */
  #log: Entry[] = [];

  constructor(snapshot: Snapshot = { index: 0, term: 0, conf: emptyConf, data: '' }) {
    this.#snapshot = snapshot;
    this.#offset = snapshot.index;
    this.#offsetTerm = snapshot.term;
  }

  initialState(): { readonly hardState: HardState; readonly conf: ConfState } {
    return { hardState: this.#hardState, conf: this.#snapshot.conf };
  }

  firstIndex(): number {
    return this.#offset + 1;
  }

  lastIndex(): number {
    return this.#offset + this.#log.length;
  }

  term(i: number): number {
    if (i === this.#offset) return this.#offsetTerm;
    if (i < this.#offset) throw new StorageError('compacted');
    const entry = this.#log[i - this.#offset - 1];
    if (entry === undefined) throw new StorageError('unavailable');
    return entry.term;
  }

  entries(lo: number, hi: number, maxBytes: number): readonly Entry[] {
    if (lo <= this.#offset) throw new StorageError('compacted');
    assert(hi <= this.lastIndex() + 1, `entries up to ${hi} asked of a log that ends at ${this.lastIndex()}`);
    if (this.#log.length === 0) throw new StorageError('unavailable');
    const from = lo - this.#offset - 1;
    const count = countWithin(this.#log, from, hi - this.#offset - 1, maxBytes);
    return this.#log.slice(from, from + count);
  }

  snapshot(): Snapshot {
    return this.#snapshot;
  }

  setHardState(hardState: HardState): void {
    this.#hardState = hardState;
  }

  /** Adds entries, replacing any the log holds from entries[0].index on; those already compacted are skipped. */
  append(entries: readonly Entry[]): void {
    const start = entries.findIndex((entry) => entry.index > this.#offset);
    if (start < 0) return;
    const at = entries[start]!.index - this.#offset - 1;
    assert(at <= this.#log.length, `append at ${entries[start]!.index} would leave a gap after ${this.lastIndex()}`);
    this.#log.length = at;
    for (let i = start; i < entries.length; i++) this.#log.push(entries[i]!);
  }

  /** Replaces log and snapshot by the snapshot; throws snapshot-out-of-date if a newer one is there. */
  applySnapshot(snapshot: Snapshot): void {
    if (this.#snapshot.index >= snapshot.index) throw new StorageError('snapshot-out-of-date');
    this.#snapshot = snapshot;
    this.#offset = snapshot.index;
    this.#offsetTerm = snapshot.term;
    this.#log = [];
  }

  /** Notes a snapshot of the state at `index`, which must be in the log; the log itself stays (see compact). */
  createSnapshot(index: number, conf: ConfState, data: string): Snapshot {
    if (index <= this.#snapshot.index) throw new StorageError('snapshot-out-of-date');
    assert(index <= this.lastIndex(), `snapshot at ${index} of a log that ends at ${this.lastIndex()}`);
    this.#snapshot = { index, term: this.term(index), conf, data };
    return this.#snapshot;
  }

  /** Forgets all entries up to and including index; throws compacted if that happened before. */
  compact(index: number): void {
    if (index <= this.#offset) throw new StorageError('compacted');
    assert(index <= this.lastIndex(), `compaction at ${index} of a log that ends at ${this.lastIndex()}`);
    this.#offsetTerm = this.term(index);
    this.#log = this.#log.slice(index - this.#offset);
    this.#offset = index;
  }
}
