// StorageClass: a way of making volumes when they are asked for (registry/storage/storageclass).
import { forbiddenField, notSupported, path, required, semanticEqual, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, textColumn } from '../tables.ts';
import type { StorageClass } from '../types.ts';

/** Marks the class of claims that name none. */
export const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class';
const betaDefaultAnnotation = 'storageclass.beta.kubernetes.io/is-default-class';
const policies = ['Delete', 'Retain'];
const modes = ['Immediate', 'WaitForFirstConsumer'];

/** Whether claims without a class get this one. */
export const isDefaultClass = ({ metadata }: StorageClass): boolean =>
  metadata.annotations?.[defaultClassAnnotation] === 'true' || metadata.annotations?.[betaDefaultAnnotation] === 'true';

function validate({ provisioner, reclaimPolicy, volumeBindingMode }: StorageClass): FieldError[] {
  const errors: FieldError[] = [];
  if (!provisioner) errors.push(required(path('provisioner'), provisioner));
  if (reclaimPolicy && !policies.includes(reclaimPolicy)) errors.push(notSupported(path('reclaimPolicy'), reclaimPolicy, policies));
  if (!volumeBindingMode) errors.push(required(path('volumeBindingMode')));
  else if (!modes.includes(volumeBindingMode)) errors.push(notSupported(path('volumeBindingMode'), volumeBindingMode, modes));
  return errors;
}

function validateUpdate(object: StorageClass, old: StorageClass): FieldError[] {
  const errors = validate(object);
  if (!semanticEqual(object.parameters ?? {}, old.parameters ?? {}))
    errors.push(forbiddenField(path('parameters'), 'updates to parameters are forbidden.'));
  if (object.provisioner !== old.provisioner) errors.push(forbiddenField(path('provisioner'), 'updates to provisioner are forbidden.'));
  if (object.reclaimPolicy !== old.reclaimPolicy)
    errors.push(forbiddenField(path('reclaimPolicy'), 'updates to reclaimPolicy are forbidden.'));
  if (object.volumeBindingMode !== old.volumeBindingMode)
    errors.push({
      reason: 'FieldValueInvalid',
      field: 'volumeBindingMode',
      message: `Invalid value: "${object.volumeBindingMode}": field is immutable`,
    });
  return errors;
}

/** The kind StorageClass. */
export const storageClass = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  scope: 'Cluster',
  schema: 'io.k8s.api.storage.v1.StorageClass',
  storageVersionHash: 'K+m6uJwbjGY=',
  strategy: {
    setDefaults(object) {
      object.reclaimPolicy ??= 'Delete';
      object.volumeBindingMode ??= 'Immediate';
    },
    validate,
    validateUpdate,
  },
  columns: [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: 'Name of the class, and whether it is the default.',
      priority: 0,
      value: (object) => `${object.metadata.name}${isDefaultClass(object) ? ' (default)' : ''}`,
    },
    textColumn('Provisioner', 'Who makes the volumes.', (object) => object.provisioner),
    textColumn('ReclaimPolicy', 'What becomes of a volume after its claim.', (object) => object.reclaimPolicy ?? 'Delete'),
    textColumn('VolumeBindingMode', 'When a claim is bound.', (object) => object.volumeBindingMode ?? 'Immediate'),
    textColumn('AllowVolumeExpansion', 'Whether claims may grow.', (object) => object.allowVolumeExpansion ?? false),
    ageColumn(),
  ],
});
