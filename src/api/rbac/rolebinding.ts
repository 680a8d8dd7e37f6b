// RoleBinding: grants a Role or ClusterRole within one namespace (registry/rbac/rolebinding).
import { isPathSegmentName } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import type { RoleBinding } from '../types.ts';
import { bindingColumns, defaultBinding, rbacGroup, validateBinding, validateBindingUpdate } from './rules.ts';

/** The kind RoleBinding. */
export const roleBinding = defineKind<RoleBinding>({
  group: rbacGroup,
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  schema: 'io.k8s.api.rbac.v1.RoleBinding',
  storageVersionHash: 'eGsCzGH6b1g=',
  strategy: {
    validateName: isPathSegmentName,
    allowCreateOnUpdate: true,
    setDefaults: defaultBinding,
    validate: (object) => validateBinding(object, true),
    validateUpdate: (object, old) => validateBindingUpdate(object, old, true),
  },
  columns: bindingColumns(),
});
