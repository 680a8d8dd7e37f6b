/** Which volume fits a claim, and what binding writes into both (pv_controller, volume util). Pure. */
import { isDefaultClass, type PersistentVolume, type PersistentVolumeClaim, type StorageClass } from '#api';
import { compareQuantity, parseQuantity, selectorFromLabelSelector, type LabelSelector } from '#apimachinery';

/** Written by the binder: the claim or volume was not bound by its author. */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
/** On a claim whose binding is complete. */
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
/** The scheduler's choice of a node, for claims that wait for their first consumer. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
/** Who is to make the volume of a claim, in its newer and its older name. */
export const PROVISIONER_ANNOTATIONS = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
] as const;
/** On a volume: who made it. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';

const betaClass = 'volume.beta.kubernetes.io/storage-class';

/** The class a claim or a volume names; '' for none. */
export const classOf = ({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string =>
  metadata.annotations?.[betaClass] ?? spec?.storageClassName ?? '';

/** Whether a volume is reserved for a claim. */
export function isFor({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef;
  return (
    reference?.namespace === claim.metadata.namespace &&
    reference?.name === claim.metadata.name &&
    (!reference.uid || reference.uid === claim.metadata.uid)
  );
}

const sizeOf = (volume: PersistentVolume): ReturnType<typeof parseQuantity> =>
  parseQuantity(String(volume.spec?.capacity?.['storage'] ?? '0'));

function fits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.metadata.deletionTimestamp || classOf(volume) !== classOf(claim)) return false;
  if ((volume.spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')) return false;
  if (volume.status?.phase !== 'Available') return false;
  const selector = claim.spec?.selector as LabelSelector | undefined;
  if (selector && !selectorFromLabelSelector(selector).matches(volume.metadata.labels)) return false;
  const modes = volume.spec?.accessModes ?? [];
  if (!(claim.spec?.accessModes ?? []).every((mode) => modes.includes(mode))) return false;
  return compareQuantity(sizeOf(volume), parseQuantity(String(claim.spec?.resources?.requests?.['storage'] ?? '0'))) >= 0;
}

/** The volume for a claim: the one reserved for it, else the smallest that is free and fits. */
export function volumeFor(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[]): PersistentVolume | undefined {
  const reserved = volumes.find((volume) => isFor(volume, claim) && !volume.metadata.deletionTimestamp);
  if (reserved) return reserved;
  return volumes
    .filter((volume) => !volume.spec?.claimRef && fits(volume, claim))
    .sort((a, b) => compareQuantity(sizeOf(a), sizeOf(b)) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}

/** The class claims get that name none: of several defaults the newest. */
export function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const age = ({ metadata }: StorageClass): string => metadata.creationTimestamp ?? '';
  return classes
    .filter(isDefaultClass)
    .sort((a, b) => (age(a) === age(b) ? (a.metadata.name < b.metadata.name ? -1 : 1) : age(a) > age(b) ? -1 : 1))[0];
}

/** The volume reserved for a claim. */
export function reservedVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { namespace = '', name, uid = '', resourceVersion = '' } = claim.metadata;
  const isOwn = isFor(volume, claim);
  return {
    ...volume,
    metadata: {
      ...volume.metadata,
      ...(isOwn ? {} : { annotations: { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' } }),
    },
    spec: { ...volume.spec, claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion } },
  };
}

/** The claim with its volume's name. */
export function claimWithVolume(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaim {
  const isOwn = claim.spec?.volumeName === volume.metadata.name;
  const annotations = { ...claim.metadata.annotations, [BIND_COMPLETED]: 'yes', ...(isOwn ? {} : { [BOUND_BY_CONTROLLER]: 'yes' }) };
  return { ...claim, metadata: { ...claim.metadata, annotations }, spec: { ...claim.spec, volumeName: volume.metadata.name } };
}

/** The status of a bound claim. */
export const boundStatus = ({ spec }: PersistentVolume): NonNullable<PersistentVolumeClaim['status']> => ({
  phase: 'Bound',
  accessModes: [...(spec?.accessModes ?? [])],
  capacity: { ...spec?.capacity },
});
