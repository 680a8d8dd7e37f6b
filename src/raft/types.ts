// The values that cross the border of the consensus core: entries, states, snapshots, and the Ready that a host
// persists, sends and applies. All of them are plain objects that survive structuredClone and JSON.

import type { Message } from './messages.ts';

/** A member's id: a positive safe integer. {@link NONE} (0) means "nobody". */
export type RaftId = number;

/** Nobody: no vote cast, no leader known, no transfer under way. */
export const NONE: RaftId = 0;

/** What a member is doing. A pre-candidate asks whether an election could be won before it disturbs the term. */
export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

/** 'normal' carries the application's data (empty: the no-op of a new leader), 'conf' an encoded ConfChange. */
export type EntryKind = 'normal' | 'conf';

/** One entry of the replicated log. Never mutated once made: logs, messages and Readies share it. */
export interface Entry {
  /** Position in the log, from 1; entries of one log are numbered without gaps. */
  readonly index: number;
  /** Term of the leader that made it; never decreases along a log. */
  readonly term: number;
  readonly kind: EntryKind;
  /** Opaque to the core. For 'conf' what encodeConfChange made, '' meaning "leave the joint configuration". */
  readonly data: string;
}

/** What must be on disk before any message of the same Ready leaves. */
export interface HardState {
  /** Highest term this member has seen; never decreases, over restarts too. */
  readonly term: number;
  /** Candidate that got this member's vote in `term`, or NONE; changes at most once within a term. */
  readonly vote: RaftId;
  /** Highest index known to be committed; may lag on disk, since a leader tells it again. */
  readonly commit: number;
}

/** What is lost at a restart without harm. */
export interface SoftState {
  readonly lead: RaftId;
  readonly role: Role;
}

/** A cluster configuration as stored in snapshots; all lists ascending, without repeats. */
export interface ConfState {
  /** Voters of the (incoming) configuration. */
  readonly voters: readonly RaftId[];
  /** Voters of the outgoing half; empty unless joint. */
  readonly outgoing: readonly RaftId[];
  /** Members that get the log and have no vote; disjoint from both voter lists. */
  readonly learners: readonly RaftId[];
  /** Voters of the outgoing half that become learners when the joint configuration is left. */
  readonly learnersNext: readonly RaftId[];
  /** Whether the leader leaves the joint configuration by itself; false unless joint. */
  readonly autoLeave: boolean;
}

/** The application's state up to `index`, which stands for all entries up to there. */
export interface Snapshot {
  readonly index: number;
  readonly term: number;
  /** The configuration in force at `index`. */
  readonly conf: ConfState;
  /** Opaque to the core. */
  readonly data: string;
}

/** Answer to readIndex: once the application has applied `index`, a read made for `ctx` is linearizable. */
export interface ReadState {
  readonly index: number;
  readonly ctx: string;
}

/**
 * Work for the host, in this order: persist hardState, snapshot and entries in one durable write; then send the
 * messages and apply the snapshot and committedEntries; then call advance(). With asynchronous storage writes the
 * persisting and applying are asked for by messages to LOCAL_APPEND and LOCAL_APPLY and advance() is not called.
 */
export interface Ready {
  /** Set when the role or the known leader changed. */
  readonly softState: SoftState | undefined;
  /** Set when term, vote or commit changed. */
  readonly hardState: HardState | undefined;
  readonly readStates: readonly ReadState[];
  /** To be persisted, replacing whatever the log held from entries[0].index on. */
  readonly entries: readonly Entry[];
  /** To be persisted and applied, replacing log and application state. */
  readonly snapshot: Snapshot | undefined;
  readonly committedEntries: readonly Entry[];
  readonly messages: readonly Message[];
  /** Whether the write must be durable before messages leave (false for a mere commit advance). */
  readonly mustSync: boolean;
}

/** What became of a proposal; all but 'appended' and 'forwarded' mean that it was dropped (etcd's ErrProposalDropped). */
export type ProposalOutcome = 'appended' | 'forwarded' | 'no-leader' | 'removed' | 'transferring' | 'uncommitted-limit' | 'not-forwarded';

/** Whether the proposal went nowhere and may be tried again later. */
export function isDropped(outcome: ProposalOutcome): boolean {
  return outcome !== 'appended' && outcome !== 'forwarded';
}
