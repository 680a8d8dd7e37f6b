/** deployment-controller: rolls a Deployment's template out over ReplicaSets, keeps their revisions, scales them and reports progress. */
import type { Deployment, Pod, ReplicaSet } from '#api';
import { controllerOf, isConflict, isNotFound, objectKey, selectorFromLabelSelector, type LabelSelector } from '#apimachinery';
import { defineController, resources, watchObjects, type ReconcileResult } from '#client';
import { DeploymentActions, rolloutOf, type Rollout } from './deployment-actions.ts';
import { byAge, desiredOf, isRolling, newReplicas, planOldReplicas, planProportional, sizeOf, totalSize } from './deployment-plan.ts';
import { DESIRED } from './deployment-revisions.ts';
import { isComplete } from './deployment-status.ts';
import { claim } from './pod-control.ts';
import type { ManagerController } from './settings.ts';

/** A change of spec.replicas, or any change while paused: sizes follow, the template does not. */
async function scaleOnly(act: DeploymentActions, found: Rollout): Promise<void> {
  const rollout = await act.syncNew(found, false);
  const { deployment, newest, all } = rollout;
  const active = byAge(all.filter((replicaset) => sizeOf(replicaset) > 0));
  const only = active.length === 0 ? (newest ?? byAge(all).at(-1)) : active.length === 1 ? active[0] : undefined;
  if (only) await act.scale(deployment, only, desiredOf(deployment));
  else if (newest && (newest.status?.availableReplicas ?? 0) === desiredOf(deployment) && sizeOf(newest) === desiredOf(deployment)) {
    for (const replicaset of active) if (replicaset !== newest) await act.scale(deployment, replicaset, 0);
  } else if (isRolling(deployment))
    for (const { replicaset, replicas } of planProportional(deployment, active)) await act.scale(deployment, replicaset, replicas);
  await act.writeStatus(rollout, false);
}

/** One step of a rolling update; the watch on ReplicaSets brings the next. */
async function rollForward(act: DeploymentActions, found: Rollout): Promise<void> {
  const rollout = await act.syncNew(found, true);
  const { deployment, newest, old, all } = rollout;
  if (newest) {
    const size = sizeOf(newest) > desiredOf(deployment) ? desiredOf(deployment) : newReplicas(deployment, all, sizeOf(newest));
    if (size !== sizeOf(newest)) await act.scale(deployment, newest, size);
    else for (const { replicaset, replicas } of planOldReplicas(deployment, newest, old)) await act.scale(deployment, replicaset, replicas);
    if (isComplete(deployment, deployment.status ?? {})) await act.cleanUp(rollout);
  }
  await act.writeStatus(rollout, true);
}

/** Recreate: everything old goes before anything new comes. `runsOld`: pods of old ReplicaSets are still there. */
async function recreate(act: DeploymentActions, found: Rollout, runsOld: boolean): Promise<void> {
  const standing = await act.syncNew(found, false);
  const toStop = standing.old.filter((replicaset) => sizeOf(replicaset) > 0);
  for (const replicaset of toStop) await act.scale(standing.deployment, replicaset, 0);
  if (toStop.length || runsOld) return act.writeStatus(standing, true);
  const rollout = await act.syncNew(standing, true);
  if (rollout.newest) await act.scale(rollout.deployment, rollout.newest, desiredOf(rollout.deployment));
  if (isComplete(rollout.deployment, rollout.deployment.status ?? {})) await act.cleanUp(rollout);
  return act.writeStatus(rollout, true);
}

async function pauseCondition(act: DeploymentActions, deployment: Deployment): Promise<Deployment> {
  const progressing = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  if (!deployment.spec?.progressDeadlineSeconds || progressing?.reason === 'ProgressDeadlineExceeded') return deployment;
  const isMarked = progressing?.reason === 'DeploymentPaused';
  if (deployment.spec.paused && !isMarked)
    return act.writeConditions(deployment, {
      type: 'Progressing',
      status: 'Unknown',
      reason: 'DeploymentPaused',
      message: 'Deployment is paused',
    });
  if (!deployment.spec.paused && isMarked)
    return act.writeConditions(deployment, {
      type: 'Progressing',
      status: 'Unknown',
      reason: 'DeploymentResumed',
      message: 'Deployment is resumed',
    });
  return deployment;
}

/** The controller. */
export const deploymentController: ManagerController = defineController({
  name: 'deployment-controller',
  workers: 5,
  build(context) {
    const { client, informers } = context;
    const deployments = informers.informer(resources.deployments);
    const replicasets = informers.informer(resources.replicasets);
    const pods = informers.informer(resources.pods);
    const act = new DeploymentActions(context);
    const ownerKeys = (replicaset: ReplicaSet): string[] => {
      const reference = controllerOf(replicaset);
      const { namespace = '', labels } = replicaset.metadata;
      if (reference) return reference.kind === 'Deployment' ? [`${namespace}/${reference.name}`] : [];
      return deployments.lister
        .inNamespace(namespace)
        .filter((deployment) => selectorFromLabelSelector(deployment.spec?.selector as LabelSelector).matches(labels))
        .map(objectKey);
    };
    const ownerOfPod = (pod: Pod): string[] => {
      const reference = controllerOf(pod);
      const replicaset =
        reference?.kind === 'ReplicaSet' ? replicasets.lister.get(`${pod.metadata.namespace ?? ''}/${reference.name}`) : undefined;
      return replicaset ? ownerKeys(replicaset) : [];
    };
    const podsOf = (owned: readonly ReplicaSet[], namespace: string): Pod[] => {
      const uids = new Set(owned.map(({ metadata }) => metadata.uid));
      return pods.lister
        .inNamespace(namespace)
        .filter((pod) => uids.has(controllerOf(pod)?.uid) && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed');
    };
    const sync = async (cached: Deployment): Promise<void> => {
      const namespace = cached.metadata.namespace ?? '';
      const selector = selectorFromLabelSelector(cached.spec?.selector as LabelSelector);
      const all = await claim(client, replicasets, cached, selector, replicasets.lister.inNamespace(namespace));
      if (cached.metadata.deletionTimestamp) return act.writeStatus(rolloutOf(cached, all), false);
      const deployment = await pauseCondition(act, cached);
      const rollout = rolloutOf(deployment, all);
      const isScaled = all.some(
        (replicaset) =>
          sizeOf(replicaset) > 0 && Number(replicaset.metadata.annotations?.[DESIRED] ?? desiredOf(deployment)) !== desiredOf(deployment),
      );
      if (deployment.spec?.paused || isScaled) return scaleOnly(act, rollout);
      if (isRolling(deployment)) return rollForward(act, rollout);
      return recreate(act, rollout, podsOf(rollout.old, namespace).length > 0 || (!rollout.newest && totalSize(all) > 0));
    };
    return {
      watches: [
        watchObjects(deployments),
        watchObjects(replicasets, (replicaset, old) => new Set([...ownerKeys(replicaset), ...(old ? ownerKeys(old) : [])])),
        // Only Recreate waits for pods to be gone.
        { informer: pods, connect: (queue) => pods.addHandler({ deleted: (pod) => ownerOfPod(pod).forEach((key) => queue.add(key)) }) },
      ],
      async reconcile(key): Promise<ReconcileResult | void> {
        const deployment = deployments.lister.get(key);
        if (!deployment) return undefined;
        try {
          await sync(deployment);
        } catch (error) {
          if (isNotFound(error)) return undefined;
          if (isConflict(error)) return { requeueAfterMs: 10 };
          throw error;
        }
        const deadline = deployment.spec?.progressDeadlineSeconds;
        const waits = deadline && deadline !== 2 ** 31 - 1 && !isComplete(deployment, deployment.status ?? {});
        return waits ? { requeueAfterMs: deadline * 1000 + 1000 } : undefined;
      },
    };
  },
});
