/** deployment-controller: rolls a Deployment's template out over ReplicaSets, keeps their revisions, scales them and reports progress. */
import type { Deployment, Pod, ReplicaSet } from '#api';
import {
  controllerOf,
  deepEqual,
  isAlreadyExists,
  isConflict,
  isNotFound,
  objectKey,
  selectorFromLabelSelector,
  type LabelSelector,
} from '#apimachinery';
import { defineController, resources, watchObjects, type ReconcileResult } from '#client';
import { byAge, desiredOf, isRolling, newReplicas, planOldReplicas, planProportional, sizeOf, totalSize } from './deployment-plan.ts';
import {
  DESIRED,
  findNewReplicaSet,
  newReplicaSet,
  newReplicaSetAnnotations,
  nextRevision,
  REVISION,
  revisionOf,
  sizeAnnotations,
} from './deployment-revisions.ts';
import { deploymentStatus, isComplete, setDeploymentCondition, type DeploymentCondition } from './deployment-status.ts';
import { claim } from './pod-control.ts';
import { equalIgnoringHash } from './pod-template-hash.ts';
import type { ManagerContext, ManagerController } from './settings.ts';

/** One pass over one Deployment. */
interface Rollout {
  readonly deployment: Deployment;
  readonly all: readonly ReplicaSet[];
  readonly newest: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

function rolloutOf(deployment: Deployment, all: readonly ReplicaSet[]): Rollout {
  const newest = findNewReplicaSet(deployment, all);
  return { deployment, all, newest, old: all.filter((replicaset) => replicaset !== newest) };
}

function actions(context: ManagerContext) {
  const { client, clock, events } = context;
  const scale = async (deployment: Deployment, replicaset: ReplicaSet, replicas: number): Promise<ReplicaSet> => {
    const annotations = { ...replicaset.metadata.annotations, ...sizeAnnotations(deployment) };
    const before = sizeOf(replicaset);
    if (before === replicas && deepEqual(annotations, replicaset.metadata.annotations)) return replicaset;
    const updated = await client.update(resources.replicasets, {
      ...replicaset,
      metadata: { ...replicaset.metadata, annotations },
      spec: { ...replicaset.spec!, replicas },
    });
    if (before !== replicas) {
      const direction = replicas > before ? 'up' : 'down';
      events.event(
        deployment,
        'Normal',
        'ScalingReplicaSet',
        `Scaled ${direction} replica set ${replicaset.metadata.name} from ${before} to ${replicas}`,
      );
    }
    return updated;
  };
  const writeConditions = async (deployment: Deployment, condition: DeploymentCondition): Promise<Deployment> => {
    const old = (deployment.status?.conditions ?? []) as DeploymentCondition[];
    const conditions = setDeploymentCondition(old, condition, clock.wallMs());
    return conditions === old
      ? deployment
      : client.updateStatus(resources.deployments, {
          ...deployment,
          status: { ...deployment.status, conditions: [...conditions] } as Deployment['status'],
        });
  };
  /** The Deployment with the revision of its new ReplicaSet written on it. */
  const writeRevision = async (deployment: Deployment, revision: string): Promise<Deployment> => {
    if (deployment.metadata.annotations?.[REVISION] === revision) return deployment;
    return client.update(resources.deployments, {
      ...deployment,
      metadata: { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [REVISION]: revision } },
    });
  };
  /** Brings the new ReplicaSet up to date, or makes it. */
  const syncNew = async (rollout: Rollout, mayCreate: boolean): Promise<Rollout> => {
    const { deployment, newest, old } = rollout;
    const revision = Math.max(nextRevision(old), newest ? revisionOf(newest) : 0);
    if (newest) {
      const annotations = newReplicaSetAnnotations(deployment, newest, nextRevision(old));
      const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
      let current = newest;
      if (!deepEqual(annotations, newest.metadata.annotations) || (newest.spec?.minReadySeconds ?? 0) !== minReadySeconds) {
        current = await client.update(resources.replicasets, {
          ...newest,
          metadata: { ...newest.metadata, annotations },
          spec: { ...newest.spec!, minReadySeconds },
        });
      }
      let updated = await writeRevision(deployment, annotations[REVISION]!);
      if (!(updated.status?.conditions ?? []).some(({ type }) => type === 'Progressing') && updated.spec?.progressDeadlineSeconds) {
        updated = await writeConditions(updated, {
          type: 'Progressing',
          status: 'True',
          reason: 'FoundNewReplicaSet',
          message: `Found new replica set "${newest.metadata.name}"`,
        });
      }
      return { ...rollout, deployment: updated, newest: current, all: [current, ...old] };
    }
    if (!mayCreate) return rollout;
    const planned = newReplicaSet(deployment, newReplicas(deployment, old, 0), revision);
    const created = await createNew(deployment, planned);
    if (!created) return rollout;
    if (sizeOf(created))
      events.event(
        deployment,
        'Normal',
        'ScalingReplicaSet',
        `Scaled up replica set ${created.metadata.name} from 0 to ${sizeOf(created)}`,
      );
    let updated = await writeRevision(deployment, String(revision));
    if (updated.spec?.progressDeadlineSeconds) {
      updated = await writeConditions(updated, {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetCreated',
        message: `Created new replica set "${created.metadata.name}"`,
      });
    }
    return { deployment: updated, newest: created, old, all: [created, ...old] };
  };
  /** Undefined: the name is taken by another template (a hash collision), or by this one and the cache does not have it yet. */
  const createNew = async (deployment: Deployment, planned: ReplicaSet): Promise<ReplicaSet | undefined> => {
    try {
      return await client.create(resources.replicasets, planned);
    } catch (error) {
      if (isAlreadyExists(error)) {
        const existing = await client.get(resources.replicasets, planned.metadata.name, planned.metadata.namespace);
        if (
          controllerOf(existing)?.uid === deployment.metadata.uid &&
          equalIgnoringHash(existing.spec!.template as never, deployment.spec!.template as never)
        )
          return existing;
        const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
        await client.updateStatus(resources.deployments, {
          ...deployment,
          status: { ...deployment.status, collisionCount } as Deployment['status'],
        });
        return undefined;
      }
      const message = `Failed to create new replica set "${planned.metadata.name}": ${error instanceof Error ? error.message : String(error)}`;
      await writeConditions(deployment, { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message });
      events.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
      throw error;
    }
  };
  const writeStatus = async (rollout: Rollout, withProgress: boolean): Promise<void> => {
    const { deployment, all, newest } = rollout;
    const status = deploymentStatus(deployment, all, newest, clock.wallMs(), withProgress);
    if (!deepEqual(status, deployment.status ?? {})) await client.updateStatus(resources.deployments, { ...deployment, status });
  };
  /** Old ReplicaSets beyond the history limit that hold no pods go, oldest first. */
  const cleanUp = async ({ deployment, old }: Rollout): Promise<void> => {
    const limit = deployment.spec?.revisionHistoryLimit;
    if (limit === undefined || limit === null || limit === 2 ** 31 - 1) return;
    const cleanable = [...old].filter(({ metadata }) => !metadata.deletionTimestamp).sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const replicaset of cleanable.slice(0, Math.max(0, cleanable.length - limit))) {
      const isIdle =
        !replicaset.status?.replicas &&
        sizeOf(replicaset) === 0 &&
        (replicaset.metadata.generation ?? 0) <= (replicaset.status?.observedGeneration ?? 0);
      if (!isIdle) continue;
      await client.delete(resources.replicasets, replicaset.metadata.name, replicaset.metadata.namespace).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  };
  return { scale, syncNew, writeStatus, writeConditions, cleanUp };
}

type Actions = ReturnType<typeof actions>;

/** A change of spec.replicas, or any change while paused: sizes follow, the template does not. */
async function scaleOnly(act: Actions, found: Rollout): Promise<void> {
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
async function rollForward(act: Actions, found: Rollout): Promise<void> {
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
async function recreate(act: Actions, found: Rollout, runsOld: boolean): Promise<void> {
  const standing = await act.syncNew(found, false);
  const toStop = standing.old.filter((replicaset) => sizeOf(replicaset) > 0);
  for (const replicaset of toStop) await act.scale(standing.deployment, replicaset, 0);
  if (toStop.length || runsOld) return act.writeStatus(standing, true);
  const rollout = await act.syncNew(standing, true);
  if (rollout.newest) await act.scale(rollout.deployment, rollout.newest, desiredOf(rollout.deployment));
  if (isComplete(rollout.deployment, rollout.deployment.status ?? {})) await act.cleanUp(rollout);
  return act.writeStatus(rollout, true);
}

async function pauseCondition(act: Actions, deployment: Deployment): Promise<Deployment> {
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
    const act = actions(context);
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
