/** The status of a Deployment: counts over its ReplicaSets, Available, Progressing and ReplicaFailure with their reasons. Pure. */
import type { Deployment, ReplicaSet } from '#api';
import { findCondition, formatTime, parseTime, setCondition, type Condition } from '#apimachinery';
import { desiredOf, fenceposts, totalSize } from './deployment-plan.ts';

type DeploymentStatus = NonNullable<Deployment['status']>;
/** A condition with the time of its last change of any kind. */
export interface DeploymentCondition extends Condition {
  lastUpdateTime?: string;
}

const sum = (replicasets: readonly ReplicaSet[], field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
  replicasets.reduce((total, replicaset) => total + (replicaset.status?.[field] ?? 0), 0);

/** Sets a condition; one with the same status and reason is left as it is (SetDeploymentCondition). */
export function setDeploymentCondition(
  conditions: readonly DeploymentCondition[],
  condition: DeploymentCondition,
  nowMs: number,
): readonly DeploymentCondition[] {
  const old = findCondition(conditions, condition.type);
  if (old && old.status === condition.status && old.reason === condition.reason) return conditions;
  const now = formatTime(nowMs);
  return setCondition(conditions, { ...condition, lastUpdateTime: now }, now);
}

/** Counts of a Deployment's status. */
export function deploymentCounts(deployment: Deployment, all: readonly ReplicaSet[], newest: ReplicaSet | undefined): DeploymentStatus {
  const availableReplicas = sum(all, 'availableReplicas');
  const counts = {
    replicas: sum(all, 'replicas'),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sum(all, 'readyReplicas'),
    availableReplicas,
    unavailableReplicas: Math.max(0, totalSize(all) - availableReplicas),
  };
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(deployment.status?.collisionCount ? { collisionCount: deployment.status.collisionCount } : {}),
  } as DeploymentStatus;
}

/** Whether all replicas are of the new template and available, and no others are left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function isProgressing(deployment: Deployment, status: DeploymentStatus): boolean {
  const old = deployment.status ?? {};
  const oldLeft = (old.replicas ?? 0) - (old.updatedReplicas ?? 0);
  const left = (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (status.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    left < oldLeft ||
    (status.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, conditions: readonly DeploymentCondition[], nowMs: number): boolean {
  const progressing = findCondition(conditions, 'Progressing');
  const deadline = deployment.spec?.progressDeadlineSeconds;
  if (!progressing || !deadline || deadline === 2 ** 31 - 1) return false;
  if (progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.reason === 'ProgressDeadlineExceeded') return true;
  return progressing.lastUpdateTime !== undefined && parseTime(progressing.lastUpdateTime) + deadline * 1000 < nowMs;
}

function progressCondition(
  deployment: Deployment,
  status: DeploymentStatus,
  newest: ReplicaSet | undefined,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): readonly DeploymentCondition[] {
  const current = findCondition(conditions, 'Progressing');
  const subject = newest ? `ReplicaSet "${newest.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  // A rollout that is over does not fall back because a pod is restarted.
  const isOver = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  if (isOver) return conditions;
  if (isComplete(deployment, status))
    return setDeploymentCondition(
      conditions,
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: `${subject} has successfully progressed.` },
      nowMs,
    );
  if (isProgressing(deployment, status)) {
    const condition: DeploymentCondition = {
      type: 'Progressing',
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message: `${subject} is progressing.`,
    };
    const transition = current?.status === 'True' ? current.lastTransitionTime : undefined;
    // Progress restarts the deadline even where status and reason stay.
    const others = conditions.filter(({ type }) => type !== 'Progressing');
    return [...others, { ...condition, lastUpdateTime: formatTime(nowMs), lastTransitionTime: transition ?? formatTime(nowMs) }];
  }
  if (hasTimedOut(deployment, conditions, nowMs))
    return setDeploymentCondition(
      conditions,
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: `${subject} has timed out progressing.` },
      nowMs,
    );
  return conditions;
}

/** The whole status. `withProgress` is false while the rollout is paused or only scaled. */
export function deploymentStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newest: ReplicaSet | undefined,
  nowMs: number,
  withProgress: boolean,
): DeploymentStatus {
  const status = deploymentCounts(deployment, all, newest);
  let conditions = (deployment.status?.conditions ?? []) as readonly DeploymentCondition[];
  const isAvailable = (status.availableReplicas ?? 0) >= desiredOf(deployment) - fenceposts(deployment).maxUnavailable;
  conditions = setDeploymentCondition(
    conditions,
    isAvailable
      ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    nowMs,
  );
  if (withProgress && deployment.spec?.progressDeadlineSeconds)
    conditions = progressCondition(deployment, status, newest, conditions, nowMs);
  const failure = [newest, ...all]
    .map((replicaset) => findCondition(replicaset?.status?.conditions as Condition[] | undefined, 'ReplicaFailure'))
    .find(Boolean);
  if (failure)
    conditions = setDeploymentCondition(
      conditions,
      { type: 'ReplicaFailure', status: failure.status, reason: failure.reason ?? '', message: failure.message ?? '' },
      nowMs,
    );
  else conditions = conditions.filter(({ type }) => type !== 'ReplicaFailure');
  return { ...status, conditions: [...conditions] } as DeploymentStatus;
}
