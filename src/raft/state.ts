// The whole volatile state of one member, shared by the functions of each role.
// Models the raft struct of etcd-io/raft; the paper's figure 2.

import type { CompleteConfig } from './config.ts';
import { confState, noMembers, restoreMembership, type Membership } from './membership.ts';
import type { Message, ReadIndexMessage } from './messages.ts';
import { RaftLog } from './log.ts';
import { ReadIndexQueue } from './read-index.ts';
import type { Storage } from './storage.ts';
import { NONE, type ConfState, type HardState, type RaftId, type ReadState, type Role, type SoftState } from './types.ts';

export class RaftState {
  readonly config: CompleteConfig;
  readonly id: RaftId;
  readonly log: RaftLog;
  /** Highest term seen; never decreases. A change of it clears `vote`. */
  term = 0;
  /** Who got this member's vote in `term`; once set it stays for the term. */
  vote: RaftId = NONE;
  role: Role = 'follower';
  /** The leader of `term` as far as is known; at most one per term, itself when leading, NONE while a candidate. */
  lead: RaftId = NONE;
  /** Who belongs to the cluster by the entries applied so far; with each one's progress, valid while leading. */
  membership: Membership = noMembers();
  /** Votes of this candidacy by voter, first answer counts; empty outside of a candidacy. */
  votes = new Map<RaftId, boolean>();
  /** Ticks since a leader was heard of; for a leader or candidate, since its last election timeout. */
  electionElapsed = 0;
  /** Ticks since the leader's last heartbeat; < heartbeatTick. */
  heartbeatElapsed = 0;
  /** Ticks after which this wait ends in an election: electionTick ≤ it < 2*electionTick, unless set by hand. */
  randomizedElectionTimeout = 0;
  /** Who shall lead next, while a transfer is under way; NONE unless leading. No proposals meanwhile. */
  leadTransferee: RaftId = NONE;
  /** Index of the newest change that may not be applied yet; another is refused until applied ≥ it. Leader only. */
  pendingConfIndex = 0;
  /** Payload bytes appended by this leader and not applied yet, as far as they are its own. Leader only. */
  uncommittedSize = 0;
  /** Reads that wait for a round of heartbeats; empty unless leading. */
  reads = new ReadIndexQueue();
  /** Reads that wait for the first entry of this leader's term to commit; kept when it steps down, as etcd does. */
  readsBeforeCommit: ReadIndexMessage[] = [];
  /** Reads answered since the last Ready. */
  readStates: ReadState[] = [];
  /** Messages that may leave with the next Ready. */
  messages: Message[] = [];
  /** Messages, to this member too, that may be delivered only after the next Ready's entries and hard state are durable. */
  messagesAfterAppend: Message[] = [];

  constructor(config: CompleteConfig, storage: Storage) {
    this.config = config;
    this.id = config.id;
    this.log = new RaftLog(storage, config.maxCommittedSizePerReady);
    const { hardState, conf } = storage.initialState();
    this.membership = restoreMembership(conf, this.log.lastIndex(), config);
    if (hardState.term !== 0 || hardState.vote !== 0 || hardState.commit !== 0) {
      this.log.commitTo(hardState.commit);
      this.term = hardState.term;
      this.vote = hardState.vote;
    }
    if (config.applied > 0) this.log.appliedTo(config.applied, 0);
  }

  /** Queues a message that promises nothing about this member's disk. */
  send(message: Message): void {
    this.messages.push(message);
  }

  /** Queues a message that may leave only once everything appended and voted so far is durable. */
  sendAfterAppend(message: Message): void {
    this.messagesAfterAppend.push(message);
  }

  softState(): SoftState {
    return { lead: this.lead, role: this.role };
  }

  hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed };
  }

  confState(): ConfState {
    return confState(this.membership);
  }

  /** Whether this member may start elections: it has a vote, and no snapshot is half-way in. */
  isPromotable(): boolean {
    const own = this.membership.progress.get(this.id);
    return own !== undefined && !own.isLearner && !this.log.hasNextOrInProgressSnapshot();
  }

  hasCommittedInTerm(): boolean {
    return this.log.maybeTerm(this.log.committed) === this.term;
  }

  drawElectionTimeout(): void {
    const { electionTick, random } = this.config;
    this.randomizedElectionTimeout = electionTick + Math.floor(random() * electionTick);
  }
}
