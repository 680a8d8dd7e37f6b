/** The pods and claims of a StatefulSet: their names, what they are made of, and in which state a pod is (stateful_set_utils). */
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet } from '#api';
import { newControllerRef } from '#apimachinery';
import { podFromTemplate, untilAvailableMs } from '../pod-control.ts';

/** Labels every pod of a StatefulSet has. */
export const POD_NAME = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX = 'apps.kubernetes.io/pod-index';
/** The label with the name of the revision a pod was made of. */
export const REVISION = 'controller-revision-hash';

/** The number at the end of a pod's name; undefined for a pod of another name. */
export function ordinalOf(set: StatefulSet, { metadata: { name } }: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const text = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The lowest ordinal, and the one after the highest. */
export function ordinalRange({ spec }: StatefulSet): { start: number; end: number } {
  const start = spec?.ordinals?.start ?? 0;
  return { start, end: start + (spec?.replicas ?? 1) };
}

const claimName = (template: string, pod: string): string => `${template}-${pod}`;

/** The claims of a pod, as they are made where they are missing. */
export function claimsOf(set: StatefulSet, podName: string): PersistentVolumeClaim[] {
  return ((set.spec?.volumeClaimTemplates ?? []) as PersistentVolumeClaim[]).map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(template.metadata.name, podName),
      namespace: set.metadata.namespace ?? '',
      labels: { ...template.metadata.labels, ...(set.spec?.selector.matchLabels as Record<string, string> | undefined) },
    },
    ...(template.spec ? { spec: structuredClone(template.spec) } : {}),
  }));
}

/** The pod of an ordinal, made of a template under a revision's name. */
export function podOf(set: StatefulSet, ordinal: number, template: PodTemplateSpec, revision: string): Pod {
  const pod = podFromTemplate(template, set);
  const name = `${set.metadata.name}-${ordinal}`;
  const { generateName: _generated, ...metadata } = pod.metadata;
  const claims = (set.spec?.volumeClaimTemplates ?? []) as PersistentVolumeClaim[];
  const names = new Set(claims.map((claim) => claim.metadata.name));
  return {
    ...pod,
    metadata: {
      ...metadata,
      name,
      generateName: `${set.metadata.name}-`,
      labels: { ...metadata.labels, [POD_NAME]: name, [POD_INDEX]: String(ordinal), [REVISION]: revision },
      ownerReferences: [newControllerRef(set)],
    },
    spec: {
      ...pod.spec!,
      hostname: name,
      ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
      volumes: [
        ...claims.map(({ metadata: { name: volume } }) => ({
          name: volume,
          persistentVolumeClaim: { claimName: claimName(volume, name) },
        })),
        ...(pod.spec?.volumes ?? []).filter(({ name: volume }) => !names.has(volume)),
      ],
    },
  };
}

/** A pod has ended and will not run again by itself. */
export const hasEnded = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';
/** A pod is being deleted. */
export const isGoing = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
/** A pod runs and is ready. */
export const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && untilAvailableMs(pod, 0, 0) !== undefined;
