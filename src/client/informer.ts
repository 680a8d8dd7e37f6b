/**
 * Shared informers: one reflector and one cache per collection and process, any number of handlers (client-go's
 * SharedIndexInformer and SharedInformerFactory).
 */
import { objectKey, type KubeObject } from '#apimachinery';
import type { Clock, Random, Telemetry } from '#host';
import { runReflector } from './reflector.ts';
import type { Resource } from './resource.ts';
import type { RestClient } from './rest-client.ts';
import { signalTree, type SignalTree } from './signals.ts';
import { createStore, type IndexFunction, type Lister } from './store.ts';

/** Hears of changes, after the cache has them. Handlers must not throw and not block; a reconciler puts a key into its queue. */
export interface InformerHandler<T extends KubeObject> {
  /** `inInitialList` is true for what the first list brought. */
  added?(object: T, inInitialList: boolean): void;
  updated?(object: T, old: T): void;
  /** The last known state; deletions missed during an outage come with the state before it. */
  deleted?(object: T): void;
}

/** A cache of a collection that keeps itself current. */
export interface Informer<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly lister: Lister<T>;
  /** Whether the first list is in the cache. */
  readonly hasSynced: boolean;
  /** Resolves when `hasSynced` is true. Stays pending if the informer is stopped before. */
  synced(): Promise<void>;
  /** A handler added later first hears of everything in the cache as added. */
  addHandler(handler: InformerHandler<T>): void;
  /** Adds an index to the cache; a name that is taken keeps its first function. */
  addIndex(name: string, indexOf: IndexFunction<T>): void;
  /** The resource version of the last list (not of the last event). */
  readonly listedVersion: string;
}

/** Which part of a collection. */
export interface InformerScope {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** What informers stand on. */
export interface InformerOptions extends InformerScope {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry?: Telemetry;
  /** Hands every object to `updated` again each that many milliseconds; default never. */
  readonly resyncMs?: number;
}

interface RunnableInformer<T extends KubeObject> extends Informer<T> {
  run(signal: AbortSignal): void;
}

/** An informer of its own; `run` starts it until the signal aborts. Prefer a factory where several look at the same collection. */
export function createInformer<T extends KubeObject>(resource: Resource<T>, options: InformerOptions): RunnableInformer<T> {
  const store = createStore<T>();
  const handlers: InformerHandler<T>[] = [];
  let synced = false;
  let listedVersion = '';
  let waiting: (() => void)[] = [];
  const changed = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void => {
    if (type === 'DELETED') {
      store.remove(objectKey(object));
      for (const handler of handlers) handler.deleted?.(object);
      return;
    }
    const old = store.put(object);
    for (const handler of handlers) {
      if (old) handler.updated?.(object, old);
      else handler.added?.(object, !synced);
    }
  };
  const replace = (objects: readonly T[], version: string): void => {
    const listed = new Set(objects.map(objectKey));
    for (const key of store.keys()) if (!listed.has(key)) changed('DELETED', store.get(key)!);
    for (const object of objects) {
      // An object that did not change while the watch was down is nobody's news.
      const old = store.get(objectKey(object));
      if (!old || old.metadata.resourceVersion !== object.metadata.resourceVersion) changed('ADDED', object);
    }
    listedVersion = version;
    synced = true;
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  };
  return {
    resource,
    lister: store,
    get hasSynced() {
      return synced;
    },
    get listedVersion() {
      return listedVersion;
    },
    synced: () => (synced ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    addIndex: (name, indexOf) => store.addIndex(name, indexOf),
    addHandler(handler) {
      handlers.push(handler);
      for (const object of store.list()) handler.added?.(object, true);
    },
    run(signal) {
      void runReflector({ ...options, resource }, { replace, changed }, signal);
      if (!options.resyncMs) return;
      const stop = options.clock.every(options.resyncMs, () => {
        for (const object of store.list()) for (const handler of handlers) handler.updated?.(object, object);
      });
      signal.addEventListener('abort', stop, { once: true });
    },
  };
}

/** Shared informers of one process. */
export interface InformerFactory {
  /** The informer of a collection, made at the first call. After `start` it begins at once. */
  informer<T extends KubeObject>(resource: Resource<T>, scope?: InformerScope): Informer<T>;
  /** Starts all informers, also those asked for later, until the signal aborts. */
  start(signal: AbortSignal): void;
  /** Ends the informer of a collection that is served no longer. */
  forget(resource: Resource<KubeObject>): void;
  /** Resolves when all informers asked for so far have synced. */
  synced(): Promise<void>;
}

/** A factory whose informers all use one client. */
export function informerFactory(options: Omit<InformerOptions, keyof InformerScope>): InformerFactory {
  const informers = new Map<string, RunnableInformer<KubeObject>>();
  const ends = new Map<string, () => void>();
  let running: SignalTree | undefined;
  const keyOf = ({ group, version, plural }: Resource<KubeObject>, scope: InformerScope = {}): string =>
    [group, version, plural, scope.namespace, scope.labelSelector, scope.fieldSelector].join('|');
  const run = (key: string, informer: RunnableInformer<KubeObject>, tree: SignalTree): void => {
    const { signal, abort, release } = tree.fork();
    ends.set(key, () => {
      abort();
      release();
    });
    informer.run(signal);
  };
  return {
    informer<T extends KubeObject>(resource: Resource<T>, scope: InformerScope = {}) {
      const key = keyOf(resource as Resource<KubeObject>, scope);
      let informer = informers.get(key) as RunnableInformer<T> | undefined;
      if (!informer) {
        informer = createInformer(resource, { ...options, ...scope });
        informers.set(key, informer as unknown as RunnableInformer<KubeObject>);
        if (running) run(key, informer as unknown as RunnableInformer<KubeObject>, running);
      }
      return informer;
    },
    forget(resource) {
      const key = keyOf(resource);
      ends.get(key)?.();
      ends.delete(key);
      informers.delete(key);
    },
    start(signal) {
      if (running) return;
      running = signalTree(signal);
      for (const [key, informer] of informers) run(key, informer, running);
    },
    async synced() {
      await Promise.all([...informers.values()].map((informer) => informer.synced()));
    },
  };
}
