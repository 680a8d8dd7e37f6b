// ComponentStatus: whether etcd, scheduler and controller manager answer (deprecated since 1.19). Never stored.
import type { KubeObject } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { nameColumn, textColumn } from '../tables.ts';
import type { ComponentStatus } from '../types.ts';

const condition = (object: ComponentStatus) => object.conditions?.find(({ type }) => type === 'Healthy');

/** `Healthy`, `Unhealthy` or `Unknown`. */
function statusOf(object: ComponentStatus): string {
  const status = condition(object)?.status;
  if (status === 'True') return 'Healthy';
  return status === 'False' ? 'Unhealthy' : 'Unknown';
}

/** The kind ComponentStatus. */
export const componentStatus = defineKind<ComponentStatus & KubeObject>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  shortNames: ['cs'],
  scope: 'Cluster',
  schema: 'io.k8s.api.core.v1.ComponentStatus',
  storagePrefix: '',
  verbs: ['get', 'list'],
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  columns: [
    nameColumn(),
    textColumn('Status', 'Whether the component answers.', statusOf),
    textColumn('Message', 'What it said.', (object) => condition(object)?.message ?? ''),
    textColumn('Error', 'What went wrong in asking.', (object) => condition(object)?.error ?? ''),
  ],
});
