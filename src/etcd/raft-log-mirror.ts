/** The durable log as the consensus core reads it: a mirror in memory that makes a snapshot of the present state when a peer needs one. */
import { MemoryStorage, type ConfState, type Entry, type HardState, type Snapshot, type Storage } from '#raft';

/** Makes the text of the state as it is applied now. */
export interface SnapshotSource {
  readonly appliedIndex: number;
  readonly confState: ConfState;
  encode(): string;
}

export class RaftLogMirror implements Storage {
  readonly #memory: MemoryStorage;
  /** Configuration to start from, which is the snapshot's. */
  readonly #source: SnapshotSource;

  /** `snapshot`: what the log begins after; its data is not kept. */
  constructor(snapshot: Snapshot | undefined, source: SnapshotSource) {
    this.#memory = snapshot ? new MemoryStorage({ ...snapshot, data: '' }) : new MemoryStorage();
    this.#source = source;
  }

  initialState(): { readonly hardState: HardState; readonly conf: ConfState } {
    return this.#memory.initialState();
  }
  entries(lo: number, hi: number, maxBytes: number): readonly Entry[] {
    return this.#memory.entries(lo, hi, maxBytes);
  }
  term(index: number): number {
    return this.#memory.term(index);
  }
  firstIndex(): number {
    return this.#memory.firstIndex();
  }
  lastIndex(): number {
    return this.#memory.lastIndex();
  }

  snapshot(): Snapshot {
    const { appliedIndex, confState } = this.#source;
    return { index: appliedIndex, term: this.#memory.term(appliedIndex), conf: confState, data: this.#source.encode() };
  }

  setHardState(hardState: HardState): void {
    this.#memory.setHardState(hardState);
  }
  append(entries: readonly Entry[]): void {
    this.#memory.append(entries);
  }
  applySnapshot(snapshot: Snapshot): void {
    this.#memory.applySnapshot({ ...snapshot, data: '' });
  }
  /** Forgets entries up to `index` that peers hardly need any more. */
  compact(index: number): void {
    if (index >= this.#memory.firstIndex()) this.#memory.compact(index);
  }
}
