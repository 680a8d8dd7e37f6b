/** Revisions of a DaemonSet: each template it had is kept in a ControllerRevision, by which rollout history and undo work. */
import type { ControllerRevision, DaemonSet, PodTemplateSpec } from '#api';
import { isAlreadyExists, isNotFound, newControllerRef } from '#apimachinery';
import { resources, type RestClient } from '#client';
import { REVISION_HASH } from './daemonset-plan.ts';
import { podTemplateHash } from './pod-template-hash.ts';

const DEFAULT_HISTORY_LIMIT = 10;

/** What to write so that the present template is the newest revision: a new one, or an old one with a higher number; and which to drop. */
export interface HistoryPlan {
  readonly create?: ControllerRevision;
  readonly renumber?: ControllerRevision;
  readonly remove: readonly ControllerRevision[];
}

/** The value of controller-revision-hash of a DaemonSet's present template. */
export function revisionHashOf(daemonset: DaemonSet): string {
  return podTemplateHash(daemonset.spec!.template as PodTemplateSpec, daemonset.status?.collisionCount);
}

/** Compares the revisions that are there with the template. `inUse` are hashes of living pods. */
export function planHistory(daemonset: DaemonSet, revisions: readonly ControllerRevision[], inUse: ReadonlySet<string>): HistoryPlan {
  const hash = revisionHashOf(daemonset);
  const highest = Math.max(0, ...revisions.map(({ revision }) => revision));
  const current = revisions.find(({ metadata }) => metadata.labels?.[REVISION_HASH] === hash);
  const old = revisions
    .filter((revision) => revision !== current && !inUse.has(revision.metadata.labels?.[REVISION_HASH] ?? ''))
    .sort((a, b) => a.revision - b.revision);
  const excess = Math.max(0, old.length - (daemonset.spec?.revisionHistoryLimit ?? DEFAULT_HISTORY_LIMIT));
  const remove = old.slice(0, excess);
  if (current) return current.revision < highest ? { renumber: { ...current, revision: highest + 1 }, remove } : { remove };
  const { name, namespace = '' } = daemonset.metadata;
  const labels = { ...(daemonset.spec!.template.metadata?.labels as Record<string, string> | undefined), [REVISION_HASH]: hash };
  const create = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations: { ...daemonset.metadata.annotations },
      ownerReferences: [newControllerRef(daemonset)],
    },
    data: { spec: { template: { ...daemonset.spec!.template, $patch: 'replace' } } },
    revision: highest + 1,
  } as ControllerRevision;
  return { create, remove };
}

/** Writes a plan. */
export async function writeHistory(client: RestClient, plan: HistoryPlan): Promise<void> {
  try {
    if (plan.create) await client.create(resources.controllerrevisions, plan.create);
  } catch (error) {
    // The cache does not show it yet.
    if (!isAlreadyExists(error)) throw error;
  }
  if (plan.renumber) await client.update(resources.controllerrevisions, plan.renumber);
  for (const { metadata } of plan.remove) {
    try {
      await client.delete(resources.controllerrevisions, metadata.name, metadata.namespace);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
