// PersistentVolume: a piece of storage of the cluster that a claim can be bound to (registry/core/persistentvolume).
import {
  compareQuantity,
  forbiddenField,
  maybeParseQuantity,
  notSupported,
  path,
  required,
  goValue,
  semanticEqual,
  zeroQuantity,
  invalid,
  type FieldError,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { PersistentVolume } from '../types.ts';
import { formatAccessModes, validateAccessModes } from './access-modes.ts';

const spec = path('spec');
/** Fields of a volume's spec that name where the storage is; every volume has exactly one. */
const sources: readonly string[] = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
];
const policies = ['Delete', 'Recycle', 'Retain'];
const modes = ['Block', 'Filesystem'];

const sourceOf = (object: PersistentVolume): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object.spec ?? {}).filter(([field]) => sources.includes(field)));

function validateCapacity(capacity: Readonly<Record<string, unknown>> | undefined): FieldError[] {
  const at = spec.child('capacity');
  const errors: FieldError[] = [];
  if (!capacity || Object.keys(capacity).length === 0) errors.push(required(at));
  if (capacity?.['storage'] === undefined || Object.keys(capacity).length > 1)
    errors.push(notSupported(at, goValue(capacity ? JSON.stringify(capacity) : 'core.ResourceList(nil)'), ['storage']));
  const storage = maybeParseQuantity(capacity?.['storage']);
  if (storage && compareQuantity(storage, zeroQuantity) <= 0)
    errors.push(invalid(at.key('storage'), String(capacity?.['storage']), 'must be greater than zero'));
  return errors;
}

function validate(object: PersistentVolume): FieldError[] {
  const { accessModes, capacity, persistentVolumeReclaimPolicy: policy, volumeMode, hostPath, local, nodeAffinity } = object.spec ?? {};
  const errors = [...validateAccessModes(accessModes, spec.child('accessModes'), ''), ...validateCapacity(capacity)];
  if (policy && !policies.includes(policy)) errors.push(notSupported(spec.child('persistentVolumeReclaimPolicy'), policy, policies));
  if (volumeMode && !modes.includes(volumeMode)) errors.push(notSupported(spec.child('volumeMode'), volumeMode, modes));
  const given = Object.keys(sourceOf(object));
  if (given.length === 0) errors.push(required(spec, 'must specify a volume type'));
  for (const extra of given.slice(1)) errors.push(forbiddenField(spec.child(extra), 'may not specify more than 1 volume type'));
  if (hostPath && !hostPath.path) errors.push(required(spec.child('hostPath', 'path')));
  if (hostPath?.path === '/' && policy === 'Recycle')
    errors.push(forbiddenField(spec.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"));
  if (local && !local.path) errors.push(required(spec.child('local', 'path')));
  if (local && !nodeAffinity) errors.push(required(spec.child('nodeAffinity'), 'Local volume requires node affinity'));
  return errors;
}

function validateUpdate(object: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors = validate(object);
  if (!semanticEqual(sourceOf(object), sourceOf(old)))
    errors.push(forbiddenField(spec.child('persistentvolumesource'), 'spec.persistentvolumesource is immutable after creation'));
  if (object.spec?.volumeMode !== old.spec?.volumeMode)
    errors.push(invalid(spec.child('volumeMode'), object.spec?.volumeMode ?? '', 'field is immutable'));
  if (old.spec?.nodeAffinity && !semanticEqual(object.spec?.nodeAffinity, old.spec.nodeAffinity))
    errors.push(invalid(spec.child('nodeAffinity'), goValue(JSON.stringify(object.spec?.nodeAffinity)), 'field is immutable'));
  return errors;
}

function claimCell(object: PersistentVolume): string {
  const { namespace, name } = object.spec?.claimRef ?? {};
  return name ? `${namespace ?? ''}/${name}` : '';
}

const betaClass = 'volume.beta.kubernetes.io/storage-class';

/** The kind PersistentVolume. */
export const persistentVolume = defineKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  scope: 'Cluster',
  schema: 'io.k8s.api.core.v1.PersistentVolume',
  storageVersionHash: 'HN/zwEC+JgM=',
  cachedOnDemand: true,
  subresources: [statusSubresource<PersistentVolume>('PersistentVolume')],
  strategy: {
    setDefaults(object) {
      if (!object.spec) return;
      object.spec.persistentVolumeReclaimPolicy ||= 'Retain';
      object.spec.volumeMode ??= 'Filesystem';
      if (object.spec.hostPath) object.spec.hostPath.type ??= '';
      if (object.spec.claimRef?.name) {
        object.spec.claimRef.kind ??= 'PersistentVolumeClaim';
        object.spec.claimRef.apiVersion ??= 'v1';
      }
      object.status ??= {};
      object.status.phase ||= 'Pending';
    },
    prepareForCreate(object) {
      object.status = { phase: 'Pending' };
    },
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate,
  },
  columns: [
    nameColumn(),
    textColumn('Capacity', 'Size of the volume.', (object) => String(object.spec?.capacity?.['storage'] ?? '')),
    textColumn('Access Modes', 'Ways it can be mounted.', (object) => formatAccessModes(object.spec?.accessModes)),
    textColumn('Reclaim Policy', 'What becomes of it after its claim.', (object) => object.spec?.persistentVolumeReclaimPolicy ?? ''),
    textColumn('Status', 'Available, Bound, Released or Failed.', (object) =>
      object.metadata.deletionTimestamp ? 'Terminating' : (object.status?.phase ?? ''),
    ),
    textColumn('Claim', 'The claim it is bound to.', claimCell),
    textColumn('StorageClass', 'Its class.', (object) => object.metadata.annotations?.[betaClass] ?? object.spec?.storageClassName ?? ''),
    textColumn('VolumeAttributesClass', 'Its class of attributes.', (object) => object.spec?.volumeAttributesClassName ?? '<unset>'),
    textColumn('Reason', 'Why it failed.', (object) => object.status?.reason ?? ''),
    ageColumn(),
    textColumn('VolumeMode', 'Filesystem or Block.', (object) => object.spec?.volumeMode ?? '<unset>', 1),
  ],
});
