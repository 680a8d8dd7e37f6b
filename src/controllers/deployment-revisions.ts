/** Revisions of a deployment: its ReplicaSets, which of them is the new one, and the annotations that number them. */
import type { Deployment, PodTemplateSpec, ReplicaSet } from '#api';
import { newControllerRef } from '#apimachinery';
import { byAge, desiredOf, fenceposts } from './deployment-plan.ts';
import { equalIgnoringHash, podTemplateHash } from './pod-template-hash.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MAX = 'deployment.kubernetes.io/max-replicas';
/** Annotations of the Deployment that its ReplicaSets do not take over. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED,
  MAX,
  'deprecated.deployment.rollback.to',
]);

/** Revision number of a ReplicaSet; 0 without. */
export const revisionOf = (replicaset: ReplicaSet): number => Number(replicaset.metadata.annotations?.[REVISION] ?? 0) || 0;

/** The ReplicaSet with the Deployment's present template, the oldest if several have it. */
export function findNewReplicaSet(deployment: Deployment, replicasets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return byAge(replicasets).find((replicaset) =>
    equalIgnoringHash(replicaset.spec?.template as PodTemplateSpec, deployment.spec!.template as PodTemplateSpec),
  );
}

/** The revision the new ReplicaSet should have: one more than the highest of the old ones. */
export function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

/** Annotations of the new ReplicaSet: the Deployment's, its revision (with the history of those it had), desired and greatest size. */
export function newReplicaSetAnnotations(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  revision: number,
): Record<string, string> {
  const annotations: Record<string, string> = { ...current?.metadata.annotations };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) if (!NOT_COPIED.has(name)) annotations[name] = value;
  const before = current ? revisionOf(current) : 0;
  if (before < revision) {
    if (before > 0) {
      const history = (annotations[REVISION_HISTORY] ?? '').split(',').filter(Boolean);
      annotations[REVISION_HISTORY] = [...history, String(before)].join(',');
    }
    annotations[REVISION] = String(revision);
  }
  return { ...annotations, ...sizeAnnotations(deployment) };
}

/** The annotations that tell a ReplicaSet of the Deployment's size. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const desired = desiredOf(deployment);
  return { [DESIRED]: String(desired), [MAX]: String(desired + fenceposts(deployment).maxSurge) };
}

/** A new ReplicaSet of a Deployment's present template. */
export function newReplicaSet(deployment: Deployment, replicas: number, revision: number): ReplicaSet {
  const template = structuredClone(deployment.spec!.template) as PodTemplateSpec;
  const hash = podTemplateHash(template, deployment.status?.collisionCount);
  const labels = { ...(template.metadata?.labels as Record<string, string> | undefined), 'pod-template-hash': hash };
  const { metadata, spec } = deployment;
  const selector = spec!.selector;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace ?? '',
      labels,
      annotations: newReplicaSetAnnotations(deployment, undefined, revision),
      ownerReferences: [newControllerRef(deployment)],
    },
    spec: {
      replicas,
      ...(spec?.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, 'pod-template-hash': hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  } as ReplicaSet;
}
