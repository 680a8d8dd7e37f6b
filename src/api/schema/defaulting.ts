// Schema defaults: declared defaults, and the zero values Go always writes (structs that are no pointers, required fields).
import { deepCopy } from '#apimachinery';
import type { SchemaNode } from './schema-node.ts';

/** Times that are no pointers in Go: while unset they are written as null. */
const nullTimes: Readonly<Record<string, readonly string[]>> = {
  'apis.meta.v1.ObjectMeta': ['creationTimestamp'],
  'core.v1.PodCondition': ['lastProbeTime', 'lastTransitionTime'],
  'core.v1.NodeCondition': ['lastHeartbeatTime', 'lastTransitionTime'],
  'core.v1.ContainerStateRunning': ['startedAt'],
  'core.v1.ContainerStateTerminated': ['startedAt', 'finishedAt'],
  'core.v1.Event': ['firstTimestamp', 'lastTimestamp', 'eventTime'],
  'events.v1.Event': ['eventTime', 'deprecatedFirstTimestamp', 'deprecatedLastTimestamp'],
  'apps.v1.DeploymentCondition': ['lastUpdateTime', 'lastTransitionTime'],
  'apps.v1.ReplicaSetCondition': ['lastTransitionTime'],
  'apps.v1.DaemonSetCondition': ['lastTransitionTime'],
  'batch.v1.JobCondition': ['lastProbeTime', 'lastTransitionTime'],
};

const isZero = (value: unknown): boolean => value === '' || value === 0 || value === false;

function defaultOf(node: SchemaNode): unknown {
  if (node.defaultValue === undefined) return node.isRequired && node.type === 'list' ? [] : undefined;
  if (isZero(node.defaultValue) && !node.isRequired) return undefined;
  // A default of {} on a time or a quantity says only that it is no pointer; it is left out while unset.
  if (node.type === 'scalar' && typeof node.defaultValue === 'object') return undefined;
  return deepCopy(node.defaultValue);
}

/** Fills defaults below a value, in place. */
export function fillDefaults(value: unknown, node: SchemaNode): void {
  if (typeof value !== 'object' || value === null) return;
  if (node.type === 'list' && Array.isArray(value)) {
    const { items } = node;
    if (items && items.type !== 'scalar') for (const item of value) fillDefaults(item, items);
  } else if (node.type === 'map') {
    const { values } = node;
    if (values && values.type !== 'scalar') for (const item of Object.values(value)) fillDefaults(item, values);
  } else if (node.type === 'struct') {
    const object = value as Record<string, unknown>;
    for (const name of nullTimes[node.structName] ?? []) object[name] ??= null;
    for (const [name, field] of node.fields) {
      if (object[name] === undefined) {
        const found = defaultOf(field);
        if (found === undefined) continue;
        object[name] = found;
      }
      if (field.type !== 'scalar') fillDefaults(object[name], field);
    }
  }
}
