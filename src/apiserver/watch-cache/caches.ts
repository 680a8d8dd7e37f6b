/**
 * All watch caches of one API server: one per storage prefix, started together at start-up, or at the first request where the kind says
 * so. Those of custom resources come with the first request, too, and go with their definition.
 */
import { kinds, type Kind } from '#api';
import { resourceNotServed } from '#apimachinery';
import type { Clock } from '#host';
import type { Etcd } from '../store/etcd.ts';
import { createWatchCache, type WatchCache } from './cache.ts';

/** The caches by kind. */
export interface WatchCaches {
  /** The cache a kind is served from, started if it was to wait for this. Kinds with another storage prefix or form have their own. Throws 404 for a dropped kind. */
  of(kind: Kind): WatchCache;
  /** Ends the cache of a kind that is served no longer, and its watches. */
  drop(kind: Kind): void;
  /** Starts every cache that is not filled on demand; settles when all of them are filled. */
  startAll(): Promise<void>;
  readonly unsynced: readonly string[];
  stop(): void;
}

/** Makes the caches of every stored kind. */
export function createWatchCaches(etcd: Etcd, clock: Clock): WatchCaches {
  const caches = new Map<Kind, WatchCache>();
  const started = new Set<WatchCache>();
  const dropped = new WeakSet<Kind>();
  let isStarted = false;
  const start = (cache: WatchCache): Promise<void> => {
    started.add(cache);
    return cache.start();
  };
  const add = (kind: Kind): WatchCache => {
    const cache = createWatchCache(kind, etcd, clock);
    caches.set(kind, cache);
    return cache;
  };
  for (const kind of kinds) if (kind.storagePrefix) add(kind);
  return {
    of(kind) {
      if (dropped.has(kind)) throw resourceNotServed();
      const cache = caches.get(kind) ?? (kind.ownSchema && add(kind));
      if (!cache) throw new Error(`${kind.kind} is not a stored kind`);
      if (isStarted && !started.has(cache)) void start(cache);
      return cache;
    },
    drop(kind) {
      dropped.add(kind);
      const cache = caches.get(kind);
      if (!cache) return;
      caches.delete(kind);
      started.delete(cache);
      cache.stop();
    },
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
