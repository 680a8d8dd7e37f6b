/** replicaset-controller: as many pods of a template as spec.replicas says; which to make, which to delete, and the status. */
import type { Pod, PodTemplateSpec, ReplicaSet } from '#api';
import {
  controllerOf,
  deepEqual,
  formatTime,
  isConflict,
  isNotFound,
  objectKey,
  selectorFromLabelSelector,
  setCondition,
  type Condition,
  type LabelSelector,
  type Selector,
} from '#apimachinery';
import { defineController, resources, watchObjects, type RestClient } from '#client';
import { createExpectations } from './expectations.ts';
import {
  byDispensability,
  claim,
  createPods,
  deletePods,
  isPodActive,
  podFromTemplate,
  untilAvailableMs,
  watchOwnedPods,
  type PodControl,
} from './pod-control.ts';
import type { ManagerController } from './settings.ts';

type ReplicaSetStatus = NonNullable<ReplicaSet['status']>;

/** Pods made or deleted in one pass at most. */
const BURST_REPLICAS = 500;

/** Selector of a ReplicaSet. */
export function selectorOf(replicaset: ReplicaSet): Selector {
  return selectorFromLabelSelector(replicaset.spec?.selector as LabelSelector | undefined);
}

/** How many pods to make, or which to delete. `related` gives the pods of all ReplicaSets of the same owner; only a deletion asks for them. */
export function planReplicas(
  replicaset: ReplicaSet,
  active: readonly Pod[],
  related: () => readonly Pod[],
): { create: number; remove: readonly Pod[] } {
  const difference = active.length - (replicaset.spec?.replicas ?? 1);
  if (difference <= 0) return { create: Math.min(-difference, BURST_REPLICAS), remove: [] };
  const onNode = new Map<string, number>();
  for (const { spec } of related()) if (spec?.nodeName) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1);
  const together = (pod: Pod): number => onNode.get(pod.spec?.nodeName ?? '') ?? 0;
  return { create: 0, remove: [...active].sort(byDispensability(together)).slice(0, Math.min(difference, BURST_REPLICAS)) };
}

/** The status of a ReplicaSet from its pods. `failure` is what went wrong in this pass. */
export function replicasetStatus(
  replicaset: ReplicaSet,
  active: readonly Pod[],
  failure: { reason: string; message: string } | undefined,
  nowMs: number,
): ReplicaSetStatus {
  const templateLabels = Object.entries((replicaset.spec?.template?.metadata?.labels ?? {}) as Record<string, string>);
  const minReadySeconds = replicaset.spec?.minReadySeconds ?? 0;
  const waits = active.map((pod) => untilAvailableMs(pod, minReadySeconds, nowMs));
  const old = (replicaset.status?.conditions ?? []) as Condition[];
  const others = old.filter(({ type }) => type !== 'ReplicaFailure');
  const conditions = failure ? setCondition(old, { type: 'ReplicaFailure', status: 'True', ...failure }, formatTime(nowMs)) : others;
  const counts = {
    fullyLabeledReplicas: active.filter((pod) => templateLabels.every(([key, value]) => pod.metadata.labels?.[key] === value)).length,
    readyReplicas: waits.filter((wait) => wait !== undefined).length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
  };
  return {
    replicas: active.length,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    observedGeneration: replicaset.metadata.generation ?? 0,
    ...(conditions.length ? { conditions } : {}),
  } as ReplicaSetStatus;
}

async function writeStatus(client: RestClient, replicaset: ReplicaSet, status: ReplicaSetStatus): Promise<void> {
  if (deepEqual(replicaset.status ?? {}, status)) return;
  try {
    await client.updateStatus(resources.replicasets, { ...replicaset, status });
  } catch (error) {
    // The watch brings the newer version, and with it another pass.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

/** The controller. */
export const replicasetController: ManagerController = defineController({
  name: 'replicaset-controller',
  workers: 5,
  build({ client, informers, clock, events }) {
    const replicasets = informers.informer(resources.replicasets);
    const pods = informers.informer(resources.pods);
    const expectations = createExpectations(clock);
    const control: PodControl = { client, events, expectations };
    const adopters = (pod: Pod): string[] =>
      replicasets.lister
        .inNamespace(pod.metadata.namespace ?? '')
        .filter((replicaset) => selectorOf(replicaset).matches(pod.metadata.labels))
        .map(objectKey);
    const relatedPods = (replicaset: ReplicaSet): Pod[] => {
      const owner = controllerOf(replicaset);
      const siblings = owner
        ? replicasets.lister.inNamespace(replicaset.metadata.namespace ?? '').filter((other) => controllerOf(other)?.uid === owner.uid)
        : [replicaset];
      const uids = new Set(siblings.map(({ metadata }) => metadata.uid));
      return pods.lister
        .inNamespace(replicaset.metadata.namespace ?? '')
        .filter((pod) => isPodActive(pod) && uids.has(controllerOf(pod)?.uid));
    };
    return {
      watches: [watchObjects(replicasets), watchOwnedPods(pods, 'ReplicaSet', expectations, adopters)],
      async reconcile(key) {
        const replicaset = replicasets.lister.get(key);
        if (!replicaset) return expectations.forget(key);
        const mayAct = expectations.areMet(key) && !replicaset.metadata.deletionTimestamp;
        const candidates = pods.lister.inNamespace(replicaset.metadata.namespace ?? '').filter(isPodActive);
        const active = await claim(client, pods, replicaset, selectorOf(replicaset), candidates);
        let error: unknown;
        let failure: { reason: string; message: string } | undefined;
        if (mayAct) {
          const plan = planReplicas(replicaset, active, () => relatedPods(replicaset));
          if (plan.create)
            error = await createPods(control, replicaset, plan.create, () =>
              podFromTemplate(replicaset.spec!.template as PodTemplateSpec, replicaset),
            );
          else if (plan.remove.length) error = await deletePods(control, replicaset, plan.remove);
          if (error !== undefined)
            failure = {
              reason: plan.create ? 'FailedCreate' : 'FailedDelete',
              message: error instanceof Error ? error.message : String(error),
            };
        }
        const now = clock.wallMs();
        await writeStatus(client, replicaset, replicasetStatus(replicaset, active, failure, now));
        if (error !== undefined) throw error;
        const waits = active
          .map((pod) => untilAvailableMs(pod, replicaset.spec?.minReadySeconds ?? 0, now))
          .filter((wait): wait is number => Boolean(wait));
        return waits.length ? { requeueAfterMs: Math.min(...waits) } : undefined;
      },
    };
  },
});
