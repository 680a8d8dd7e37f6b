// The metadata every Kubernetes object carries (meta/v1): ObjectMeta, OwnerReference, ManagedFieldsEntry, ListMeta.
// Types only describe the JSON form; times are RFC 3339 text, resource versions are opaque text.

/** A JSON value as it travels on the wire. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A JSON object whose fields are looked at one by one. */
export type JsonObject = { [key: string]: unknown };

/** One manager's entry in metadata.managedFields. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  /** RFC 3339, second precision. */
  time?: string;
  fieldsType?: string;
  /** A field set in FieldsV1 form ({"f:spec": {"f:replicas": {}}}). */
  fieldsV1?: object;
  subresource?: string;
}

/** Points from a dependent object to one of its owners. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  /** True for at most one reference: the managing controller. */
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Metadata of one object. `name` is the empty text (or absent in a body not yet created) until the server has generated it from `generateName`. */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  /** Absent on cluster-scoped objects. */
  namespace?: string;
  uid?: string;
  /** Opaque; the etcd mod revision in decimal. */
  resourceVersion?: string;
  generation?: number;
  /** RFC 3339, second precision, UTC. */
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
  selfLink?: string;
}

/** Any API object: what code sees that does not know the kind. The typed kinds (Pod, Node …) of #api are assignable to it. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** Metadata of a list answer. */
export interface ListMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
}

/** A list answer (PodList …). */
export interface KubeList<T extends KubeObject = KubeObject> {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  items: T[];
}

/** An object's fields by name, for code that walks objects of any kind. */
export function fieldsOf(object: object): JsonObject {
  return object as JsonObject;
}

/** "namespace/name", or "name" for a cluster-scoped object: the key of caches and work queues. */
export function objectKey(object: { metadata: { name?: string; namespace?: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name ?? ''}` : (name ?? '');
}

/** The opposite of objectKey; a key without slash is cluster-scoped (namespace ''). */
export function splitObjectKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
