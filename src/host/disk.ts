/**
 * Durable storage of a machine: named append-only logs and named records, each write one strict transaction.
 * A promise that has resolved is a promise kept over power cuts. Bodies: IndexedDB, and the simulated disk with its faults.
 */

/** Why a disk operation failed. `fenced`: another life of this machine owns the disk now. */
export type DiskErrorCode = 'full' | 'read-only' | 'failed' | 'corrupt' | 'fenced';

/** Rejection of a disk operation; nothing of the operation has been stored. */
export class DiskError extends Error {
  constructor(
    readonly code: DiskErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'DiskError';
  }
}

/** A batch as it was appended: entries of consecutive indexes from `firstIndex`, and what was said beside them. */
export interface LogBatch {
  readonly firstIndex: number;
  readonly entries: readonly string[];
  /** State that belongs to this write (for Raft: the hard state); the newest batch holds the newest. */
  readonly meta: string;
}

/** One named log of consecutive entries. */
export interface Log {
  /**
   * Stores `entries` from `firstIndex` on, together with `meta`, as one record in one strict transaction; entries at or
   * beyond `firstIndex` that were there before are superseded. `entries` may be empty (meta alone). Resolves at the
   * transaction's complete event. Appends may be issued without waiting; they complete in order.
   */
  append(firstIndex: number, entries: readonly string[], meta: string): Promise<void>;
  /** Drops whole batches that lie below `index`. */
  compactTo(index: number): Promise<void>;
  /** All batches in the order they were written, checksums verified. Rejects with `corrupt` where one does not fit. */
  read(): Promise<LogBatch[]>;
}

/** Named records, written whole. */
export interface Records {
  get(key: string): Promise<string | undefined>;
  /** Stores all of `entries` (undefined deletes) in one strict transaction. */
  put(entries: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** All records whose key begins with `prefix`. */
  entries(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** Keys beginning with `prefix`, sorted. */
  keys(prefix: string): Promise<string[]>;
}

/** Whether what was acknowledged outlives a power cut. */
export type Durability = 'strict' | 'relaxed';

/** The disk of one machine. */
export interface Disk {
  /**
   * `relaxed`: appends resolve before they are durable, and a power cut may take those of the last seconds (a machine's disk only; what a
   * machine stands on knows strict ones alone). Default `strict`.
   */
  log(name: string, durability?: Durability): Log;
  records(name: string): Records;
  /** Deletes a log or a record set with all it holds. */
  remove(name: string): Promise<void>;
}
