/**
 * Keeps a copy of a collection current: lists it, then watches from there, with bookmarks; lists again when its resource
 * version is gone (410), goes on from the last one when a watch merely ended. client-go's Reflector without WatchList.
 */
import { isExpired, isResourceVersionTooLarge, StatusError, type KubeObject } from '#apimachinery';
import type { Clock, Random, Telemetry } from '#host';
import { backOff } from './back-off.ts';
import { RequestError } from './request-error.ts';
import type { Resource } from './resource.ts';
import type { RestClient } from './rest-client.ts';
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

/** Runs until the signal aborts. Never rejects: failures are logged as client-go does and tried again with back-off. */
export async function runReflector<T extends KubeObject>(
  options: ReflectorOptions<T>,
  target: ReflectorTarget<T>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, telemetry } = options;
  const requests = signalTree(signal);
  const delay = backOff(BACK_OFF, random);
  const selectors = {
    ...(options.namespace ? { namespace: options.namespace } : {}),
    ...(options.labelSelector ? { labelSelector: options.labelSelector } : {}),
    ...(options.fieldSelector ? { fieldSelector: options.fieldSelector } : {}),
  };
  const typeName = `*${options.resource.version}.${options.resource.kind}`;
  // '0' may be answered from any server's cache; '' asks for the newest, after a version turned out to be gone.
  let listVersion = '0';
  let lastVersion: string | undefined;

  const list = async (limits: { signal: AbortSignal }): Promise<void> => {
    const objects: T[] = [];
    let page = await options.client.list(options.resource, {
      ...selectors,
      resourceVersion: listVersion,
      ...(listVersion === '0' ? {} : { limit: LIST_PAGE_SIZE }),
      ...limits,
    });
    objects.push(...page.items);
    while (page.metadata.continue) {
      page = await options.client.list(options.resource, {
        ...selectors,
        limit: LIST_PAGE_SIZE,
        continue: page.metadata.continue,
        ...limits,
      });
      objects.push(...page.items);
    }
    const apiVersion = options.resource.group ? `${options.resource.group}/${options.resource.version}` : options.resource.version;
    // Items of a list carry no apiVersion and kind on a real server.
    for (const object of objects) {
      object.apiVersion ??= apiVersion;
      object.kind ??= options.resource.kind;
    }
    lastVersion = page.metadata.resourceVersion ?? '';
    target.replace(objects, lastVersion);
  };
  const watch = async (limits: { signal: AbortSignal }): Promise<void> => {
    const startedMs = clock.monotonicMs();
    let events = 0;
    const timeoutSeconds = Math.floor(MIN_WATCH_SECONDS * (1 + random.next()));
    const stream = await options.client.watch(options.resource, {
      ...selectors,
      resourceVersion: lastVersion ?? '',
      allowWatchBookmarks: true,
      timeoutSeconds,
      ...limits,
    });
    for await (const event of stream) {
      if (signal.aborted) return stream.stop();
      events++;
      if (event.type === 'ERROR') throw new StatusError(event.object);
      lastVersion = event.object.metadata.resourceVersion ?? lastVersion;
      if (event.type !== 'BOOKMARK') target.changed(event.type, event.object);
    }
    if (events === 0 && clock.monotonicMs() - startedMs < SHORT_WATCH_MS)
      throw new Error('very short watch: Unexpected watch close - watch lasted less than a second and no items received');
    delay.reset();
  };
  while (!signal.aborted) {
    const listing = lastVersion === undefined;
    // Each request gets a signal of its own: what listens to it goes with it.
    const request = requests.fork();
    try {
      await (listing ? list : watch)({ signal: request.signal });
    } catch (error) {
      if (signal.aborted) return;
      const compacted = isExpired(error) || isResourceVersionTooLarge(error);
      if (listing) {
        if (compacted) listVersion = '';
      } else if (error instanceof StatusError && error.status.code !== 429) {
        // What the server refuses needs a new list, not older than what was seen; a broken watch goes on from its version.
        listVersion = lastVersion || '0';
        lastVersion = undefined;
      }
      if (!(compacted && !listing)) {
        telemetry?.log(
          'warning',
          `Failed to ${listing ? 'list' : 'watch'} ${typeName}: ${error instanceof Error ? error.message : String(error)}`,
          { connection: error instanceof RequestError },
        );
        await pause(clock, delay.next(), request.signal);
      }
    } finally {
      request.release();
    }
  }
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
