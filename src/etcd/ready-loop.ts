/**
 * The order that durability rests on: one durable write of entries and hard state, then messages, then applying, then advance.
 * A leader's appends and heartbeats may leave beside its own write, because its own log counts only after advance.
 */
import type { Records } from '#host';
import type { HardState, Message, RaftNode, Ready, ReadState, Snapshot } from '#raft';
import type { EntryApplier } from './entry-applier.ts';
import type { RaftLogMirror } from './raft-log-mirror.ts';
import { saveSnapshot } from './snapshot.ts';
import type { Wal } from './wal.ts';

/** What the loop works on and tells. */
export interface ReadyLoopParts {
  readonly raft: RaftNode;
  readonly wal: Wal;
  readonly mirror: RaftLogMirror;
  readonly applier: EntryApplier;
  readonly snapshots: Records;
  readonly snapshotCount: number;
  readonly catchUpEntries: number;
  send(messages: readonly Message[]): void;
  leadershipChanged(ready: Ready): void;
  /** Entries of this round are applied. */
  applied(readStates: readonly ReadState[]): void;
  /** How long a durable write took, in milliseconds. */
  synced(durationMs: number): void;
  snapshotSaved(index: number): void;
  nowMs(): number;
  /** The member cannot go on: disk or invariant. */
  fatal(message: string, error: unknown): void;
}

const mayLeaveEarly = (message: Message): boolean =>
  message.type === 'append' || message.type === 'heartbeat' || message.type === 'snapshot';

export class ReadyLoop {
  readonly #parts: ReadyLoopParts;
  #isRunning = false;
  #isStopped = false;
  /** Hard state as it is on disk. */
  #durable: HardState;
  #snapshotIndex: number;
  #isSnapshotting = false;

  constructor(parts: ReadyLoopParts, durable: HardState, snapshotIndex: number) {
    this.#parts = parts;
    this.#durable = durable;
    this.#snapshotIndex = snapshotIndex;
  }

  get snapshotIndex(): number {
    return this.#snapshotIndex;
  }

  /** Works until nothing is left to do; called after everything that was put into the core. */
  wake(): void {
    if (this.#isRunning || this.#isStopped || !this.#parts.raft.hasReady()) return;
    this.#isRunning = true;
    this.#run().catch((error: unknown) => {
      this.#isStopped = true;
      this.#parts.fatal('failed to save Raft hard state and entries', error);
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #run(): Promise<void> {
    // One turn of patience lets requests that came together leave in one write.
    await Promise.resolve();
    while (!this.#isStopped && this.#parts.raft.hasReady()) await this.#round();
    this.#isRunning = false;
  }

  async #round(): Promise<void> {
    const { raft, mirror, applier } = this.#parts;
    const ready = raft.ready();
    if (ready.softState) this.#parts.leadershipChanged(ready);
    const { term, vote } = ready.hardState ?? this.#durable;
    const isEarly = raft.view().role === 'leader' && term === this.#durable.term && vote === this.#durable.vote;
    if (isEarly) this.#parts.send(ready.messages.filter(mayLeaveEarly));
    await this.#persist(ready);
    if (this.#isStopped) return;
    this.#parts.send(isEarly ? ready.messages.filter((message) => !mayLeaveEarly(message)) : ready.messages);
    if (ready.snapshot) applier.restore(ready.snapshot);
    applier.apply(ready.committedEntries, raft);
    raft.advance();
    this.#parts.applied(ready.readStates);
    this.#maybeSnapshot(mirror);
  }

  async #persist(ready: Ready): Promise<void> {
    const { wal, mirror, snapshots, nowMs } = this.#parts;
    const { entries, snapshot } = ready;
    const hardState = ready.hardState ?? this.#durable;
    const startedMs = nowMs();
    if (snapshot) {
      // The snapshot first: a log that ends before it is of no use, a snapshot without its log is whole.
      await saveSnapshot(snapshots, snapshot, true);
      wal.restartAfter(snapshot.index);
      mirror.applySnapshot(snapshot);
      this.#snapshotIndex = snapshot.index;
    }
    if (ready.mustSync || snapshot) {
      await wal.append(entries, hardState, (snapshot?.index ?? mirror.lastIndex()) + 1);
      this.#durable = hardState;
      this.#parts.synced(nowMs() - startedMs);
    }
    if (ready.hardState) mirror.setHardState(hardState);
    if (entries.length > 0) mirror.append(entries);
    if (snapshot) await wal.compactTo(snapshot.index + 1);
  }

  #maybeSnapshot(mirror: RaftLogMirror): void {
    const { applier, snapshotCount } = this.#parts;
    if (this.#isSnapshotting || applier.appliedIndex - this.#snapshotIndex <= snapshotCount) return;
    this.#isSnapshotting = true;
    const snapshot: Snapshot = { index: applier.appliedIndex, term: applier.appliedTerm, conf: applier.confState, data: applier.encode() };
    this.#snapshotIndex = snapshot.index;
    this.#saveInBackground(snapshot, mirror).catch((error: unknown) => this.#parts.fatal('failed to save Raft snapshot', error));
  }

  async #saveInBackground(snapshot: Snapshot, mirror: RaftLogMirror): Promise<void> {
    const { snapshots, wal, catchUpEntries } = this.#parts;
    await saveSnapshot(snapshots, snapshot, false);
    this.#parts.snapshotSaved(snapshot.index);
    await wal.compactTo(snapshot.index + 1);
    if (snapshot.index > catchUpEntries) mirror.compact(snapshot.index - catchUpEntries);
    this.#isSnapshotting = false;
  }
}
