/**
 * WATCH: a stream of JSON lines from the watch cache. The strings are the cache's own, the same for every watcher; a watcher
 * whose selector an object enters or leaves sees it as ADDED or DELETED.
 */
import { apiVersionOf, type Kind } from '#api';
import { expired, statusOf, type KubeObject, type WatchEventType } from '#apimachinery';
import type { HttpAnswer, Stop } from '#host';
import type { Core, Exchange } from '../core.ts';
import type { WatchCache } from '../watch-cache/cache.ts';
import { changeOf, type Change } from '../watch-cache/version.ts';
import { WATCHER_BACKLOG_MAX, type Watcher } from '../watch-cache/watchers.ts';
import { listOptionsOf, type ListOptions } from './list-options.ts';
import { selectionOf, type Selection } from './selection.ts';

/** How often a watcher that asked for bookmarks gets one. */
const BOOKMARK_PERIOD_MS = 60_000;
/** The last bookmark comes this long before the server ends the watch. */
const LAST_BOOKMARK_MS = 2_000;

/** Writes one event in another form than plain JSON (Table, metadata only). */
export type EventRenderer = (type: WatchEventType, object: Readonly<KubeObject>, isFirst: boolean) => string;

function eventTypeFor(change: Change, selection: Selection): WatchEventType | undefined {
  const was = change.before !== undefined && selection.matches(change.before.object);
  const is = change.after !== undefined && selection.matches(change.after.object);
  if (is) return was ? 'MODIFIED' : 'ADDED';
  return was ? 'DELETED' : undefined;
}

/** One client's watch: a queue of lines between the cache and the connection. */
class WatchStream implements Watcher {
  readonly scope;
  private lines: string[] = [];
  private wake: (() => void) | undefined;
  private ended = false;
  private isFirst = true;
  private seen: number;
  /** Lines that may wait: without bound while the past is replayed, bounded from then on. */
  private backlogMax = Infinity;
  private stops: Stop[] = [];

  constructor(
    private readonly core: Core,
    private readonly cache: WatchCache,
    private readonly kind: Kind,
    private readonly selection: Selection,
    private readonly render: EventRenderer | undefined,
    from: number,
  ) {
    this.scope = selection.scope;
    this.seen = from;
  }

  onChange(change: Change): void {
    if (this.ended || change.revision <= this.seen) return;
    this.seen = change.revision;
    const type = this.selection.isWholeScope
      ? change.after
        ? change.before
          ? 'MODIFIED'
          : 'ADDED'
        : 'DELETED'
      : eventTypeFor(change, this.selection);
    if (!type) return;
    this.push(this.lineOf(type, change));
  }

  private lineOf(type: WatchEventType, change: Change): string {
    if (!this.render) return change.line(type);
    const line = this.render(type, type === 'DELETED' ? change.lost() : change.after!.object, this.isFirst);
    this.isFirst = false;
    return line;
  }

  /** Initial objects come in order of key, so their revisions do not grow. */
  onInitial(change: Change): void {
    if (change.after && this.selection.matches(change.after.object)) this.push(this.lineOf('ADDED', change));
  }

  onProgress(revision: number): void {
    if (revision > this.seen) this.seen = revision;
  }

  onEnd(): void {
    this.end();
  }

  push(line: string): void {
    this.lines.push(line);
    // Who cannot keep up is cut off and lists again; nothing is dropped in silence.
    if (this.lines.length > this.backlogMax) this.end();
    this.signal();
  }

  private signal(): void {
    const wake = this.wake;
    this.wake = undefined;
    wake?.();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    for (const stop of this.stops) stop();
    this.cache.removeWatcher(this);
    this.core.serverMetrics.watchEnded(this.kind);
    this.signal();
  }

  bookmark(): void {
    // Up to here the cache has shown everything, whether or not any of it was for this watcher.
    const revision = Math.max(this.seen, this.cache.revision);
    const object = {
      kind: this.kind.kind,
      apiVersion: apiVersionOf(this.kind),
      metadata: { resourceVersion: String(revision), creationTimestamp: null },
    };
    if (this.render) this.push(this.render('BOOKMARK', object as unknown as KubeObject, this.isFirst));
    else this.push(`{"type":"BOOKMARK","object":${JSON.stringify(object)}}\n`);
  }

  /** The past is told; from now on the watch lives until its timeout. */
  arm(timeoutMs: number, bookmarks: boolean): void {
    const { clock } = this.core;
    this.backlogMax = this.lines.length + WATCHER_BACKLOG_MAX;
    this.stops.push(clock.after(timeoutMs, () => this.end()));
    if (!bookmarks) return;
    this.stops.push(clock.every(BOOKMARK_PERIOD_MS, () => this.bookmark()));
    if (timeoutMs > LAST_BOOKMARK_MS) this.stops.push(clock.after(timeoutMs - LAST_BOOKMARK_MS, () => this.bookmark()));
  }

  async *chunks(): AsyncGenerator<string> {
    try {
      for (;;) {
        if (this.lines.length > 0) {
          const lines = this.lines;
          this.lines = [];
          yield lines.length === 1 ? lines[0]! : lines.join('');
        } else if (this.ended) return;
        else await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      this.end();
    }
  }
}

const answer = (body: AsyncIterable<string> | string): HttpAnswer => ({
  status: 200,
  headers: [['content-type', 'application/json']],
  body,
});

function errorLine(error: unknown): string {
  return `{"type":"ERROR","object":${JSON.stringify(statusOf(error))}}\n`;
}

/** The state a watch without a resource version begins with: an ADDED for each object. */
function initialChanges(core: Core, kind: Kind, selection: Selection): Change[] {
  const versions = core.caches.of(kind).list(selection.scope);
  return versions.map((version) => changeOf(version.revision, undefined, version));
}

function timeoutOf(core: Core, options: ListOptions): number {
  if (options.timeoutSeconds !== undefined && options.timeoutSeconds > 0) return options.timeoutSeconds * 1000;
  const least = core.config.minRequestTimeoutSeconds;
  return Math.floor(least * (1 + core.random.next()) * 1000);
}

/** Serves a watch. Throws StatusError for options that cannot be; a version that is too old is said in the stream. */
export async function watchObjects(core: Core, exchange: Exchange, kind: Kind, render?: EventRenderer): Promise<HttpAnswer> {
  const selection = selectionOf(kind, exchange.info);
  const options = listOptionsOf(exchange.info, true);
  const cache = core.caches.of(kind);
  const { resourceVersion } = options;
  const isFromNow = resourceVersion === '' || resourceVersion === '0';
  await cache.waitFor(resourceVersion === '' ? await core.store.currentRevision() : 0);
  const from = isFromNow ? cache.revision : Number(resourceVersion);
  const past = isFromNow ? initialChanges(core, kind, selection) : cache.since(from);
  if (!past) return answer(errorLine(expired(`too old resource version: ${resourceVersion} (${cache.revision})`)));
  const stream = new WatchStream(core, cache, kind, selection, render, isFromNow ? 0 : from);
  for (const change of past) {
    if (isFromNow) stream.onInitial(change);
    else stream.onChange(change);
  }
  if (isFromNow) stream.onProgress(from);
  cache.addWatcher(stream);
  core.serverMetrics.watchBegan(kind);
  stream.arm(timeoutOf(core, options), options.allowWatchBookmarks);
  exchange.signal.addEventListener('abort', () => stream.end(), { once: true });
  return answer(stream.chunks());
}
