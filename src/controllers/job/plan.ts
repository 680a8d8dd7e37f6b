/** The decisions of the job controller: when a job has succeeded or failed, and how many pods should run, of which indexes. Pure. */
import type { Job, Pod } from '#api';
import { parseTime } from '#apimachinery';
import { isPodActive } from '../pod-control.ts';
import { earlierFailures, isFailed, replacesOnlyFailed, totalOf, type Accounting } from './accounting.ts';
import { indexOf, isIndexed, nextIndexes, surplusPods } from './indexes.ts';
import { failureDecision, metSuccessRule } from './policies.ts';

const BASE_BACK_OFF_MS = 10_000;
const MAX_BACK_OFF_MS = 600_000;

/** How a job is to end, or undefined while it goes on. */
export type Verdict = { readonly type: 'Complete' | 'Failed'; readonly reason: string; readonly message: string } | undefined;

const failedFor = (reason: string, message: string): Verdict => ({ type: 'Failed', reason, message });

/** Whether containers that are started again in place have failed too often. */
function isPastRestarts(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  const limit = job.spec.backoffLimit ?? 6;
  const restarts = pods
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function judgeIndexes(job: Job, { succeededIndexes, failedIndexes }: Accounting): Verdict {
  const { completions = 0, maxFailedIndexes } = job.spec ?? {};
  if (maxFailedIndexes !== undefined && failedIndexes.size > maxFailedIndexes)
    return failedFor('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  if (failedIndexes.size > 0 && failedIndexes.size + succeededIndexes.size >= completions)
    return failedFor('FailedIndexes', 'Job has failed indexes');
  const rule = metSuccessRule(job, succeededIndexes);
  return rule === undefined ? undefined : { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` };
}

/** Judges a job from its counts and pods. */
export function judge(job: Job, accounting: Accounting, pods: readonly Pod[], nowMs: number): Verdict {
  const { succeeded, failed } = totalOf(accounting);
  const { completions, backoffLimit = 6, activeDeadlineSeconds } = job.spec ?? {};
  const ending = pods
    .filter((pod) => isFailed(pod, job))
    .map((pod) => failureDecision(job, pod))
    .find((decision) => decision?.action === 'FailJob');
  if (ending) return failedFor('PodFailurePolicy', ending.message);
  if (failed > backoffLimit || isPastRestarts(job, pods))
    return failedFor('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const started = job.status?.startTime as string | undefined;
  if (activeDeadlineSeconds && started && !job.spec?.suspend && nowMs - parseTime(started) >= activeDeadlineSeconds * 1000)
    return failedFor('DeadlineExceeded', 'Job was active longer than specified deadline');
  const ofIndexes = isIndexed(job) ? judgeIndexes(job, accounting) : undefined;
  if (ofIndexes) return ofIndexes;
  const isDone = completions === undefined || completions === null ? succeeded > 0 && !pods.some(isPodActive) : succeeded >= completions;
  return isDone ? { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' } : undefined;
}

/** What is to be done with pods in this pass. */
export interface PodPlan {
  /** Pods to make; of Indexed jobs one of each of these indexes. */
  readonly create: readonly (number | undefined)[];
  readonly remove: readonly Pod[];
  /** Until more may be made, in milliseconds; 0: nothing waits. */
  readonly waitMs: number;
}

const wantedPods = (job: Job, accounting: Accounting, active: number): number => {
  if (job.spec?.suspend) return 0;
  const { parallelism = 1, completions } = job.spec ?? {};
  const { succeeded } = totalOf(accounting);
  // A work queue job starts no new pods once one has said that the queue is empty.
  if (completions === undefined || completions === null) return succeeded > 0 ? active : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded - accounting.failedIndexes.size));
};

function endOf(pod: Pod, nowMs: number): number {
  const finished = (pod.status?.containerStatuses ?? [])
    .map(({ state }) => state?.terminated?.finishedAt as string | undefined)
    .filter((time): time is string => Boolean(time));
  const end =
    finished.sort().at(-1) ??
    (pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime as string | undefined) ??
    pod.metadata.creationTimestamp;
  return end ? parseTime(end) : nowMs;
}

const backOffMs = (failures: number): number => Math.min(BASE_BACK_OFF_MS * 2 ** (failures - 1), MAX_BACK_OFF_MS);

/** How long to wait before the next pod after failures: 10 s, 20 s, 40 s … from the end of the last failed pod. */
export function retryDelayMs(pods: readonly Pod[], failed: number, nowMs: number): number {
  if (failed === 0) return 0;
  const ends = pods.filter(({ status }) => status?.phase === 'Failed').map((pod) => endOf(pod, nowMs));
  if (!ends.length) return 0;
  return Math.max(0, Math.max(...ends) + backOffMs(failed) - nowMs);
}

/** Which indexes are to be tried, and how long the first that waits for its next try has to. */
function planIndexes(
  job: Job,
  accounting: Accounting,
  active: readonly Pod[],
  count: number,
  nowMs: number,
): Pick<PodPlan, 'create' | 'waitMs'> {
  const taken = new Set([...accounting.succeededIndexes, ...accounting.failedIndexes]);
  for (const pod of active) taken.add(indexOf(pod) ?? -1);
  const waits: number[] = [];
  for (const [index, pod] of accounting.toReplace) {
    const waitMs = endOf(pod, nowMs) + backOffMs(earlierFailures(pod) + 1) - nowMs;
    if (waitMs <= 0) continue;
    taken.add(index);
    waits.push(waitMs);
  }
  return { create: nextIndexes(count, job.spec?.completions ?? 0, taken), waitMs: waits.length ? Math.min(...waits) : 0 };
}

/** Plans the pods of a job that goes on. */
export function planPods(job: Job, accounting: Accounting, pods: readonly Pod[], nowMs: number): PodPlan {
  const active = pods.filter(isPodActive);
  const going = replacesOnlyFailed(job) ? pods.filter((pod) => pod.metadata.deletionTimestamp && !isFailed(pod, job)).length : 0;
  const over = new Set([...accounting.succeededIndexes, ...accounting.failedIndexes]);
  const surplus = isIndexed(job) ? surplusPods(active, job.spec?.completions ?? 0, over) : [];
  const kept = active.filter((pod) => !surplus.includes(pod));
  const difference = wantedPods(job, accounting, kept.length) - kept.length;
  if (difference <= 0) return { create: [], remove: difference < 0 ? [...surplus, ...kept.slice(difference)] : surplus, waitMs: 0 };
  const count = Math.max(0, difference - going);
  const isPerIndex = job.spec?.backoffLimitPerIndex !== undefined;
  const waitMs = isPerIndex ? 0 : retryDelayMs(pods, totalOf(accounting).failed, nowMs);
  if (waitMs > 0) return { create: [], remove: surplus, waitMs };
  if (!isIndexed(job)) return { create: Array.from({ length: count }, () => undefined), remove: surplus, waitMs: 0 };
  return { ...planIndexes(job, accounting, kept, count, nowMs), remove: surplus };
}
