/**
 * Who hears of which change: etcd's watchable store without its goroutines. A synced watcher gets new events into a bounded queue; one
 * that starts in the past, or whose queue is full, is unsynced and reads from the revision log until it has caught up, so that no
 * event is lost and a slow reader holds no memory. Dispatch goes by key, by `…/` prefix and by other range, never by asking everyone.
 */
import { keyRange, rangeHas, type KeyRange } from './key-range.ts';
import type { Store } from './store.ts';
import type { StoreEvent } from './version.ts';

/** Revisions that wait for one synced watcher before it becomes an unsynced one. */
export const WATCHER_QUEUE_MAX = 1_024;
/** Events handed over at once, if one revision has not more. */
export const WATCH_BATCH_EVENTS = 1_000;
/** Revisions looked at in one turn of catching up. */
const SCAN_REVISIONS_MAX = 20_000;

/** What is watched. */
export interface WatchSpec {
  readonly key: string;
  readonly rangeEnd?: string | undefined;
  /** 0: from now on. */
  readonly startRevision: number;
  readonly noPut: boolean;
  readonly noDelete: boolean;
}

/** What a watcher hears next: whole revisions in order, or that its past is compacted. */
export type WatchBatch =
  | { readonly kind: 'events'; readonly revision: number; readonly events: readonly StoreEvent[] }
  | { readonly kind: 'compacted'; readonly compactRevision: number };

interface Notice {
  readonly revision: number;
  readonly events: readonly StoreEvent[];
}

/** One watcher; made by the hub. */
export interface Watcher {
  /** Whether it hears of changes as they happen. */
  readonly isSynced: boolean;
  /** Whether there is something to take, or may be. */
  readonly hasMore: boolean;
}

class HubWatcher implements Watcher {
  readonly range: KeyRange;
  readonly queue: Notice[] = [];
  isSynced = false;
  /** Unsynced: the next revision to read. Synced: events below it are not wanted. */
  nextRevision: number;

  constructor(
    readonly spec: WatchSpec,
    now: number,
    readonly notify: () => void,
  ) {
    this.range = keyRange(spec.key, spec.rangeEnd);
    this.nextRevision = spec.startRevision > 0 ? spec.startRevision : now + 1;
  }

  get hasMore(): boolean {
    return this.queue.length > 0 || !this.isSynced;
  }

  wants(event: StoreEvent): boolean {
    return !(event.type === 'PUT' ? this.spec.noPut : this.spec.noDelete);
  }
}

/** Upper bound of the keys that begin with a prefix ending in '/'. */
const slashPrefixEnd = (prefix: string): string => `${prefix.slice(0, -1)}0`;

export class WatchHub {
  #store: Store;
  /** Newest revision that synced watchers were told of. */
  #revision: number;
  readonly #all = new Set<HubWatcher>();
  readonly #byKey = new Map<string, Set<HubWatcher>>();
  readonly #byPrefix = new Map<string, Set<HubWatcher>>();
  readonly #byRange = new Map<string, Set<HubWatcher>>();

  constructor(store: Store) {
    this.#store = store;
    this.#revision = store.revision;
  }

  get size(): number {
    return this.#all.size;
  }
  get slowCount(): number {
    let count = 0;
    for (const watcher of this.#all) if (!watcher.isSynced) count++;
    return count;
  }

  /** Adds a watcher; `notify` is called whenever there is something to take. */
  add(spec: WatchSpec, notify: () => void): Watcher {
    const watcher = new HubWatcher(spec, this.#store.revision, notify);
    this.#all.add(watcher);
    if (watcher.nextRevision > this.#store.revision) this.#sync(watcher);
    return watcher;
  }

  remove(watcher: Watcher): void {
    const own = watcher as HubWatcher;
    this.#all.delete(own);
    this.#unsync(own);
  }

  #group(watcher: HubWatcher): readonly [Map<string, Set<HubWatcher>>, string] {
    const { from, end, isSingle } = watcher.range;
    if (isSingle) return [this.#byKey, from];
    if (from.endsWith('/') && end === slashPrefixEnd(from)) return [this.#byPrefix, from];
    return [this.#byRange, `${from}\u0000${end ?? ''}`];
  }

  #sync(watcher: HubWatcher): void {
    const [groups, name] = this.#group(watcher);
    const group = groups.get(name);
    if (group) group.add(watcher);
    else groups.set(name, new Set([watcher]));
    watcher.isSynced = true;
  }

  #unsync(watcher: HubWatcher): void {
    const [groups, name] = this.#group(watcher);
    const group = groups.get(name);
    group?.delete(watcher);
    if (group?.size === 0) groups.delete(name);
    watcher.isSynced = false;
  }

  /** Tells synced watchers of the events of a new revision. */
  publish(revision: number, events: readonly StoreEvent[]): void {
    this.#revision = revision;
    if (this.#all.size === 0) return;
    const notices = new Map<HubWatcher, StoreEvent[]>();
    for (const event of events) this.#collect(event, notices);
    for (const [watcher, wanted] of notices) {
      if (revision < watcher.nextRevision) continue;
      if (watcher.queue.length >= WATCHER_QUEUE_MAX) {
        // From here on it reads from the log; what is queued is taken first.
        this.#unsync(watcher);
        watcher.nextRevision = revision;
      } else {
        watcher.queue.push({ revision, events: wanted });
      }
      watcher.notify();
    }
  }

  #collect(event: StoreEvent, notices: Map<HubWatcher, StoreEvent[]>): void {
    const { key } = event.kv;
    const hear = (group: Iterable<HubWatcher> | undefined): void => {
      for (const watcher of group ?? []) {
        if (!watcher.wants(event)) continue;
        const wanted = notices.get(watcher);
        if (wanted) wanted.push(event);
        else notices.set(watcher, [event]);
      }
    };
    hear(this.#byKey.get(key));
    if (this.#byPrefix.size > 0) {
      for (let at = key.indexOf('/'); at >= 0; at = key.indexOf('/', at + 1)) hear(this.#byPrefix.get(key.slice(0, at + 1)));
    }
    for (const group of this.#byRange.values()) {
      const [first] = group;
      if (first && rangeHas(first.range, key)) hear(group);
    }
  }

  /** The state was replaced by a snapshot: everybody reads on from the new store's log. */
  restore(store: Store): void {
    for (const watcher of this.#all) {
      if (watcher.isSynced) {
        this.#unsync(watcher);
        watcher.nextRevision = Math.max(watcher.nextRevision, this.#revision + 1);
      }
    }
    this.#store = store;
    this.#revision = store.revision;
    for (const watcher of this.#all) watcher.notify();
  }

  /** What a watcher hears next; undefined: nothing now. May be called again at once while the watcher has more. */
  take(watcher: Watcher): WatchBatch | undefined {
    const own = watcher as HubWatcher;
    if (own.queue.length > 0) return takeQueued(own.queue);
    if (own.isSynced || !this.#all.has(own)) return undefined;
    return this.#catchUp(own);
  }

  #catchUp(watcher: HubWatcher): WatchBatch | undefined {
    const store = this.#store;
    if (watcher.nextRevision < store.compactRevision) return { kind: 'compacted', compactRevision: store.compactRevision };
    const events: StoreEvent[] = [];
    const last = Math.min(store.revision, watcher.nextRevision + SCAN_REVISIONS_MAX);
    let revision = 0;
    while (watcher.nextRevision <= last && events.length < WATCH_BATCH_EVENTS) {
      for (const event of store.log.at(watcher.nextRevision)) {
        if (!rangeHas(watcher.range, event.kv.key) || !watcher.wants(event)) continue;
        events.push(event);
        revision = watcher.nextRevision;
      }
      watcher.nextRevision++;
    }
    if (watcher.nextRevision > store.revision) this.#sync(watcher);
    return events.length > 0 ? { kind: 'events', revision, events } : undefined;
  }
}

/** Takes queued revisions, whole ones, up to the size of a batch. */
function takeQueued(queue: Notice[]): WatchBatch {
  let count = 0;
  let taken = 0;
  while (taken < queue.length && (taken === 0 || count + queue[taken]!.events.length <= WATCH_BATCH_EVENTS))
    count += queue[taken++]!.events.length;
  const notices = queue.splice(0, taken);
  const events = notices.length === 1 ? notices[0]!.events : notices.flatMap((notice) => notice.events);
  return { kind: 'events', revision: notices.at(-1)!.revision, events };
}
