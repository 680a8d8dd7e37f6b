// Event: what a component tells about an object (registry/core/event), served as v1 and as events.k8s.io/v1, stored as v1.
import { humanDuration, invalid, maybeParseTime, path, required, type FieldError, type KubeObject } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import type { Column, SelectableField } from '../kind.ts';
import { nameColumn, textColumn } from '../tables.ts';
import type { Event, EventsV1Event } from '../types.ts';

const since = (time: string | undefined | null, nowMs: number): string => {
  const then = maybeParseTime(time);
  return then === undefined ? '<unknown>' : humanDuration(nowMs - then);
};

function firstSeen(event: Event, nowMs: number): string {
  return since(event.firstTimestamp || event.eventTime, nowMs);
}

function lastSeen(event: Event, nowMs: number): string {
  const last = event.series ? event.series.lastObservedTime : event.lastTimestamp;
  return last ? since(last, nowMs) : firstSeen(event, nowMs);
}

function sourceOf(event: Event): string {
  const component = event.source?.component || event.reportingComponent || '';
  const host = event.source?.host || event.reportingInstance || '';
  return host ? `${component}, ${host}` : component;
}

function objectOf(event: Event): string {
  const { kind = '', name = '' } = event.involvedObject;
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
}

function validateEvent(event: Event): FieldError[] {
  const errors: FieldError[] = [];
  const { namespace } = event.metadata;
  const about = event.involvedObject.namespace ?? '';
  const clusterScoped = about === '' && namespace === 'default';
  if (about !== namespace && !clusterScoped)
    errors.push(invalid(path('involvedObject', 'namespace'), about, 'does not match event.namespace'));
  if (event.eventTime) {
    if (!event.reportingComponent) errors.push(required(path('reportingController')));
    if (!event.action) errors.push(required(path('action')));
  }
  return errors;
}

const columns: readonly Column<Event>[] = [
  textColumn('Last Seen', 'When it happened last.', lastSeen),
  textColumn('Type', 'Normal or Warning.', (object) => object.type ?? ''),
  textColumn('Reason', 'One word for what happened.', (object) => object.reason ?? ''),
  textColumn('Object', 'What it is about.', objectOf),
  textColumn('Subobject', 'Which part of the object.', (object) => object.involvedObject.fieldPath ?? '', 1),
  textColumn('Source', 'Who tells it.', sourceOf, 1),
  textColumn('Message', 'What happened.', (object) => (object.message ?? '').trim()),
  textColumn('First Seen', 'When it happened first.', firstSeen, 1),
  textColumn('Count', 'How often it happened.', (object) => object.series?.count ?? (object.count || 1), 1),
  { ...nameColumn<Event>(), priority: 1 },
];

const reference = (
  field: 'kind' | 'namespace' | 'name' | 'uid' | 'apiVersion' | 'resourceVersion' | 'fieldPath',
  prefix: string,
): SelectableField<Event> => ({
  name: `${prefix}.${field}`,
  value: (object) => object.involvedObject[field] ?? '',
});
const referenceFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

/** The kind Event. */
export const event = defineKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  schema: 'io.k8s.api.core.v1.Event',
  storageVersionHash: 'r2yiGXH7wu8=',
  strategy: { validate: validateEvent, validateUpdate: validateEvent, allowCreateOnUpdate: true },
  columns,
  selectableFields: [
    ...referenceFields.map((field) => reference(field, 'involvedObject')),
    { name: 'reason', value: (object) => object.reason ?? '' },
    { name: 'reportingComponent', value: (object) => object.reportingComponent || object.source?.component || '' },
    { name: 'source', value: (object) => object.source?.component || object.reportingComponent || '' },
    { name: 'type', value: (object) => object.type ?? '' },
  ],
});

/** events.k8s.io/v1 → v1: the same event under the older field names. */
function toCore(object: EventsV1Event): Event {
  const {
    regarding,
    note,
    reportingController,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...rest
  } = object;
  return {
    ...(rest as unknown as KubeObject),
    kind: 'Event',
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    ...(note === undefined ? {} : { message: note }),
    source: deprecatedSource ?? {},
    firstTimestamp: deprecatedFirstTimestamp ?? null,
    lastTimestamp: deprecatedLastTimestamp ?? null,
    ...(deprecatedCount === undefined ? {} : { count: deprecatedCount }),
    reportingComponent: reportingController ?? '',
    reportingInstance: object.reportingInstance ?? '',
  } as unknown as Event;
}

/** v1 → events.k8s.io/v1. */
function fromCore(stored: KubeObject): EventsV1Event {
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, ...rest } = stored as Event;
  return {
    ...(rest as unknown as KubeObject),
    kind: 'Event',
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    ...(message === undefined ? {} : { note: message }),
    ...(reportingComponent === undefined ? {} : { reportingController: reportingComponent }),
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    ...(count === undefined ? {} : { deprecatedCount: count }),
  } as unknown as EventsV1Event;
}

/** The kind Event of events.k8s.io/v1. */
export const eventsV1Event = defineKind<EventsV1Event>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  schema: 'io.k8s.api.events.v1.Event',
  storageVersionHash: 'r2yiGXH7wu8=',
  strategy: {
    allowCreateOnUpdate: true,
    validate: (object) => validateEvent(toCore(object)),
    validateUpdate: (object) => validateEvent(toCore(object)),
  },
  columns: columns.map((column) => ({ ...column, value: (object, nowMs) => column.value(toCore(object), nowMs) })),
  selectableFields: [
    ...referenceFields.map((field) => ({ name: `regarding.${field}`, value: (object: EventsV1Event) => object.regarding?.[field] ?? '' })),
    { name: 'reason', value: (object) => object.reason ?? '' },
    { name: 'reportingController', value: (object) => object.reportingController ?? '' },
    { name: 'type', value: (object) => object.type ?? '' },
  ],
  storedForm: { group: '', version: 'v1', kind: 'Event', toStored: toCore, fromStored: fromCore },
});
