// ClusterRoleBinding: grants a ClusterRole across the cluster (registry/rbac/clusterrolebinding).
import { isPathSegmentName } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import type { ClusterRoleBinding } from '../types.ts';
import { bindingColumns, defaultBinding, rbacGroup, validateBinding, validateBindingUpdate } from './rules.ts';

/** The kind ClusterRoleBinding. */
export const clusterRoleBinding = defineKind<ClusterRoleBinding>({
  group: rbacGroup,
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  scope: 'Cluster',
  schema: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  storageVersionHash: '48tpQ8gZHFc=',
  strategy: {
    validateName: isPathSegmentName,
    allowCreateOnUpdate: true,
    setDefaults: defaultBinding,
    validate: (object) => validateBinding(object, false),
    validateUpdate: (object, old) => validateBindingUpdate(object, old, false),
  },
  columns: bindingColumns(),
});
