/** Revisions of a StatefulSet: the template it is to have, the one it comes from, and the ControllerRevisions that keep them. */
import type { ControllerRevision, PodTemplateSpec, StatefulSet } from '#api';
import { isControlledBy } from '#apimachinery';
import { resources, type Informer, type RestClient } from '#client';
import { planHistory, writeHistory } from '../revision-history.ts';
import { podTemplateHash } from '../pod-template-hash.ts';

/** The label a StatefulSet's revisions carry their hash in; its pods carry the revision's name in controller-revision-hash. */
const HASH = 'controller.kubernetes.io/hash';

/** Two templates by name of their revision. */
export interface Revisions {
  readonly currentName: string;
  readonly current: PodTemplateSpec;
  readonly updateName: string;
  readonly update: PodTemplateSpec;
}

const templateOf = (revision: ControllerRevision): PodTemplateSpec => {
  const { $patch: _patch, ...template } = (revision.data as unknown as { spec: { template: PodTemplateSpec & { $patch?: string } } }).spec
    .template;
  return template;
};

/** Writes what is missing and tells which revision pods come from and go to. `inUse`: names of revisions living pods have. */
export async function keepRevisions(
  client: RestClient,
  informer: Informer<ControllerRevision>,
  set: StatefulSet,
  inUse: ReadonlySet<string>,
): Promise<Revisions> {
  const template = set.spec!.template as PodTemplateSpec;
  const hash = podTemplateHash(template, set.status?.collisionCount || undefined);
  const own = informer.lister.inNamespace(set.metadata.namespace ?? '').filter((revision) => isControlledBy(revision, set));
  const { name } = set.metadata;
  const kept = new Set([...inUse, set.status?.currentRevision ?? ''].map((each) => each.slice(name.length + 1)));
  await writeHistory(
    client,
    planHistory({ owner: set, template, limit: set.spec?.revisionHistoryLimit, hash, hashLabel: HASH }, own, kept),
  );
  const updateName = `${name}-${hash}`;
  const currentName = set.status?.currentRevision || updateName;
  const current = own.find(({ metadata }) => metadata.name === currentName);
  return {
    updateName,
    update: template,
    currentName: current ? currentName : updateName,
    current: current ? templateOf(current) : template,
  };
}

/** The resource revisions are kept in. */
export const revisionResource = resources.controllerrevisions;
