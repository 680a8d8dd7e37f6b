/**
 * The accounting of a job's ended pods: each keeps a finalizer until it is counted in the status, so that none is counted twice or not at
 * all. Of Indexed jobs the indexes are what counts. Pure.
 */
import type { Job, Pod } from '#api';
import { formatIndexes, indexOf, isIndexed, parseIndexes } from './indexes.ts';
import { failureDecision } from './policies.ts';

/** Keeps an ended pod until it is counted. */
export const TRACKING = 'batch.kubernetes.io/job-tracking';
/** Annotation of a pod of a job with backoffLimitPerIndex: how often its index had failed before. */
export const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count';

type JobStatus = NonNullable<Job['status']>;

/** Ended pods that are counted, or are being counted. */
export interface Accounting {
  readonly succeeded: number;
  readonly failed: number;
  /** Seen to have ended; written to the status before their finalizer goes. */
  readonly uncountedSucceeded: readonly string[];
  readonly uncountedFailed: readonly string[];
  /** Of Indexed jobs, the indexes that succeeded, those of pods still to be let go among them. */
  readonly succeededIndexes: ReadonlySet<number>;
  /** Those that will not be tried again. */
  readonly failedIndexes: ReadonlySet<number>;
  /** Last failed pods by index that wait for another to take their place and count on. */
  readonly toReplace: ReadonlyMap<number, Pod>;
  /** Pods that may go once the status is written. */
  readonly released: readonly Pod[];
}

export const hasFinalizer = (pod: Pod): boolean => (pod.metadata.finalizers ?? []).includes(TRACKING);

/** Whether only pods that have ended are replaced, not those that are going. */
export const replacesOnlyFailed = (job: Job): boolean => job.spec?.podReplacementPolicy === 'Failed';

/** Whether a pod of a job has ended badly: its own failure, or deleted before it ended. */
export const isFailed = (pod: Pod, job?: Job): boolean =>
  pod.status?.phase === 'Failed' ||
  Boolean(pod.metadata.deletionTimestamp && pod.status?.phase !== 'Succeeded' && !(job && replacesOnlyFailed(job)));

/** How often a pod's index had failed before it. */
export const earlierFailures = (pod: Pod): number => Number(pod.metadata.annotations?.[INDEX_FAILURES] ?? 0) || 0;

/** Whether it is decided how the job ends: nothing is tried again then. */
const isEnding = (job: Job): boolean =>
  Boolean(job.status?.conditions?.some(({ type, status }) => ['FailureTarget', 'SuccessCriteriaMet'].includes(type) && status === 'True'));

interface IndexCount {
  readonly succeeded: Set<number>;
  readonly failed: Set<number>;
  readonly toReplace: Map<number, Pod>;
}

/** What the pods of an Indexed job say of its indexes, beyond what its status says already. */
function countIndexes(job: Job, pods: readonly Pod[]): IndexCount {
  const completions = job.spec?.completions ?? 0;
  const perIndex = job.spec?.backoffLimitPerIndex;
  const succeeded = parseIndexes(job.status?.completedIndexes, completions);
  const failed = parseIndexes(job.status?.failedIndexes, completions);
  const toReplace = new Map<number, Pod>();
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index !== undefined && index < completions && pod.status?.phase === 'Succeeded' && hasFinalizer(pod)) succeeded.add(index);
  }
  if (perIndex === undefined) return { succeeded, failed, toReplace };
  const replaced = new Set(pods.filter((pod) => !isFailed(pod, job)).map(indexOf));
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index === undefined || index >= completions || !isFailed(pod, job) || !hasFinalizer(pod)) continue;
    if (succeeded.has(index) || failed.has(index) || replaced.has(index)) continue;
    const decision = failureDecision(job, pod);
    if (decision?.action === 'FailIndex' || (decision?.action !== 'Ignore' && earlierFailures(pod) >= perIndex)) {
      failed.add(index);
      toReplace.delete(index);
    } else if (!isEnding(job) && earlierFailures(pod) >= earlierFailures(toReplace.get(index) ?? pod)) toReplace.set(index, pod);
  }
  return { succeeded, failed, toReplace };
}

const waiting = (uids: readonly string[] | undefined, held: ReadonlyMap<string, Pod>): { open: string[]; counted: number } => {
  const open = (uids ?? []).filter((uid) => held.has(uid));
  return { open, counted: (uids ?? []).length - open.length };
};

/** Counts the pods whose finalizer is off since the last pass and takes up newly ended ones. */
export function account(job: Job, pods: readonly Pod[]): Accounting {
  const status: Partial<JobStatus> = job.status ?? {};
  const held = new Map(pods.filter(hasFinalizer).map((pod) => [pod.metadata.uid ?? '', pod]));
  const indexes = isIndexed(job) ? countIndexes(job, pods) : undefined;
  const succeeded = waiting(status.uncountedTerminatedPods?.succeeded, held);
  const failed = waiting(status.uncountedTerminatedPods?.failed, held);
  const released: Pod[] = [];
  for (const [uid, pod] of held) {
    if (succeeded.open.includes(uid) || failed.open.includes(uid)) continue;
    if (pod.status?.phase === 'Succeeded') {
      if (indexes) released.push(pod);
      else succeeded.open.push(uid);
    } else if (isFailed(pod, job)) {
      if (indexes && [...indexes.toReplace.values()].includes(pod)) continue;
      if (failureDecision(job, pod)?.action === 'Ignore') released.push(pod);
      else failed.open.push(uid);
    }
  }
  return {
    succeeded: indexes ? indexes.succeeded.size : (status.succeeded ?? 0) + succeeded.counted,
    failed: (status.failed ?? 0) + failed.counted,
    uncountedSucceeded: indexes ? [] : succeeded.open,
    uncountedFailed: failed.open,
    succeededIndexes: indexes?.succeeded ?? new Set(),
    failedIndexes: indexes?.failed ?? new Set(),
    toReplace: indexes?.toReplace ?? new Map(),
    released,
  };
}

/** Total of ended pods of an accounting. */
export const totalOf = (accounting: Pick<Accounting, 'succeeded' | 'failed' | 'uncountedSucceeded' | 'uncountedFailed'>) => ({
  succeeded: accounting.succeeded + accounting.uncountedSucceeded.length,
  failed: accounting.failed + accounting.uncountedFailed.length,
});

/** The fields of the status that say which indexes are over. */
export function indexFields(job: Job, { succeededIndexes, failedIndexes }: Accounting): Partial<JobStatus> {
  if (!isIndexed(job)) return {};
  return {
    ...(succeededIndexes.size ? { completedIndexes: formatIndexes(succeededIndexes) } : {}),
    ...(job.spec?.backoffLimitPerIndex !== undefined ? { failedIndexes: formatIndexes(failedIndexes) } : {}),
  };
}
