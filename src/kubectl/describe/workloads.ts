/** kubectl describe for workloads: deployment, replica set, daemon set, stateful set, job, cron job; and their pod templates. */
import { formatLabelSelector, type KubeObject, type LabelSelector } from '#apimachinery';
import type { CronJob, DaemonSet, Deployment, Job, Pod, PodTemplateSpec, ReplicaSet } from '#api';
import type { Session } from '../session.ts';
import { writeContainers, writePlacement, writeVolumes } from './containers.ts';
import { writeHead } from './core.ts';
import type { Description } from './description.ts';
import { longTime, writeEvents, type DescriptionWriter } from './writer.ts';

/** The pod template of a workload. */
export function writePodTemplate(writer: DescriptionWriter, template: PodTemplateSpec | undefined): void {
  writer.line(0, 'Pod Template:');
  writer.pairs('  Labels', template?.metadata?.labels as Record<string, string> | undefined);
  if (template?.metadata?.annotations && Object.keys(template.metadata.annotations).length)
    writer.pairs('  Annotations', template.metadata.annotations as Record<string, string>, ': ');
  if (template?.spec?.serviceAccountName) writer.line(0, `  Service Account:\t${template.spec.serviceAccountName}`);
  if (template?.spec?.initContainers?.length) writeContainers(writer, 'Init Containers', template.spec.initContainers, [], '  ');
  writeContainers(writer, 'Containers', template?.spec?.containers ?? [], [], '  ');
  writeVolumes(writer, template?.spec?.volumes, '  ');
  if (template?.spec?.priorityClassName) writer.line(0, `  Priority Class Name:\t${template.spec.priorityClassName}`);
  writePlacement(writer, template?.spec as Parameters<typeof writePlacement>[1], '  ');
}

interface ReplicaSetFacts extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas?: number };
}

/** A deployment with its replica sets. */
export const describeDeployment: Description<Deployment> = async (writer, object, { session, events, nowMs }) => {
  const { metadata, spec, status = {} } = object;
  const labelSelector = formatLabelSelector(spec?.selector as LabelSelector | undefined);
  const sets = await session.json<{ items: ReplicaSetFacts[] }>({
    method: 'GET',
    path: `/apis/apps/v1/namespaces/${metadata.namespace ?? ''}/replicasets`,
    query: { labelSelector },
  });
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  writer.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.line(0, `Selector:\t${labelSelector}`);
  writer.line(
    0,
    `Replicas:\t${spec?.replicas ?? 0} desired | ${status.updatedReplicas ?? 0} updated | ${status.replicas ?? 0} total | ${status.availableReplicas ?? 0} available | ${status.unavailableReplicas ?? 0} unavailable`,
  );
  writer.line(0, `StrategyType:\t${spec?.strategy?.type ?? ''}`);
  writer.line(0, `MinReadySeconds:\t${spec?.minReadySeconds ?? 0}`);
  const rolling = spec?.strategy?.rollingUpdate;
  if (rolling)
    writer.line(0, `RollingUpdateStrategy:\t${String(rolling.maxUnavailable)} max unavailable, ${String(rolling.maxSurge)} max surge`);
  writePodTemplate(writer, spec?.template);
  if (status.conditions?.length) {
    writer.line(0, 'Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------');
    for (const { type, status: value, reason } of status.conditions) writer.line(1, `${type} \t${value}\t${reason ?? ''}`);
  }
  const revision = 'deployment.kubernetes.io/revision';
  const owned = sets.items.filter((set) => set.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
  const isNew = (set: ReplicaSetFacts): boolean => set.metadata.annotations?.[revision] === metadata.annotations?.[revision];
  const text = (list: readonly ReplicaSetFacts[]): string =>
    list.map((set) => `${set.metadata.name} (${set.status?.replicas ?? 0}/${set.spec?.replicas ?? 0} replicas created)`).join(', ') ||
    '<none>';
  writer.line(0, `OldReplicaSets:\t${text(owned.filter((set) => !isNew(set)))}`);
  writer.line(0, `NewReplicaSet:\t${text(owned.filter(isNew))}`);
  writeEvents(writer, events, nowMs);
};

/** How many pods of a workload are in which phase. */
async function podsStatus(session: Session, owner: KubeObject, selector: LabelSelector | undefined): Promise<string> {
  const pods = await session.json<{ items: Pod[] }>({
    method: 'GET',
    path: `/api/v1/namespaces/${owner.metadata.namespace ?? ''}/pods`,
    query: { labelSelector: formatLabelSelector(selector), limit: 500 },
  });
  const owned = pods.items.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === owner.metadata.uid),
  );
  const count = (phase: string): number => owned.filter(({ status }) => status?.phase === phase).length;
  return `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`;
}

function writeController(writer: DescriptionWriter, object: KubeObject): void {
  const controller = object.metadata.ownerReferences?.find((owner) => owner.controller);
  if (controller) writer.line(0, `Controlled By:\t${controller.kind}/${controller.name}`);
}

/** A replica set. */
export const describeReplicaSet: Description<ReplicaSet> = async (writer, object, { session, events, nowMs }) => {
  const { metadata, spec, status } = object;
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  writer.line(0, `Selector:\t${formatLabelSelector(spec?.selector as LabelSelector | undefined)}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writeController(writer, object);
  writer.line(0, `Replicas:\t${status?.replicas ?? 0} current / ${spec?.replicas ?? 0} desired`);
  writer.line(0, `Pods Status:\t${await podsStatus(session, object, spec?.selector as LabelSelector | undefined)}`);
  writePodTemplate(writer, spec?.template);
  if (status?.conditions?.length) {
    writer.line(0, 'Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------');
    for (const { type, status: value, reason } of status.conditions) writer.line(1, `${type} \t${value}\t${reason ?? ''}`);
  }
  writeEvents(writer, events, nowMs);
};

/** A daemon set. */
export const describeDaemonSet: Description<DaemonSet> = async (writer, object, { session, events, nowMs }) => {
  const { metadata, spec, status } = object;
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  writer.line(0, `Selector:\t${formatLabelSelector(spec?.selector as LabelSelector | undefined)}`);
  const nodes = Object.entries((spec?.template?.spec?.nodeSelector ?? {}) as Record<string, string>);
  writer.line(
    0,
    `Node-Selector:\t${
      nodes
        .map(([key, value]) => `${key}=${value}`)
        .sort()
        .join(',') || '<none>'
    }`,
  );
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.line(0, `Desired Number of Nodes Scheduled: ${status?.desiredNumberScheduled ?? 0}`);
  writer.line(0, `Current Number of Nodes Scheduled: ${status?.currentNumberScheduled ?? 0}`);
  writer.line(0, `Number of Nodes Scheduled with Up-to-date Pods: ${status?.updatedNumberScheduled ?? 0}`);
  writer.line(0, `Number of Nodes Scheduled with Available Pods: ${status?.numberAvailable ?? 0}`);
  writer.line(0, `Number of Nodes Misscheduled: ${status?.numberMisscheduled ?? 0}`);
  writer.line(0, `Pods Status:\t${await podsStatus(session, object, spec?.selector as LabelSelector | undefined)}`);
  writePodTemplate(writer, spec?.template);
  writeEvents(writer, events, nowMs);
};

interface StatefulSet extends KubeObject {
  spec?: {
    replicas?: number;
    selector?: LabelSelector;
    template?: PodTemplateSpec;
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
    volumeClaimTemplates?: readonly (KubeObject & {
      spec?: { storageClassName?: string; accessModes?: readonly string[]; resources?: { requests?: { storage?: string } } };
    })[];
  };
  status?: { replicas?: number };
}

/** A stateful set with its volume claims. */
export const describeStatefulSet: Description<StatefulSet> = async (writer, object, { session, events, nowMs }) => {
  const { metadata, spec, status } = object;
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  writer.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  writer.line(0, `Selector:\t${formatLabelSelector(spec?.selector)}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.line(0, `Replicas:\t${spec?.replicas ?? 0} desired | ${status?.replicas ?? 0} total`);
  writer.line(0, `Update Strategy:\t${spec?.updateStrategy?.type ?? ''}`);
  if (spec?.updateStrategy?.rollingUpdate?.partition !== undefined)
    writer.line(1, `Partition:\t${spec.updateStrategy.rollingUpdate.partition}`);
  writer.line(0, `Pods Status:\t${await podsStatus(session, object, spec?.selector)}`);
  writePodTemplate(writer, spec?.template);
  const claims = spec?.volumeClaimTemplates ?? [];
  writer.line(0, claims.length ? 'Volume Claims:' : 'Volume Claims:\t<none>');
  for (const claim of claims) {
    writer.line(1, `Name:\t${claim.metadata.name}`);
    writer.line(1, `StorageClass:\t${claim.spec?.storageClassName ?? ''}`);
    writer.pairs('  Labels', claim.metadata.labels);
    writer.pairs('  Annotations', claim.metadata.annotations);
    writer.line(1, `Capacity:\t${claim.spec?.resources?.requests?.storage ?? '<default>'}`);
    writer.line(1, `Access Modes:\t[${(claim.spec?.accessModes ?? []).join(' ')}]`);
  }
  writeEvents(writer, events, nowMs);
};

/** A duration as people read it: 45s, 2m3s, 1h. */
function humanDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes}m${seconds % 60 ? `${seconds % 60}s` : ''}`;
  if (minutes < 180) return `${minutes}m`;
  return `${Math.floor(minutes / 60)}h`;
}

/** A job. */
export const describeJob: Description<Job> = (writer, object, { events, nowMs }) => {
  const { metadata, spec, status = {} } = object;
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  writer.line(0, `Selector:\t${formatLabelSelector(spec?.selector as LabelSelector | undefined)}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writeController(writer, object);
  writer.line(0, `Parallelism:\t${spec?.parallelism ?? '<unset>'}`);
  writer.line(0, `Completions:\t${spec?.completions ?? '<unset>'}`);
  if (spec?.completionMode) writer.line(0, `Completion Mode:\t${spec.completionMode}`);
  writer.line(0, `Suspend:\t${spec?.suspend ?? false}`);
  writer.line(0, `Backoff Limit:\t${spec?.backoffLimit ?? 0}`);
  if (spec?.ttlSecondsAfterFinished !== undefined) writer.line(0, `TTL Seconds After Finished:\t${spec.ttlSecondsAfterFinished}`);
  if (status.startTime) writer.line(0, `Start Time:\t${longTime(status.startTime)}`);
  if (status.completionTime) writer.line(0, `Completed At:\t${longTime(status.completionTime)}`);
  if (status.startTime && status.completionTime)
    writer.line(0, `Duration:\t${humanDuration(Date.parse(status.completionTime) - Date.parse(status.startTime))}`);
  if (spec?.activeDeadlineSeconds !== undefined) writer.line(0, `Active Deadline Seconds:\t${spec.activeDeadlineSeconds}s`);
  const ready = status.ready === undefined ? '' : ` (${status.ready} Ready)`;
  writer.line(
    0,
    `Pods Statuses:\t${status.active ?? 0} Active${ready} / ${status.succeeded ?? 0} Succeeded / ${status.failed ?? 0} Failed`,
  );
  if (spec?.completionMode === 'Indexed') writer.line(0, `Completed Indexes:\t${status.completedIndexes || '<none>'}`);
  writePodTemplate(writer, spec?.template);
  writeEvents(writer, events, nowMs);
};

/** A cron job. */
export const describeCronJob: Description<CronJob> = (writer, object, { events, nowMs }) => {
  const { spec, status } = object;
  const job = spec?.jobTemplate?.spec;
  writeHead(writer, object);
  writer.line(0, `Schedule:\t${spec?.schedule ?? ''}`);
  writer.line(0, `Concurrency Policy:\t${spec?.concurrencyPolicy ?? ''}`);
  writer.line(0, `Suspend:\t${spec?.suspend ? 'True' : 'False'}`);
  writer.line(0, `Successful Job History Limit:\t${spec?.successfulJobsHistoryLimit ?? '<unset>'}`);
  writer.line(0, `Failed Job History Limit:\t${spec?.failedJobsHistoryLimit ?? '<unset>'}`);
  writer.line(
    0,
    `Starting Deadline Seconds:\t${spec?.startingDeadlineSeconds === undefined ? '<unset>' : `${spec.startingDeadlineSeconds}s`}`,
  );
  writer.line(0, `Selector:\t${job?.selector ? formatLabelSelector(job.selector as LabelSelector) : '<unset>'}`);
  writer.line(0, `Parallelism:\t${job?.parallelism ?? '<unset>'}`);
  writer.line(0, `Completions:\t${job?.completions ?? '<unset>'}`);
  if (job?.activeDeadlineSeconds !== undefined) writer.line(0, `Active Deadline Seconds:\t${job.activeDeadlineSeconds}s`);
  writePodTemplate(writer, job?.template);
  writer.line(0, `Last Schedule Time:\t${status?.lastScheduleTime ? longTime(status.lastScheduleTime) : '<unset>'}`);
  writer.line(0, `Active Jobs:\t${(status?.active ?? []).map(({ name }) => name ?? '').join(', ') || '<none>'}`);
  writeEvents(writer, events, nowMs);
};
