// What the host has to do next: collected into a Ready, marked as handed out, and taken note of once it is done.
// Models RawNode of etcd-io/raft.

import { entriesSize } from './entry-size.ts';
import { assert } from './errors.ts';
import { LOCAL_APPEND, LOCAL_APPLY, type Message, type StorageAppendReply, type StorageApplyReply } from './messages.ts';
import type { RaftState } from './state.ts';
import { step } from './step.ts';
import type { Entry, HardState, ReadState, Ready, Role, Snapshot } from './types.ts';

const nothing: readonly never[] = Object.freeze([]);

export class ReadyTracker {
  readonly #r: RaftState;
  /** Role and leader as last handed out. */
  #role: Role;
  #lead: number;
  /** Hard state as last handed out: what is on disk, or on its way. */
  #hardState: HardState;
  /** Messages to this member itself that the last Ready's completion stands for; undefined if none is out. */
  #onAdvance: Message[] | undefined = undefined;

  constructor(r: RaftState) {
    this.#r = r;
    this.#role = r.role;
    this.#lead = r.lead;
    this.#hardState = r.hardState();
  }

  hasReady(): boolean {
    const r = this.#r;
    return (
      r.messages.length !== 0 ||
      r.messagesAfterAppend.length !== 0 ||
      r.log.unstable.hasNextEntries() ||
      r.log.hasNextCommitted(!r.config.asyncStorageWrites) ||
      r.readStates.length !== 0 ||
      r.role !== this.#role ||
      r.lead !== this.#lead ||
      this.#hardStateChanged() ||
      r.log.unstable.nextSnapshot() !== undefined
    );
  }

  #hardStateChanged(): boolean {
    const { term, vote, commit } = this.#hardState;
    return this.#r.term !== term || this.#r.vote !== vote || this.#r.log.committed !== commit;
  }

  ready(): Ready {
    const r = this.#r;
    const { asyncStorageWrites } = r.config;
    assert(asyncStorageWrites || this.#onAdvance === undefined, 'ready() before advance() of the one before');
    const softState = r.role !== this.#role || r.lead !== this.#lead ? r.softState() : undefined;
    const hardState = this.#hardStateChanged() ? r.hardState() : undefined;
    const mustSync =
      r.log.unstable.hasNextEntries() ||
      (hardState !== undefined && (hardState.term !== this.#hardState.term || hardState.vote !== this.#hardState.vote));
    const entries = r.log.unstable.hasNextEntries() ? r.log.unstable.nextEntries() : nothing;
    const snapshot = r.log.unstable.nextSnapshot();
    const committedEntries = r.log.nextCommitted(!asyncStorageWrites);
    const { messages } = r;
    if (asyncStorageWrites) this.#addStorageMessages(messages, { hardState, snapshot, entries }, committedEntries);
    else this.#onAdvance = this.#splitMessages(messages, snapshot, committedEntries);
    const readStates: readonly ReadState[] = r.readStates.length === 0 ? nothing : r.readStates;
    this.#accept(softState !== undefined, hardState, committedEntries);
    return { softState, hardState, readStates, entries, snapshot, committedEntries, messages, mustSync };
  }

  #accept(softStateChanged: boolean, hardState: HardState | undefined, committed: readonly Entry[]): void {
    const r = this.#r;
    if (softStateChanged) {
      this.#role = r.role;
      this.#lead = r.lead;
    }
    if (hardState !== undefined) this.#hardState = hardState;
    if (r.readStates.length !== 0) r.readStates = [];
    r.messages = [];
    if (r.messagesAfterAppend.length !== 0) r.messagesAfterAppend = [];
    r.log.unstable.acceptInProgress();
    const last = committed.at(-1);
    if (last !== undefined) r.log.acceptApplying(last.index, entriesSize(committed), !r.config.asyncStorageWrites);
  }

  /** Adds what may leave after the write to `messages`; answers what comes back to this member when all is done. */
  #splitMessages(messages: Message[], snapshot: Snapshot | undefined, committed: readonly Entry[]): Message[] {
    const own: Message[] = [];
    for (const message of this.#r.messagesAfterAppend) {
      if (message.to === this.#r.id) own.push(message);
      else messages.push(message);
    }
    const appended = this.#appendReply(snapshot);
    if (appended !== undefined) own.push(appended);
    if (committed.length !== 0) own.push(this.#applyReply(committed));
    return own;
  }

  /** Tells that the snapshot, and all entries handed out so far, are durable; nothing if there are neither. */
  #appendReply(snapshot: Snapshot | undefined): StorageAppendReply | undefined {
    const { log, id, term } = this.#r;
    const hasEntries = log.hasNextOrInProgressEntries();
    if (!hasEntries && snapshot === undefined) return undefined;
    // The term lets a reply be recognised that is older than a truncation: entries of a newer leader may have taken
    // the place of those written, and with the same index and term again later (the ABA problem).
    const index = hasEntries ? log.lastIndex() : 0;
    const logTerm = hasEntries ? log.lastTerm() : 0;
    return { type: 'storageAppendReply', from: LOCAL_APPEND, to: id, term, index, logTerm, snapshot };
  }

  #applyReply(entries: readonly Entry[]): StorageApplyReply {
    return { type: 'storageApplyReply', from: LOCAL_APPLY, to: this.#r.id, term: 0, entries };
  }

  #addStorageMessages(
    messages: Message[],
    write: { hardState: HardState | undefined; snapshot: Snapshot | undefined; entries: readonly Entry[] },
    committed: readonly Entry[],
  ): void {
    const { id, term, messagesAfterAppend } = this.#r;
    const { hardState, snapshot, entries } = write;
    if (hardState !== undefined || snapshot !== undefined || entries.length !== 0 || messagesAfterAppend.length !== 0) {
      const replies = messagesAfterAppend.slice();
      const appended = this.#appendReply(snapshot);
      if (appended !== undefined) replies.push(appended);
      messages.push({ type: 'storageAppend', from: id, to: LOCAL_APPEND, term, ...write, replies });
    }
    if (committed.length !== 0) {
      const replies = [this.#applyReply(committed)];
      messages.push({ type: 'storageApply', from: id, to: LOCAL_APPLY, term: 0, entries: committed, replies });
    }
  }

  advance(): void {
    assert(!this.#r.config.asyncStorageWrites, 'with asynchronous storage writes there is no advance()');
    const own = this.#onAdvance;
    assert(own !== undefined, 'advance() without a ready() before');
    this.#onAdvance = undefined;
    for (const message of own) step(this.#r, message);
  }
}
