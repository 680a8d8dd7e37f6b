// Group, version, kind and resource: how Kubernetes names types (GroupVersionKind) and REST paths (GroupVersionResource).

/** A group and version: apiVersion "apps/v1", or "v1" for the core group ''. */
export interface GroupVersion {
  group: string;
  version: string;
}
/** Names a type. */
export interface GroupVersionKind extends GroupVersion {
  kind: string;
}
/** Names a REST resource by its plural. */
export interface GroupVersionResource extends GroupVersion {
  resource: string;
}
/** Names a resource without version, as error details and RBAC do. */
export interface GroupResource {
  group: string;
  resource: string;
}

/** Reads an apiVersion. Throws an Error with Kubernetes' text "unexpected GroupVersion string: …" for more than one slash. */
export function parseGroupVersion(apiVersion: string): GroupVersion {
  if (apiVersion === '' || apiVersion === '/') return { group: '', version: '' };
  const parts = apiVersion.split('/');
  if (parts.length === 1) return { group: '', version: apiVersion };
  if (parts.length === 2) return { group: parts[0] ?? '', version: parts[1] ?? '' };
  throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
}

/** "apps/v1", or "v1" for the core group. */
export function formatGroupVersion(groupVersion: GroupVersion): string {
  return groupVersion.group ? `${groupVersion.group}/${groupVersion.version}` : groupVersion.version;
}

/** The type of an object from its apiVersion and kind. */
export function groupVersionKindOf(object: { apiVersion: string; kind: string }): GroupVersionKind {
  return { ...parseGroupVersion(object.apiVersion), kind: object.kind };
}

/** "pods", "deployments.apps": a resource as error messages and RBAC print it. */
export function formatGroupResource(resource: GroupResource): string {
  return resource.group ? `${resource.resource}.${resource.group}` : resource.resource;
}

/** "apps/v1, Kind=Deployment": a type as Go prints a GroupVersionKind. */
export function formatGroupVersionKind(kind: GroupVersionKind): string {
  return `${kind.group}/${kind.version}, Kind=${kind.kind}`;
}

/** The opposite of formatGroupResource: "deployments.apps" is resource deployments, group apps. */
export function parseGroupResource(text: string): GroupResource {
  const dot = text.indexOf('.');
  return dot < 0 ? { group: '', resource: text } : { group: text.slice(dot + 1), resource: text.slice(0, dot) };
}
