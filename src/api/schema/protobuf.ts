/**
 * Bodies in Kubernetes' protobuf (application/vnd.kubernetes.protobuf), which typed clients such as `kubectl create` send: four magic bytes,
 * a runtime.Unknown, and in it the object. Read by the schema and the published field numbers (field-numbers.json, made by
 * scripts/api-field-numbers.mjs, which describes the format). Left out: writing it; whoever asks for it also takes JSON.
 */
import { badRequest, parseGroupVersion } from '#apimachinery';
import { schemaNamed } from './compile.ts';
import numbers from './field-numbers.json' with { type: 'json' };
import type { SchemaNode } from './schema-node.ts';

const MAGIC: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

/** A field as it stands on the wire. */
type WireValue = { readonly number: number; readonly value: bigint | Uint8Array };

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

const malformed = (what: string): Error => badRequest(`proto: ${what}`);

/** The fields of a message, in order. Throws badRequest. */
function* wireFields(bytes: Uint8Array): Generator<WireValue> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw malformed('unexpected EOF');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed('integer overflow');
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw malformed('unexpected EOF');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const number = key >>> 3;
    const wire = key & 7;
    if (wire === VARINT) yield { number, value: varint() };
    else if (wire === BYTES) yield { number, value: take(Number(varint())) };
    else if (wire === FIXED64) yield { number, value: take(8) };
    else if (wire === FIXED32) yield { number, value: take(4) };
    else throw malformed(`illegal wireType ${wire}`);
  }
}

const asText = (value: WireValue['value']): string => (typeof value === 'bigint' ? value.toString() : new TextDecoder().decode(value));
const asBytes = (value: WireValue['value']): Uint8Array => (typeof value === 'bigint' ? new Uint8Array() : value);
const asInteger = (value: WireValue['value']): number => (typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0);

function asBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The one field of a wrapper such as Quantity or ExtraValue. */
const fieldOf = (bytes: Uint8Array, number: number): WireValue['value'] | undefined =>
  [...wireFields(bytes)].find((field) => field.number === number)?.value;

/** A time of seconds and nanoseconds; undefined for none (Go's zero time). */
function asTime(bytes: Uint8Array, isMicro: boolean): string | undefined {
  const seconds = fieldOf(bytes, 1);
  if (seconds === undefined) return undefined;
  const text = new Date(asInteger(seconds) * 1000).toISOString().slice(0, 19);
  const micros = Math.floor(asInteger(fieldOf(bytes, 2) ?? 0n) / 1000);
  return isMicro ? `${text}.${String(micros).padStart(6, '0')}Z` : `${text}Z`;
}

function scalar(value: WireValue['value'], node: SchemaNode): unknown {
  switch (node.scalar) {
    case 'string':
      return asText(value);
    case 'boolean':
      return value !== 0n;
    case 'bytes':
      return asBase64(asBytes(value));
    case 'quantity':
      return asText(fieldOf(asBytes(value), 1) ?? new Uint8Array());
    case 'time':
    case 'micro-time':
      return asTime(asBytes(value), node.scalar === 'micro-time');
    case 'int-or-string': {
      const isText = asInteger(fieldOf(asBytes(value), 1) ?? 0n) === 1;
      return isText ? asText(fieldOf(asBytes(value), 3) ?? new Uint8Array()) : asInteger(fieldOf(asBytes(value), 2) ?? 0n);
    }
    default:
      return node.scalar === 'int32' ? Number(BigInt.asIntN(32, typeof value === 'bigint' ? value : 0n)) : asInteger(value);
  }
}

/**
 * Optional numbers, booleans and texts that are pointers in Go: on the wire only when they were set, so their zero counts. Every other
 * field is always written, and its zero means none.
 */
const pointers: ReadonlySet<string> = new Set(
  `replicas partition terminationGracePeriodSeconds activeDeadlineSeconds revisionHistoryLimit progressDeadlineSeconds parallelism completions backoffLimit
  backoffLimitPerIndex maxFailedIndexes ttlSecondsAfterFinished suspend manualSelector successfulJobsHistoryLimit failedJobsHistoryLimit startingDeadlineSeconds minReplicas
  expirationSeconds immutable automountServiceAccountToken optional defaultMode mode runAsUser runAsGroup runAsNonRoot privileged readOnlyRootFilesystem
  allowPrivilegeEscalation fsGroup controller blockOwnerDeletion gracePeriodSeconds orphanDependents allocateLoadBalancerNodePorts enableServiceLinks shareProcessNamespace
  hostUsers setHostnameAsFQDN priority tolerationSeconds storageClassName ingressClassName minDomains targetAverageUtilization averageUtilization
  stabilizationWindowSeconds timeoutSeconds leaseDurationSeconds leaseTransitions value allowVolumeExpansion volumeName`.split(/\s+/),
);

const isZero = (value: unknown): boolean => value === '' || value === 0 || value === false;

function single(value: WireValue['value'], node: SchemaNode): unknown {
  if (node.type === 'scalar') return scalar(value, node);
  if (node.type === 'struct') return struct(asBytes(value), node);
  // A map's values may be lists in a message of their own (ExtraValue); anything else is JSON text in a RawExtension.
  if (node.type === 'list')
    return [...wireFields(asBytes(value))].map((field) => (node.items ? single(field.value, node.items) : undefined));
  const raw = fieldOf(asBytes(value), 1);
  return raw === undefined ? undefined : (JSON.parse(asText(raw)) as unknown);
}

/** Field number → name, or the type whose fields stand in this one. */
function layoutOf(name: string): ReadonlyMap<number, string> {
  const text = (numbers as Readonly<Record<string, string>>)[name] ?? '';
  return new Map(Array.from(text.matchAll(/(\d+)(\S+)/g), ([, number, field]) => [Number(number), field!]));
}

function fill(into: Record<string, unknown>, bytes: Uint8Array, node: SchemaNode, layout: ReadonlyMap<number, string>): void {
  for (const { number, value } of wireFields(bytes)) {
    const name = layout.get(number);
    if (name === undefined) continue;
    if (name.startsWith('*')) {
      fill(into, asBytes(value), node, layoutOf(name.slice(1)));
      continue;
    }
    const field = node.field(name);
    if (!field) continue;
    if (field.type === 'list' && field.items) {
      const list = (into[name] ??= []) as unknown[];
      list.push(single(value, field.items));
    } else if (field.type === 'map' && field.values) {
      const map = (into[name] ??= {}) as Record<string, unknown>;
      const entry = fieldOf(asBytes(value), 2);
      map[asText(fieldOf(asBytes(value), 1) ?? new Uint8Array())] = entry === undefined ? '' : single(entry, field.values);
    } else {
      const found = single(value, field);
      if (found !== undefined && (!isZero(found) || pointers.has(name))) into[name] = found;
    }
  }
}

function struct(bytes: Uint8Array, node: SchemaNode): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  fill(object, bytes, node, layoutOf(node.structName));
  return object;
}

/** The schema of a kind by the names OpenAPI gives: rbac.authorization.k8s.io/v1 Role is rbac.v1.Role. */
function schemaOf(apiVersion: string, kind: string): SchemaNode {
  const { group, version } = parseGroupVersion(apiVersion);
  const name =
    kind === 'DeleteOptions' ? 'apis.meta.v1.DeleteOptions' : `${group === '' ? 'core' : group.split('.')[0]!}.${version}.${kind}`;
  try {
    return schemaNamed(name);
  } catch {
    throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}" in scheme`);
  }
}

/** The object in a protobuf body, as JSON has it. Throws badRequest for a body that is none, and for kinds nobody knows. */
export function decodeProtobuf(body: Uint8Array): Record<string, unknown> {
  if (MAGIC.some((byte, at) => body[at] !== byte))
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const unknown = [...wireFields(body.subarray(MAGIC.length))];
  const part = (number: number): Uint8Array => asBytes(unknown.find((field) => field.number === number)?.value ?? 0n);
  const typeMeta = part(1);
  const apiVersion = asText(fieldOf(typeMeta, 1) ?? new Uint8Array());
  const kind = asText(fieldOf(typeMeta, 2) ?? new Uint8Array());
  return { kind, apiVersion, ...struct(part(2), schemaOf(apiVersion, kind)) };
}
