/**
 * Events of components (client-go tools/record and tools/events): what happened to an object, told to whoever looks at it.
 * `eventRecorder` writes core/v1 Events as most components do, `seriesEventRecorder` events.k8s.io/v1 as the scheduler does.
 */
import type { Event, EventsV1Event, ObjectReference } from '#api';
import { formatMicroTime, formatTime, isNotFound, StatusError, type KubeObject } from '#apimachinery';
import type { Clock, Telemetry } from '#host';
import { eventCorrelator, type Correlation } from './event-correlator.ts';
import { resources } from './resource.ts';
import type { RestClient } from './rest-client.ts';

/** Types of events. */
export type EventType = 'Normal' | 'Warning';
/** What an event is about: an object, or a reference (with a field path, for a container). */
export type EventSubject = KubeObject | { readonly reference: ObjectReference };

/** Records events. Never waits and never throws: sending happens beside, and what cannot be sent is logged. */
export interface EventRecorder {
  event(subject: EventSubject, type: EventType, reason: string, message: string): void;
}

/** What a recorder stands on. */
export interface EventRecorderOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly telemetry?: Telemetry;
  /** `deployment-controller`, `kubelet`. */
  readonly component: string;
  /** The node, for components of nodes. */
  readonly host?: string;
}

const MAX_QUEUED = 1000;
const MAX_TRIES = 12;
const RETRY_MS = 10_000;

/** The reference of an object, as events carry it. */
export function referenceOf(object: KubeObject): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return {
    kind: object.kind,
    ...(namespace ? { namespace } : {}),
    name,
    ...(uid ? { uid } : {}),
    apiVersion: object.apiVersion,
    ...(resourceVersion ? { resourceVersion } : {}),
  };
}

const subjectOf = (subject: EventSubject): ObjectReference => ('reference' in subject ? subject.reference : referenceOf(subject));

/** `web-1.17f3a…`: the subject's name and the time in hexadecimal nanoseconds. */
function eventName(reference: ObjectReference, nowMs: number, serial: number): string {
  return `${reference.name}.${(BigInt(Math.floor(nowMs * 1000)) * 1000n + BigInt(serial % 1000)).toString(16)}`;
}

/** Runs senders one after another, bounded; failures to connect are tried again, refusals are logged (record.recordToSink). */
function sender(options: EventRecorderOptions): (send: () => Promise<void>) => void {
  const queue: (() => Promise<void>)[] = [];
  let sending = false;
  const drain = async (): Promise<void> => {
    sending = true;
    for (let send = queue.shift(); send; send = queue.shift()) {
      for (let attempt = 1; ; attempt++) {
        try {
          await send();
          break;
        } catch (error) {
          const refused = error instanceof StatusError;
          const text = error instanceof Error ? error.message : String(error);
          options.telemetry?.log(
            refused ? 'warning' : 'error',
            refused ? `Server rejected event (will not retry!): ${text}` : `Unable to write event (may retry after sleeping): ${text}`,
          );
          if (refused || attempt >= MAX_TRIES) break;
          await options.clock.sleep(RETRY_MS);
        }
      }
    }
    sending = false;
  };
  return (send) => {
    if (queue.length >= MAX_QUEUED) return options.telemetry?.log('warning', 'Too many events queued, dropped event');
    queue.push(send);
    if (!sending) void drain();
  };
}

/** A recorder of core/v1 Events with aggregation, counting and the spam filter. */
export function eventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, component, host } = options;
  const correlator = eventCorrelator(clock);
  const send = sender(options);
  let serial = 0;
  const write = async (correlation: Correlation): Promise<void> => {
    if (correlation.action === 'drop') return;
    const { event } = correlation;
    if (correlation.action === 'patch') {
      try {
        correlator.written(
          await client.patch(resources.events, event.metadata.name, event.metadata.namespace, 'strategic', correlation.patch),
        );
        return;
      } catch (error) {
        // The event expired at the server meanwhile: it is made anew, with its count.
        if (!isNotFound(error)) throw error;
      }
    }
    const { resourceVersion: _old, ...metadata } = event.metadata;
    correlator.written(await client.create(resources.events, { ...event, metadata }));
  };
  return {
    event(subject, type, reason, message) {
      const reference = subjectOf(subject);
      const now = clock.wallMs();
      const time = formatTime(now);
      const event: Event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: eventName(reference, now, serial++), namespace: reference.namespace || 'default' },
        involvedObject: reference,
        reason,
        message,
        source: { component, ...(host ? { host } : {}) },
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
        type,
        eventTime: null as unknown as string,
        reportingComponent: component,
        reportingInstance: host ?? '',
      };
      // Sent in the order they were correlated, so that a patch finds the event its predecessor created.
      const correlation = correlator.correlate(event);
      if (correlation.action !== 'drop') send(() => write(correlation));
    },
  };
}

/** Records events of the newer kind: with an action and a related object, repeated ones as a series. */
export interface SeriesEventRecorder {
  event(regarding: KubeObject, related: KubeObject | undefined, type: EventType, reason: string, action: string, note: string): void;
}

const SERIES_FINISH_MS = 360_000;
const MAX_SERIES = 4096;

/** Writes an event to events.k8s.io/v1, or in its core/v1 form where that group is not served (client-go's EventBroadcasterAdapter). */
async function createSeriesEvent(client: RestClient, event: EventsV1Event): Promise<void> {
  try {
    await client.create(resources.eventsV1, event);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const { regarding, note, ...rest } = event;
    const { reportingController, ...fields } = rest;
    const core = {
      ...fields,
      apiVersion: 'v1',
      involvedObject: regarding,
      message: note,
      reportingComponent: reportingController,
    } as unknown as Event;
    await client.create(resources.events, core);
  }
}

/** A recorder of events.k8s.io/v1 Events; `host` is the machine's name. Repeats count into the series of the first. */
export function seriesEventRecorder(options: EventRecorderOptions): SeriesEventRecorder {
  const { client, clock, component } = options;
  const send = sender(options);
  const known = new Map<string, { event: EventsV1Event; lastMs: number }>();
  let serial = 0;
  return {
    event(regarding, related, type, reason, action, note) {
      const reference = referenceOf(regarding);
      const now = clock.wallMs();
      const text = note.length > 1024 ? `${note.slice(0, 1023)}…` : note;
      const key = [
        action,
        reason,
        type,
        regarding.kind,
        reference.namespace,
        reference.name,
        reference.uid,
        reference.resourceVersion,
        related?.metadata.name,
        text,
      ].join('\n');
      const repeated = known.get(key);
      if (repeated && clock.monotonicMs() - repeated.lastMs < SERIES_FINISH_MS) {
        repeated.lastMs = clock.monotonicMs();
        const count = (repeated.event.series?.count ?? 1) + 1;
        repeated.event = { ...repeated.event, series: { count, lastObservedTime: formatMicroTime(now) } };
        const { name, namespace } = repeated.event.metadata;
        const patch = { series: repeated.event.series };
        return send(() => client.patch(resources.eventsV1, name, namespace, 'strategic', patch).then(() => undefined));
      }
      const event: EventsV1Event = {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: eventName(reference, now, serial++), namespace: reference.namespace || 'default' },
        eventTime: formatMicroTime(now),
        reportingController: component,
        reportingInstance: options.host ? `${component}-${options.host}` : component,
        action,
        reason,
        regarding: reference,
        ...(related ? { related: referenceOf(related) } : {}),
        note: text,
        type,
      };
      known.delete(key);
      known.set(key, { event, lastMs: clock.monotonicMs() });
      if (known.size > MAX_SERIES) known.delete(known.keys().next().value!);
      send(() => createSeriesEvent(client, event));
    },
  };
}
