/** A short way to write the default RBAC rules, and the objects they become. */
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from '#api';

const split = (text: string): string[] => (text === '' ? [] : text.split(' '));

/** Verbs, API groups ('core' is ''), resources, and names: rule('get list watch', 'apps', 'deployments'). */
export function rule(verbs: string, groups: string, resources: string, names = ''): PolicyRule {
  const apiGroups = split(groups).map((group) => (group === 'core' ? '' : group));
  return { verbs: split(verbs), apiGroups, resources: split(resources), ...(names ? { resourceNames: split(names) } : {}) };
}

/** A rule over non-resource paths. */
export function paths(verbs: string, urls: string): PolicyRule {
  return { verbs: split(verbs), nonResourceURLs: split(urls) };
}

const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';
const bootstrapMeta = (
  name: string,
  labels: Record<string, string> = {},
): { name: string; annotations: Record<string, string>; labels: Record<string, string> } => ({
  name,
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
});

/** A default ClusterRole. */
export function clusterRole(name: string, rules: readonly PolicyRule[], labels: Record<string, string> = {}): ClusterRole {
  return { kind: 'ClusterRole', apiVersion, metadata: bootstrapMeta(name, labels), rules: [...rules] } as ClusterRole;
}

/** A ClusterRole that gathers the rules of roles with a label; it begins with them, the aggregation controller keeps it so. */
export function aggregatedRole(
  name: string,
  aggregateLabel: string,
  rules: readonly PolicyRule[],
  labels: Record<string, string> = {},
): ClusterRole {
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel]: 'true' } }] };
  return { ...clusterRole(name, rules, labels), aggregationRule };
}

/** Subjects by kind: user('x'), group('y'), account('kube-system', 'z'). */
export const user = (name: string): Subject => ({ kind: 'User', name, apiGroup });
/** A group as a subject. */
export const group = (name: string): Subject => ({ kind: 'Group', name, apiGroup });
/** A service account as a subject. */
export const account = (namespace: string, name: string): Subject => ({ kind: 'ServiceAccount', name, namespace });

/** A default ClusterRoleBinding of a role, named like it unless told otherwise. */
export function clusterBinding(roleName: string, subjects: readonly Subject[], name = roleName): ClusterRoleBinding {
  const roleRef = { apiGroup, kind: 'ClusterRole', name: roleName };
  return { kind: 'ClusterRoleBinding', apiVersion, metadata: bootstrapMeta(name), subjects: [...subjects], roleRef } as ClusterRoleBinding;
}

/** A default Role in a namespace. */
export function namespacedRole(namespace: string, name: string, rules: readonly PolicyRule[]): Role {
  return { kind: 'Role', apiVersion, metadata: { ...bootstrapMeta(name), namespace }, rules: [...rules] } as Role;
}

/** A default RoleBinding in a namespace. */
export function namespacedBinding(namespace: string, name: string, roleName: string, subjects: readonly Subject[]): RoleBinding {
  const roleRef = { apiGroup, kind: 'Role', name: roleName };
  return {
    kind: 'RoleBinding',
    apiVersion,
    metadata: { ...bootstrapMeta(name), namespace },
    subjects: [...subjects],
    roleRef,
  } as RoleBinding;
}
