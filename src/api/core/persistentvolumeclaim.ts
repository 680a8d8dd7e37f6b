// PersistentVolumeClaim: a user's wish for storage (registry/core/persistentvolumeclaim).
import {
  compareQuantity,
  deepCopy,
  forbiddenField,
  invalid,
  maybeParseQuantity,
  notSupported,
  path,
  required,
  semanticEqual,
  validateLabelSelector,
  zeroQuantity,
  type FieldError,
  type FieldPath,
  type LabelSelector,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../types.ts';
import { formatAccessModes, validateAccessModes } from './access-modes.ts';
import { claimSpecDifference } from './pod-difference.ts';

const spec = path('spec');
const modes = ['Block', 'Filesystem'];
const betaClass = 'volume.beta.kubernetes.io/storage-class';
const immutableText = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** Everything wrong with a claim's spec; StatefulSets have such specs too. */
export function validateClaimSpec(claim: PersistentVolumeClaimSpec | undefined, at: FieldPath): FieldError[] {
  const { accessModes, resources, volumeMode, selector } = claim ?? {};
  const errors = validateAccessModes(accessModes, at.child('accessModes'), 'at least 1 access mode is required');
  errors.push(...validateLabelSelector(selector as LabelSelector | undefined, at.child('selector')));
  const storage = resources?.requests?.['storage'];
  const amount = maybeParseQuantity(storage);
  if (storage === undefined) errors.push(required(at.child('resources').key('storage')));
  else if (amount && compareQuantity(amount, zeroQuantity) <= 0)
    errors.push(invalid(at.child('resources').key('storage'), String(storage), 'must be greater than zero'));
  if (volumeMode && !modes.includes(volumeMode)) errors.push(notSupported(at.child('volumeMode'), volumeMode, modes));
  return errors;
}

/** Defaults of a claim's spec. */
export function defaultClaimSpec(claim: PersistentVolumeClaimSpec | undefined): void {
  if (claim) claim.volumeMode ??= 'Filesystem';
}

function validateUpdate(object: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validateClaimSpec(object.spec, spec);
  const [now, before] = [deepCopy(object.spec ?? {}), deepCopy(old.spec ?? {})];
  // The binder names the volume, a resize asks for more, a class of attributes may be exchanged.
  if (!before.volumeName) delete now.volumeName;
  if (old.status?.phase === 'Bound' && now.resources && before.resources) now.resources.requests = before.resources.requests;
  now.volumeAttributesClassName = before.volumeAttributesClassName;
  // A claim without a class may get the default one later.
  if (before.storageClassName === undefined) now.storageClassName = undefined;
  if (!semanticEqual(now, before)) errors.push(forbiddenField(spec, `${immutableText}\n${claimSpecDifference(before, now)}`));
  const [wanted, was] = [object.spec?.resources?.requests?.['storage'], old.spec?.resources?.requests?.['storage']].map(maybeParseQuantity);
  const have = maybeParseQuantity(old.status?.capacity?.['storage']);
  if (wanted && was && compareQuantity(wanted, was) < 0 && (!have || compareQuantity(wanted, have) < 0))
    errors.push(forbiddenField(spec.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity'));
  return errors;
}

function statusCell(object: PersistentVolumeClaim): string {
  return object.metadata.deletionTimestamp ? 'Terminating' : (object.status?.phase ?? '');
}

/** What a bound claim got; nothing before. */
const bound = (object: PersistentVolumeClaim): PersistentVolumeClaim['status'] | undefined =>
  object.spec?.volumeName ? object.status : undefined;

/** The kind PersistentVolumeClaim. */
export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  schema: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  storageVersionHash: 'QWTyNDq0dC4=',
  cachedOnDemand: true,
  subresources: [statusSubresource<PersistentVolumeClaim>('PersistentVolumeClaim')],
  strategy: {
    setDefaults(object) {
      defaultClaimSpec(object.spec);
      object.status ??= {};
      object.status.phase ||= 'Pending';
    },
    prepareForCreate(object) {
      object.status = { phase: 'Pending' };
    },
    prepareForUpdate: keepOldStatus,
    validate: (object) => validateClaimSpec(object.spec, spec),
    validateUpdate,
  },
  columns: [
    nameColumn(),
    textColumn('Status', 'Pending, Bound or Lost.', statusCell),
    textColumn('Volume', 'The volume it is bound to.', (object) => object.spec?.volumeName ?? ''),
    textColumn('Capacity', 'Size of that volume.', (object) => String(bound(object)?.capacity?.['storage'] ?? '')),
    textColumn('Access Modes', 'Ways the volume can be mounted.', (object) => formatAccessModes(bound(object)?.accessModes)),
    textColumn(
      'StorageClass',
      'The class it asks for.',
      (object) => object.metadata.annotations?.[betaClass] ?? object.spec?.storageClassName ?? '',
    ),
    textColumn('VolumeAttributesClass', 'Its class of attributes.', (object) => object.spec?.volumeAttributesClassName ?? '<unset>'),
    ageColumn(),
    textColumn('VolumeMode', 'Filesystem or Block.', (object) => object.spec?.volumeMode ?? '<unset>', 1),
  ],
});
