/** The cache of an informer: objects by key with indexes over them (client-go's ThreadSafeStore and Indexer). Objects are read-only. */
import { objectKey, type KubeObject } from '#apimachinery';

/** Which values of an index an object has. */
export type IndexFunction<T extends KubeObject> = (object: T) => readonly string[];

/** Reads a cache. What it answers must not be changed. */
export interface Lister<T extends KubeObject> {
  /** The object with the key `namespace/name`, or `name`. */
  get(key: string): T | undefined;
  list(): T[];
  /** The objects of a namespace; served from an index. */
  inNamespace(namespace: string): T[];
  /** The objects with a value of an index. Throws an Error for an index that was not added. */
  byIndex(index: string, value: string): T[];
  readonly size: number;
}

/** A cache that can be written. */
export interface Store<T extends KubeObject> extends Lister<T> {
  /** Adds or replaces; answers what was there. */
  put(object: T): T | undefined;
  /** Removes; answers what was there. */
  remove(key: string): T | undefined;
  addIndex(name: string, indexOf: IndexFunction<T>): void;
  keys(): string[];
}

const NAMESPACE_INDEX = 'namespace';

/** An empty cache with the namespace index. */
export function createStore<T extends KubeObject>(): Store<T> {
  const objects = new Map<string, T>();
  const indexes = new Map<string, { indexOf: IndexFunction<T>; keysByValue: Map<string, Set<string>> }>();
  const unindex = (key: string, object: T): void => {
    for (const { indexOf, keysByValue } of indexes.values()) {
      for (const value of indexOf(object)) {
        const keys = keysByValue.get(value);
        keys?.delete(key);
        if (keys?.size === 0) keysByValue.delete(value);
      }
    }
  };
  const indexOne = (indexOf: IndexFunction<T>, keysByValue: Map<string, Set<string>>, key: string, object: T): void => {
    for (const value of indexOf(object)) {
      const keys = keysByValue.get(value);
      if (keys) keys.add(key);
      else keysByValue.set(value, new Set([key]));
    }
  };
  const store: Store<T> = {
    get: (key) => objects.get(key),
    list: () => [...objects.values()],
    keys: () => [...objects.keys()],
    get size() {
      return objects.size;
    },
    inNamespace: (namespace) => store.byIndex(NAMESPACE_INDEX, namespace),
    byIndex(name, value) {
      const index = indexes.get(name);
      if (!index) throw new Error(`Index with name ${name} does not exist`);
      return [...(index.keysByValue.get(value) ?? [])].map((key) => objects.get(key)!);
    },
    put(object) {
      const key = objectKey(object);
      const old = objects.get(key);
      if (old) unindex(key, old);
      objects.set(key, object);
      for (const { indexOf, keysByValue } of indexes.values()) indexOne(indexOf, keysByValue, key, object);
      return old;
    },
    remove(key) {
      const old = objects.get(key);
      if (!old) return undefined;
      unindex(key, old);
      objects.delete(key);
      return old;
    },
    addIndex(name, indexOf) {
      if (indexes.has(name)) return;
      const keysByValue = new Map<string, Set<string>>();
      for (const [key, object] of objects) indexOne(indexOf, keysByValue, key, object);
      indexes.set(name, { indexOf, keysByValue });
    },
  };
  store.addIndex(NAMESPACE_INDEX, (object) => [object.metadata.namespace ?? '']);
  return store;
}
