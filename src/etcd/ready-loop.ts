/**
 * Carries out what the consensus core asks for, in the order that durability rests on: what promises something about this member's disk
 * (votes, acknowledgements, the leader's own count) goes out only when the write it speaks of is durable; everything else at once, and
 * committed entries are applied while the next write is under way. After etcd-io/raft's asynchronous storage writes.
 */
import type { Records } from '#host';
import { isLocalThread, type Entry, type HardState, type Message, type RaftNode, type Ready, type ReadState, type Snapshot } from '#raft';
import { joinAppends } from './append-joining.ts';
import type { EntryApplier } from './entry-applier.ts';
import { LogWriter } from './log-writer.ts';
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
  /** Entries are about to be written; what it gives is called once they are durable. */
  appending(entries: readonly Entry[]): () => void;
  /** How long a durable write took, in milliseconds. */
  synced(durationMs: number): void;
  snapshotSaved(index: number): void;
  nowMs(): number;
  /** Resolves when what else there is to do now has had its turn: requests that come together then leave in one write. */
  yield(): Promise<void>;
  /** The member cannot go on: disk or invariant. */
  fatal(message: string, error: unknown): void;
}

export class ReadyLoop {
  readonly #parts: ReadyLoopParts;
  readonly #writer: LogWriter;
  #isAwake = false;
  #isWorking = false;
  #isStopped = false;
  #snapshotIndex: number;
  /** The own snapshot that is being saved; undefined: none. */
  #saving: Promise<void> | undefined;

  /** `durable`: the hard state on disk; `snapshotIndex`: of the snapshot there, 0 for none. */
  constructor(parts: ReadyLoopParts, durable: HardState, snapshotIndex: number) {
    this.#parts = parts;
    this.#snapshotIndex = snapshotIndex;
    this.#writer = new LogWriter(parts, durable, {
      saveSnapshot: (snapshot) => this.#saveReceived(snapshot),
      written: (snapshot, replies) => this.#written(snapshot, replies),
    });
  }

  get snapshotIndex(): number {
    return this.#snapshotIndex;
  }

  /** Works until nothing is left to do; called after everything that was put into the core. */
  wake(): void {
    if (this.#isAwake || this.#isStopped || !this.#parts.raft.hasReady()) return;
    this.#isAwake = true;
    this.#parts
      .yield()
      .then(() => {
        this.#isAwake = false;
        this.#work();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  stop(): void {
    this.#isStopped = true;
    this.#writer.stop();
  }

  #fail(error: unknown): void {
    this.#isStopped = true;
    this.#parts.fatal('failed to save Raft hard state and entries', error);
  }

  #work(): void {
    // What a reply leads to is the next round of the work that is going on.
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (!this.#isStopped && this.#parts.raft.hasReady()) this.#round();
    this.#isWorking = false;
  }

  #round(): void {
    const { raft, applier } = this.#parts;
    const ready = raft.ready();
    if (ready.softState) this.#parts.leadershipChanged(ready);
    const outgoing: Message[] = [];
    for (const message of ready.messages) if (!isLocalThread(message.to)) outgoing.push(message);
    for (const message of ready.messages) if (message.type === 'storageAppend') this.#writer.add(message);
    this.#parts.send(joinAppends(outgoing));
    this.#writer.start().catch((error: unknown) => this.#fail(error));
    for (const message of ready.messages) {
      if (message.type !== 'storageApply') continue;
      applier.apply(message.entries, raft);
      for (const reply of message.replies) raft.step(reply);
    }
    this.#parts.applied(ready.readStates);
    this.#maybeSnapshot();
  }

  /** What was to wait for a write goes out, some of it to this member's own core. */
  #written(snapshot: Snapshot | undefined, replies: readonly Message[]): void {
    const { raft, applier } = this.#parts;
    if (snapshot) applier.restore(snapshot);
    const own = raft.view().id;
    this.#parts.send(replies.filter(({ to }) => to !== own));
    for (const reply of replies) if (reply.to === own) raft.step(reply);
    this.#work();
  }

  /** Makes a leader's snapshot durable. */
  async #saveReceived(snapshot: Snapshot): Promise<void> {
    const { wal, mirror, snapshots } = this.#parts;
    // An older one of this member's own must not end up in its place.
    await this.#saving;
    // The snapshot first: a log that ends before it is of no use, a snapshot without its log is whole.
    await saveSnapshot(snapshots, snapshot, true, () => this.#parts.yield());
    wal.restartAfter(snapshot.index);
    mirror.applySnapshot(snapshot);
    this.#snapshotIndex = snapshot.index;
  }

  #maybeSnapshot(): void {
    const { applier, snapshotCount } = this.#parts;
    if (this.#saving || applier.appliedIndex - this.#snapshotIndex <= snapshotCount) return;
    this.#snapshotIndex = applier.appliedIndex;
    this.#saving = this.#saveInBackground().catch((error: unknown) => this.#parts.fatal('failed to save Raft snapshot', error));
  }

  async #saveInBackground(): Promise<void> {
    const { applier, snapshots, wal, catchUpEntries, mirror } = this.#parts;
    const rest = (): Promise<void> => this.#parts.yield();
    const snapshot = await applier.snapshotAtLeisure(rest);
    await saveSnapshot(snapshots, snapshot, false, rest);
    this.#parts.snapshotSaved(snapshot.index);
    await wal.compactTo(snapshot.index + 1);
    if (snapshot.index > catchUpEntries) mirror.compact(snapshot.index - catchUpEntries);
    this.#saving = undefined;
  }
}
