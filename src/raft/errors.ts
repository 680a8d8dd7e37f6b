// The named failures of the consensus core: what the log on disk may answer, and what must never happen.
// Models the sentinel errors of etcd-io/raft (ErrCompacted, ErrUnavailable, ...) and its panics.

/** Why the storage could not answer: the entry is compacted away, not there yet, or no snapshot can be made now. */
export type StorageErrorReason = 'compacted' | 'unavailable' | 'snapshot-temporarily-unavailable' | 'snapshot-out-of-date';

/** Thrown by a {@link Storage} that cannot answer; `reason` names why, as etcd's ErrCompacted and friends do. */
export class StorageError extends Error {
  readonly reason: StorageErrorReason;
  constructor(reason: StorageErrorReason) {
    super(`raft: ${reason}`);
    this.name = 'StorageError';
    this.reason = reason;
  }
}

/** Thrown when the core meets a state that Raft rules out (a committed entry lost, say). The member must stop. */
export class RaftInvariantError extends Error {
  constructor(sentence: string) {
    super(`raft: ${sentence}`);
    this.name = 'RaftInvariantError';
  }
}

export function assert(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new RaftInvariantError(sentence);
}
