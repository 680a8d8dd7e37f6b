/** Revisions of DaemonSets and StatefulSets: each template they had is kept in a ControllerRevision, by which rollout history and undo work. */
import type { ControllerRevision, PodTemplateSpec } from '#api';
import { isAlreadyExists, isNotFound, newControllerRef, type KubeObject } from '#apimachinery';
import { resources, type RestClient } from '#client';

const DEFAULT_HISTORY_LIMIT = 10;

/** What to write so that the present template is the newest revision: a new one, or an old one with a higher number; and which to drop. */
export interface HistoryPlan {
  readonly create?: ControllerRevision;
  readonly renumber?: ControllerRevision;
  readonly remove: readonly ControllerRevision[];
}

/** Whose history, and how its present template is told from others. */
export interface Revised {
  readonly owner: KubeObject;
  readonly template: PodTemplateSpec;
  /** revisionHistoryLimit. */
  readonly limit: number | undefined;
  readonly hash: string;
  /** The label of a ControllerRevision its hash is in. */
  readonly hashLabel: string;
}

/** Compares the revisions that are there with the template. `inUse` are hashes of living pods. */
export function planHistory(
  { owner, template, limit, hash, hashLabel }: Revised,
  revisions: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
): HistoryPlan {
  const highest = Math.max(0, ...revisions.map(({ revision }) => revision));
  const current = revisions.find(({ metadata }) => metadata.labels?.[hashLabel] === hash);
  const old = revisions
    .filter((revision) => revision !== current && !inUse.has(revision.metadata.labels?.[hashLabel] ?? ''))
    .sort((a, b) => a.revision - b.revision);
  const remove = old.slice(0, Math.max(0, old.length - (limit ?? DEFAULT_HISTORY_LIMIT)));
  if (current) return current.revision < highest ? { renumber: { ...current, revision: highest + 1 }, remove } : { remove };
  const { name, namespace = '' } = owner.metadata;
  const labels = { ...(template.metadata?.labels as Record<string, string> | undefined), [hashLabel]: hash };
  const create = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations: { ...owner.metadata.annotations },
      ownerReferences: [newControllerRef(owner)],
    },
    data: { spec: { template: { ...template, $patch: 'replace' } } },
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
