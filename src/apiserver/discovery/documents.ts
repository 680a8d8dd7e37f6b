/** Discovery: which groups, versions and resources there are, in the legacy form (APIResourceList) and the aggregated one. */
import { apiVersionOf, type Kind, type Subresource } from '#api';

/** A group and its versions, the preferred one first. */
interface Group {
  readonly name: string;
  readonly versions: readonly string[];
}

/** The order of /apis: the groups' priority in kube-aggregator. */
const groupOrder: readonly string[] = [
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

const rank = (name: string): number => {
  const at = groupOrder.indexOf(name);
  return at < 0 ? groupOrder.length : at;
};

/** How new a version is: v2 before v1, those before v1beta1, that before v1alpha1, anything else after them. */
function versionRank(version: string): readonly number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return [0, 0, 0];
  const [, major, stage, minor] = match;
  return [stage === undefined ? 3 : stage === 'beta' ? 2 : 1, Number(major), Number(minor ?? 0)];
}

/** Compares versions, the newest first (kube-aware, as the aggregator sorts them). */
export function byVersion(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  if (at >= 0) return right[at]! - left[at]!;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Groups with a name, in discovery's order. */
export function servedGroups(served: readonly Kind[]): readonly Group[] {
  const groups = new Map<string, Set<string>>();
  for (const { group, version } of served) {
    if (group) groups.set(group, (groups.get(group) ?? new Set<string>()).add(version));
  }
  return [...groups]
    .map(([name, versions]) => ({ name, versions: [...versions].sort(byVersion) }))
    .sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
}

const byPlural = (a: Kind, b: Kind): number => (a.plural < b.plural ? -1 : 1);
const bySubresource = (a: Subresource, b: Subresource): number => (a.name < b.name ? -1 : 1);

function kindsOf(served: readonly Kind[], group: string, version: string): Kind[] {
  return served.filter((kind) => kind.group === group && kind.version === version && kind.verbs.length > 0).sort(byPlural);
}

/** One group of /apis. */
export function groupDocument({ name, versions }: Group): object {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** /apis/GROUP; undefined for one that is not served. */
export function apiGroup(served: readonly Kind[], name: string): object | undefined {
  const group = servedGroups(served).find((each) => each.name === name);
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group) };
}

/** /apis. */
export function apiGroupList(served: readonly Kind[]): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: servedGroups(served).map(groupDocument) };
}

/** /api. */
export function apiVersions(serverAddress: string): object {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }] };
}

function legacyResources(kind: Kind): object[] {
  const namespaced = kind.scope === 'Namespaced';
  const main = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length ? { categories: kind.categories } : {}),
    ...(kind.storageVersionHash ? { storageVersionHash: kind.storageVersionHash } : {}),
  };
  const below = [...kind.subresources].sort(bySubresource).map((subresource) => ({
    name: `${kind.plural}/${subresource.name}`,
    singularName: '',
    namespaced,
    ...(subresource.group ? { group: subresource.group } : {}),
    ...(subresource.version ? { version: subresource.version } : {}),
    kind: subresource.kind,
    verbs: [...subresource.verbs].sort(),
  }));
  return [main, ...below];
}

/** /api/v1, /apis/GROUP/VERSION; undefined for one that is not served. */
export function apiResourceList(served: readonly Kind[], group: string, version: string): object | undefined {
  const kinds = kindsOf(served, group, version);
  const first = kinds[0];
  if (!first) return undefined;
  const head = group ? { kind: 'APIResourceList', apiVersion: 'v1' } : { kind: 'APIResourceList' };
  return { ...head, groupVersion: apiVersionOf(first), resources: kinds.flatMap(legacyResources) };
}

function aggregatedResource(kind: Kind): object {
  // Built-in kinds are of the group they are listed under; only those of definitions say it.
  const none = kind.ownSchema ? { group: kind.group, version: kind.version } : { group: '', version: '' };
  const subresources = [...kind.subresources].sort(bySubresource).map((subresource) => ({
    subresource: subresource.name,
    responseKind: {
      ...none,
      ...(subresource.group ? { group: subresource.group, version: subresource.version ?? '' } : {}),
      kind: subresource.kind,
    },
    verbs: [...subresource.verbs].sort(),
  }));
  return {
    resource: kind.plural,
    responseKind: { ...none, kind: kind.kind },
    scope: kind.scope,
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length ? { categories: kind.categories } : {}),
    ...(subresources.length ? { subresources } : {}),
  };
}

function aggregatedVersion(served: readonly Kind[], group: string, version: string): object {
  return { version, resources: kindsOf(served, group, version).map(aggregatedResource), freshness: 'Current' };
}

/** The aggregated form of /api (core) or /apis. */
export function aggregatedDiscovery(served: readonly Kind[], isCore: boolean): object {
  const groups = isCore ? [{ name: '', versions: ['v1'] }] : servedGroups(served);
  const items = groups.map(({ name, versions }) => ({
    metadata: { ...(name ? { name } : {}), creationTimestamp: null },
    versions: versions.map((version) => aggregatedVersion(served, name, version)),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}
