// Namespace: a name space for objects; deleted in two steps through spec.finalizers (registry/core/namespace).
import { isDns1123Label, path, isQualifiedName, invalid, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { keepOld, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Namespace } from '../types.ts';

const nameLabel = 'kubernetes.io/metadata.name';

function validateFinalizers(object: Namespace): FieldError[] {
  return (object.spec?.finalizers ?? []).flatMap((name, index) =>
    isQualifiedName(name).map((message) => invalid(path('spec', 'finalizers').index(index), name, message)),
  );
}

/** The kind Namespace. */
export const namespace = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  scope: 'Cluster',
  schema: 'io.k8s.api.core.v1.Namespace',
  storageVersionHash: 'Q3oi5N2YM8M=',
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [
    {
      name: 'finalize',
      kind: 'Namespace',
      verbs: ['update'],
      strategy: {
        prepareForUpdate(object, old) {
          keepOld(object, old, 'status');
        },
        validateUpdate: validateFinalizers,
      },
    },
    statusSubresource<Namespace>('Namespace'),
  ],
  strategy: {
    validateName: isDns1123Label,
    setDefaults(object) {
      if (object.metadata.name) object.metadata.labels = { ...object.metadata.labels, [nameLabel]: object.metadata.name };
    },
    prepareForCreate(object) {
      object.status = { phase: 'Active' };
      const finalizers = object.spec?.finalizers ?? [];
      object.spec = { finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'] };
      object.metadata.labels = { ...object.metadata.labels, [nameLabel]: object.metadata.name };
    },
    prepareForUpdate(object, old) {
      keepOld(object, old, 'spec');
      keepOld(object, old, 'status');
    },
    validate: validateFinalizers,
    prepareForDelete(object) {
      object.status = { ...object.status, phase: 'Terminating' };
    },
    specFinalizers: (object) => object.spec?.finalizers ?? [],
  },
  columns: [nameColumn(), textColumn('Status', 'Phase of the namespace.', (object) => object.status?.phase ?? ''), ageColumn()],
  selectableFields: [{ name: 'status.phase', value: (object) => object.status?.phase ?? '' }],
});
