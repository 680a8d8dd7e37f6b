// RuntimeClass: by which runtime a pod's containers are run (registry/node/runtimeclass).
import { immutableFieldMessage, invalid, isDns1123Label, path, required, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { RuntimeClass } from '../types.ts';

function validate({ handler }: RuntimeClass): FieldError[] {
  if (!handler) return [required(path('handler'))];
  return isDns1123Label(handler).map((message) => invalid(path('handler'), handler, message));
}

/** The kind RuntimeClass. */
export const runtimeClass = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  scope: 'Cluster',
  schema: 'io.k8s.api.node.v1.RuntimeClass',
  storageVersionHash: 'WQTu1GL3T2Q=',
  cachedOnDemand: true,
  strategy: {
    validate,
    validateUpdate: (object, old) =>
      object.handler === old.handler ? [] : [invalid(path('handler'), object.handler, immutableFieldMessage)],
  },
  columns: [nameColumn(), textColumn('Handler', 'The runtime of containerd it stands for.', ({ handler }) => handler), ageColumn()],
});
