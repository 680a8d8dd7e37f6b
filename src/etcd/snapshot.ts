/**
 * Snapshots on disk, in the records of the machine's own database: the newest one only, its text in chunks. The chunks are written one
 * by one, so that the log need not wait for all of them; the description, written last, makes them the snapshot. After etcd's snap
 * package; there is no separate database file, the text holds everything.
 */
import { hashText, type Records } from '#host';
import type { ConfState, Snapshot } from '#raft';
import { SnapshotCorruptError } from './state-image.ts';

/** Characters per record: large enough to be quick, small enough for any database. */
const CHUNK_CHARACTERS = 256 * 1024;

interface Description {
  readonly index: number;
  readonly term: number;
  readonly conf: ConfState;
  readonly chunks: number;
  readonly hash: number;
  /** Whether a leader sent it; then the log before it does not count, unless it was begun anew after it. */
  readonly isReceived: boolean;
}

const chunkKey = (index: number, at: number): string => `chunk/${index}/${at}`;

/** A snapshot as it was stored. */
export interface StoredSnapshot {
  readonly snapshot: Snapshot;
  readonly isReceived: boolean;
}

/** Pieces of a text, in order. */
export function chunksOf(text: string, size: number = CHUNK_CHARACTERS): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; at += size) chunks.push(text.slice(at, at + size));
  return chunks;
}

/** Makes a snapshot durable in place of the one before; `rest` gives others their turn while its text is gone through. */
export async function saveSnapshot(records: Records, snapshot: Snapshot, isReceived: boolean, rest: () => Promise<void>): Promise<void> {
  const { index, term, conf, data } = snapshot;
  const chunks = chunksOf(data);
  let hash = hashText('');
  for (const [at, chunk] of chunks.entries()) {
    hash = hashText(chunk, hash);
    await records.put({ [chunkKey(index, at)]: chunk });
    await rest();
  }
  const own = new Set(chunks.map((_, at) => chunkKey(index, at)));
  const changes: Record<string, string | undefined> = {
    current: JSON.stringify({ index, term, conf, chunks: chunks.length, hash, isReceived } satisfies Description),
  };
  // Those of the snapshot before, and of one that a crash cut off.
  for (const key of await records.keys('chunk/')) if (!own.has(key)) changes[key] = undefined;
  await records.put(changes);
}

/** The newest snapshot, or undefined where none was ever made; throws SnapshotCorruptError. */
export async function loadSnapshot(records: Records): Promise<StoredSnapshot | undefined> {
  const current = await records.get('current');
  if (current === undefined) return undefined;
  const { index, term, conf, chunks, hash, isReceived } = JSON.parse(current) as Description;
  const parts: string[] = [];
  for (let at = 0; at < chunks; at++) {
    const chunk = await records.get(chunkKey(index, at));
    if (chunk === undefined) throw new SnapshotCorruptError();
    parts.push(chunk);
  }
  const data = parts.join('');
  if (hashText(data) !== hash) throw new SnapshotCorruptError();
  return { snapshot: { index, term, conf, data }, isReceived };
}
