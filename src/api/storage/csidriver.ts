// CSIDriver: how the cluster is to treat a storage driver (registry/storage/csidriver).
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Column } from '../kind.ts';
import type { CSIDriver } from '../types.ts';

const flag = (name: string, description: string, value: (object: CSIDriver) => boolean | undefined): Column<CSIDriver> => ({
  name,
  type: 'boolean',
  format: '',
  description,
  priority: 0,
  value: (object) => value(object) ?? false,
});

/** The kind CSIDriver. */
export const csiDriver = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  scope: 'Cluster',
  schema: 'io.k8s.api.storage.v1.CSIDriver',
  storageVersionHash: 'hL6j/rwBV5w=',
  cachedOnDemand: true,
  strategy: {
    tracksGeneration: true,
    setDefaults({ spec }) {
      spec.attachRequired ??= true;
      spec.podInfoOnMount ??= false;
      spec.storageCapacity ??= false;
      spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
      if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
      spec.requiresRepublish ??= false;
      spec.seLinuxMount ??= false;
    },
  },
  columns: [
    nameColumn(),
    flag('AttachRequired', 'Whether volumes are attached first.', ({ spec }) => spec.attachRequired),
    flag('PodInfoOnMount', 'Whether the driver is told of the pod.', ({ spec }) => spec.podInfoOnMount),
    flag('StorageCapacity', 'Whether the scheduler looks at capacity.', ({ spec }) => spec.storageCapacity),
    textColumn(
      'TokenRequests',
      'Audiences of the tokens it gets.',
      ({ spec }) => (spec.tokenRequests ?? []).map(({ audience }) => audience).join(',') || '<unset>',
    ),
    flag('RequiresRepublish', 'Whether it is called again and again.', ({ spec }) => spec.requiresRepublish),
    textColumn('Modes', 'Kinds of volumes it makes.', ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || '<none>'),
    ageColumn(),
  ],
});
