/**
 * The RBAC authorizer: role bindings and roles from the watch caches, indexed by subject. An index is made again only after a
 * binding changed; roles are looked up by name, so a change of a role counts at once.
 */
import { kindByGroupKind, storageKey, type Kind, type PolicyRule, type RoleRef, type Subject } from '#api';
import type { KubeObject } from '#apimachinery';
import type { User } from '../core.ts';
import type { WatchCache } from '../watch-cache/cache.ts';
import type { WatchCaches } from '../watch-cache/caches.ts';
import type { Attributes, Decision } from './attributes.ts';
import { ruleAllows } from './rules.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

type Binding = KubeObject & { roleRef: RoleRef; subjects?: Subject[] };
type Role = KubeObject & { rules?: PolicyRule[] };

/** A rule that holds for a user, and the binding it comes from. */
export interface BoundRule {
  readonly rule: PolicyRule;
  /** 'ClusterRoleBinding "x" of ClusterRole "y" to Group "z"'. */
  readonly origin: string;
}

/** The rules of users. */
export interface RbacRules {
  /** Rules that hold for a user in a namespace ('' for cluster-wide ones only); stops when `visit` answers true. */
  visit(user: User, namespace: string, visit: (bound: BoundRule) => boolean): void;
  authorize(attributes: Attributes): Decision;
}

interface IndexedBinding {
  readonly binding: Binding;
  readonly subject: string;
}
type BindingIndex = Map<string, IndexedBinding[]>;

function subjectKey(subject: Subject, namespace: string): string {
  if (subject.kind === 'User') return `User/${subject.name}`;
  if (subject.kind === 'Group') return `Group/${subject.name}`;
  return `User/system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`;
}

function subjectText(subject: Subject): string {
  return subject.kind === 'ServiceAccount'
    ? `ServiceAccount "${subject.name}/${subject.namespace ?? ''}"`
    : `${subject.kind} "${subject.name}"`;
}

function indexBindings(cache: WatchCache): BindingIndex {
  const index: BindingIndex = new Map();
  for (const version of cache.list()) {
    const binding = version.object as Binding;
    const namespace = binding.metadata.namespace ?? '';
    for (const subject of binding.subjects ?? []) {
      const key = namespace ? `${namespace}|${subjectKey(subject, namespace)}` : subjectKey(subject, namespace);
      const entries = index.get(key) ?? [];
      entries.push({ binding, subject: subjectText(subject) });
      index.set(key, entries);
    }
  }
  return index;
}

/** An index that follows its cache. */
function followingIndex(cache: WatchCache): () => BindingIndex {
  let index: BindingIndex = new Map();
  let generation = -1;
  return () => {
    if (cache.generation !== generation) {
      index = indexBindings(cache);
      generation = cache.generation;
    }
    return index;
  };
}

function requireKind(name: string): Kind {
  const kind = kindByGroupKind(rbacGroup, name);
  if (!kind) throw new Error(`the kind ${name} is not registered`);
  return kind;
}

/** RBAC over the caches of its four kinds. */
export function createRbac(caches: WatchCaches): RbacRules {
  const clusterRole = requireKind('ClusterRole');
  const role = requireKind('Role');
  const clusterBindings = followingIndex(caches.of(requireKind('ClusterRoleBinding')));
  const bindings = followingIndex(caches.of(requireKind('RoleBinding')));
  const rulesOf = (reference: RoleRef, namespace: string): readonly PolicyRule[] => {
    const kind = reference.kind === 'ClusterRole' ? clusterRole : role;
    const found = caches.of(kind).get(storageKey(kind, reference.name, kind === role ? namespace : ''));
    return (found?.object as Role | undefined)?.rules ?? [];
  };
  const visitBindings = (entries: readonly IndexedBinding[] | undefined, visit: (bound: BoundRule) => boolean): boolean => {
    for (const { binding, subject } of entries ?? []) {
      const { kind, metadata, roleRef } = binding;
      const namespace = metadata.namespace ?? '';
      const name = namespace ? `${metadata.name}/${namespace}` : metadata.name;
      const origin = `${kind} "${name}" of ${roleRef.kind} "${roleRef.name}" to ${subject}`;
      for (const rule of rulesOf(roleRef, namespace)) if (visit({ rule, origin })) return true;
    }
    return false;
  };
  const visit: RbacRules['visit'] = (user, namespace, take) => {
    const keys = [`User/${user.name}`, ...user.groups.map((group) => `Group/${group}`)];
    const everywhere = clusterBindings();
    for (const key of keys) if (visitBindings(everywhere.get(key), take)) return;
    if (!namespace) return;
    const here = bindings();
    for (const key of keys) if (visitBindings(here.get(`${namespace}|${key}`), take)) return;
  };
  return {
    visit,
    authorize(attributes) {
      let reason = '';
      visit(attributes.user, attributes.isResource ? attributes.namespace : '', ({ rule, origin }) => {
        if (!ruleAllows(rule, attributes)) return false;
        reason = `RBAC: allowed by ${origin}`;
        return true;
      });
      return { allowed: reason !== '', reason };
    },
  };
}
