/**
 * Keeps a copy of a collection current: lists it, then watches from there, with bookmarks; lists again when its resource
 * version is gone (410), goes on from the last one when a watch merely ended. client-go's Reflector without WatchList.
 */
import { apiVersionOf } from '#api';
import { isExpired, isResourceVersionTooLarge, StatusError, type KubeObject } from '#apimachinery';
import type { Clock, Random, Telemetry } from '#host';
import { backOff, type BackOff } from './back-off.ts';
import type { Resource } from './resource.ts';
import type { ListOptions, RestClient } from './rest-client.ts';
import { signalTree } from './signals.ts';

/** Where a reflector delivers. Calls come in the order of the collection's history. */
export interface ReflectorTarget<T extends KubeObject> {
  /** The whole collection, after a list. */
  replace(objects: readonly T[], resourceVersion: string): void;
  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void;
}

/** Which collection, and what the reflector stands on. */
export interface ReflectorOptions<T extends KubeObject> {
  readonly client: RestClient;
  readonly resource: Resource<T>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry?: Telemetry;
}

const LIST_PAGE_SIZE = 500;
const MIN_WATCH_SECONDS = 300;
const BACK_OFF = { initialMs: 800, maxMs: 30_000, factor: 2, jitter: 1 } as const;
/** A watch that ends at once without an event counts as a failure. */
const SHORT_WATCH_MS = 1000;

/** One reflector's way through the history of its collection. */
class Reflector<T extends KubeObject> {
  /** '0' may be answered from any server's cache; '' asks for the newest, after a version turned out to be gone. */
  private listVersion = '0';
  /** Where the watch has come to; undefined before a list. */
  private lastVersion: string | undefined;
  private readonly delay: BackOff;
  private readonly selectors: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;

  constructor(
    private readonly options: ReflectorOptions<T>,
    private readonly target: ReflectorTarget<T>,
  ) {
    const { namespace, labelSelector, fieldSelector } = options;
    this.delay = backOff(BACK_OFF, options.random);
    this.selectors = {
      ...(namespace ? { namespace } : {}),
      ...(labelSelector ? { labelSelector } : {}),
      ...(fieldSelector ? { fieldSelector } : {}),
    };
  }

  private async list(signal: AbortSignal): Promise<void> {
    const { client, resource } = this.options;
    const objects: T[] = [];
    // Pages only of the newest state: a limit beside a version asks for that version exactly, and never gets past it.
    const first = this.listVersion === '' ? { limit: LIST_PAGE_SIZE } : {};
    let page = await client.list(resource, { ...this.selectors, resourceVersion: this.listVersion, ...first, signal });
    objects.push(...page.items);
    while (page.metadata.continue) {
      page = await client.list(resource, { ...this.selectors, limit: LIST_PAGE_SIZE, continue: page.metadata.continue, signal });
      objects.push(...page.items);
    }
    // Items of a list carry no apiVersion and kind on a real server.
    for (const object of objects) {
      object.apiVersion ??= apiVersionOf(resource);
      object.kind ??= resource.kind;
    }
    this.lastVersion = page.metadata.resourceVersion ?? '';
    this.target.replace(objects, this.lastVersion);
  }

  private async watch(signal: AbortSignal): Promise<void> {
    const { client, clock, random, resource } = this.options;
    const startedMs = clock.monotonicMs();
    let events = 0;
    const timeoutSeconds = Math.floor(MIN_WATCH_SECONDS * (1 + random.next()));
    const stream = await client.watch(resource, {
      ...this.selectors,
      resourceVersion: this.lastVersion ?? '',
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal,
    });
    for await (const event of stream) {
      if (signal.aborted) return stream.stop();
      events++;
      if (event.type === 'ERROR') throw new StatusError(event.object);
      this.lastVersion = event.object.metadata.resourceVersion ?? this.lastVersion;
      if (event.type !== 'BOOKMARK') this.target.changed(event.type, event.object);
    }
    const isShort = events === 0 && clock.monotonicMs() - startedMs < SHORT_WATCH_MS;
    if (isShort) throw new Error('very short watch: Unexpected watch close - watch lasted less than a second and no items received');
    this.delay.reset();
  }

  /** Decides how to go on after a failure; answers whether to wait first. */
  private recover(error: unknown, wasListing: boolean): boolean {
    const compacted = isExpired(error) || isResourceVersionTooLarge(error);
    if (wasListing) {
      if (!compacted || this.listVersion === '') return true;
      this.listVersion = '';
      return false;
    }
    if (error instanceof StatusError && error.status.code !== 429) {
      // What the server refuses needs a new list, not older than what was seen; a broken watch goes on from its version.
      this.listVersion = this.lastVersion || '0';
      this.lastVersion = undefined;
    }
    return true;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, telemetry, resource } = this.options;
    const requests = signalTree(signal);
    while (!signal.aborted) {
      const isListing = this.lastVersion === undefined;
      // Each request gets a signal of its own: what listens to it goes with it.
      const request = requests.fork();
      try {
        await (isListing ? this.list(request.signal) : this.watch(request.signal));
      } catch (error) {
        if (signal.aborted) return;
        if (this.recover(error, isListing)) {
          const text = error instanceof Error ? error.message : String(error);
          telemetry?.log('warning', `Failed to ${isListing ? 'list' : 'watch'} *${resource.version}.${resource.kind}: ${text}`);
          await pause(clock, this.delay.next(), request.signal);
        }
      } finally {
        request.release();
      }
    }
  }
}

/** Runs until the signal aborts. Never rejects: failures are logged as client-go does and tried again with back-off. */
export function runReflector<T extends KubeObject>(
  options: ReflectorOptions<T>,
  target: ReflectorTarget<T>,
  signal: AbortSignal,
): Promise<void> {
  return new Reflector(options, target).run(signal);
}

/** Sleeps, also until the signal aborts. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = (): void => {
      stop();
      resolve();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
