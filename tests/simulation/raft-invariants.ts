// What must hold of a Raft cluster after every step, whatever the network and the disks do (paper, figure 3): checked
// incrementally, against one list of what is committed.

import type { ConfState, Entry, HardState, Message, RaftView, Storage } from '#raft';

/** Thrown when a cluster breaks a promise. */
export class InvariantViolation extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'InvariantViolation';
  }
}

function must(holds: boolean, text: () => string): void {
  if (!holds) throw new InvariantViolation(text());
}

/** What is known of one member over all its lives. */
interface Remembered {
  /** Highest term in its durable hard state. */
  term: number;
  /** Its durable vote in that term. */
  vote: number;
  /** Highest commit index seen in this life, checked against the committed list. */
  commit: number;
}

export class RaftInvariants {
  /** Every entry that some member ever held as committed, by index: its term, and the term in which it was first seen to be. */
  readonly committed: ({ readonly term: number; readonly inTerm: number } | undefined)[] = [];
  /** Leader of each term. */
  readonly #leaders = new Map<number, number>();
  /** What the entry with this index and term is, and the term before it: the same in all logs. */
  readonly #made = new Map<string, { data: string; previousTerm: number | undefined }>();
  /** Digest of the state machine, and the configuration, after each applied index. */
  readonly #states = new Map<number, string>();
  readonly #members = new Map<number, Remembered>();
  /** Highest index committed anywhere. */
  highestCommit = 0;

  #of(id: number): Remembered {
    let found = this.#members.get(id);
    if (found === undefined) this.#members.set(id, (found = { term: 0, vote: 0, commit: 0 }));
    return found;
  }

  /** A member lives anew: its commit index may be older than before, its term and vote may not. */
  restarted(view: RaftView): void {
    const known = this.#of(view.id);
    must(view.term === known.term && view.vote === known.vote, () => `${view.id} came back with term ${view.term} vote ${view.vote}`);
    known.commit = Math.min(known.commit, view.commit);
    this.step(view);
  }

  /** A member begins anew from what its disk held; what it held is checked as any durable write. */
  restartedFrom(id: number, hardState: HardState, disk: Storage): void {
    this.persisted(id, hardState, [], disk);
    const known = this.#of(id);
    known.commit = Math.min(known.commit, hardState.commit);
  }

  /** After each step of a member. */
  step(view: RaftView): void {
    const { id, role, term } = view;
    const known = this.#of(id);
    must(term >= known.term, () => `term of ${id} went back from ${known.term} to ${term}`);
    if (role === 'leader') this.#leads(view);
    const { commit } = view;
    must(commit >= known.commit, () => `commit of ${id} went back from ${known.commit} to ${commit}`);
    if (commit > known.commit) {
      this.#commits(view, Math.max(known.commit + 1, view.firstIndex), commit);
      known.commit = commit;
      this.highestCommit = Math.max(this.highestCommit, commit);
    }
  }

  /** Election safety, and leader completeness where a leader is new. */
  #leads(view: RaftView): void {
    const before = this.#leaders.get(view.term);
    must(before === undefined || before === view.id, () => `${String(before)} and ${view.id} both lead term ${view.term}`);
    if (before !== undefined) return;
    this.#leaders.set(view.term, view.id);
    for (let index = view.firstIndex; index < this.committed.length; index++) {
      const entry = this.committed[index];
      // What was committed in a later term than this leader's own, or in the same, says nothing about it: a late vote may still make
      // a leader of a term that is long over.
      if (entry === undefined || entry.inTerm >= view.term) continue;
      must(view.termAt(index) === entry.term, () => `leader ${view.id} of term ${view.term} lacks committed entry ${index}`);
    }
  }

  #commits(view: RaftView, from: number, to: number): void {
    for (let index = from; index <= to; index++) {
      const term = view.termAt(index);
      const chosen = this.committed[index];
      must(term !== undefined, () => `${view.id} commits entry ${index} that it does not have`);
      if (chosen === undefined) this.committed[index] = { term: term!, inTerm: view.term };
      else must(chosen.term === term, () => `${view.id} commits ${index} of term ${term}, committed was one of term ${chosen.term}`);
    }
  }

  /** After a durable write: one vote per term, and log matching by induction over each entry and the one before it. */
  persisted(id: number, hardState: HardState | undefined, entries: readonly Entry[], disk: Storage): void {
    const known = this.#of(id);
    if (hardState !== undefined) {
      const { term, vote } = hardState;
      must(term >= known.term, () => `durable term of ${id} went back to ${term}`);
      must(term > known.term || known.vote === 0 || known.vote === vote, () => `${id} voted for ${known.vote} and ${vote} in term ${term}`);
      known.term = term;
      known.vote = vote;
    }
    for (const { index, term, data } of entries) {
      const previousTerm = index - 1 >= disk.firstIndex() - 1 ? disk.term(index - 1) : undefined;
      const made = this.#made.get(`${index}/${term}`);
      if (made === undefined) {
        this.#made.set(`${index}/${term}`, { data, previousTerm });
        continue;
      }
      must(made.data === data, () => `entry ${index} of term ${term} differs at ${id}`);
      must(
        made.previousTerm === undefined || previousTerm === undefined || made.previousTerm === previousTerm,
        () => `the logs before entry ${index} of term ${term} differ at ${id}`,
      );
    }
  }

  /** State machine safety: at the same index all members have the same state and configuration. */
  applied(id: number, index: number, digest: number, conf: ConfState): void {
    const state = `${digest} ${JSON.stringify(conf)}`;
    const before = this.#states.get(index);
    if (before === undefined) this.#states.set(index, state);
    else must(before === state, () => `state of ${id} at ${index} is ${state}, elsewhere ${before}`);
  }

  /** A promise may leave only when it is durable. */
  sent(message: Message, disk: Storage): void {
    const { hardState } = disk.initialState();
    if (message.type === 'appendReply' && message.success && message.term === hardState.term) {
      // One of an older term may speak of entries that the new leader has since replaced. That is safe: had the old
      // leader committed them with its help, the new one would have them.
      must(message.index <= disk.lastIndex(), () => `${message.from} acknowledges ${message.index}, durable is ${disk.lastIndex()}`);
    } else if (message.type === 'voteReply' && message.granted) {
      const isDurable = hardState.term > message.term || (hardState.term === message.term && hardState.vote === message.to);
      must(isDurable, () => `${message.from} grants a vote to ${message.to} that is not durable`);
    }
  }

  /** A read must not be older than what was committed when it was asked for. */
  read(id: number, index: number, committedBefore: number): void {
    must(index >= committedBefore, () => `${id} reads at ${index}, committed was ${committedBefore}`);
  }
}
