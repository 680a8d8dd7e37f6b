/** DefaultStorageClass: a claim that names no class gets the default one, the newest if several claim to be it. */
import { isDefaultClass, kindByGroupKind, type PersistentVolumeClaim, type StorageClass } from '#api';
import type { Core } from '../core.ts';
import { isAbout, type AdmissionPlugin } from './plugin.ts';

function defaultClass(core: Core): StorageClass | undefined {
  const kind = kindByGroupKind('storage.k8s.io', 'StorageClass');
  if (!kind) return undefined;
  const classes = core.caches
    .of(kind)
    .list()
    .map(({ object }) => object as StorageClass)
    .filter(isDefaultClass);
  const age = ({ metadata }: StorageClass): string => metadata.creationTimestamp ?? '';
  return classes.reduce<StorageClass | undefined>((newest, each) => (!newest || age(each) > age(newest) ? each : newest), undefined);
}

/** The plugin. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  async admit(attributes, core) {
    if (attributes.operation !== 'CREATE' || !isAbout(attributes, '', 'persistentvolumeclaims')) return;
    const { spec, metadata } = attributes.object as PersistentVolumeClaim;
    if (!spec || spec.storageClassName !== undefined || metadata.annotations?.['volume.beta.kubernetes.io/storage-class']) return;
    const found = defaultClass(core);
    if (found) spec.storageClassName = found.metadata.name;
  },
};
