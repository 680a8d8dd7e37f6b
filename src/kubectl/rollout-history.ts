/** Revisions of a workload: a deployment's replica sets, a daemon set's or stateful set's controller revisions. */
import { formatLabelSelector, type KubeObject, type LabelSelector } from '#apimachinery';
import type { PodTemplateSpec } from '#api';
import { groupResource } from './discovery.ts';
import { CommandError } from './errors.ts';
import { PATCH_TYPES } from './patches.ts';
import type { Session } from './session.ts';
import type { Info } from './targets.ts';

/** One revision, and the patch that goes back to it. */
export interface Revision {
  readonly revision: number;
  readonly changeCause: string;
  readonly template: PodTemplateSpec | undefined;
  /** The replica set or controller revision that remembers it. */
  readonly object: KubeObject;
  readonly patch: unknown;
  readonly patchType: string;
}

const REVISION = 'deployment.kubernetes.io/revision';
const CHANGE_CAUSE = 'kubernetes.io/change-cause';
const HASH_LABEL = 'pod-template-hash';
/** Annotations of a replica set that are its own and do not come back with a rollback. */
const OWN_ANNOTATIONS = [
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
];

type Workload = KubeObject & { spec?: { selector?: LabelSelector; template?: PodTemplateSpec } };

const isOwned = (object: KubeObject, owner: KubeObject): boolean =>
  object.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === owner.metadata.uid) ?? false;

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  if (!template?.metadata?.labels) return template;
  const { [HASH_LABEL]: _, ...labels } = template.metadata.labels as Record<string, string>;
  return { ...template, metadata: { ...template.metadata, labels } };
}

async function ownedBy(session: Session, owner: Workload, plural: string): Promise<KubeObject[]> {
  const list = await session.json<{ items: KubeObject[] }>({
    method: 'GET',
    path: `/apis/apps/v1/namespaces/${owner.metadata.namespace ?? ''}/${plural}`,
    query: { labelSelector: formatLabelSelector(owner.spec?.selector) },
  });
  return list.items.filter((object) => isOwned(object, owner));
}

async function ofDeployment(session: Session, deployment: Workload): Promise<Revision[]> {
  const sets = (await ownedBy(session, deployment, 'replicasets')) as Workload[];
  return sets.map((set) => {
    const { metadata, spec } = set;
    const own = metadata.annotations ?? {};
    const kept = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => OWN_ANNOTATIONS.includes(key));
    const back = Object.entries(own).filter(([key]) => !OWN_ANNOTATIONS.includes(key));
    return {
      revision: Number(own[REVISION] ?? 0),
      changeCause: own[CHANGE_CAUSE] ?? '',
      template: spec?.template,
      object: { ...set, apiVersion: 'apps/v1', kind: 'ReplicaSet' },
      patch: [
        { op: 'replace', path: '/spec/template', value: withoutHash(spec?.template) },
        { op: 'replace', path: '/metadata/annotations', value: Object.fromEntries([...kept, ...back]) },
      ],
      patchType: PATCH_TYPES.json,
    };
  });
}

async function ofRevisions(session: Session, owner: Workload): Promise<Revision[]> {
  const revisions = (await ownedBy(session, owner, 'controllerrevisions')) as (KubeObject & {
    revision?: number;
    data?: { spec?: { template?: PodTemplateSpec } };
  })[];
  return revisions.map(({ metadata, revision = 0, data, ...rest }) => ({
    object: { ...rest, apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, revision, data },
    revision,
    changeCause: metadata.annotations?.[CHANGE_CAUSE] ?? '',
    template: data?.spec?.template,
    patch: data,
    patchType: PATCH_TYPES.strategic,
  }));
}

/** The revisions of a workload, oldest first. `doing` is told where the kind has none. */
export async function historyOf(session: Session, info: Info, doing: string): Promise<Revision[]> {
  const { object } = info;
  const isKnown = object.kind === 'DaemonSet' || object.kind === 'StatefulSet';
  if (object.kind !== 'Deployment' && !isKnown)
    throw new CommandError(
      doing === 'undoing'
        ? `no rollbacker has been implemented for "${object.kind}"`
        : `no history viewer has been implemented for "${groupResource({ group: info.resource.group, plural: object.kind })}"`,
    );
  const revisions = object.kind === 'Deployment' ? await ofDeployment(session, object) : await ofRevisions(session, object);
  return revisions.filter(({ revision }) => revision > 0).sort((a, b) => a.revision - b.revision);
}
