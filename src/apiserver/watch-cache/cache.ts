/**
 * The watch cache of one kind (apiserver storage/cacher): one etcd watch feeds a snapshot, a ring of recent changes and all
 * watchers. Lists with resourceVersion=0 and lists at the newest revision are answered from here, also while etcd is away
 * (the former). When its etcd watch is compacted away the cache lists anew and ends its watchers, who list again.
 */
import { storagePrefixOf, type Kind } from '#api';
import type { etcd } from '#contracts';
import type { Clock, Stop } from '#host';
import { resourceVersionTooLarge, tooManyRequests } from '#apimachinery';
import { decodeStored } from '../store/codec.ts';
import { prefixEnd, type Etcd, type EtcdWatch } from '../store/etcd.ts';
import { createRing, type Ring } from './ring.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';
import { changeOf, versionOf, type Change, type Version } from './version.ts';
import { createWatcherIndex, type Watcher, type WatcherIndex, type WatchScope } from './watchers.ts';

/** How long a read waits for the cache to reach a revision, as in the real cacher. */
const FRESHNESS_TIMEOUT_MS = 3_000;
const RETRY_MS = 1_000;

/** Reads and watches of one kind. */
export interface WatchCache {
  readonly kind: Kind;
  /** Begins to fill the cache; settles when it is filled the first time. */
  start(): Promise<void>;
  readonly isSynced: boolean;
  /** The revision the cache has certainly seen everything up to. */
  readonly revision: number;
  /** Grows with every change: a cheap "is my derived index stale?". */
  readonly generation: number;
  get(key: string): Version | undefined;
  list(scope?: WatchScope): Version[];
  /** Resolves when everything up to `revision` is in the cache; rejects after three seconds: 504, or 429 before the cache was filled. */
  waitFor(revision: number): Promise<void>;
  /** Changes after a revision; undefined when it is too old. */
  since(revision: number): Change[] | undefined;
  addWatcher(watcher: Watcher): void;
  removeWatcher(watcher: Watcher): void;
  readonly watcherCount: number;
  stop(): void;
}

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly stop: Stop;
}

class Cache implements WatchCache {
  private readonly snapshot: Snapshot = createSnapshot();
  private readonly watchers: WatcherIndex = createWatcherIndex();
  private ring: Ring = createRing(0);
  private waiters: Waiter[] = [];
  private watch: EtcdWatch | undefined;
  private started: Promise<void> | undefined;
  private stopped = false;
  private retry: Stop = () => undefined;
  isSynced = false;
  revision = 0;
  generation = 0;

  constructor(
    readonly kind: Kind,
    private readonly etcd: Etcd,
    private readonly clock: Clock,
  ) {}

  start(): Promise<void> {
    this.started ??= new Promise((resolve) => void this.relist(resolve));
    return this.started;
  }

  private async relist(synced: () => void): Promise<void> {
    const prefix = storagePrefixOf(this.kind);
    try {
      const answer = await this.etcd.range({ key: prefix, rangeEnd: prefixEnd(prefix) });
      if (this.stopped) return;
      this.replace(answer);
      synced();
      this.follow(synced);
    } catch {
      // etcd is away; its client and the health checks say so. Reads from the old snapshot go on meanwhile.
      this.later(() => void this.relist(synced));
    }
  }

  private later(act: () => void): void {
    if (!this.stopped) this.retry = this.clock.after(RETRY_MS, act);
  }

  private replace(answer: etcd.RangeResponse): void {
    const wasSynced = this.isSynced;
    this.snapshot.clear();
    for (const kv of answer.kvs) this.snapshot.put(versionOf(kv.key, decodeStored(this.kind, kv.value, kv.modRevision), kv.modRevision));
    this.ring.reset(answer.header.revision);
    this.isSynced = true;
    this.generation++;
    if (wasSynced) this.watchers.endAll();
    this.reach(answer.header.revision);
  }

  /** Follows etcd from the revision after the last one seen. */
  private follow(synced: () => void): void {
    const prefix = storagePrefixOf(this.kind);
    let isCompacted = false;
    this.watch = this.etcd.watch(
      { key: prefix, rangeEnd: prefixEnd(prefix), startRevision: this.revision + 1, progressNotify: true, prevKv: false },
      {
        onResponse: (response) => {
          if (response.canceled) isCompacted ||= (response.compactRevision ?? 0) > 0;
          else if (!response.created || response.events.length > 0) this.take(response);
        },
        onEnd: () => {
          this.watch = undefined;
          this.later(() => (isCompacted ? void this.relist(synced) : this.follow(synced)));
        },
      },
    );
  }

  private take(response: etcd.WatchResponse): void {
    for (const event of response.events) this.apply(event);
    const last = response.events.at(-1)?.kv.modRevision ?? response.header.revision;
    // A fragment may be followed by more events of the same revision.
    if (response.fragment) return;
    this.reach(response.events.length > 0 ? last : response.header.revision);
    if (response.events.length === 0) this.watchers.progress(this.revision);
  }

  private apply(event: etcd.WatchEvent): void {
    const { kv } = event;
    const after = event.type === 'PUT' ? versionOf(kv.key, decodeStored(this.kind, kv.value, kv.modRevision), kv.modRevision) : undefined;
    const before = after ? this.snapshot.put(after) : this.snapshot.remove(kv.key);
    if (!before && !after) return;
    const change = changeOf(kv.modRevision, before, after);
    this.generation++;
    this.ring.add(change);
    this.watchers.dispatch(change);
  }

  private reach(revision: number): void {
    if (revision > this.revision) this.revision = revision;
    if (this.waiters.length === 0) return;
    const waiting = this.waiters;
    this.waiters = waiting.filter((waiter) => waiter.revision > this.revision);
    for (const waiter of waiting) {
      if (waiter.revision > this.revision) continue;
      waiter.stop();
      waiter.resolve();
    }
  }

  waitFor(revision: number): Promise<void> {
    if (this.isSynced && this.revision >= revision) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = this.clock.after(FRESHNESS_TIMEOUT_MS, () => {
        this.waiters = this.waiters.filter((each) => each !== waiter);
        reject(
          this.isSynced
            ? resourceVersionTooLarge(String(revision), String(this.revision))
            : tooManyRequests('storage is (re)initializing', 1),
        );
      });
      const waiter: Waiter = { revision, resolve, reject, stop };
      this.waiters.push(waiter);
      this.watch?.requestProgress();
    });
  }

  get(key: string): Version | undefined {
    return this.snapshot.get(key);
  }
  list(scope: WatchScope = {}): Version[] {
    return this.snapshot.list(scope);
  }
  since(revision: number): Change[] | undefined {
    return this.ring.since(revision);
  }
  addWatcher(watcher: Watcher): void {
    this.watchers.add(watcher);
  }
  removeWatcher(watcher: Watcher): void {
    this.watchers.remove(watcher);
  }
  get watcherCount(): number {
    return this.watchers.size;
  }
  stop(): void {
    this.stopped = true;
    this.retry();
    this.watch?.cancel();
    this.watchers.endAll();
  }
}

/** A watch cache of a kind; it does nothing until started. */
export function createWatchCache(kind: Kind, etcd: Etcd, clock: Clock): WatchCache {
  return new Cache(kind, etcd, clock);
}
