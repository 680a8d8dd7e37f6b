/** StorageObjectInUseProtection: new claims and volumes get the finalizer that keeps them while they are in use. */
import { isAbout, type AdmissionPlugin } from './plugin.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

/** The plugin. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  async admit(attributes) {
    const finalizer = finalizers[attributes.kind.plural];
    if (finalizer === undefined || attributes.operation !== 'CREATE' || !isAbout(attributes, '', attributes.kind.plural)) return;
    const metadata = attributes.object!.metadata;
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
