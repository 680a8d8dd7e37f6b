// The one definition every kind of the API is made of: names, scope, storage, strategy (rest.RESTCreateStrategy and friends),
// printer columns and selectable fields. The API server, kubectl, clients and the screen read kinds only through this shape.
import type { FieldError, FieldSchema, KubeObject, TableRowCondition } from '#apimachinery';

/** Verbs of discovery. */
export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';
/** Where objects of a kind live. */
export type Scope = 'Namespaced' | 'Cluster';

/** What a strategy hook may know of the request; no clock or chance of its own. */
export interface StrategyContext {
  /** Wall time of the request, milliseconds since 1970. */
  nowMs: number;
  /** A fresh random UUID (version 4). */
  newUid(): string;
  /** `length` random characters of the alphabet Kubernetes uses for generated names (see randomNameAlphabet). */
  randomSuffix(length: number): string;
  /** Who asks; absent for the server's own writes. */
  user?: {
    readonly name: string;
    readonly uid?: string;
    readonly groups: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
}

/** The deletion a client asked for. */
export interface DeletionRequest {
  gracePeriodSeconds?: number;
}

/**
 * How objects of a kind are created, changed and deleted. All hooks work in place on a decoded copy the request owns; none throws.
 * Generic metadata work (uid, creationTimestamp, generation, name generation, ObjectMeta validation) is done around the hooks by
 * `beforeCreate` and `beforeUpdate`, so a hook holds only what is special to the kind.
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  /** Fills defaults that depend on other fields, after the schema's own. Idempotent. */
  setDefaults?(object: T): void;
  /** Clears what a client may not set on create (status …) and sets first values. */
  prepareForCreate?(object: T, context: StrategyContext): void;
  /** Puts back what an update of the main resource may not change (status …). */
  prepareForUpdate?(object: T, old: T, context: StrategyContext): void;
  /** Everything wrong with the object, ObjectMeta aside. */
  validate?(object: T): FieldError[];
  /** Everything wrong with the change, ObjectMeta aside; includes what `validate` finds where Kubernetes looks again. */
  validateUpdate?(object: T, old: T): FieldError[];
  /** Texts for Warning headers. */
  warnings?(object: T, old?: T): string[];
  /** Checks metadata.name; returns messages without path. Default: DNS-1123 subdomain. `prefix` is true for a generateName. */
  validateName?(name: string, prefix: boolean): string[];
  /** PUT of a missing object creates it. Default false. */
  allowCreateOnUpdate?: boolean;
  /** PUT without resourceVersion overwrites whatever is there. Default true. */
  allowUnconditionalUpdate?: boolean;
  /** metadata.generation is 1 on create and grows when anything but metadata and status changes. Default false. */
  tracksGeneration?: boolean;
  /**
   * The grace period in seconds a delete gets; undefined for kinds that are deleted at once (the default).
   * 0 deletes at once; more sets deletionTimestamp and leaves the object to its kubelet.
   */
  gracePeriodSeconds?(object: T, request: DeletionRequest): number | undefined;
  /** Marks an object when its deletion begins, before it is asked what holds it back (CustomResourceDefinition: finalizer and condition); in place. */
  prepareForDelete?(object: T, nowMs: number): void;
  /** Finalizers kept outside metadata that hold the object back (Namespace: spec.finalizers). */
  specFinalizers?(object: T): readonly string[];
}

/** Update rule of a subresource that writes the parent object (status, ephemeralcontainers, resize …). */
export interface SubresourceStrategy<T extends KubeObject = KubeObject> {
  /** Takes from the request only what this subresource may write; everything else is put back from `old`. */
  prepareForUpdate(object: T, old: T, context: StrategyContext): void;
  validateUpdate?(object: T, old: T): FieldError[];
  warnings?(object: T, old: T): string[];
}

/** A path below an object: pods/status, pods/log, deployments/scale. */
export interface Subresource<T extends KubeObject = KubeObject> {
  name: string;
  /** The kind its bodies have; group and version only where they differ from the parent's (discovery prints them then). */
  kind: string;
  group?: string;
  version?: string;
  verbs: readonly Verb[];
  /** Present when PUT and PATCH on it store the parent object. */
  strategy?: SubresourceStrategy<T>;
  /** Present on `scale`: how to read and write the parent. */
  scale?: ScaleAccess<T>;
}

/** What the scale subresource reads and writes. */
export interface ScaleAccess<T extends KubeObject = KubeObject> {
  specReplicas(object: T): number;
  setSpecReplicas(object: T, replicas: number): void;
  statusReplicas(object: T): number;
  /** The selector in text form. */
  selector(object: T): string;
}

/** One table cell as the server sends it. */
export type Cell = string | number | boolean | null;

/** One column of `kubectl get`: what the server's Table says and how the cell is computed. */
export interface Column<T extends KubeObject = KubeObject> {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** 'name' on the name column, else ''. */
  format: string;
  description: string;
  /** 0 is always shown, 1 with -o wide. */
  priority: number;
  /** Pure: the object and the time of the request in milliseconds. */
  value(object: T, nowMs: number): Cell;
}

/** A kind whose objects are stored in the form of another (events.k8s.io/v1 Event is stored as v1 Event). */
export interface StoredForm<T extends KubeObject = KubeObject> {
  group: string;
  version: string;
  kind: string;
  toStored(object: T): KubeObject;
  fromStored(object: KubeObject): T;
}

/** How the objects of a kind are read that no published schema describes: custom resources. */
export interface OwnSchema {
  /** Drops the fields the schema does not know, and lists them. Throws an Error in Go's words for metadata of a wrong type; the body is untouched. */
  decode(body: object): { value: unknown; unknownFields: string[] };
  /** Fills the schema's defaults, in place. */
  fillDefaults(object: object): void;
  /** The structure of a whole object, for field ownership. */
  readonly fields: FieldSchema;
  /** The schema as its definition gives it. */
  readonly openApi: Readonly<Record<string, unknown>>;
}

/** A selector key beside metadata.name and metadata.namespace, and its value in an object. */
export interface SelectableField<T extends KubeObject = KubeObject> {
  name: string;
  value(object: T): string;
}

/** Everything the cluster knows of one kind in one version. */
export interface Kind<T extends KubeObject = KubeObject> {
  /** '' for the core group. */
  group: string;
  version: string;
  kind: string;
  listKind: string;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
  scope: Scope;
  /** Name in the schema facts: io.k8s.api.core.v1.Pod. Not stored kinds (Binding …) have none of the storage fields but have this. */
  schema: string;
  /** Present where `schema` only names the type for OpenAPI. */
  ownSchema?: OwnSchema;
  /** etcd key prefix without trailing slash: /registry/pods; '' for a kind that is never stored (Binding, TokenReview …). */
  storagePrefix: string;
  /** In the order discovery prints them. Empty for kinds that only subresources serve. */
  verbs: readonly Verb[];
  /** The value discovery shows; '' if unknown. */
  storageVersionHash: string;
  subresources: readonly Subresource<T>[];
  strategy: Strategy<T>;
  /** Printer columns, the name column first. */
  columns: readonly Column<T>[];
  /** Conditions of a table row (pods that have ended). */
  rowConditions?(object: T): TableRowCondition[];
  /** Beside metadata.name and metadata.namespace. */
  selectableFields: readonly SelectableField<T>[];
  storedForm?: StoredForm<T>;
  /** An API server fills its watch cache at the first request instead of at start-up: a kind no other server's work depends on. */
  cachedOnDemand?: true;
  /** The Warning every request to a deprecated kind is answered with. */
  deprecation?: string;
}

/** apiVersion of a kind: "v1", "apps/v1". */
export function apiVersionOf(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group ? `${kind.group}/${kind.version}` : kind.version;
}

/** The REST path of a kind's collection: /api/v1/namespaces/default/pods, or across namespaces without one. */
export function collectionPath(kind: Pick<Kind, 'group' | 'version' | 'plural' | 'scope'>, namespace?: string): string {
  const root = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
  return kind.scope === 'Namespaced' && namespace ? `${root}/namespaces/${namespace}/${kind.plural}` : `${root}/${kind.plural}`;
}

/** The etcd key of an object: /registry/pods/default/web, /registry/minions/worker-1. */
export function storageKey(kind: Pick<Kind, 'storagePrefix' | 'scope'>, name: string, namespace = ''): string {
  return kind.scope === 'Namespaced' ? `${kind.storagePrefix}/${namespace}/${name}` : `${kind.storagePrefix}/${name}`;
}

/** The prefix of all keys of a kind, or of one namespace of it; ends with a slash. */
export function storagePrefixOf(kind: Pick<Kind, 'storagePrefix' | 'scope'>, namespace = ''): string {
  return kind.scope === 'Namespaced' && namespace ? `${kind.storagePrefix}/${namespace}/` : `${kind.storagePrefix}/`;
}

/** The verbs of an ordinary stored resource, in discovery's order. */
export const allVerbs: readonly Verb[] = Object.freeze([
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const);

/** The characters of generated name suffixes (no vowels, no 0, 1, 3): five of them follow a generateName. */
export const randomNameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
