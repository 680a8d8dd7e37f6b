/** Puts what a request produced onto the wire: objects and lists as JSON, YAML, Tables or metadata only; errors as Status. */
import { tableOf, type Kind } from '#api';
import {
  badRequest,
  partialObjectMetadata,
  statusOf,
  type KubeObject,
  type ListMeta,
  type Table,
  type WatchEventType,
} from '#apimachinery';
import type { HttpAnswer } from '#host';
import type { ObjectReply } from './core.ts';
import type { OutputMedia } from './media-types.ts';
import type { EventRenderer } from './registry/watch.ts';
import { listJson, type ListResult } from './registry/list.ts';
import { formatYamlBody } from './yaml-body.ts';

/** What of the objects a Table carries. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** Reads includeObject. Throws 400. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: "${value}": must be 'Metadata', 'Object', 'None', or empty`,
  );
}

function textAnswer(status: number, media: OutputMedia, value: unknown, json?: string): HttpAnswer {
  if (media.format === 'yaml')
    return { status, headers: [['content-type', 'application/yaml']], body: formatYamlBody(value ?? JSON.parse(json ?? 'null')) };
  const text = media.pretty ? JSON.stringify(value ?? JSON.parse(json ?? 'null'), null, 2) : (json ?? JSON.stringify(value));
  return { status, headers: [['content-type', 'application/json']], body: `${text}\n` };
}

const asPartial = (object: Readonly<KubeObject>): KubeObject => partialObjectMetadata(object as KubeObject);

/** Renders one object. */
export function renderObject(reply: ObjectReply, media: OutputMedia, query: URLSearchParams, nowMs: number): HttpAnswer {
  const { status, object, kind, json } = reply;
  const isWhole = (object as { metadata?: unknown }).metadata !== undefined && (object as KubeObject).kind !== 'Status';
  if (media.as === '' || !kind || !isWhole) return textAnswer(status, media, object, json);
  const whole = object as KubeObject;
  if (media.as === 'Table') {
    const metadata: ListMeta = whole.metadata.resourceVersion ? { resourceVersion: whole.metadata.resourceVersion } : {};
    return textAnswer(status, media, tableOf(kind, [whole], metadata, nowMs, includeObjectOf(query)));
  }
  return textAnswer(status, media, asPartial(whole));
}

/** Renders a list. */
export function renderList(result: ListResult, media: OutputMedia, query: URLSearchParams, nowMs: number): HttpAnswer {
  if (media.as === '') return textAnswer(200, media, undefined, listJson(result));
  const { kind, metadata, items } = result;
  const objects = items.map((version) => version.object as KubeObject);
  if (media.as === 'Table') return textAnswer(200, media, tableOf(kind, objects, metadata, nowMs, includeObjectOf(query)));
  const list = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: objects.map(asPartial) };
  return textAnswer(200, media, list);
}

/** How a watch writes its events; undefined for plain JSON. */
export function eventRenderer(kind: Kind, media: OutputMedia, query: URLSearchParams, nowMs: () => number): EventRenderer | undefined {
  if (media.as === '') return undefined;
  const include = includeObjectOf(query);
  const line = (type: WatchEventType, object: unknown): string => `{"type":"${type}","object":${JSON.stringify(object)}}\n`;
  if (media.as !== 'Table') return (type, object) => line(type, type === 'BOOKMARK' ? { ...asPartial(object) } : asPartial(object));
  return (type, object, isFirst) => {
    const resourceVersion = object.metadata.resourceVersion;
    const shown = type === 'BOOKMARK' ? [] : [object as KubeObject];
    const table: Table = tableOf(kind, shown, resourceVersion ? { resourceVersion } : {}, nowMs(), include);
    // Columns are said once; a bookmark is a Table without rows.
    if (!isFirst) table.columnDefinitions = null;
    return line(type, table);
  };
}

/** Renders anything thrown as its Status. */
export function renderError(error: unknown, format: 'json' | 'yaml' = 'json'): HttpAnswer {
  const status = statusOf(error);
  const answer = textAnswer(status.code ?? 500, { format, as: '', pretty: false }, status);
  const headers: [string, string][] = answer.headers.map(([name, value]) => [name, value]);
  if (status.reason === 'Forbidden') headers.push(['x-content-type-options', 'nosniff']);
  const seconds = status.details?.retryAfterSeconds;
  if (seconds) headers.push(['retry-after', String(seconds)]);
  return { ...answer, headers };
}
