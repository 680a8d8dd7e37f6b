// What a member is started with. Defaults are etcd's where etcd has one.

import { NO_LIMIT } from './entry-size.ts';
import { assert } from './errors.ts';
import type { RaftId } from './types.ts';

/** 'safe' confirms each read by heartbeats; 'lease' trusts the clock and is wrong when clocks drift or freeze. */
export type ReadOnlyOption = 'safe' | 'lease';

/** Settings of one member; only id, electionTick, heartbeatTick and random have no default. */
export interface Config {
  readonly id: RaftId;
  /** Ticks without a leader before an election, at least; drawn from electionTick..2*electionTick-1 for each wait. */
  readonly electionTick: number;
  /** Ticks between heartbeats of a leader; less than electionTick. */
  readonly heartbeatTick: number;
  /** A number in [0, 1), drawn at each start of an election timeout. The core's only source of chance. */
  readonly random: () => number;
  /** Index the application has applied already, so that it is not handed out again. */
  readonly applied?: number;
  /** Bytes of entries in one append; one entry always goes, so 0 sends them one by one. Default: no bound. */
  readonly maxMessageBytes?: number;
  /** Bytes of committed entries in one Ready; one entry always goes. Default: maxMessageBytes, no bound if that is 0. */
  readonly maxCommittedSizePerReady?: number;
  /** Bytes proposed and not applied beyond which proposals are dropped. Default: no bound. */
  readonly maxUncommittedSize?: number;
  /** Appends under way to one peer. Default 256. */
  readonly maxInflight?: number;
  /** Payload bytes of appends under way to one peer, 0 for no bound. Default 0. */
  readonly maxInflightBytes?: number;
  readonly preVote?: boolean;
  readonly checkQuorum?: boolean;
  /** 'lease' needs checkQuorum. Default 'safe'. */
  readonly readOnly?: ReadOnlyOption;
  /** Drop proposals made at a follower instead of passing them on. */
  readonly disableProposalForwarding?: boolean;
  /** Let any change into the log; the application then keeps changes from overlapping. */
  readonly disableConfChangeValidation?: boolean;
  /** A leader that applies its own removal or demotion steps down at once. */
  readonly stepDownOnRemoval?: boolean;
  /** Ask for persisting and applying by messages, see LOCAL_APPEND. */
  readonly asyncStorageWrites?: boolean;
}

/** A Config with every default filled in. */
export type CompleteConfig = Required<Config>;

/** Fills in the defaults; throws RaftInvariantError for settings that cannot work. */
export function completeConfig(config: Config): CompleteConfig {
  const maxMessageBytes = config.maxMessageBytes ?? NO_LIMIT;
  const complete: CompleteConfig = {
    id: config.id,
    electionTick: config.electionTick,
    heartbeatTick: config.heartbeatTick,
    random: config.random,
    applied: config.applied ?? 0,
    maxMessageBytes,
    maxCommittedSizePerReady: config.maxCommittedSizePerReady ?? (maxMessageBytes || NO_LIMIT),
    maxUncommittedSize: config.maxUncommittedSize ?? NO_LIMIT,
    maxInflight: config.maxInflight ?? 256,
    maxInflightBytes: config.maxInflightBytes ?? 0,
    preVote: config.preVote ?? false,
    checkQuorum: config.checkQuorum ?? false,
    readOnly: config.readOnly ?? 'safe',
    disableProposalForwarding: config.disableProposalForwarding ?? false,
    disableConfChangeValidation: config.disableConfChangeValidation ?? false,
    stepDownOnRemoval: config.stepDownOnRemoval ?? false,
    asyncStorageWrites: config.asyncStorageWrites ?? false,
  };
  assert(Number.isSafeInteger(complete.id) && complete.id > 0, 'a member id is a positive integer');
  assert(complete.heartbeatTick > 0, 'the heartbeat tick must be greater than 0');
  assert(complete.electionTick > complete.heartbeatTick, 'the election tick must be greater than the heartbeat tick');
  assert(complete.maxInflight > 0, 'at least one append must be allowed under way');
  assert(complete.maxCommittedSizePerReady > 0, 'at least one byte must be allowed per Ready');
  assert(complete.readOnly === 'safe' || complete.checkQuorum, 'lease reads need checkQuorum');
  return complete;
}
