/**
 * Who watches what: watchers stand in one bucket each (one object, one node's pods, one namespace, everything), so that a
 * change is shown only to buckets it can concern, never tested against every watcher.
 */
import type { KubeObject } from '#apimachinery';
import type { Change } from './version.ts';

/** Changes a watcher may be behind before it is cut off, as the real cache cuts slow watchers. */
export const WATCHER_BACKLOG_MAX = 4096;

/** What a watcher wants to see. */
export interface WatchScope {
  readonly namespace?: string;
  readonly name?: string;
  /** Pods of one node (spec.nodeName=…). */
  readonly nodeName?: string;
}

/** A registered watcher. */
export interface Watcher {
  readonly scope: WatchScope;
  /** Takes a change; must not throw. */
  onChange(change: Change): void;
  /** Takes news that nothing happened up to a revision. */
  onProgress(revision: number): void;
  /** The cache can no longer serve it (relist, shutdown). */
  onEnd(): void;
}

/** The field that indexes pods by node. */
export function nodeNameOf(object: Readonly<KubeObject> | undefined): string {
  const spec = (object as { spec?: { nodeName?: unknown } } | undefined)?.spec;
  return typeof spec?.nodeName === 'string' ? spec.nodeName : '';
}

/** Buckets of watchers. */
export interface WatcherIndex {
  add(watcher: Watcher): void;
  remove(watcher: Watcher): void;
  dispatch(change: Change): void;
  progress(revision: number): void;
  endAll(): void;
  readonly size: number;
}

function bucketKey(scope: WatchScope): string {
  if (scope.name) return `name/${scope.namespace ?? ''}/${scope.name}`;
  if (scope.nodeName) return `node/${scope.nodeName}`;
  return scope.namespace ? `namespace/${scope.namespace}` : 'all';
}

/** Makes an empty index. */
export function createWatcherIndex(): WatcherIndex {
  const buckets = new Map<string, Set<Watcher>>();
  let size = 0;
  const show = (key: string, change: Change): void => {
    const bucket = buckets.get(key);
    if (bucket) for (const watcher of bucket) watcher.onChange(change);
  };
  const each = (act: (watcher: Watcher) => void): void => {
    for (const bucket of buckets.values()) for (const watcher of [...bucket]) act(watcher);
  };
  return {
    add(watcher) {
      const key = bucketKey(watcher.scope);
      const bucket = buckets.get(key) ?? new Set<Watcher>();
      buckets.set(key, bucket.add(watcher));
      size++;
    },
    remove(watcher) {
      const key = bucketKey(watcher.scope);
      const bucket = buckets.get(key);
      if (!bucket?.delete(watcher)) return;
      size--;
      if (bucket.size === 0) buckets.delete(key);
    },
    dispatch(change) {
      if (size === 0) return;
      const { metadata } = (change.after ?? change.before)!.object;
      const namespace = metadata.namespace ?? '';
      show('all', change);
      if (namespace) show(`namespace/${namespace}`, change);
      show(`name/${namespace}/${metadata.name}`, change);
      if (namespace) show(`name//${metadata.name}`, change);
      const nodeAfter = nodeNameOf(change.after?.object);
      const nodeBefore = nodeNameOf(change.before?.object);
      if (nodeAfter) show(`node/${nodeAfter}`, change);
      if (nodeBefore && nodeBefore !== nodeAfter) show(`node/${nodeBefore}`, change);
    },
    progress: (revision) => each((watcher) => watcher.onProgress(revision)),
    endAll: () => each((watcher) => watcher.onEnd()),
    get size() {
      return size;
    },
  };
}
