// ClusterRole: permissions across the cluster, or a template for bindings in namespaces (registry/rbac/clusterrole).
import { isPathSegmentName } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import type { ClusterRole } from '../types.ts';
import { rbacGroup, roleColumns, validateAggregation, validateRules } from './rules.ts';

const validate = (object: ClusterRole) => [
  ...validateRules(object.rules, false),
  ...validateAggregation(object.aggregationRule?.clusterRoleSelectors),
];

/** The kind ClusterRole. */
export const clusterRole = defineKind<ClusterRole>({
  group: rbacGroup,
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  scope: 'Cluster',
  schema: 'io.k8s.api.rbac.v1.ClusterRole',
  storageVersionHash: 'bYE5ZWDrJ44=',
  strategy: { validateName: isPathSegmentName, allowCreateOnUpdate: true, validate, validateUpdate: validate },
  columns: roleColumns(),
});
