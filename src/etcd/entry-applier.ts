/**
 * Committed entries carried out in order on the replicated state: requests, and changes of the membership. Keeps the applied index,
 * the configuration in force and the state together, so that a snapshot taken at any moment fits. Synchronous.
 */
import { decodeConfChange, emptyConf, type ConfState, type Entry, type RaftNode, type Snapshot } from '#raft';
import { etcdError } from './errors.ts';
import { raftIdOf } from './membership.ts';
import type { HeaderAt } from './mvcc/apply-kv.ts';
import type { StoreEvent } from './mvcc/version.ts';
import type { SnapshotSource } from './raft-log-mirror.ts';
import { decodeRequest, type ChangeContext, type LogRequest } from './requests.ts';
import { decodeState, encodeState, encodeStateAtLeisure } from './state-image.ts';
import { StateMachine } from './state-machine.ts';

/** What others hear of while entries are applied. */
export interface ApplyListener {
  /** A request is applied; `events` are the changes of one revision, or none. */
  requestApplied(
    request: LogRequest,
    outcome: { readonly response?: unknown; readonly error?: Error },
    events: readonly StoreEvent[],
  ): void;
  /** A membership change is applied, or refused with `error`. */
  changeApplied(change: ChangeContext, error: Error | undefined): void;
  /** The whole state was replaced by a leader's snapshot. */
  stateReplaced(): void;
}

export class EntryApplier implements SnapshotSource {
  state = new StateMachine();
  appliedIndex = 0;
  appliedTerm = 0;
  confState: ConfState = emptyConf;
  readonly #headerAt: HeaderAt;
  readonly #listener: ApplyListener;

  constructor(headerAt: HeaderAt, listener: ApplyListener) {
    this.#headerAt = headerAt;
    this.#listener = listener;
  }

  encode(): string {
    return encodeState(this.state);
  }

  /** A snapshot of the state as it is now, made while others have their turns in between. */
  async snapshotAtLeisure(rest: () => Promise<void>): Promise<Snapshot> {
    const { appliedIndex: index, appliedTerm: term, confState: conf, state } = this;
    return { index, term, conf, data: await encodeStateAtLeisure(state, rest) };
  }

  /** Takes over the state of a snapshot; throws SnapshotCorruptError. */
  restore(snapshot: Snapshot): void {
    this.state = decodeState(snapshot.data);
    this.appliedIndex = snapshot.index;
    this.appliedTerm = snapshot.term;
    this.confState = snapshot.conf;
    this.#listener.stateReplaced();
  }

  /** Applies entries; those that a snapshot covered are passed over. */
  apply(entries: readonly Entry[], raft: RaftNode): void {
    for (const entry of entries) {
      if (entry.index <= this.appliedIndex) continue;
      if (entry.kind === 'conf') this.#applyConf(entry, raft);
      else if (entry.data !== '') this.#applyRequest(entry);
      this.appliedIndex = entry.index;
      this.appliedTerm = entry.term;
    }
  }

  #applyRequest(entry: Entry): void {
    const request = decodeRequest(entry.data);
    const { events, ...outcome } = this.state.apply(request, this.#headerAt);
    this.#listener.requestApplied(request, outcome, events);
  }

  #applyConf(entry: Entry, raft: RaftNode): void {
    const change = decodeConfChange(entry.data);
    const context = change.context === undefined ? undefined : (JSON.parse(change.context) as ChangeContext);
    if (context) {
      const error = this.#changeError(context);
      if (error) return this.#listener.changeApplied(context, error);
    }
    // While the core takes note it may send snapshots, which must still be those of the entry before.
    const confState = raft.applyConfChange(change);
    if (context) this.state.applyChange(context);
    this.confState = confState;
    if (context) this.#listener.changeApplied(context, undefined);
  }

  #changeError(context: ChangeContext): Error | undefined {
    try {
      this.state.checkChange(context);
    } catch (error) {
      if (error instanceof Error && error.name === 'RpcError') return error;
      throw error;
    }
    // Two ids must not share a number in the consensus core; with 52 bits that is chance, but it must not pass unseen.
    const holder = context.kind === 'add' ? this.state.membership.idOf(raftIdOf(context.member.id)) : undefined;
    return holder === undefined || holder === context.member.id ? undefined : etcdError('memberExists');
  }
}
