/**
 * How objects stand in etcd and on the wire: JSON in storage (--storage-media-type=application/json) without a resource
 * version; on the wire the version is the etcd mod revision. Fields stand in the order a real server writes them.
 */
import type { Kind, StoredForm } from '#api';
import { apiVersionOf } from '#api';
import type { KubeObject, ObjectMeta } from '#apimachinery';

const metadataOrder: readonly (keyof ObjectMeta)[] = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
];

function isEmptyField(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return true;
  return typeof value === 'object' && (Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0);
}

/** Metadata in wire order, empty fields left out, with a resource version ('' leaves it out). */
export function orderedMetadata(metadata: ObjectMeta, resourceVersion: string): ObjectMeta {
  const ordered: Record<string, unknown> = {};
  for (const key of metadataOrder) {
    const value = key === 'resourceVersion' ? resourceVersion : metadata[key];
    const keep = key === 'deletionGracePeriodSeconds' ? value !== undefined && value !== null : !isEmptyField(value);
    if (keep) ordered[key] = value;
  }
  return ordered as unknown as ObjectMeta;
}

/** The object with another resource version; everything else is shared with the given one. */
export function withResourceVersion<T extends KubeObject>(object: T, resourceVersion: string): T {
  const { kind, apiVersion, metadata, ...rest } = object;
  return { kind, apiVersion, metadata: orderedMetadata(metadata, resourceVersion), ...rest } as unknown as T;
}

/** The text etcd keeps of an object. */
export function encodeStored(kind: Kind, object: KubeObject): string {
  const form: StoredForm | undefined = kind.storedForm;
  const stored = form ? form.toStored(object) : object;
  return JSON.stringify(withResourceVersion(stored, ''));
}

/** An object from etcd's text and mod revision, in the form its kind serves. */
export function decodeStored(kind: Kind, text: string, modRevision: number): KubeObject {
  const stored = JSON.parse(text) as KubeObject;
  const object = kind.storedForm ? kind.storedForm.fromStored(stored) : stored;
  if (!object.kind) object.kind = kind.kind;
  if (!object.apiVersion) object.apiVersion = apiVersionOf(kind);
  return withResourceVersion(object, String(modRevision));
}

/** A plain copy of an object that a request may change. */
export function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
