// The consensus core of etcd: a pure state machine after etcd-io/raft and the Raft paper. It leaves out nothing but
// the log's persistence and the transport, which its host provides.

export { create, RaftNode, type RaftView, type StepResult } from './node.ts';
export type { Config, ReadOnlyOption } from './config.ts';
export {
  NONE,
  isDropped,
  type ConfState,
  type Entry,
  type EntryKind,
  type HardState,
  type ProposalOutcome,
  type RaftId,
  type ReadState,
  type Ready,
  type Role,
  type Snapshot,
  type SoftState,
} from './types.ts';
export { LOCAL_APPEND, LOCAL_APPLY, isLocalThread, isReply, type Message, type ProposedEntry, type StorageWork } from './messages.ts';
export { MemoryStorage, emptyConf, emptyHardState, type Storage } from './storage.ts';
export { RaftInvariantError, StorageError, type StorageErrorReason } from './errors.ts';
export { decodeConfChange, encodeConfChange, type ConfChange, type ConfChangeTransition, type MemberChange } from './conf-change.ts';
export {
  MembershipError,
  changeSimply,
  enterJoint,
  leaveJoint,
  noMembers,
  restoreMembership,
  type Membership,
  type MembershipErrorReason,
} from './membership.ts';
export { committedIndex, voteOutcome, type Quorum, type VoteOutcome } from './quorum.ts';
export type { Progress, ProgressMode } from './progress.ts';
export { RaftLog } from './log.ts';
export { entrySize } from './entry-size.ts';
