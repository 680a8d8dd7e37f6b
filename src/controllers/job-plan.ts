/** The decisions of the job controller: how many pods should run, when the job has succeeded or failed, and the accounting of ended pods. Pure. */
import type { Job, Pod } from '#api';
import { parseTime } from '#apimachinery';

/** Keeps an ended pod until it is counted. */
export const TRACKING = 'batch.kubernetes.io/job-tracking';
const BASE_BACK_OFF_MS = 10_000;
const MAX_BACK_OFF_MS = 600_000;

type JobStatus = NonNullable<Job['status']>;

/** Ended pods that are counted, or are being counted. */
export interface Accounting {
  readonly succeeded: number;
  readonly failed: number;
  /** Seen to have ended; written to the status before their finalizer goes, so that none is ever counted twice or not at all. */
  readonly uncountedSucceeded: readonly string[];
  readonly uncountedFailed: readonly string[];
}

const hasFinalizer = (pod: Pod): boolean => (pod.metadata.finalizers ?? []).includes(TRACKING);
/** Whether a pod of a job has ended badly: its own failure, or deleted before it ended. */
export const isFailed = (pod: Pod): boolean =>
  pod.status?.phase === 'Failed' || Boolean(pod.metadata.deletionTimestamp && pod.status?.phase !== 'Succeeded');

/** Counts the pods whose finalizer is off since the last pass and takes up newly ended ones. */
export function account(status: JobStatus, pods: readonly Pod[]): Accounting {
  const held = new Map(pods.filter(hasFinalizer).map((pod) => [pod.metadata.uid ?? '', pod]));
  const waiting = (uids: readonly string[] | undefined): { open: string[]; counted: number } => {
    const open = (uids ?? []).filter((uid) => held.has(uid));
    return { open, counted: (uids ?? []).length - open.length };
  };
  const succeeded = waiting(status.uncountedTerminatedPods?.succeeded);
  const failed = waiting(status.uncountedTerminatedPods?.failed);
  for (const [uid, pod] of held) {
    if (succeeded.open.includes(uid) || failed.open.includes(uid)) continue;
    if (pod.status?.phase === 'Succeeded') succeeded.open.push(uid);
    else if (isFailed(pod)) failed.open.push(uid);
  }
  return {
    succeeded: (status.succeeded ?? 0) + succeeded.counted,
    failed: (status.failed ?? 0) + failed.counted,
    uncountedSucceeded: succeeded.open,
    uncountedFailed: failed.open,
  };
}

/** Total of ended pods of an accounting. */
export const totalOf = (accounting: Accounting): { succeeded: number; failed: number } => ({
  succeeded: accounting.succeeded + accounting.uncountedSucceeded.length,
  failed: accounting.failed + accounting.uncountedFailed.length,
});

/** How a job is to end, or undefined while it goes on. */
export type Verdict = { readonly type: 'Complete' | 'Failed'; readonly reason: string; readonly message: string } | undefined;

/** Judges a job from its counts. `active` are its running pods. */
export function judge(job: Job, accounting: Accounting, active: number, nowMs: number): Verdict {
  const { succeeded, failed } = totalOf(accounting);
  const { completions, backoffLimit = 6, activeDeadlineSeconds } = job.spec ?? {};
  if (failed > backoffLimit)
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  const started = job.status?.startTime as string | undefined;
  if (activeDeadlineSeconds && started && nowMs - parseTime(started) >= activeDeadlineSeconds * 1000)
    return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  const isDone = completions === undefined || completions === null ? succeeded > 0 && active === 0 : succeeded >= completions;
  return isDone ? { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' } : undefined;
}

/** Pods to make (positive) or to delete (negative). */
export function planPods(job: Job, accounting: Accounting, active: number): number {
  if (job.spec?.suspend) return -active;
  const parallelism = job.spec?.parallelism ?? 1;
  const { succeeded } = totalOf(accounting);
  const completions = job.spec?.completions;
  // A work queue job starts no new pods once one has said that the queue is empty.
  const wanted =
    completions === undefined || completions === null
      ? succeeded > 0
        ? active
        : parallelism
      : Math.min(parallelism, completions - succeeded);
  return Math.max(0, wanted) - active;
}

/** How long to wait before the next pod after failures: 10 s, 20 s, 40 s … from the end of the last failed pod. */
export function retryDelayMs(pods: readonly Pod[], failed: number, nowMs: number): number {
  if (failed === 0) return 0;
  const ends = pods
    .filter(({ status }) => status?.phase === 'Failed')
    .map((pod) => {
      const finished = (pod.status?.containerStatuses ?? [])
        .map(({ state }) => state?.terminated?.finishedAt as string | undefined)
        .filter((time): time is string => Boolean(time));
      const end =
        finished.sort().at(-1) ??
        (pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime as string | undefined) ??
        pod.metadata.creationTimestamp;
      return end ? parseTime(end) : nowMs;
    });
  if (!ends.length) return 0;
  return Math.max(0, Math.max(...ends) + Math.min(BASE_BACK_OFF_MS * 2 ** (failed - 1), MAX_BACK_OFF_MS) - nowMs);
}
