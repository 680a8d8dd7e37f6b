/**
 * Nobody grants what he does not have: who writes a role needs every right in it or the verb escalate, who writes a binding
 * needs every right of the role or the verb bind (registry/rbac policybased storage).
 */
import { kindByGroupKind, storageKey, type Kind, type PolicyRule, type RoleRef } from '#api';
import { deepEqual, forbidden, type KubeObject } from '#apimachinery';
import type { Core, User } from '../core.ts';
import { copyOf } from '../store/codec.ts';
import type { Attributes } from './attributes.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

/** Rules broken down until each names one verb, one group and resource or one path, and one name or none. */
function breakdown(rules: readonly PolicyRule[]): PolicyRule[] {
  const single: PolicyRule[] = [];
  for (const rule of rules) {
    for (const verb of rule.verbs) {
      for (const url of rule.nonResourceURLs ?? []) single.push({ verbs: [verb], nonResourceURLs: [url] });
      for (const group of rule.apiGroups ?? []) {
        for (const resource of rule.resources ?? []) {
          const one = { verbs: [verb], apiGroups: [group], resources: [resource] };
          if (!rule.resourceNames?.length) single.push(one);
          for (const name of rule.resourceNames ?? []) single.push({ ...one, resourceNames: [name] });
        }
      }
    }
  }
  return single;
}

const holds = (list: readonly string[] | undefined, value: string | undefined): boolean =>
  value !== undefined && list !== undefined && (list.includes('*') || list.includes(value));

function coversResource(owned: readonly string[] | undefined, wanted: string): boolean {
  if (holds(owned, wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash > 0 && (owned ?? []).includes(`*${wanted.slice(slash)}`);
}

/** Whether one owned rule grants all that a broken-down rule grants. */
function covers(owned: PolicyRule, wanted: PolicyRule): boolean {
  if (!holds(owned.verbs, wanted.verbs[0])) return false;
  const url = wanted.nonResourceURLs?.[0];
  if (url !== undefined)
    return (owned.nonResourceURLs ?? []).some(
      (each) => each === '*' || each === url || (each.endsWith('*') && url.startsWith(each.slice(0, -1))),
    );
  if (!holds(owned.apiGroups, wanted.apiGroups?.[0]) || !coversResource(owned.resources, wanted.resources?.[0] ?? '')) return false;
  return (
    !owned.resourceNames?.length || (wanted.resourceNames !== undefined && owned.resourceNames.includes(wanted.resourceNames[0] ?? ''))
  );
}

/** Broken-down rules with those of one resource and name put together again (CompactRules); paths stay apart. */
function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const compacted: PolicyRule[] = [];
  const simple = new Map<string, PolicyRule & { verbs: string[] }>();
  for (const rule of rules) {
    if (rule.nonResourceURLs) {
      compacted.push(rule);
      continue;
    }
    const resource = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames]);
    const known = simple.get(resource);
    if (known) known.verbs.push(...rule.verbs);
    else simple.set(resource, { ...rule, verbs: [...rule.verbs] });
  }
  return [...compacted, ...simple.values()];
}

function quoted(list: readonly string[] | undefined): string {
  return `[${(list ?? []).map((value) => `"${value}"`).join(' ')}]`;
}

/** A rule as the server prints it in refusals. */
function ruleText(rule: PolicyRule): string {
  if (rule.nonResourceURLs) return `{NonResourceURLs:${quoted(rule.nonResourceURLs)}, Verbs:${quoted(rule.verbs)}}`;
  const names = rule.resourceNames ? `, ResourceNames:${quoted(rule.resourceNames)}` : '';
  return `{APIGroups:${quoted(rule.apiGroups)}, Resources:${quoted(rule.resources)}${names}, Verbs:${quoted(rule.verbs)}}`;
}

/** The rules among `wanted` that the user does not have in the namespace. */
function missingRules(core: Core, user: User, namespace: string, wanted: readonly PolicyRule[]): PolicyRule[] {
  const owned: PolicyRule[] = [];
  core.rules.visit(user, namespace, ({ rule }) => {
    owned.push(rule);
    return false;
  });
  return breakdown(wanted).filter((rule) => !owned.some((each) => covers(each, rule)));
}

function may(core: Core, user: User, verb: string, resource: string, namespace: string, name: string): boolean {
  const attributes: Attributes = {
    user,
    verb,
    isResource: true,
    namespace,
    group: rbacGroup,
    version: 'v1',
    resource,
    subresource: '',
    name,
    path: '',
  };
  return core.authorizer.authorize(attributes).allowed;
}

type Role = KubeObject & { rules?: PolicyRule[]; aggregationRule?: unknown };
type Binding = KubeObject & { roleRef: RoleRef; subjects?: unknown };

function rulesOfReference(core: Core, reference: RoleRef, namespace: string): readonly PolicyRule[] {
  const kind = kindByGroupKind(rbacGroup, reference.kind);
  const found = kind && core.caches.of(kind).get(storageKey(kind, reference.name, kind.scope === 'Namespaced' ? namespace : ''));
  return (found?.object as Role | undefined)?.rules ?? [];
}

/** What a write of an RBAC object would grant beyond what it granted before. */
function grantedRules(core: Core, user: User, kind: Kind, object: KubeObject, old: KubeObject | undefined): readonly PolicyRule[] {
  const namespace = object.metadata.namespace ?? '';
  const { name } = object.metadata;
  if (kind.kind === 'Role' || kind.kind === 'ClusterRole') {
    const role = object as Role;
    if (old && deepEqual(role.rules ?? [], (old as Role).rules ?? []) && deepEqual(role.aggregationRule, (old as Role).aggregationRule))
      return [];
    return may(core, user, 'escalate', kind.plural, namespace, name) ? [] : (role.rules ?? []);
  }
  const binding = object as Binding;
  if (old && deepEqual(binding.subjects ?? [], (old as Binding).subjects ?? []) && deepEqual(binding.roleRef, (old as Binding).roleRef))
    return [];
  const resource = binding.roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  return may(core, user, 'bind', resource, namespace, binding.roleRef.name) ? [] : rulesOfReference(core, binding.roleRef, namespace);
}

/** Refuses a write that would grant more than the writer has. Throws 403. */
export function forbidEscalation(core: Core, user: User, kind: Kind, object: KubeObject, old: KubeObject | undefined): void {
  if (kind.group !== rbacGroup || user.groups.includes('system:masters')) return;
  const namespace = object.metadata.namespace ?? '';
  const missing = missingRules(core, user, namespace, copyOf(grantedRules(core, user, kind, object, old)));
  if (missing.length === 0) return;
  const groups = user.groups.map((group) => `"${group}"`).join(' ');
  const detail = `user "${user.name}" (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${[...new Set(compact(missing).map(ruleText))].sort().join('\n')}`;
  throw forbidden({ group: rbacGroup, resource: kind.plural }, object.metadata.name, detail);
}
