/** Objects of files as kubectl prints them after it has read them into Go's types: fields that Go always writes are there, empty. */
import { deepCopy, type JsonObject, type KubeObject } from '#apimachinery';

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Kinds whose status is written even when it is empty, with what it holds then. */
const STATUS: Readonly<Record<string, JsonObject>> = {
  Pod: {},
  Deployment: {},
  ReplicaSet: { replicas: 0 },
  StatefulSet: { availableReplicas: 0, replicas: 0 },
  DaemonSet: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  Job: {},
  CronJob: {},
  Service: { loadBalancer: {} },
  Ingress: { loadBalancer: {} },
  Namespace: {},
  PersistentVolumeClaim: {},
};
/** The field of an update strategy, by kind. */
const STRATEGY: Readonly<Record<string, string>> = { Deployment: 'strategy', StatefulSet: 'updateStrategy', DaemonSet: 'updateStrategy' };

function fillMetadata(holder: JsonObject): void {
  holder['metadata'] = { creationTimestamp: null, ...(isObject(holder['metadata']) ? holder['metadata'] : {}) };
}

function fillPodSpec(spec: unknown): void {
  if (!isObject(spec)) return;
  for (const list of ['containers', 'initContainers'])
    for (const container of Array.isArray(spec[list]) ? (spec[list] as unknown[]) : [])
      if (isObject(container)) container['resources'] ??= {};
}

/** A copy with the empty fields of its type; kinds unknown here get only the creation time. */
export function withTypedZeros(object: KubeObject): KubeObject {
  const copy = deepCopy(object) as unknown as JsonObject;
  fillMetadata(copy);
  const kind = object.kind;
  const status = STATUS[kind];
  if (status) copy['status'] = { ...status, ...(isObject(copy['status']) ? copy['status'] : {}) };
  const spec = isObject(copy['spec']) ? copy['spec'] : undefined;
  if (!spec) return copy as unknown as KubeObject;
  if (STRATEGY[kind]) spec[STRATEGY[kind]] ??= {};
  const jobTemplate = isObject(spec['jobTemplate']) ? spec['jobTemplate'] : undefined;
  if (jobTemplate) fillMetadata(jobTemplate);
  const holder = isObject(jobTemplate?.['spec']) ? jobTemplate['spec'] : spec;
  if (isObject(holder['template'])) {
    fillMetadata(holder['template']);
    fillPodSpec(holder['template']['spec']);
  } else if (kind === 'Pod') fillPodSpec(spec);
  return copy as unknown as KubeObject;
}
