// Sizes of entries, by which messages, applying and the uncommitted tail are bounded. An entry is counted as etcd
// counts it: the length of its protobuf form; data by its length in UTF-16 units, which is exact for ASCII.

import type { Entry } from './types.ts';

/** Where nothing is bounded. */
export const NO_LIMIT = Number.POSITIVE_INFINITY;

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Bytes that one entry counts, frame and data. */
export function entrySize(entry: Entry): number {
  const length = entry.data.length;
  const payload = length === 0 ? 0 : 1 + varintSize(length) + length;
  return 4 + varintSize(entry.term) + varintSize(entry.index) + payload;
}

export function entriesSize(entries: readonly Entry[]): number {
  let size = 0;
  for (const entry of entries) size += entrySize(entry);
  return size;
}

/** Bytes of data alone, without the entries' frame. */
export function payloadSize(entries: readonly { readonly data: string }[]): number {
  let size = 0;
  for (const entry of entries) size += entry.data.length;
  return size;
}

/** How many of the entries fit; at least one, so that an entry beyond the bound still gets through. */
export function countWithin(entries: readonly Entry[], from: number, to: number, maxBytes: number): number {
  if (maxBytes === NO_LIMIT || to - from <= 1) return to - from;
  let size = 0;
  for (let i = from; i < to; i++) {
    size += entrySize(entries[i]!);
    if (size > maxBytes) return Math.max(1, i - from);
  }
  return to - from;
}

export function limitSize(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  const count = countWithin(entries, 0, entries.length, maxBytes);
  return count === entries.length ? entries : entries.slice(0, count);
}
