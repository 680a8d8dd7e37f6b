// What members say to each other: the RPCs of the Raft paper as one-way messages, named as the paper names them,
// and the requests that a follower passes on to its leader. Models raftpb.Message of etcd-io/raft.

import type { Entry, EntryKind, HardState, RaftId, Snapshot } from './types.ts';

/** Pseudo-member that persists entries when storage writes are asynchronous. */
export const LOCAL_APPEND: RaftId = -1;
/** Pseudo-member that applies committed entries when storage writes are asynchronous. */
export const LOCAL_APPLY: RaftId = -2;

interface Envelope {
  readonly from: RaftId;
  readonly to: RaftId;
  /** The sender's term; 0 in requests that are passed on (propose, readIndex), which belong to no term. */
  readonly term: number;
}

/** AppendEntries: index and logTerm are those of the entry before the first one sent. */
export interface AppendMessage extends Envelope {
  readonly type: 'append';
  readonly index: number;
  readonly logTerm: number;
  readonly commit: number;
  readonly entries: readonly Entry[];
}

/** On success index is the last entry known to match; else the index refused, with a hint where to try next. */
export interface AppendReply extends Envelope {
  readonly type: 'appendReply';
  readonly index: number;
  readonly success: boolean;
  /** Of a refusal: the highest index that may match, and its term on the follower (0 if not known). */
  readonly hintIndex?: number;
  readonly hintTerm?: number;
}

/** commit never exceeds what the receiver is known to hold; ctx confirms leadership for a read, '' if none. */
export interface HeartbeatMessage extends Envelope {
  readonly type: 'heartbeat';
  readonly commit: number;
  readonly ctx: string;
}
export interface HeartbeatReply extends Envelope {
  readonly type: 'heartbeatReply';
  readonly ctx: string;
}

/** RequestVote, and its rehearsal: index and logTerm are those of the candidate's last entry. */
export interface VoteMessage extends Envelope {
  readonly type: 'vote' | 'preVote';
  readonly index: number;
  readonly logTerm: number;
  /** The leader asked for this election (transferLeader), so its lease does not stand in the way. */
  readonly transfer: boolean;
}
export interface VoteReply extends Envelope {
  readonly type: 'voteReply' | 'preVoteReply';
  readonly granted: boolean;
}

/** InstallSnapshot, whole. */
export interface SnapshotMessage extends Envelope {
  readonly type: 'snapshot';
  readonly snapshot: Snapshot;
}

/** Tells a member to start an election at once: the end of a leadership transfer. */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeoutNow';
}

/** A proposal passed on to the leader. */
export interface ProposeMessage extends Envelope {
  readonly type: 'propose';
  readonly entries: readonly ProposedEntry[];
}

/** An entry that has no place in a log yet. */
export interface ProposedEntry {
  readonly kind: EntryKind;
  readonly data: string;
}

/** A read request passed on to the leader, and the answer to it. */
export interface ReadIndexMessage extends Envelope {
  readonly type: 'readIndex';
  readonly ctx: string;
}
export interface ReadIndexReply extends Envelope {
  readonly type: 'readIndexReply';
  readonly index: number;
  readonly ctx: string;
}

/** A wish for another leader, passed on to the present one. */
export interface TransferLeaderMessage extends Envelope {
  readonly type: 'transferLeader';
  readonly transferee: RaftId;
}

/** Asks LOCAL_APPEND to persist, and then to deliver `replies`. */
export interface StorageAppend extends Envelope {
  readonly type: 'storageAppend';
  readonly hardState: HardState | undefined;
  readonly snapshot: Snapshot | undefined;
  readonly entries: readonly Entry[];
  readonly replies: readonly Message[];
}
/** Entries up to (index, logTerm) and the snapshot are durable; index 0 says nothing of entries. */
export interface StorageAppendReply extends Envelope {
  readonly type: 'storageAppendReply';
  readonly index: number;
  readonly logTerm: number;
  readonly snapshot: Snapshot | undefined;
}
/** Asks LOCAL_APPLY to apply, and then to deliver `replies`. */
export interface StorageApply extends Envelope {
  readonly type: 'storageApply';
  readonly entries: readonly Entry[];
  readonly replies: readonly Message[];
}
export interface StorageApplyReply extends Envelope {
  readonly type: 'storageApplyReply';
  readonly entries: readonly Entry[];
}

/** What the two storage threads are asked to do. */
export type StorageWork = StorageAppend | StorageApply;

/** Everything that can be handed to step() or comes out of a Ready. */
export type Message =
  | AppendMessage
  | AppendReply
  | HeartbeatMessage
  | HeartbeatReply
  | VoteMessage
  | VoteReply
  | SnapshotMessage
  | TimeoutNow
  | ProposeMessage
  | ReadIndexMessage
  | ReadIndexReply
  | TransferLeaderMessage
  | StorageAppend
  | StorageAppendReply
  | StorageApply
  | StorageApplyReply;

/** Whether the message answers one; answers of strangers are refused, requests of strangers are not. */
export function isReply(message: Message): boolean {
  switch (message.type) {
    case 'appendReply':
    case 'heartbeatReply':
    case 'voteReply':
    case 'preVoteReply':
    case 'readIndexReply':
    case 'storageAppendReply':
    case 'storageApplyReply':
      return true;
    default:
      return false;
  }
}

/** Whether the sender is one of the two storage threads of the same member. */
export function isLocalThread(id: RaftId): boolean {
  return id === LOCAL_APPEND || id === LOCAL_APPLY;
}
