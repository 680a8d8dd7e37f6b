/** What the deployment controller does at the API server: makes, scales and removes ReplicaSets, writes revisions, conditions and status. */
import type { Deployment, ReplicaSet } from '#api';
import { controllerOf, deepEqual, isAlreadyExists, isNotFound } from '#apimachinery';
import { resources } from '#client';
import { newReplicas, sizeOf } from './deployment-plan.ts';
import {
  findNewReplicaSet,
  newReplicaSet,
  newReplicaSetAnnotations,
  nextRevision,
  REVISION,
  revisionOf,
  sizeAnnotations,
} from './deployment-revisions.ts';
import { deploymentStatus, setDeploymentCondition, type DeploymentCondition } from './deployment-status.ts';
import { equalIgnoringHash } from './pod-template-hash.ts';
import type { ManagerContext } from './settings.ts';

/** One pass over one Deployment. */
export interface Rollout {
  readonly deployment: Deployment;
  readonly all: readonly ReplicaSet[];
  readonly newest: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** The pass over a Deployment and all its ReplicaSets. */
export function rolloutOf(deployment: Deployment, all: readonly ReplicaSet[]): Rollout {
  const newest = findNewReplicaSet(deployment, all);
  return { deployment, all, newest, old: all.filter((replicaset) => replicaset !== newest) };
}

/** The controller's hands. */
export class DeploymentActions {
  constructor(private readonly context: ManagerContext) {}

  async scale(deployment: Deployment, replicaset: ReplicaSet, replicas: number): Promise<ReplicaSet> {
    const annotations = { ...replicaset.metadata.annotations, ...sizeAnnotations(deployment) };
    const before = sizeOf(replicaset);
    if (before === replicas && deepEqual(annotations, replicaset.metadata.annotations)) return replicaset;
    const updated = await this.context.client.update(resources.replicasets, {
      ...replicaset,
      metadata: { ...replicaset.metadata, annotations },
      spec: { ...replicaset.spec!, replicas },
    });
    if (before !== replicas) {
      const direction = replicas > before ? 'up' : 'down';
      this.context.events.event(
        deployment,
        'Normal',
        'ScalingReplicaSet',
        `Scaled ${direction} replica set ${replicaset.metadata.name} from ${before} to ${replicas}`,
      );
    }
    return updated;
  }

  async writeConditions(deployment: Deployment, condition: DeploymentCondition): Promise<Deployment> {
    const old = (deployment.status?.conditions ?? []) as DeploymentCondition[];
    const conditions = setDeploymentCondition(old, condition, this.context.clock.wallMs());
    return conditions === old
      ? deployment
      : this.context.client.updateStatus(resources.deployments, {
          ...deployment,
          status: { ...deployment.status, conditions: [...conditions] } as Deployment['status'],
        });
  }

  /** The Deployment with the revision of its new ReplicaSet written on it. */
  async writeRevision(deployment: Deployment, revision: string): Promise<Deployment> {
    if (deployment.metadata.annotations?.[REVISION] === revision) return deployment;
    return this.context.client.updateStatus(resources.deployments, {
      ...deployment,
      metadata: { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [REVISION]: revision } },
    });
  }

  /** Brings the new ReplicaSet up to date, or makes it. */
  async syncNew(rollout: Rollout, mayCreate: boolean): Promise<Rollout> {
    const { deployment, newest, old } = rollout;
    const revision = Math.max(nextRevision(old), newest ? revisionOf(newest) : 0);
    if (newest) {
      const annotations = newReplicaSetAnnotations(deployment, newest, nextRevision(old));
      const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
      let current = newest;
      if (!deepEqual(annotations, newest.metadata.annotations) || (newest.spec?.minReadySeconds ?? 0) !== minReadySeconds) {
        current = await this.context.client.update(resources.replicasets, {
          ...newest,
          metadata: { ...newest.metadata, annotations },
          spec: { ...newest.spec!, minReadySeconds },
        });
      }
      let updated = await this.writeRevision(deployment, annotations[REVISION]!);
      if (!(updated.status?.conditions ?? []).some(({ type }) => type === 'Progressing') && updated.spec?.progressDeadlineSeconds) {
        updated = await this.writeConditions(updated, {
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
    const created = await this.createNew(deployment, planned);
    if (!created) return rollout;
    if (sizeOf(created))
      this.context.events.event(
        deployment,
        'Normal',
        'ScalingReplicaSet',
        `Scaled up replica set ${created.metadata.name} from 0 to ${sizeOf(created)}`,
      );
    let updated = await this.writeRevision(deployment, String(revision));
    if (updated.spec?.progressDeadlineSeconds) {
      updated = await this.writeConditions(updated, {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetCreated',
        message: `Created new replica set "${created.metadata.name}"`,
      });
    }
    return { deployment: updated, newest: created, old, all: [created, ...old] };
  }

  /** Undefined: the name is taken by another template (a hash collision), or by this one and the cache does not have it yet. */
  async createNew(deployment: Deployment, planned: ReplicaSet): Promise<ReplicaSet | undefined> {
    try {
      return await this.context.client.create(resources.replicasets, planned);
    } catch (error) {
      if (isAlreadyExists(error)) {
        const existing = await this.context.client.get(resources.replicasets, planned.metadata.name, planned.metadata.namespace);
        if (
          controllerOf(existing)?.uid === deployment.metadata.uid &&
          equalIgnoringHash(existing.spec!.template as never, deployment.spec!.template as never)
        )
          return existing;
        const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
        await this.context.client.updateStatus(resources.deployments, {
          ...deployment,
          status: { ...deployment.status, collisionCount } as Deployment['status'],
        });
        return undefined;
      }
      const message = `Failed to create new replica set "${planned.metadata.name}": ${error instanceof Error ? error.message : String(error)}`;
      await this.writeConditions(deployment, { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message });
      this.context.events.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
      throw error;
    }
  }

  async writeStatus(rollout: Rollout, withProgress: boolean): Promise<void> {
    const { deployment, all, newest } = rollout;
    const status = deploymentStatus(deployment, all, newest, this.context.clock.wallMs(), withProgress);
    if (!deepEqual(status, deployment.status ?? {}))
      await this.context.client.updateStatus(resources.deployments, { ...deployment, status });
  }

  /** Old ReplicaSets beyond the history limit that hold no pods go, oldest first. */
  async cleanUp({ deployment, old }: Rollout): Promise<void> {
    const limit = deployment.spec?.revisionHistoryLimit;
    if (limit === undefined || limit === null || limit === 2 ** 31 - 1) return;
    const cleanable = [...old].filter(({ metadata }) => !metadata.deletionTimestamp).sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const replicaset of cleanable.slice(0, Math.max(0, cleanable.length - limit))) {
      const isIdle =
        !replicaset.status?.replicas &&
        sizeOf(replicaset) === 0 &&
        (replicaset.metadata.generation ?? 0) <= (replicaset.status?.observedGeneration ?? 0);
      if (!isIdle) continue;
      await this.context.client
        .delete(resources.replicasets, replicaset.metadata.name, replicaset.metadata.namespace)
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
    }
  }
}
