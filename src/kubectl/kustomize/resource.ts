/** A resource under customisation: the object, the names it has had, and what generators said of it (kustomize's resource.Resource). */
import { deepCopy, type JsonObject } from '#apimachinery';
import { kindOf } from '#api';

/** Under which name and namespace a resource was known at one stage. */
export interface Identity {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  /** '' where none is set. */
  readonly namespace: string;
}

/** One resource. The object is this build's own and is changed in place. */
export interface Resource {
  object: JsonObject & { metadata: Metadata };
  /** What it was called before, oldest first; the present name is in the object. */
  readonly earlier: Identity[];
  /** Prefixes and suffixes put on its name, innermost first. */
  readonly prefixes: string[];
  readonly suffixes: string[];
  /** Whether its name ends in a hash of its content once all is done. */
  needsHash: boolean;
}

/** The part of an object's metadata that customisation touches. */
export interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  [field: string]: unknown;
}

/** A map of the JSON world. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Group and version of an apiVersion. */
export function groupVersionOf(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** Whether objects of the kind surely have no namespace: only built-in kinds are known. */
export function isClusterScoped(apiVersion: string, kind: string): boolean {
  return kindOf(apiVersion, kind)?.scope === 'Cluster';
}

/** A resource of an object as read. */
export function resourceOf(object: JsonObject): Resource {
  const copy = deepCopy(object);
  const metadata = isObject(copy['metadata']) ? (copy['metadata'] as Metadata) : { name: '' };
  return { object: { ...copy, metadata }, earlier: [], prefixes: [], suffixes: [], needsHash: false };
}

/** How a resource is known now. */
export function identityOf({ object }: Pick<Resource, 'object'>): Identity {
  const { name, namespace } = object.metadata;
  return { kind: String(object['kind'] ?? ''), apiVersion: String(object['apiVersion'] ?? ''), name, namespace: namespace ?? '' };
}

/** All the ways a resource is or was known, the oldest first. */
export function identitiesOf(resource: Resource): Identity[] {
  return [...resource.earlier, identityOf(resource)];
}

/** Notes the present name before it is changed. */
export function rememberIdentity(resource: Resource): void {
  resource.earlier.push(identityOf(resource));
}

/** The namespace for comparisons: none is `default`, and cluster-wide kinds have a place of their own. */
export function effectiveNamespace({ apiVersion, kind, namespace }: Identity): string {
  if (isClusterScoped(apiVersion, kind)) return '';
  return namespace || 'default';
}

/** Whether two identities mean the same object. */
export function isSameIdentity(a: Identity, b: Identity): boolean {
  return a.kind === b.kind && a.apiVersion === b.apiVersion && a.name === b.name && effectiveNamespace(a) === effectiveNamespace(b);
}

/** `Deployment.v1.apps/web.[noNs]`: how an identity is told. */
export function identityText({ kind, apiVersion, name, namespace }: Identity): string {
  const { group, version } = groupVersionOf(apiVersion);
  return `${kind || '[noKind]'}.${version || '[noVer]'}.${group || '[noGrp]'}/${name || '[noName]'}.${namespace || '[noNs]'}`;
}
