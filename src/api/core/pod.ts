// Pod: containers that live and die together on one node (registry/core/pod: strategy, subresources, selectable fields).
import { deepCopy, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import type { SubresourceStrategy } from '../kind.ts';
import { keepOld, keepOldStatus, readWriteVerbs, statusSubresource } from '../status-subresource.ts';
import type { Pod } from '../types.ts';
import { podColumns, podRowConditions } from './pod-columns.ts';
import { defaultPod } from './pod-defaults.ts';
import { isPodTerminal, podQosClass } from './pod-qos.ts';
import { validateEphemeralContainersUpdate, validatePodUpdate } from './pod-update-validation.ts';
import { podWarnings } from './pod-warnings.ts';
import { validatePod } from './pod-validation.ts';

function prepareForCreate(pod: Pod): void {
  pod.status = { phase: 'Pending', qosClass: podQosClass(pod.spec) };
  if (!pod.spec?.schedulingGates?.length) return;
  const message = 'Scheduling is blocked due to non-empty scheduling gates';
  pod.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }];
}

/** The rule of podStrategy.CheckGracefulDelete. */
function gracePeriodSeconds(pod: Pod, request: { gracePeriodSeconds?: number }): number {
  if (!pod.spec?.nodeName || isPodTerminal(pod)) return 0;
  const asked = request.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  return asked < 0 ? 1 : asked;
}

const ephemeralContainers: SubresourceStrategy<Pod> = {
  prepareForUpdate(pod, old) {
    const wanted = deepCopy(pod.spec?.ephemeralContainers);
    keepOld(pod, old, 'spec');
    keepOldStatus(pod, old);
    if (pod.spec && wanted) pod.spec.ephemeralContainers = wanted;
  },
  validateUpdate: validateEphemeralContainersUpdate,
};

const resize: SubresourceStrategy<Pod> = {
  prepareForUpdate(pod, old) {
    const wanted = new Map((pod.spec?.containers ?? []).map((container) => [container.name, deepCopy(container.resources)]));
    keepOld(pod, old, 'spec');
    keepOldStatus(pod, old);
    for (const container of pod.spec?.containers ?? []) container.resources = wanted.get(container.name) ?? {};
  },
  validateUpdate: (pod): FieldError[] => validatePod(pod),
};

const status = statusSubresource<Pod>('Pod');

const streamVerbs = ['create', 'get'] as const;

/** The kind Pod. */
export const pod = defineKind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  schema: 'io.k8s.api.core.v1.Pod',
  storageVersionHash: 'xPOwRZ+Yhw8=',
  subresources: [
    { name: 'attach', kind: 'PodAttachOptions', verbs: streamVerbs },
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'ephemeralcontainers', kind: 'Pod', verbs: readWriteVerbs, strategy: ephemeralContainers },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    { name: 'exec', kind: 'PodExecOptions', verbs: streamVerbs },
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    { name: 'portforward', kind: 'PodPortForwardOptions', verbs: streamVerbs },
    { name: 'proxy', kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    { name: 'resize', kind: 'Pod', verbs: readWriteVerbs, strategy: resize },
    status,
  ],
  strategy: {
    tracksGeneration: true,
    setDefaults: defaultPod,
    prepareForCreate,
    prepareForUpdate: keepOldStatus,
    validate: (object) => validatePod(object, true),
    validateUpdate: validatePodUpdate,
    warnings: podWarnings,
    gracePeriodSeconds,
  },
  columns: podColumns,
  rowConditions: podRowConditions,
  selectableFields: [
    { name: 'spec.nodeName', value: (object) => object.spec?.nodeName ?? '' },
    { name: 'spec.restartPolicy', value: (object) => object.spec?.restartPolicy ?? '' },
    { name: 'spec.schedulerName', value: (object) => object.spec?.schedulerName ?? '' },
    { name: 'spec.serviceAccountName', value: (object) => object.spec?.serviceAccountName ?? '' },
    { name: 'spec.hostNetwork', value: (object) => String(object.spec?.hostNetwork ?? false) },
    { name: 'status.phase', value: (object) => object.status?.phase ?? '' },
    { name: 'status.podIP', value: (object) => object.status?.podIP ?? object.status?.podIPs?.[0]?.ip ?? '' },
    { name: 'status.podIPs', value: (object) => object.status?.podIPs?.[0]?.ip ?? object.status?.podIP ?? '' },
    { name: 'status.nominatedNodeName', value: (object) => object.status?.nominatedNodeName ?? '' },
  ],
});
