/**
 * What becomes of an event before it is sent (client-go record.EventCorrelator): too many from one source about one object
 * are dropped, many alike are combined, the same again only counts up.
 */
import type { Event } from '#api';
import type { Clock } from '#host';
import { tokenBucket, type TokenBucket } from './back-off.ts';

/** What to do with an event: nothing, create it, or patch the one that exists. */
export type Correlation =
  | { readonly action: 'drop' }
  | { readonly action: 'create'; readonly event: Event }
  | { readonly action: 'patch'; readonly event: Event; readonly patch: object };

/** Remembers the events of one process. */
export interface EventCorrelator {
  correlate(event: Event): Correlation;
  /** The server's form of an event that was written, so that the next count goes on from it. */
  written(event: Event): void;
}

const MAX_REMEMBERED = 4096;
const MAX_SIMILAR = 10;
const SIMILAR_WINDOW_MS = 600_000;
const SPAM_BURST = 25;
const SPAM_PER_SECOND = 1 / 300;

const sourceAndObject = (event: Event): string => {
  const object = event.involvedObject;
  return [event.source?.component, event.source?.host, object.kind, object.namespace, object.name, object.uid, object.apiVersion].join(
    '\n',
  );
};
const aggregateKey = (event: Event): string =>
  [sourceAndObject(event), event.type, event.reason, event.reportingComponent, event.reportingInstance].join('\n');
const eventKey = (event: Event): string =>
  [sourceAndObject(event), event.involvedObject.fieldPath, event.type, event.reason, event.message].join('\n');

/** Puts into a map that forgets its oldest entries beyond MAX_REMEMBERED. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value!);
}

/** A correlator that remembers nothing yet. */
export function eventCorrelator(clock: Clock): EventCorrelator {
  const buckets = new Map<string, TokenBucket>();
  const similar = new Map<string, { messages: Set<string>; lastMs: number }>();
  const known = new Map<string, { count: number; firstTimestamp: string | undefined; name: string; resourceVersion: string | undefined }>();

  /** Combines the event with others of its kind once ten different messages came within ten minutes. */
  const aggregate = (event: Event, nowMs: number): { event: Event; key: string } => {
    const key = aggregateKey(event);
    let group = similar.get(key);
    if (!group || nowMs - group.lastMs > SIMILAR_WINDOW_MS) group = { messages: new Set(), lastMs: nowMs };
    group.messages.add(event.message ?? '');
    group.lastMs = nowMs;
    remember(similar, key, group);
    if (group.messages.size < MAX_SIMILAR) return { event, key: eventKey(event) };
    const oldest = group.messages.values().next().value!;
    if (group.messages.size > MAX_SIMILAR) group.messages.delete(oldest);
    return { event: { ...event, message: `(combined from similar events): ${event.message}` }, key };
  };
  return {
    correlate(original) {
      const nowMs = clock.monotonicMs();
      const { event, key } = aggregate(original, nowMs);
      const source = sourceAndObject(event);
      const bucket = buckets.get(source) ?? tokenBucket(SPAM_PER_SECOND, SPAM_BURST);
      remember(buckets, source, bucket);
      const last = known.get(key);
      const correlation: Correlation = last ? counted(event, last) : { action: 'create', event };
      const sent = correlation.action === 'drop' ? event : correlation.event;
      remember(known, key, {
        count: sent.count ?? 1,
        firstTimestamp: sent.firstTimestamp as string | undefined,
        name: sent.metadata.name,
        resourceVersion: sent.metadata.resourceVersion,
      });
      return bucket.maybeTake(nowMs) ? correlation : { action: 'drop' };
    },
    written(event) {
      for (const key of [eventKey(event), aggregateKey(event)]) {
        const last = known.get(key);
        if (last) remember(known, key, { ...last, name: event.metadata.name, resourceVersion: event.metadata.resourceVersion });
      }
    },
  };
}

function counted(
  event: Event,
  last: { count: number; firstTimestamp: string | undefined; name: string; resourceVersion: string | undefined },
): Correlation {
  const count = last.count + 1;
  const merged = {
    ...event,
    metadata: { ...event.metadata, name: last.name, resourceVersion: last.resourceVersion },
    count,
    firstTimestamp: last.firstTimestamp,
  } as Event;
  return { action: 'patch', event: merged, patch: { count, lastTimestamp: event.lastTimestamp, message: event.message } };
}
