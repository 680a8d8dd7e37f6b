/** The current objects of one kind, indexed by key, namespace and (for pods) node. */
import { nodeNameOf, type WatchScope } from './watchers.ts';
import type { Version } from './version.ts';

/** The objects as of now. */
export interface Snapshot {
  get(key: string): Version | undefined;
  put(version: Version): Version | undefined;
  remove(key: string): Version | undefined;
  clear(): void;
  /** The objects a scope can contain, sorted by key. */
  list(scope: WatchScope): Version[];
  keys(): IterableIterator<string>;
  readonly size: number;
}

type Shelf = Map<string, Map<string, Version>>;

function shelve(shelf: Shelf, name: string, version: Version): void {
  if (!name) return;
  const place = shelf.get(name) ?? new Map<string, Version>();
  shelf.set(name, place.set(version.key, version));
}
function unshelve(shelf: Shelf, name: string, key: string): void {
  const place = shelf.get(name);
  place?.delete(key);
  if (place?.size === 0) shelf.delete(name);
}
const byKey = (a: Version, b: Version): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/** An empty snapshot. */
export function createSnapshot(): Snapshot {
  const all = new Map<string, Version>();
  const namespaces: Shelf = new Map();
  const nodes: Shelf = new Map();
  /** Sorted list of everything, thrown away at each change. */
  let sorted: Version[] | undefined;
  const drop = (key: string): Version | undefined => {
    const old = all.get(key);
    if (!old) return undefined;
    unshelve(namespaces, old.object.metadata.namespace ?? '', key);
    unshelve(nodes, nodeNameOf(old.object), key);
    return old;
  };
  return {
    get: (key) => all.get(key),
    put(version) {
      const old = drop(version.key);
      all.set(version.key, version);
      shelve(namespaces, version.object.metadata.namespace ?? '', version);
      shelve(nodes, nodeNameOf(version.object), version);
      sorted = undefined;
      return old;
    },
    remove(key) {
      const old = drop(key);
      all.delete(key);
      sorted = undefined;
      return old;
    },
    clear() {
      all.clear();
      namespaces.clear();
      nodes.clear();
      sorted = undefined;
    },
    list({ namespace, nodeName }) {
      if (nodeName) {
        const found = [...(nodes.get(nodeName)?.values() ?? [])];
        return (namespace ? found.filter((version) => version.object.metadata.namespace === namespace) : found).sort(byKey);
      }
      if (namespace) return [...(namespaces.get(namespace)?.values() ?? [])].sort(byKey);
      return (sorted ??= [...all.values()].sort(byKey)).slice();
    },
    keys: () => all.keys(),
    get size() {
      return all.size;
    },
  };
}
