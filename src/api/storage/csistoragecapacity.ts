// CSIStorageCapacity: how much a storage class can still give in a part of the cluster (registry/storage/csistoragecapacity).
import { immutableFieldMessage, invalid, path, required, semanticEqual, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { nameColumn, textColumn } from '../tables.ts';
import type { CSIStorageCapacity } from '../types.ts';

const validate = (object: CSIStorageCapacity): FieldError[] => (object.storageClassName ? [] : [required(path('storageClassName'))]);

/** The kind CSIStorageCapacity. */
export const csiStorageCapacity = defineKind<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  schema: 'io.k8s.api.storage.v1.CSIStorageCapacity',
  storageVersionHash: 'xeVl+2Ly1kE=',
  cachedOnDemand: true,
  strategy: {
    validate,
    validateUpdate(object, old) {
      const errors = validate(object);
      if (!semanticEqual(object.nodeTopology, old.nodeTopology))
        errors.push(invalid(path('nodeTopology'), object.nodeTopology, immutableFieldMessage));
      if (object.storageClassName !== old.storageClassName)
        errors.push(invalid(path('storageClassName'), object.storageClassName, immutableFieldMessage));
      return errors;
    },
  },
  columns: [
    nameColumn(),
    textColumn('StorageClassName', 'The class.', (object) => object.storageClassName),
    textColumn('Capacity', 'What it can give.', (object) => String(object.capacity ?? '<unset>')),
  ],
});
