/**
 * The multi-version store: every key with the versions it had, etcd's mvcc package without its bbolt file. Pure and synchronous; the
 * same commands give the same state on every member. A change becomes visible revision by revision; reads may ask for any revision
 * that is not compacted. Range options, transactions and checks of requests are in the files beside it.
 */
import type { etcd } from '#contracts';
import { etcdError } from '../errors.ts';
import type { KeyRange } from './key-range.ts';
import { RevisionLog } from './revision-log.ts';
import { SortedKeys } from './sorted-keys.ts';
import { makeTombstone, makeVersion, versionAt, type StoreEvent, type Version } from './version.ts';

type KeyValue = etcd.KeyValue;

/** What a read of a range found: `count` keys in the range, of which `kvs` holds at most the limit. */
export interface RangeResult {
  readonly kvs: KeyValue[];
  readonly count: number;
}

/** Store state as a snapshot carries it: key by key, versions in order. */
export interface StoreImage {
  readonly revision: number;
  readonly compactRevision: number;
}

/** One key of a snapshot with its versions: value, create revision, mod revision, version, lease, sub; tombstones have version 0. */
export type KeyImage = readonly [key: string, ...versions: (readonly [string, number, number, number, string, number])[]];

const PAGE_BYTES = 4096;

export class Store {
  /** The newest revision; 1 before the first change. Grows by one per modifying request. */
  #revision = 1;
  /** Reads below it are refused; -1 before the first compaction. */
  #compactRevision = -1;
  /** Versions of each key in order; never empty. The last one is the newest. */
  readonly #versions = new Map<string, Version[]>();
  /** All keys of #versions. */
  readonly #keys = new SortedKeys();
  /** Keys whose newest version is no tombstone. */
  readonly #liveKeys = new SortedKeys();
  #log = new RevisionLog(2);
  /** Events of the write under way; undefined between writes. */
  #pending: StoreEvent[] | undefined;
  /** Sum of the hashes of all versions, modulo 2^32. */
  #hash = 0;
  /** Bytes of all versions. */
  #sizeInUse = 0;
  /** Bytes of the database file: pages once taken are kept until defragmentation. */
  #size = PAGE_BYTES;

  get revision(): number {
    return this.#revision;
  }
  get compactRevision(): number {
    return this.#compactRevision;
  }
  get sizeInUse(): number {
    return this.#sizeInUse;
  }
  get size(): number {
    return this.#size;
  }
  get keyCount(): number {
    return this.#liveKeys.size;
  }
  get log(): RevisionLog {
    return this.#log;
  }
  /** Revision of changes made now: the next one inside a write, else the newest. */
  get writeRevision(): number {
    return this.#pending && this.#pending.length > 0 ? this.#revision + 1 : this.#revision;
  }

  #add(key: string, versions: Version[], version: Version): void {
    versions.push(version);
    this.#hash = (this.#hash + version.hash) >>> 0;
    this.#sizeInUse += version.sizeBytes;
    if (this.#sizeInUse > this.#size) this.#size = Math.ceil(this.#sizeInUse / PAGE_BYTES) * PAGE_BYTES;
    if (version.isTombstone) this.#liveKeys.delete(key);
    else if (version.kv.version === 1) this.#liveKeys.add(key);
  }

  #drop(version: Version): void {
    this.#hash = (this.#hash - version.hash) >>> 0;
    this.#sizeInUse -= version.sizeBytes;
  }

  /** The newest version of a live key, changes of the write under way included. */
  current(key: string): KeyValue | undefined {
    const newest = this.#versions.get(key)?.at(-1);
    return newest && !newest.isTombstone ? newest.kv : undefined;
  }

  /** Throws `compacted` or `futureRevision` where a read at `revision` cannot be answered; 0 is the newest. */
  checkRevision(revision: number): void {
    if (revision > this.#revision) throw etcdError('futureRevision');
    if (revision > 0 && revision < this.#compactRevision) throw etcdError('compacted');
  }

  /** Keys of a range with their values at `revision` (0: newest), in key order, at most `limit` (0: all) of them. */
  range(range: KeyRange, revision = 0, limit = 0, countOnly = false): RangeResult {
    this.checkRevision(revision);
    const isNewest = revision <= 0 || revision === this.#revision;
    if (range.isSingle) {
      const kv = isNewest ? this.current(range.from) : this.#versionOf(range.from, revision);
      return { kvs: kv && !countOnly ? [kv] : [], count: kv ? 1 : 0 };
    }
    return isNewest ? this.#rangeNewest(range, limit, countOnly) : this.#rangeAt(range, revision, limit, countOnly);
  }

  #rangeNewest(range: KeyRange, limit: number, countOnly: boolean): RangeResult {
    const count = this.#liveKeys.count(range.from, range.end);
    const kvs: KeyValue[] = [];
    if (!countOnly) {
      for (const key of this.#liveKeys.range(range.from, range.end)) {
        kvs.push(this.#versions.get(key)!.at(-1)!.kv);
        if (kvs.length === limit) break;
      }
    }
    return { kvs, count };
  }

  #rangeAt(range: KeyRange, revision: number, limit: number, countOnly: boolean): RangeResult {
    const kvs: KeyValue[] = [];
    let count = 0;
    for (const key of this.#keys.range(range.from, range.end)) {
      const kv = this.#versionOf(key, revision);
      if (!kv) continue;
      count++;
      if (!countOnly && (limit === 0 || kvs.length < limit)) kvs.push(kv);
    }
    return { kvs, count };
  }

  #versionOf(key: string, revision: number): KeyValue | undefined {
    const versions = this.#versions.get(key);
    const version = versions?.[versionAt(versions, revision)];
    return version && !version.isTombstone ? version.kv : undefined;
  }

  /** Begins a write: all changes until `endWrite` are one revision. */
  beginWrite(): void {
    if (this.#pending) throw new Error('a write is under way');
    this.#pending = [];
  }

  /** Ends the write; the events of its revision, or none if nothing changed (then there is no new revision). */
  endWrite(): readonly StoreEvent[] {
    const events = this.#pending ?? [];
    this.#pending = undefined;
    if (events.length > 0) {
      this.#revision++;
      this.#log.push(events);
    }
    return events;
  }

  #pendingEvents(): StoreEvent[] {
    if (!this.#pending) throw new Error('a change outside of a write');
    return this.#pending;
  }

  /** Stores a value; returns the version before. Only inside a write. */
  put(key: string, value: string, lease: string): KeyValue | undefined {
    const events = this.#pendingEvents();
    const modRevision = this.#revision + 1;
    let versions = this.#versions.get(key);
    if (!versions) {
      versions = [];
      this.#versions.set(key, versions);
      this.#keys.add(key);
    }
    const newest = versions.at(-1);
    const prevKv = newest && !newest.isTombstone ? newest.kv : undefined;
    const kv: KeyValue = {
      key,
      value,
      createRevision: prevKv?.createRevision ?? modRevision,
      modRevision,
      version: (prevKv?.version ?? 0) + 1,
      lease,
    };
    this.#add(key, versions, makeVersion(kv, events.length, false));
    events.push({ type: 'PUT', kv, prevKv });
    return prevKv;
  }

  /** Deletes the live keys of a range; returns what they held, in key order. Only inside a write. */
  deleteRange(range: KeyRange): KeyValue[] {
    const events = this.#pendingEvents();
    const { kvs } = this.range(range);
    for (const prevKv of kvs) {
      const tombstone = makeTombstone(prevKv.key, this.#revision + 1, events.length);
      this.#add(prevKv.key, this.#versions.get(prevKv.key)!, tombstone);
      events.push({ type: 'DELETE', kv: tombstone.kv, prevKv });
    }
    return kvs;
  }

  /**
   * Drops what no read at or above `revision` can see. What happened at `revision` itself stays, deletions too, because a watch may
   * begin there. Throws `compacted` or `futureRevision`.
   */
  compact(revision: number): void {
    if (revision <= this.#compactRevision) throw etcdError('compacted');
    if (revision > this.#revision) throw etcdError('futureRevision');
    // Only a key changed since the last compaction can have a version to drop.
    const touched = new Set<string>();
    for (let at = this.#log.base; at <= revision; at++) for (const event of this.#log.at(at)) touched.add(event.kv.key);
    this.#compactRevision = revision;
    for (const key of touched) this.#prune(key, revision);
    this.#log.compact(revision);
  }

  #prune(key: string, revision: number): void {
    const versions = this.#versions.get(key);
    if (!versions) return;
    let keptFrom = Math.max(0, versionAt(versions, revision));
    const oldest = versions[keptFrom]!;
    if (oldest.isTombstone && oldest.kv.modRevision < revision) keptFrom++;
    for (let at = 0; at < keptFrom; at++) this.#drop(versions[at]!);
    versions.splice(0, keptFrom);
    if (versions.length > 0) return;
    this.#versions.delete(key);
    this.#keys.delete(key);
  }

  /** Gives the freed pages back: the file is as small as its content. */
  defragment(): void {
    this.#size = Math.max(PAGE_BYTES, Math.ceil(this.#sizeInUse / PAGE_BYTES) * PAGE_BYTES);
  }

  /** Hash over all versions up to `revision` (0: newest); equal on all members that are compacted alike. */
  hashAt(revision = 0): number {
    this.checkRevision(revision);
    if (revision <= 0 || revision === this.#revision) return this.#hash;
    let hash = 0;
    for (const versions of this.#versions.values()) {
      for (const version of versions) if (version.kv.modRevision <= revision) hash = (hash + version.hash) >>> 0;
    }
    return hash;
  }

  /** The state as plain data, key by key in key order. */
  image(): StoreImage {
    return { revision: this.#revision, compactRevision: this.#compactRevision };
  }

  *keyImages(): Generator<KeyImage> {
    for (const key of this.#keys.range('', undefined)) {
      const versions = this.#versions.get(key)!;
      yield [key, ...versions.map(({ kv, sub }) => [kv.value, kv.createRevision, kv.modRevision, kv.version, kv.lease, sub] as const)];
    }
  }

  /** A store as `image` and `keyImages` described it. */
  static restore(image: StoreImage, keys: Iterable<KeyImage>): Store {
    const store = new Store();
    store.#revision = image.revision;
    store.#compactRevision = image.compactRevision;
    const base = Math.max(image.compactRevision, 2);
    const byRevision = new Map<number, { sub: number; event: StoreEvent }[]>();
    for (const [key, ...versionImages] of keys) {
      const versions: Version[] = [];
      store.#versions.set(key, versions);
      store.#keys.add(key);
      let prevKv: KeyValue | undefined;
      for (const [value, createRevision, modRevision, version, lease, sub] of versionImages) {
        const made =
          version === 0
            ? makeTombstone(key, modRevision, sub)
            : makeVersion({ key, value, createRevision, modRevision, version, lease }, sub, false);
        store.#add(key, versions, made);
        if (!made.isTombstone) store.#liveKeys.add(key);
        if (modRevision >= base) {
          const event: StoreEvent = {
            type: made.isTombstone ? 'DELETE' : 'PUT',
            kv: made.kv,
            prevKv: modRevision === image.compactRevision ? undefined : prevKv,
          };
          const events = byRevision.get(modRevision);
          if (events) events.push({ sub, event });
          else byRevision.set(modRevision, [{ sub, event }]);
        }
        prevKv = made.isTombstone ? undefined : made.kv;
      }
    }
    store.#log = new RevisionLog(base);
    for (let at = base; at <= image.revision; at++) {
      const events = (byRevision.get(at) ?? []).sort((one, other) => one.sub - other.sub);
      store.#log.push(events.map(({ event }) => event));
    }
    store.defragment();
    return store;
  }
}
