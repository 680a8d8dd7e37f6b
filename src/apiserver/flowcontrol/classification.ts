/**
 * Which flow schema a request belongs to (apiserver util/flowcontrol): the one of lowest precedence, then name, that has a rule for its user
 * and what it asks. Answers name the schema and its level in headers; admission itself is by two counters (limits.ts).
 */
import { kindByGroupKind, storageKey, type FlowSchema } from '#api';
import type { HeaderPairs } from '#host';
import type { Core, User } from '../core.ts';
import type { RequestInfo } from '../request-info.ts';

type Rule = NonNullable<NonNullable<FlowSchema['spec']>['rules']>[number];
type FlowSubject = Rule['subjects'][number];

const schemas = kindByGroupKind('flowcontrol.apiserver.k8s.io', 'FlowSchema')!;
const levels = kindByGroupKind('flowcontrol.apiserver.k8s.io', 'PriorityLevelConfiguration')!;
const accountPrefix = 'system:serviceaccount:';

function isSubject(subject: FlowSubject, user: User): boolean {
  if (subject.kind === 'User') return subject.user?.name === '*' || subject.user?.name === user.name;
  if (subject.kind === 'Group') return subject.group?.name === '*' || user.groups.includes(subject.group?.name ?? '');
  if (!user.name.startsWith(accountPrefix)) return false;
  const [namespace, name] = user.name.slice(accountPrefix.length).split(':');
  const account = subject.serviceAccount;
  return account?.namespace === namespace && (account?.name === '*' || account?.name === name);
}

const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);

function isPath(urls: readonly string[], path: string): boolean {
  return urls.some((url) => url === '*' || url === path || (url.endsWith('/*') && path.startsWith(url.slice(0, -1))));
}

function asksFor(rule: Rule, info: RequestInfo): boolean {
  if (!info.isResource)
    return (rule.nonResourceRules ?? []).some(({ verbs, nonResourceURLs }) => has(verbs, info.verb) && isPath(nonResourceURLs, info.path));
  const resource = info.subresource ? `${info.resource}/${info.subresource}` : info.resource;
  return (rule.resourceRules ?? []).some(
    ({ verbs, apiGroups, resources, clusterScope, namespaces }) =>
      has(verbs, info.verb) &&
      has(apiGroups, info.group) &&
      has(resources, resource) &&
      (info.namespace ? has(namespaces ?? [], info.namespace) : clusterScope === true),
  );
}

/** Whether a schema is about a request. */
export function matches({ spec }: FlowSchema, info: RequestInfo, user: User): boolean {
  return (spec?.rules ?? []).some((rule) => rule.subjects.some((subject) => isSubject(subject, user)) && asksFor(rule, info));
}

const byPrecedence = (a: FlowSchema, b: FlowSchema): number =>
  (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1);

/** Tells the headers of a request's answer; none while the server does not know the schemas yet. */
export function createClassifier(core: Core): (info: RequestInfo, user: User) => HeaderPairs {
  let sorted: FlowSchema[] = [];
  let generation = -1;
  return (info, user) => {
    const cache = core.caches.of(schemas);
    if (cache.generation !== generation) {
      generation = cache.generation;
      sorted = cache
        .list()
        .map(({ object }) => object as unknown as FlowSchema)
        .sort(byPrecedence);
    }
    const found = sorted.find((schema) => matches(schema, info, user));
    if (!found) return [];
    const level = core.caches.of(levels).get(storageKey(levels, found.spec?.priorityLevelConfiguration.name ?? ''));
    return [
      ['x-kubernetes-pf-flowschema-uid', found.metadata.uid ?? ''],
      ['x-kubernetes-pf-prioritylevel-uid', level?.object.metadata.uid ?? ''],
    ];
  };
}
