/** One stored version of a key: what etcd's backend keeps under a (main, sub) revision. Versions are never changed once made. */
import { hashText } from '#host';
import type { etcd } from '#contracts';
import { utf8Length } from './key-range.ts';

type KeyValue = etcd.KeyValue;

/** No lease. */
export const NO_LEASE = '0';

export interface Version {
  /** For a tombstone only key and modRevision say something; the rest is empty, as etcd's DELETE events show it. */
  readonly kv: KeyValue;
  /** Position among the changes of its revision, from 0. */
  readonly sub: number;
  readonly isTombstone: boolean;
  /** Bytes it takes in the database, with a share for its bookkeeping. */
  readonly sizeBytes: number;
  /** 32-bit hash over all of the above; the store's hash is their sum. */
  readonly hash: number;
}

/** What a change tells watchers. */
export interface StoreEvent {
  readonly type: 'PUT' | 'DELETE';
  readonly kv: KeyValue;
  /** The version before, if the key existed and that version is not compacted. */
  readonly prevKv: KeyValue | undefined;
}

/** Revision key, field tags and page overhead of one version in bbolt, roughly. */
const VERSION_OVERHEAD_BYTES = 40;

export function makeVersion(kv: KeyValue, sub: number, isTombstone: boolean): Version {
  const sizeBytes = VERSION_OVERHEAD_BYTES + utf8Length(kv.key) + utf8Length(kv.value);
  const head = `${kv.modRevision}_${sub}_${isTombstone ? 't' : `${kv.createRevision}_${kv.version}_${kv.lease}`}\0`;
  return { kv, sub, isTombstone, sizeBytes, hash: hashText(kv.value, hashText(kv.key, hashText(head))) };
}

export function makeTombstone(key: string, modRevision: number, sub: number): Version {
  return makeVersion({ key, value: '', createRevision: 0, modRevision, version: 0, lease: NO_LEASE }, sub, true);
}

/** Position of the newest version at or below `revision`; -1 if all are newer. */
export function versionAt(versions: readonly Version[], revision: number): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (versions[middle]!.kv.modRevision <= revision) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
