// CSINode: the storage drivers of a node (registry/storage/csinode); its kubelet keeps it.
import { defineKind } from '../define-kind.ts';
import { ageColumn, integerColumn, nameColumn } from '../tables.ts';
import type { CSINode } from '../types.ts';

/** The kind CSINode. */
export const csiNode = defineKind<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  scope: 'Cluster',
  schema: 'io.k8s.api.storage.v1.CSINode',
  storageVersionHash: 'Pe62DkZtjuo=',
  cachedOnDemand: true,
  columns: [nameColumn(), integerColumn('Drivers', 'How many drivers the node has.', ({ spec }) => spec.drivers?.length ?? 0), ageColumn()],
});
