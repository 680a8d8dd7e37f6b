// Role: permissions within one namespace (registry/rbac/role).
import { isPathSegmentName } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import type { Role } from '../types.ts';
import { rbacGroup, roleColumns, validateRules } from './rules.ts';

/** The kind Role. */
export const role = defineKind<Role>({
  group: rbacGroup,
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  schema: 'io.k8s.api.rbac.v1.Role',
  storageVersionHash: '7FuwZcIIItM=',
  strategy: {
    validateName: isPathSegmentName,
    allowCreateOnUpdate: true,
    validate: (object) => validateRules(object.rules, true),
    validateUpdate: (object) => validateRules(object.rules, true),
  },
  columns: roleColumns(),
});
