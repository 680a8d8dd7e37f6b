/**
 * Writes to the log, one after the other: everything that waits when a write begins goes into it as one record (group commit), and what
 * was to wait for it is delivered when it is durable, in order.
 */
import type { Entry, HardState, Message, Snapshot } from '#raft';
import type { RaftLogMirror } from './raft-log-mirror.ts';
import type { Wal } from './wal.ts';

/** What the core asks to be written, and what is to be delivered then. */
type StorageAppend = Extract<Message, { type: 'storageAppend' }>;

/** What it writes to. */
export interface LogWriterParts {
  readonly wal: Wal;
  readonly mirror: RaftLogMirror;
  /** Entries are about to be written; what it gives is called once they are durable. */
  appending(entries: readonly Entry[]): () => void;
  synced(durationMs: number): void;
  nowMs(): number;
}

/** Who does the rest. */
export interface LogWriterEvents {
  /** Makes a leader's snapshot durable. */
  saveSnapshot(snapshot: Snapshot): Promise<void>;
  /** A write is durable: the leader's snapshot that was in it, and what these replies waited for. */
  written(snapshot: Snapshot | undefined, replies: readonly Message[]): void;
}

/** Several requests as one write. */
interface Batch {
  readonly snapshot: Snapshot | undefined;
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
  readonly replies: readonly Message[];
}

export class LogWriter {
  readonly #parts: LogWriterParts;
  readonly #events: LogWriterEvents;
  #waiting: StorageAppend[] = [];
  #isWriting = false;
  #isStopped = false;
  /** Hard state as it is on disk, but for the commit index, which need not be. */
  #durable: HardState;

  constructor(parts: LogWriterParts, durable: HardState, events: LogWriterEvents) {
    this.#parts = parts;
    this.#durable = durable;
    this.#events = events;
  }

  /** Queues a write; `start` begins it. */
  add(request: StorageAppend): void {
    this.#waiting.push(request);
  }

  /** Writes until nothing waits any more. Rejects with DiskError, and whatever the delivery of replies throws. */
  async start(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#waiting.length > 0 && !this.#isStopped) {
      const batch = this.#takeBatch();
      if (this.#needsWrite(batch)) await this.#write(batch);
      if (this.#isStopped) return;
      const { snapshot, hardState, entries, replies } = batch;
      this.#durable = hardState;
      this.#parts.mirror.setHardState(hardState);
      if (entries.length > 0) this.#parts.mirror.append(entries);
      this.#events.written(snapshot, replies);
    }
    this.#isWriting = false;
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  /** What waits, up to what must not share a record with it: another vote or term, a snapshot, entries in the place of others. */
  #takeBatch(): Batch {
    const first = this.#waiting[0]!;
    let hardState = first.hardState ?? this.#durable;
    const entries = [...first.entries];
    const replies = [...first.replies];
    let taken = 1;
    for (; taken < this.#waiting.length && !first.snapshot; taken++) {
      const next = this.#waiting[taken]!;
      const { term, vote } = next.hardState ?? hardState;
      const [follows] = next.entries;
      const last = entries.at(-1);
      if (next.snapshot || term !== hardState.term || vote !== hardState.vote) break;
      if (follows && last && follows.index !== last.index + 1) break;
      hardState = next.hardState ?? hardState;
      for (const entry of next.entries) entries.push(entry);
      for (const reply of next.replies) replies.push(reply);
    }
    this.#waiting.splice(0, taken);
    return { snapshot: first.snapshot, entries, hardState, replies };
  }

  /** A mere advance of the commit index can be learnt again. */
  #needsWrite({ snapshot, entries, hardState }: Batch): boolean {
    const { term, vote } = this.#durable;
    return snapshot !== undefined || entries.length > 0 || hardState.term !== term || hardState.vote !== vote;
  }

  async #write({ snapshot, entries, hardState }: Batch): Promise<void> {
    const { wal, mirror, nowMs } = this.#parts;
    const startedMs = nowMs();
    if (snapshot) await this.#events.saveSnapshot(snapshot);
    const appended = this.#parts.appending(entries);
    await wal.append(entries, hardState, (snapshot?.index ?? mirror.lastIndex()) + 1);
    this.#parts.synced(nowMs() - startedMs);
    appended();
    if (snapshot) await wal.compactTo(snapshot.index + 1);
  }
}
