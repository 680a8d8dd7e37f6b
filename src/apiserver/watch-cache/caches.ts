/** All watch caches of one API server: one per storage prefix, started together at start-up, or at the first request where the kind says so. */
import { kinds, type Kind } from '#api';
import type { Clock } from '#host';
import type { Etcd } from '../store/etcd.ts';
import { createWatchCache, type WatchCache } from './cache.ts';

/** The caches by kind. */
export interface WatchCaches {
  /** The cache a kind is served from, started if it was to wait for this. Kinds with another storage prefix or form have their own. */
  of(kind: Kind): WatchCache;
  byResource(group: string, plural: string): WatchCache | undefined;
  /** Starts every cache that is not filled on demand; settles when all of them are filled. */
  startAll(): Promise<void>;
  readonly unsynced: readonly string[];
  stop(): void;
}

/** Makes the caches of every stored kind. */
export function createWatchCaches(etcd: Etcd, clock: Clock): WatchCaches {
  const caches = new Map<Kind, WatchCache>();
  const byResource = new Map<string, WatchCache>();
  const started = new Set<WatchCache>();
  let isStarted = false;
  const start = (cache: WatchCache): Promise<void> => {
    started.add(cache);
    return cache.start();
  };
  for (const kind of kinds) {
    if (!kind.storagePrefix) continue;
    const cache = createWatchCache(kind, etcd, clock);
    caches.set(kind, cache);
    const name = `${kind.group}/${kind.plural}`;
    if (!byResource.has(name)) byResource.set(name, cache);
  }
  return {
    of(kind) {
      const cache = caches.get(kind);
      if (!cache) throw new Error(`${kind.kind} is not a stored kind`);
      if (isStarted && !started.has(cache)) void start(cache);
      return cache;
    },
    byResource: (group, plural) => byResource.get(`${group}/${plural}`),
    async startAll() {
      isStarted = true;
      await Promise.all([...caches.values()].filter(({ kind }) => !kind.cachedOnDemand).map(start));
    },
    get unsynced() {
      return [...caches.values()].filter((cache) => !cache.isSynced && !cache.kind.cachedOnDemand).map((cache) => cache.kind.plural);
    },
    stop() {
      for (const cache of caches.values()) cache.stop();
    },
  };
}
