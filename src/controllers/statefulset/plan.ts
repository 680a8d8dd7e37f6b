/** What a StatefulSet does next: which pods are made and deleted now, one by one or all at once (defaultStatefulSetControl). Pure. */
import type { Pod, StatefulSet } from '#api';
import { untilAvailableMs } from '../pod-control.ts';
import { hasEnded, isGoing, isRunningAndReady, ordinalOf, ordinalRange, REVISION } from './pods.ts';

/** The next step. */
export interface StatefulSetPlan {
  /** Ordinals whose pods are made, lowest first. */
  readonly create: readonly number[];
  readonly remove: readonly Pod[];
  /** Milliseconds until a pod counts as available and the next step may come. */
  readonly waitMs?: number;
}

interface Situation {
  readonly byOrdinal: ReadonlyMap<number, Pod>;
  /** Beyond the range, highest first. */
  readonly condemned: readonly Pod[];
  readonly start: number;
  readonly end: number;
}

function situationOf(set: StatefulSet, pods: readonly Pod[]): Situation {
  const { start, end } = ordinalRange(set);
  const numbered = pods.flatMap((pod) => {
    const ordinal = ordinalOf(set, pod);
    return ordinal === undefined ? [] : [{ pod, ordinal }];
  });
  const isWanted = ({ ordinal }: { ordinal: number }): boolean => ordinal >= start && ordinal < end;
  return {
    byOrdinal: new Map(numbered.filter(isWanted).map(({ pod, ordinal }) => [ordinal, pod])),
    condemned: numbered
      .filter((each) => !isWanted(each))
      .sort((a, b) => b.ordinal - a.ordinal)
      .map(({ pod }) => pod),
    start,
    end,
  };
}

const wait = (ms: number | undefined): StatefulSetPlan => ({ create: [], remove: [], ...(ms ? { waitMs: ms } : {}) });

/** The steps of OrderedReady: the first pod that is missing or not well holds all that follow. */
function planInOrder(set: StatefulSet, { byOrdinal, condemned, start, end }: Situation, nowMs: number): StatefulSetPlan | undefined {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) return { create: [ordinal], remove: [] };
    if (hasEnded(pod) && !isGoing(pod)) return { create: [], remove: [pod] };
    if (isGoing(pod) || !isRunningAndReady(pod)) return wait(undefined);
    const availableMs = untilAvailableMs(pod, minReadySeconds, nowMs);
    if (availableMs !== 0) return wait(availableMs);
  }
  const last = condemned[0];
  if (!last) return undefined;
  // One that is not well may go at once; the others wait until it has gone.
  return isGoing(last) ? wait(undefined) : { create: [], remove: [last] };
}

/** The steps of Parallel: all at once. */
function planInParallel({ byOrdinal, condemned, start, end }: Situation): StatefulSetPlan | undefined {
  const create: number[] = [];
  for (let ordinal = start; ordinal < end; ordinal++) if (!byOrdinal.has(ordinal)) create.push(ordinal);
  const remove = [...[...byOrdinal.values()].filter(hasEnded), ...condemned].filter((pod) => !isGoing(pod));
  return create.length + remove.length > 0 ? { create, remove } : undefined;
}

/** The highest pod of an older revision goes, once all above it are well. */
function planRollingUpdate(set: StatefulSet, { byOrdinal, start, end }: Situation, updateRevision: string, nowMs: number): StatefulSetPlan {
  if (set.spec?.updateStrategy?.type === 'OnDelete') return wait(undefined);
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (let ordinal = end - 1; ordinal >= start + partition; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) continue;
    if (pod.metadata.labels?.[REVISION] !== updateRevision && !isGoing(pod)) return { create: [], remove: [pod] };
    if (isGoing(pod) || !isRunningAndReady(pod)) return wait(undefined);
    const availableMs = untilAvailableMs(pod, set.spec?.minReadySeconds ?? 0, nowMs);
    if (availableMs !== 0) return wait(availableMs);
  }
  return wait(undefined);
}

/** The next step of a StatefulSet with these pods. */
export function planStatefulSet(set: StatefulSet, pods: readonly Pod[], updateRevision: string, nowMs: number): StatefulSetPlan {
  const situation = situationOf(set, pods);
  const scaling = set.spec?.podManagementPolicy === 'Parallel' ? planInParallel(situation) : planInOrder(set, situation, nowMs);
  return scaling ?? planRollingUpdate(set, situation, updateRevision, nowMs);
}

/** The status after a look at the pods. */
export function statusOf(
  set: StatefulSet,
  pods: readonly Pod[],
  { currentName, updateName }: { currentName: string; updateName: string },
  nowMs: number,
): NonNullable<StatefulSet['status']> {
  const living = pods.filter((pod) => !isGoing(pod) && !hasEnded(pod));
  const count = (test: (pod: Pod) => boolean): number => living.filter(test).length;
  const of = (revision: string) => (pod: Pod) => pod.metadata.labels?.[REVISION] === revision;
  const readyReplicas = count(isRunningAndReady);
  const updatedReplicas = count(of(updateName));
  const replicas = pods.filter((pod) => !hasEnded(pod)).length;
  const isUpdated = updatedReplicas === replicas && readyReplicas === replicas && set.spec?.updateStrategy?.type !== 'OnDelete';
  const currentReplicas = isUpdated || currentName === updateName ? updatedReplicas : count(of(currentName));
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas,
    ...(readyReplicas > 0 ? { readyReplicas } : {}),
    availableReplicas: count((pod) => isRunningAndReady(pod) && untilAvailableMs(pod, set.spec?.minReadySeconds ?? 0, nowMs) === 0),
    ...(currentReplicas > 0 ? { currentReplicas } : {}),
    ...(updatedReplicas > 0 ? { updatedReplicas } : {}),
    currentRevision: isUpdated ? updateName : currentName,
    updateRevision: updateName,
    collisionCount: set.status?.collisionCount ?? 0,
  };
}
