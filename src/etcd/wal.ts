/**
 * The member's log on disk: each append is all waiting entries with the hard state and the member's identity, in one durable record.
 * After etcd's wal package; segments and their preallocation have no counterpart, the disk keeps batches.
 */
import { DiskError, hashText, type Log } from '#host';
import type { Entry, HardState } from '#raft';

/** Who this log belongs to. */
export interface WalIdentity {
  readonly memberId: string;
  readonly clusterId: string;
}

/** What is said beside the entries of a batch. */
interface WalMeta extends WalIdentity {
  readonly hardState: HardState;
  /** Hash over the entries of the batch, chained from their first index. */
  readonly crc: number;
  /** Index of the newest snapshot received from a leader, which replaced everything before. */
  readonly base: number;
}

/** A log whose content does not fit its checksums, or has a gap; the member refuses to start. */
export class WalCorruptError extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'WalCorruptError';
  }
}

/** What a log held when it was opened; undefined identity: it is new. */
export interface WalContent {
  readonly identity: WalIdentity | undefined;
  readonly hardState: HardState;
  /** Index of the received snapshot that the log begins after; 0 if it never received one. */
  readonly base: number;
  /** Consecutive entries; may begin before the snapshot's end. */
  readonly entries: readonly Entry[];
}

const encodeEntry = (entry: Entry): string => `${entry.term}:${entry.kind === 'conf' ? 'c' : 'n'}:${entry.data}`;

function decodeEntry(text: string, index: number): Entry {
  const termEnd = text.indexOf(':');
  const term = Number(text.slice(0, termEnd));
  if (termEnd < 0 || !Number.isSafeInteger(term)) throw new WalCorruptError('wal: unexpected data');
  return { index, term, kind: text[termEnd + 1] === 'c' ? 'conf' : 'normal', data: text.slice(termEnd + 3) };
}

const checksum = (firstIndex: number, texts: readonly string[]): number => {
  let crc = hashText(String(firstIndex));
  for (const text of texts) crc = hashText(text, crc);
  return crc;
};

/** Reads a whole log; throws WalCorruptError in etcd's words. */
export async function readWal(log: Log): Promise<WalContent> {
  let batches;
  try {
    batches = await log.read();
  } catch (error) {
    if (error instanceof DiskError && error.code === 'corrupt') throw new WalCorruptError('walpb: crc mismatch');
    throw error;
  }
  let identity: WalIdentity | undefined;
  let hardState: HardState = { term: 0, vote: 0, commit: 0 };
  let entries: Entry[] = [];
  let snapshotBase = 0;
  for (const batch of batches) {
    const meta = JSON.parse(batch.meta) as WalMeta;
    if (meta.crc !== checksum(batch.firstIndex, batch.entries)) throw new WalCorruptError('walpb: crc mismatch');
    if (identity && (identity.memberId !== meta.memberId || identity.clusterId !== meta.clusterId))
      throw new WalCorruptError('wal: conflicting metadata found');
    identity = { memberId: meta.memberId, clusterId: meta.clusterId };
    hardState = meta.hardState;
    snapshotBase = meta.base;
    const base = entries[0]?.index ?? batch.firstIndex;
    if (batch.firstIndex < base) entries = [];
    else entries.length = Math.min(entries.length, batch.firstIndex - base);
    // A gap is only right behind a received snapshot; what lies before it is then of no use.
    const last = entries.at(-1);
    if (last && last.index + 1 !== batch.firstIndex) entries = [];
    batch.entries.forEach((text, at) => entries.push(decodeEntry(text, batch.firstIndex + at)));
  }
  return { identity, hardState, base: snapshotBase, entries };
}

/** The log opened for writing. */
export class Wal {
  readonly #log: Log;
  readonly #identity: WalIdentity;
  /** First index of the newest batch, which must stay: it holds the newest hard state. */
  #newestFirstIndex = 0;

  #base: number;

  /** `base`: index of the newest received snapshot, 0 for none. */
  constructor(log: Log, identity: WalIdentity, base: number) {
    this.#log = log;
    this.#identity = identity;
    this.#base = base;
  }

  /** A leader's snapshot is durable: what is appended from now on follows it. */
  restartAfter(index: number): void {
    this.#base = index;
  }

  /** Makes entries and hard state durable; entries at or beyond the first one are superseded. `nextIndex`: where entries would go if there are none. */
  async append(entries: readonly Entry[], hardState: HardState, nextIndex: number): Promise<void> {
    const texts = entries.map(encodeEntry);
    const firstIndex = entries[0]?.index ?? nextIndex;
    this.#newestFirstIndex = firstIndex;
    const meta: WalMeta = { ...this.#identity, hardState, crc: checksum(firstIndex, texts), base: this.#base };
    await this.#log.append(firstIndex, texts, JSON.stringify(meta));
  }

  /** Forgets batches below `index`, which a durable snapshot covers. */
  async compactTo(index: number): Promise<void> {
    await this.#log.compactTo(Math.min(index, this.#newestFirstIndex));
  }
}
