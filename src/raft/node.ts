// One member of a Raft cluster as its host sees it: events in, Ready out. Pure: no clock, disk, network or chance.
// Models RawNode of etcd-io/raft.

import { completeConfig, type Config } from './config.ts';
import { encodeConfChange, entersJoint, isLeaveJoint, type ConfChange } from './conf-change.ts';
import { NO_LIMIT } from './entry-size.ts';
import { assert } from './errors.ts';
import { maybeCampaign } from './election.ts';
import { checkQuorum, noteSnapshotStatus, noteUnreachable } from './leader.ts';
import { changeSimply, enterJoint, leaveJoint, type Membership } from './membership.ts';
import { isLocalThread, isReply, type Message, type ProposedEntry } from './messages.ts';
import type { Progress } from './progress.ts';
import { ReadyTracker } from './ready.ts';
import { abortLeaderTransfer, broadcastAppend, broadcastHeartbeat, maybeCommit, maybeSendAppend } from './replication.ts';
import { RaftState } from './state.ts';
import type { Storage } from './storage.ts';
import { step } from './step.ts';
import { becomeFollower } from './transitions.ts';
import { NONE, type ConfState, type Entry, type ProposalOutcome, type RaftId, type Ready, type Role } from './types.ts';

/** Why a message was not taken: 'not-a-peer' is an answer from someone outside the configuration. */
export type StepResult = 'taken' | 'not-a-peer' | 'dropped';

/** A look inside; every property is computed when read, and shows the state at that moment. */
export interface RaftView {
  readonly id: RaftId;
  readonly role: Role;
  readonly term: number;
  readonly vote: RaftId;
  readonly lead: RaftId;
  readonly commit: number;
  readonly applied: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** All entries from firstIndex on, those not yet on disk included. O(length). */
  readonly log: readonly Entry[];
  readonly config: ConfState;
  /** What a leader knows of each member, itself included; empty for others. */
  readonly progress: ReadonlyMap<RaftId, Readonly<Progress>>;
  /** Who shall take over, NONE unless a transfer is under way. */
  readonly leadTransferee: RaftId;
  /** Ticks since a leader was heard of, and at which count an election starts: what a timeout arc shows. */
  readonly electionElapsed: number;
  readonly electionTimeout: number;
  /** Term of the entry at index, undefined where it is not in the log. */
  termAt(index: number): number | undefined;
}

const noProgress: ReadonlyMap<RaftId, Progress> = new Map();

/** A consensus core. Made by {@link create}; all methods are synchronous and take O(peers + entries sent). */
export class RaftNode {
  readonly #r: RaftState;
  readonly #ready: ReadyTracker;
  readonly #view: RaftView;

  constructor(config: Config, storage: Storage) {
    const r = new RaftState(completeConfig(config), storage);
    becomeFollower(r, r.term, NONE);
    this.#r = r;
    this.#ready = new ReadyTracker(r);
    this.#view = viewOf(r);
  }

  /** One beat of the host's clock: may start an election, or send heartbeats. */
  tick(): void {
    const r = this.#r;
    r.electionElapsed++;
    if (r.role === 'leader') {
      this.#tickLeader(r);
    } else if (r.electionElapsed >= r.randomizedElectionTimeout && r.isPromotable()) {
      r.electionElapsed = 0;
      this.campaign();
    }
  }

  #tickLeader(r: RaftState): void {
    r.heartbeatElapsed++;
    if (r.electionElapsed >= r.config.electionTick) {
      r.electionElapsed = 0;
      if (r.config.checkQuorum) checkQuorum(r);
      // One election timeout is what a transfer gets.
      if (r.role === 'leader') abortLeaderTransfer(r);
    }
    if (r.role === 'leader' && r.heartbeatElapsed >= r.config.heartbeatTick) {
      r.heartbeatElapsed = 0;
      broadcastHeartbeat(r, r.reads.lastCtx);
    }
  }

  /** Starts an election now, with a rehearsal if preVote is on; does nothing where this member may not stand. */
  campaign(): void {
    maybeCampaign(this.#r, this.#r.config.preVote ? 'preElection' : 'election');
  }

  /** Proposes data for the log; a follower passes it on to its leader. 'appended' does not mean committed. */
  propose(data: string): ProposalOutcome {
    return this.#propose({ kind: 'normal', data });
  }

  /** Proposes a membership change; one that may not start now is turned into an empty entry, as etcd does. */
  proposeConfChange(change: ConfChange): ProposalOutcome {
    return this.#propose({ kind: 'conf', data: encodeConfChange(change) });
  }

  #propose(entry: ProposedEntry): ProposalOutcome {
    const outcome = step(this.#r, { type: 'propose', from: this.#r.id, to: this.#r.id, term: 0, entries: [entry] });
    assert(outcome !== undefined, 'a proposal always has an outcome');
    return outcome;
  }

  /**
   * Tells the core that the application applied a committed 'conf' entry, which is when it takes effect. Answers the
   * configuration in force now, to be kept in snapshots. Throws MembershipError for a change that is impossible.
   */
  applyConfChange(change: ConfChange): ConfState {
    const r = this.#r;
    r.membership = changedMembership(r, change);
    afterMembershipChange(r);
    return r.confState();
  }

  /** Takes a message from a peer (or from LOCAL_APPEND and LOCAL_APPLY). */
  step(message: Message): StepResult {
    if (isReply(message) && !this.#mayReply(message)) return 'not-a-peer';
    const outcome = step(this.#r, message);
    return outcome === undefined || outcome === 'appended' || outcome === 'forwarded' ? 'taken' : 'dropped';
  }

  #mayReply(message: Message): boolean {
    const isOfStorage = message.type === 'storageAppendReply' || message.type === 'storageApplyReply';
    return isOfStorage ? isLocalThread(message.from) : this.#r.membership.progress.has(message.from);
  }

  /** Asks for a linearizable read; the answer comes as a ReadState with the same ctx, or never (then ask again). */
  readIndex(ctx: string): void {
    step(this.#r, { type: 'readIndex', from: this.#r.id, to: this.#r.id, term: 0, ctx });
  }

  /** Asks the leader to hand over to a voter. Watch the soft state for the outcome. */
  transferLeader(transferee: RaftId): void {
    step(this.#r, { type: 'transferLeader', from: this.#r.id, to: this.#r.id, term: 0, transferee });
  }

  /** Makes a follower forget its leader, so that it takes part in an election before its lease is over. */
  forgetLeader(): void {
    const r = this.#r;
    if (r.role === 'follower' && r.config.readOnly === 'safe') r.lead = NONE;
  }

  /** The last message to the peer could not be delivered. */
  reportUnreachable(peer: RaftId): void {
    if (this.#r.role === 'leader') noteUnreachable(this.#r, peer);
  }

  /** Whether the snapshot given out for the peer got there; without this word the peer waits for ever. */
  reportSnapshot(peer: RaftId, status: 'finished' | 'failed'): void {
    if (this.#r.role === 'leader') noteSnapshotStatus(this.#r, peer, status === 'finished');
  }

  /** Sets the length of the present wait for an election, in ticks; the next wait is drawn by chance again. */
  setElectionTimeout(ticks: number): void {
    assert(Number.isSafeInteger(ticks) && ticks > 0, 'an election timeout is a positive number of ticks');
    this.#r.randomizedElectionTimeout = ticks;
  }

  hasReady(): boolean {
    return this.#ready.hasReady();
  }

  /** Hands out the work to do, see {@link Ready}; call advance() when it is done, before the next ready(). */
  ready(): Ready {
    return this.#ready.ready();
  }

  /** The last Ready is persisted and applied, its messages are on their way. */
  advance(): void {
    this.#ready.advance();
  }

  view(): RaftView {
    return this.#view;
  }
}

function changedMembership(r: RaftState, change: ConfChange): Membership {
  const last = r.log.lastIndex();
  if (isLeaveJoint(change)) return leaveJoint(r.membership, last, r.config);
  const { joint, autoLeave } = entersJoint(change);
  if (joint) return enterJoint(r.membership, autoLeave, change.changes, last, r.config);
  return changeSimply(r.membership, change.changes, last, r.config);
}

function afterMembershipChange(r: RaftState): void {
  if (r.role !== 'leader') return;
  const { progress, ids, voters, outgoing } = r.membership;
  const own = progress.get(r.id);
  if ((own === undefined || own.isLearner) && r.config.stepDownOnRemoval) {
    becomeFollower(r, r.term, NONE);
    return;
  }
  if (voters.length === 0) return;
  if (maybeCommit(r)) {
    // With fewer voters an entry may be committed by now.
    broadcastAppend(r);
  } else {
    // New members need not wait for a heartbeat.
    for (const id of ids) if (id !== r.id) maybeSendAppend(r, id, false);
  }
  const { leadTransferee } = r;
  if (leadTransferee !== NONE && !voters.includes(leadTransferee) && !outgoing.includes(leadTransferee)) abortLeaderTransfer(r);
}

function viewOf(r: RaftState): RaftView {
  return {
    id: r.id,
    get role() {
      return r.role;
    },
    get term() {
      return r.term;
    },
    get vote() {
      return r.vote;
    },
    get lead() {
      return r.lead;
    },
    get commit() {
      return r.log.committed;
    },
    get applied() {
      return r.log.applied;
    },
    get firstIndex() {
      return r.log.firstIndex();
    },
    get lastIndex() {
      return r.log.lastIndex();
    },
    get log() {
      return r.log.entries(r.log.firstIndex(), NO_LIMIT);
    },
    get config() {
      return r.confState();
    },
    get progress() {
      return r.role === 'leader' ? r.membership.progress : noProgress;
    },
    get leadTransferee() {
      return r.leadTransferee;
    },
    get electionElapsed() {
      return r.electionElapsed;
    },
    get electionTimeout() {
      return r.randomizedElectionTimeout;
    },
    termAt: (index) => r.log.maybeTerm(index),
  };
}

/** Makes a member that goes on from what its disk holds; a fresh disk needs a snapshot with the initial voters. */
export function create(config: Config, disk: Storage): RaftNode {
  return new RaftNode(config, disk);
}
