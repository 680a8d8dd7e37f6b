// ReplicaSet: a number of equal pods (registry/apps/replicaset).
import { path, type FieldError, type LabelSelector } from '#apimachinery';
import { defaultPodSpec } from '../core/pod-defaults.ts';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, integerColumn, nameColumn } from '../tables.ts';
import type { ReplicaSet } from '../types.ts';
import {
  scaleSubresource,
  validateNotNegative,
  validateSelectorAndTemplate,
  validateSelectorUnchanged,
  workloadColumns,
  type Workload,
} from './workload.ts';

function validate(object: ReplicaSet): FieldError[] {
  const { replicas, minReadySeconds } = object.spec ?? {};
  return [
    ...validateNotNegative(replicas, path('spec', 'replicas')),
    ...validateNotNegative(minReadySeconds, path('spec', 'minReadySeconds')),
    ...validateSelectorAndTemplate(object as Workload, 'replicaset'),
  ];
}

/** The kind ReplicaSet. */
export const replicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  schema: 'io.k8s.api.apps.v1.ReplicaSet',
  storageVersionHash: 'P1RzHs8/mWQ=',
  subresources: [scaleSubresource<ReplicaSet & { spec?: { selector?: LabelSelector } }>(), statusSubresource<ReplicaSet>('ReplicaSet')],
  strategy: {
    tracksGeneration: true,
    setDefaults(object) {
      if (!object.spec) return;
      object.spec.replicas ??= 1;
      if (object.spec.template?.spec) defaultPodSpec(object.spec.template.spec);
    },
    prepareForCreate(object) {
      object.status = { replicas: 0 };
    },
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: (object, old) => [...validate(object), ...validateSelectorUnchanged(object as Workload, old as Workload)],
  },
  columns: [
    nameColumn(),
    integerColumn('Desired', 'Pods wanted.', (object) => object.spec?.replicas ?? 0),
    integerColumn('Current', 'Pods there are.', (object) => object.status?.replicas ?? 0),
    integerColumn('Ready', 'Pods that are ready.', (object) => object.status?.readyReplicas ?? 0),
    ageColumn(),
    ...workloadColumns<ReplicaSet & Workload>(),
  ],
  selectableFields: [{ name: 'status.replicas', value: (object) => String(object.status?.replicas ?? 0) }],
});
