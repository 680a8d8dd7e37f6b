/** How far a rollout is, in kubectl's words (polymorphichelpers/rollout_status.go). */
import { parseGroupVersion, type KubeObject } from '#apimachinery';
import { groupResource } from './discovery.ts';
import { CommandError } from './errors.ts';

/** A line (or nothing) and whether the rollout is over. */
export interface RolloutStatus {
  readonly text: string;
  readonly done: boolean;
}

interface Workload extends KubeObject {
  spec?: { replicas?: number; updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } } };
  status?: {
    observedGeneration?: number;
    conditions?: readonly { type: string; reason?: string }[];
    replicas?: number;
    readyReplicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberAvailable?: number;
    currentRevision?: string;
    updateRevision?: string;
  };
}

const waiting = (text: string): RolloutStatus => ({ text: `${text}\n`, done: false });
const over = (text: string): RolloutStatus => ({ text: `${text}\n`, done: true });
const isObserved = ({ metadata, status }: Workload): boolean => (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);

function ofDeployment(object: Workload, asked: number): RolloutStatus {
  const { metadata, spec, status = {} } = object;
  const head = `Waiting for deployment "${metadata.name}" rollout to finish:`;
  if (asked > 0) {
    const revision = Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
    if (revision !== asked) throw new CommandError(`desired revision (${asked}) is different from the running revision (${revision})`);
  }
  if (!isObserved(object)) return waiting('Waiting for deployment spec update to be observed...');
  if (status.conditions?.some(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded'))
    throw new CommandError(`deployment "${metadata.name}" exceeded its progress deadline`);
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (spec?.replicas !== undefined && updatedReplicas < spec.replicas)
    return waiting(`${head} ${updatedReplicas} out of ${spec.replicas} new replicas have been updated...`);
  if (replicas > updatedReplicas) return waiting(`${head} ${replicas - updatedReplicas} old replicas are pending termination...`);
  if (availableReplicas < updatedReplicas)
    return waiting(`${head} ${availableReplicas} of ${updatedReplicas} updated replicas are available...`);
  return over(`deployment "${metadata.name}" successfully rolled out`);
}

function ofDaemonSet(object: Workload): RolloutStatus {
  const { metadata, spec, status = {} } = object;
  const head = `Waiting for daemon set "${metadata.name}" rollout to finish:`;
  if (spec?.updateStrategy?.type !== 'RollingUpdate')
    throw new CommandError('rollout status is only available for RollingUpdate strategy type');
  if (!isObserved(object)) return waiting('Waiting for daemon set spec update to be observed...');
  const { updatedNumberScheduled = 0, desiredNumberScheduled = 0, numberAvailable = 0 } = status;
  if (updatedNumberScheduled < desiredNumberScheduled)
    return waiting(`${head} ${updatedNumberScheduled} out of ${desiredNumberScheduled} new pods have been updated...`);
  if (numberAvailable < desiredNumberScheduled)
    return waiting(`${head} ${numberAvailable} of ${desiredNumberScheduled} updated pods are available...`);
  return over(`daemon set "${metadata.name}" successfully rolled out`);
}

function ofStatefulSet(object: Workload): RolloutStatus {
  const { spec, status = {} } = object;
  if (spec?.updateStrategy?.type !== 'RollingUpdate')
    throw new CommandError('rollout status is only available for RollingUpdate strategy type');
  if (!status.observedGeneration || !isObserved(object)) return waiting('Waiting for statefulset spec update to be observed...');
  const { readyReplicas = 0, updatedReplicas = 0, currentRevision = '', updateRevision = '' } = status;
  const wanted = spec.replicas;
  if (wanted !== undefined && readyReplicas < wanted) return waiting(`Waiting for ${wanted - readyReplicas} pods to be ready...`);
  const partition = spec.updateStrategy.rollingUpdate?.partition;
  if (partition !== undefined && wanted !== undefined) {
    if (updatedReplicas < wanted - partition)
      return waiting(
        `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${wanted - partition} new pods have been updated...`,
      );
    return over(`partitioned roll out complete: ${updatedReplicas} new pods have been updated...`);
  }
  if (updateRevision !== currentRevision)
    return waiting(`waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...`);
  return over(`statefulset rolling update complete ${status.replicas ?? 0} pods at revision ${currentRevision}...`);
}

/** The status of a workload's rollout; `revision` (0: any) is the one that is asked about. Throws CommandError. */
export function rolloutStatus(object: KubeObject, revision: number): RolloutStatus {
  switch (object.kind) {
    case 'Deployment':
      return ofDeployment(object, revision);
    case 'DaemonSet':
      return ofDaemonSet(object);
    case 'StatefulSet':
      return ofStatefulSet(object);
    default:
      throw new CommandError(
        `no status viewer has been implemented for ${groupResource({ group: parseGroupVersion(object.apiVersion).group, plural: object.kind })}`,
      );
  }
}
