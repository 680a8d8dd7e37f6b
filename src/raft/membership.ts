// The membership of a cluster and how it changes: directly by at most one voter, or through a joint configuration.
// Models the tracker and confchange packages of etcd-io/raft; a refused change leaves everything as it was.

import type { MemberChange } from './conf-change.ts';
import { assert } from './errors.ts';
import { Inflights } from './inflights.ts';
import { Progress } from './progress.ts';
import type { ConfState, RaftId } from './types.ts';

/** Why a change is impossible in the present configuration. */
export type MembershipErrorReason = 'already-joint' | 'not-joint' | 'in-joint' | 'no-voters' | 'no-voters-left' | 'needs-joint';

/** Thrown for a change that is impossible; `reason` names why. */
export class MembershipError extends Error {
  readonly reason: MembershipErrorReason;
  constructor(reason: MembershipErrorReason) {
    super(`raft: ${reason}`);
    this.name = 'MembershipError';
    this.reason = reason;
  }
}

/** Bounds of the window of appends to each peer. */
export interface Window {
  readonly maxInflight: number;
  readonly maxInflightBytes: number;
}

/** A configuration with the progress of each member. Replaced as a whole by a change. */
export interface Membership extends ConfState {
  /** One for every member of any list, and for nobody else. */
  readonly progress: ReadonlyMap<RaftId, Progress>;
  /** Keys of progress, ascending: the order in which messages go out. */
  readonly ids: readonly RaftId[];
}

class Draft {
  readonly voters: Set<RaftId>;
  readonly outgoing: Set<RaftId>;
  readonly learners: Set<RaftId>;
  readonly learnersNext: Set<RaftId>;
  autoLeave: boolean;
  readonly progress = new Map<RaftId, Progress>();
  readonly #next: number;
  readonly #window: Window;

  constructor(from: Membership, lastIndex: number, window: Window) {
    this.voters = new Set(from.voters);
    this.outgoing = new Set(from.outgoing);
    this.learners = new Set(from.learners);
    this.learnersNext = new Set(from.learnersNext);
    this.autoLeave = from.autoLeave;
    for (const [id, progress] of from.progress) this.progress.set(id, progress.clone());
    // Probing starts at the last entry: the peer may have it all; 1 where the log is empty.
    this.#next = Math.max(lastIndex, 1);
    this.#window = window;
  }

  isJoint(): boolean {
    return this.outgoing.size > 0;
  }

  apply(changes: readonly MemberChange[]): void {
    for (const { type, id } of changes) {
      // An id of 0 marks a change that the application took back when it applied the entry.
      if (id === 0) continue;
      if (type === 'voter') this.#makeVoter(id);
      else if (type === 'learner') this.#makeLearner(id);
      else if (type === 'remove') this.#remove(id);
    }
    if (this.voters.size === 0) throw new MembershipError('no-voters-left');
  }

  #add(id: RaftId, isLearner: boolean): void {
    const progress = new Progress(this.#next, new Inflights(this.#window.maxInflight, this.#window.maxInflightBytes), isLearner);
    // A new member counts as heard of, or the next check of the quorum would come too early for it.
    progress.recentActive = true;
    this.progress.set(id, progress);
    (isLearner ? this.learners : this.voters).add(id);
  }

  #makeVoter(id: RaftId): void {
    const progress = this.progress.get(id);
    if (progress === undefined) return this.#add(id, false);
    progress.isLearner = false;
    this.learners.delete(id);
    this.learnersNext.delete(id);
    this.voters.add(id);
  }

  #makeLearner(id: RaftId): void {
    const progress = this.progress.get(id);
    if (progress === undefined) return this.#add(id, true);
    if (progress.isLearner) return;
    this.#remove(id);
    this.progress.set(id, progress);
    // A voter of the outgoing half stays one until the joint configuration is left.
    if (this.outgoing.has(id)) {
      this.learnersNext.add(id);
    } else {
      progress.isLearner = true;
      this.learners.add(id);
    }
  }

  #remove(id: RaftId): void {
    this.voters.delete(id);
    this.learners.delete(id);
    this.learnersNext.delete(id);
    if (!this.outgoing.has(id)) this.progress.delete(id);
  }

  leave(): void {
    for (const id of this.learnersNext) {
      this.learners.add(id);
      this.progress.get(id)!.isLearner = true;
    }
    this.learnersNext.clear();
    for (const id of this.outgoing) {
      if (!this.voters.has(id) && !this.learners.has(id)) this.progress.delete(id);
    }
    this.outgoing.clear();
    this.autoLeave = false;
  }

  finish(): Membership {
    const ids = ascending(this.progress.keys());
    for (const id of [...this.voters, ...this.outgoing, ...this.learners, ...this.learnersNext]) {
      assert(this.progress.has(id), `member ${id} has no progress`);
    }
    for (const id of this.learners) {
      assert(!this.voters.has(id) && !this.outgoing.has(id), `member ${id} is voter and learner at once`);
    }
    return {
      voters: ascending(this.voters),
      outgoing: ascending(this.outgoing),
      learners: ascending(this.learners),
      learnersNext: ascending(this.learnersNext),
      autoLeave: this.autoLeave,
      progress: this.progress,
      ids,
    };
  }
}

function ascending(ids: Iterable<RaftId>): RaftId[] {
  return [...ids].sort((a, b) => a - b);
}

/** A membership of nobody. */
export function noMembers(): Membership {
  return { voters: [], outgoing: [], learners: [], learnersNext: [], autoLeave: false, progress: new Map(), ids: [] };
}

/** Changes at most one voter, without a joint configuration. Throws MembershipError. */
export function changeSimply(from: Membership, changes: readonly MemberChange[], lastIndex: number, window: Window): Membership {
  const draft = new Draft(from, lastIndex, window);
  if (draft.isJoint()) throw new MembershipError('in-joint');
  draft.apply(changes);
  let differing = 0;
  for (const id of draft.voters) if (!from.voters.includes(id)) differing++;
  for (const id of from.voters) if (!draft.voters.has(id)) differing++;
  if (differing > 1) throw new MembershipError('needs-joint');
  return draft.finish();
}

/** Enters a joint configuration: from now on both the old and the new voters must agree. Throws MembershipError. */
export function enterJoint(
  from: Membership,
  autoLeave: boolean,
  changes: readonly MemberChange[],
  lastIndex: number,
  window: Window,
): Membership {
  const draft = new Draft(from, lastIndex, window);
  if (draft.isJoint()) throw new MembershipError('already-joint');
  if (draft.voters.size === 0) throw new MembershipError('no-voters');
  for (const id of draft.voters) draft.outgoing.add(id);
  draft.apply(changes);
  draft.autoLeave = autoLeave;
  return draft.finish();
}

/** Leaves the joint configuration: only the new voters count, members of the old half alone go. Throws MembershipError. */
export function leaveJoint(from: Membership, lastIndex: number, window: Window): Membership {
  const draft = new Draft(from, lastIndex, window);
  if (!draft.isJoint()) throw new MembershipError('not-joint');
  draft.leave();
  return draft.finish();
}

/** The membership that a stored configuration describes. */
export function restoreMembership(conf: ConfState, lastIndex: number, window: Window): Membership {
  const progress = new Map<RaftId, Progress>();
  const ids = ascending(new Set([...conf.voters, ...conf.outgoing, ...conf.learners, ...conf.learnersNext]));
  for (const id of ids) {
    const inflights = new Inflights(window.maxInflight, window.maxInflightBytes);
    const one = new Progress(Math.max(lastIndex, 1), inflights, conf.learners.includes(id));
    one.recentActive = true;
    progress.set(id, one);
  }
  return {
    voters: ascending(conf.voters),
    outgoing: ascending(conf.outgoing),
    learners: ascending(conf.learners),
    learnersNext: ascending(conf.learnersNext),
    autoLeave: conf.autoLeave,
    progress,
    ids,
  };
}

/** The configuration alone, for a snapshot. */
export function confState(membership: Membership): ConfState {
  const { voters, outgoing, learners, learnersNext, autoLeave } = membership;
  return { voters, outgoing, learners, learnersNext, autoLeave };
}
