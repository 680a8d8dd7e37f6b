// What Roles and ClusterRoles, and both bindings, share: rule and subject validation, binding columns (registry/rbac).
import {
  invalid,
  isPathSegmentName,
  isQualifiedName,
  notSupported,
  path,
  required,
  isDns1123Subdomain,
  semanticEqual,
  type FieldError,
  type FieldPath,
  type KubeObject,
} from '#apimachinery';
import type { Column } from '../kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { PolicyRule, RoleRef, Subject } from '../types.ts';

/** The group of the RBAC kinds. */
export const rbacGroup = 'rbac.authorization.k8s.io';

/** Rules of a Role (namespaced) or a ClusterRole. */
export function validateRules(rules: readonly PolicyRule[] | undefined | null, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  (rules ?? []).forEach((rule, index) => {
    const at = path('rules').index(index);
    if (!rule.verbs?.length) errors.push(required(at.child('verbs'), 'verbs must contain at least one value'));
    if (rule.nonResourceURLs?.length) {
      if (namespaced)
        errors.push(invalid(at.child('nonResourceURLs'), rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
      if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
        errors.push(
          invalid(at.child('nonResourceURLs'), rule.nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'),
        );
      }
      return;
    }
    if (!rule.apiGroups?.length) errors.push(required(at.child('apiGroups'), 'resource rules must supply at least one api group'));
    if (!rule.resources?.length) errors.push(required(at.child('resources'), 'resource rules must supply at least one resource'));
  });
  return errors;
}

function validateSubject(subject: Subject, namespaced: boolean, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!subject.name) errors.push(required(at.child('name')));
  if (subject.kind === 'ServiceAccount') {
    if (subject.name) for (const message of isDns1123Subdomain(subject.name)) errors.push(invalid(at.child('name'), subject.name, message));
    if (subject.apiGroup) errors.push(notSupported(at.child('apiGroup'), subject.apiGroup, ['']));
    if (!namespaced && !subject.namespace) errors.push(required(at.child('namespace')));
  } else if (subject.kind === 'User' || subject.kind === 'Group') {
    if (subject.apiGroup !== rbacGroup) errors.push(notSupported(at.child('apiGroup'), subject.apiGroup ?? '', [rbacGroup]));
  } else errors.push(notSupported(at.child('kind'), subject.kind, ['Group', 'ServiceAccount', 'User']));
  return errors;
}

/** A binding as both kinds have it. */
export type AnyBinding = KubeObject & { roleRef: RoleRef; subjects?: Subject[] };

/** roleRef and subjects of a binding. */
export function validateBinding(binding: AnyBinding, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { roleRef } = binding;
  const kinds = namespaced ? ['ClusterRole', 'Role'] : ['ClusterRole'];
  if (roleRef.apiGroup !== rbacGroup) errors.push(notSupported(path('roleRef', 'apiGroup'), roleRef.apiGroup, [rbacGroup]));
  if (!kinds.includes(roleRef.kind)) errors.push(notSupported(path('roleRef', 'kind'), roleRef.kind, kinds));
  if (!roleRef.name) errors.push(required(path('roleRef', 'name')));
  else for (const message of isPathSegmentName(roleRef.name)) errors.push(invalid(path('roleRef', 'name'), roleRef.name, message));
  (binding.subjects ?? []).forEach((subject, index) => errors.push(...validateSubject(subject, namespaced, path('subjects').index(index))));
  return errors;
}

/** A binding's update: roleRef never changes. */
export function validateBindingUpdate(binding: AnyBinding, old: AnyBinding, namespaced: boolean): FieldError[] {
  const errors = validateBinding(binding, namespaced);
  if (!semanticEqual(binding.roleRef, old.roleRef)) {
    const { apiGroup, kind, name } = binding.roleRef;
    const shown = { go: `rbac.RoleRef{APIGroup:"${apiGroup}", Kind:"${kind}", Name:"${name}"}` };
    errors.push(invalid(path('roleRef'), shown, 'cannot change roleRef'));
  }
  return errors;
}

/** Fills the API groups a client may leave out. */
export function defaultBinding(binding: AnyBinding): void {
  binding.roleRef.apiGroup ||= rbacGroup;
  for (const subject of binding.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = rbacGroup;
  }
}

const subjectsOf = (binding: AnyBinding, kind: string): string =>
  (binding.subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map((subject) => (kind === 'ServiceAccount' ? `${subject.namespace ?? ''}/${subject.name}` : subject.name))
    .join(', ');

/** Columns of both bindings. */
export function bindingColumns<T extends AnyBinding>(): Column<T>[] {
  return [
    nameColumn(),
    textColumn('Role', 'The role it grants.', (object) => `${object.roleRef.kind}/${object.roleRef.name}`),
    ageColumn(),
    textColumn('Users', 'Users it grants the role to.', (object) => subjectsOf(object, 'User'), 1),
    textColumn('Groups', 'Groups it grants the role to.', (object) => subjectsOf(object, 'Group'), 1),
    textColumn('ServiceAccounts', 'Service accounts it grants the role to.', (object) => subjectsOf(object, 'ServiceAccount'), 1),
  ];
}

/** Columns of both roles: the name and the time of creation. */
export function roleColumns<T extends KubeObject>(): Column<T>[] {
  return [
    nameColumn(),
    {
      name: 'Created At',
      type: 'date',
      format: '',
      description: 'Time of creation.',
      priority: 0,
      value: (object) => object.metadata.creationTimestamp ?? '',
    },
  ];
}

/** Labels of an aggregation rule are label keys and values. */
export function validateAggregation(selectors: readonly { matchLabels?: Record<string, string> }[] | undefined): FieldError[] {
  return (selectors ?? []).flatMap((selector, index) =>
    Object.keys(selector.matchLabels ?? {}).flatMap((key) =>
      isQualifiedName(key).map((message) =>
        invalid(path('aggregationRule', 'clusterRoleSelectors').index(index).child('matchLabels'), key, message),
      ),
    ),
  );
}
