/** job-controller: runs pods until enough have succeeded, plainly or one for each completion index, under the job's policies of failure and success. */
import type { Job, Pod } from '#api';
import {
  deepEqual,
  formatTime,
  isConflict,
  isNotFound,
  objectKey,
  parseTime,
  selectorFromLabelSelector,
  setCondition,
  type Condition,
  type LabelSelector,
} from '#apimachinery';
import { defineController, resources, watchObjects, type ReconcileResult } from '#client';
import { createExpectations } from '../expectations.ts';
import { claim, createPods, deletePods, isPodActive, watchOwnedPods, type PodControl } from '../pod-control.ts';
import type { ManagerContext, ManagerController } from '../settings.ts';
import { account, indexFields, isFailed, TRACKING, type Accounting } from './accounting.ts';
import { judge, planPods, type Verdict } from './plan.ts';
import { podOf } from './pod-of-job.ts';

type JobStatus = NonNullable<Job['status']>;

const isFinished = (job: Job): boolean =>
  Boolean(job.status?.conditions?.some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True'));

/** The status of a job in this pass. The end is written only once every ended pod is counted. */
function jobStatus(job: Job, accounting: Accounting, pods: readonly Pod[], verdict: Verdict, nowMs: number): JobStatus {
  const now = formatTime(nowMs);
  const active = pods.filter(isPodActive);
  let conditions = (job.status?.conditions ?? []) as Condition[];
  if (verdict) {
    const early = {
      type: verdict.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget',
      status: 'True',
      reason: verdict.reason,
      message: verdict.message,
    };
    conditions = setCondition(conditions, { ...early, lastProbeTime: now } as Condition, now);
    const isSettled = !accounting.uncountedSucceeded.length && !accounting.uncountedFailed.length && active.length === 0;
    if (isSettled)
      conditions = setCondition(
        conditions,
        { type: verdict.type, status: 'True', reason: verdict.reason, message: verdict.message, lastProbeTime: now } as Condition,
        now,
      );
  }
  const wasSuspended = conditions.find(({ type }) => type === 'Suspended');
  if (job.spec?.suspend && !verdict)
    conditions = setCondition(
      conditions,
      { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended', lastProbeTime: now } as Condition,
      now,
    );
  else if (wasSuspended?.status === 'True')
    conditions = setCondition(
      conditions,
      { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed', lastProbeTime: now } as Condition,
      now,
    );
  const isComplete = conditions.some(({ type, status }) => type === 'Complete' && status === 'True');
  const startTime = job.spec?.suspend ? undefined : ((job.status?.startTime as string | undefined) ?? now);
  const uncounted = {
    ...(accounting.uncountedSucceeded.length ? { succeeded: [...accounting.uncountedSucceeded] } : {}),
    ...(accounting.uncountedFailed.length ? { failed: [...accounting.uncountedFailed] } : {}),
  };
  return {
    ...(conditions.length ? { conditions } : {}),
    ...(startTime ? { startTime } : {}),
    ...(isComplete ? { completionTime: (job.status?.completionTime as string | undefined) ?? now } : {}),
    ...(active.length ? { active: active.length } : {}),
    ...(accounting.succeeded ? { succeeded: accounting.succeeded } : {}),
    ...(accounting.failed ? { failed: accounting.failed } : {}),
    ...indexFields(job, accounting),
    terminating: pods.filter((pod) => pod.metadata.deletionTimestamp && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded')
      .length,
    uncountedTerminatedPods: uncounted,
    ready: active.filter((pod) => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')).length,
  } as JobStatus;
}

function jobSync(context: ManagerContext, control: PodControl) {
  const { client, clock, events } = context;
  const removeFinalizer = async (pod: Pod): Promise<void> => {
    const finalizers = (pod.metadata.finalizers ?? []).filter((name) => name !== TRACKING);
    try {
      await client.patch(resources.pods, pod.metadata.name, pod.metadata.namespace, 'merge', {
        metadata: { uid: pod.metadata.uid, finalizers: finalizers.length ? finalizers : null },
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };
  const announceEnd = (job: Job, before: JobStatus | undefined, status: JobStatus): void => {
    for (const { type, status: value, reason, message } of status.conditions ?? []) {
      if (value !== 'True' || before?.conditions?.some((old) => old.type === type && old.status === 'True')) continue;
      if (type === 'Complete') events.event(job, 'Normal', 'Completed', 'Job completed');
      else if (type === 'Failed') events.event(job, 'Warning', reason ?? '', message ?? '');
      else if (type === 'Suspended') events.event(job, 'Normal', 'Suspended', 'Job suspended');
    }
    const resumed =
      status.conditions?.some(({ type, status: value }) => type === 'Suspended' && value === 'False') &&
      before?.conditions?.some(({ type, status: value }) => type === 'Suspended' && value === 'True');
    if (resumed) events.event(job, 'Normal', 'Resumed', 'Job resumed');
  };
  return async (job: Job, pods: readonly Pod[], mayAct: boolean): Promise<ReconcileResult | undefined> => {
    const now = clock.wallMs();
    const accounting = account(job, pods);
    const active = pods.filter(isPodActive);
    const criteria = job.status?.conditions?.find(
      ({ type, status }) => (type === 'SuccessCriteriaMet' || type === 'FailureTarget') && status === 'True',
    );
    const decided: Verdict = criteria && {
      type: criteria.type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed',
      reason: criteria.reason ?? '',
      message: criteria.message ?? '',
    };
    const verdict = decided ?? judge(job, accounting, pods, now);
    const plan = verdict ? { create: [], remove: active, waitMs: 0 } : planPods(job, accounting, pods, now);
    let error: unknown;
    if (mayAct && plan.create.length > 0)
      error = await createPods(control, job, plan.create.length, (at) => {
        const index = plan.create[at];
        return podOf(job, index, index === undefined ? undefined : accounting.toReplace.get(index));
      });
    if (mayAct && plan.remove.length > 0) {
      const failure = await deletePods(control, job, plan.remove);
      error ??= failure;
    }
    const status = jobStatus(job, accounting, pods, verdict, now);
    if (!deepEqual(status, job.status ?? {})) {
      await client.updateStatus(resources.jobs, { ...job, status });
      announceEnd(job, job.status, status);
    }
    // Only what the written status remembers may lose its finalizer.
    const remembered = new Set([...accounting.uncountedSucceeded, ...accounting.uncountedFailed]);
    for (const pod of pods) if (remembered.has(pod.metadata.uid ?? '') || accounting.released.includes(pod)) await removeFinalizer(pod);
    if (error !== undefined) throw error;
    const deadline = job.spec?.activeDeadlineSeconds;
    const waits = [
      plan.waitMs,
      deadline && !verdict ? deadline * 1000 - (now - parseTime(String(status.startTime ?? formatTime(now)))) : 0,
    ].filter((wait) => wait > 0);
    return waits.length ? { requeueAfterMs: Math.min(...waits) } : undefined;
  };
}

/** The controller. */
export const jobController: ManagerController = defineController({
  name: 'job-controller',
  workers: 5,
  build(context) {
    const { client, informers, clock, events } = context;
    const jobs = informers.informer(resources.jobs);
    const pods = informers.informer(resources.pods);
    const expectations = createExpectations(clock);
    const sync = jobSync(context, { client, events, expectations });
    const selectorOf = (job: Job) => selectorFromLabelSelector(job.spec?.selector as LabelSelector | undefined);
    const adopters = (pod: Pod): string[] =>
      jobs.lister
        .inNamespace(pod.metadata.namespace ?? '')
        .filter((job) => job.spec?.selector && selectorOf(job).matches(pod.metadata.labels))
        .map(objectKey);
    return {
      watches: [watchObjects(jobs), watchOwnedPods(pods, 'Job', expectations, adopters)],
      async reconcile(key) {
        const job = jobs.lister.get(key);
        const owned = pods.lister
          .inNamespace(key.split('/')[0]!)
          .filter((pod) => pod.metadata.ownerReferences?.some(({ kind, name }) => kind === 'Job' && name === key.split('/')[1]));
        if (!job || job.metadata.deletionTimestamp || isFinished(job)) {
          expectations.forget(key);
          // Pods of a job that is gone or over must not wait for being counted.
          const held = owned.filter(
            (pod) => pod.metadata.finalizers?.includes(TRACKING) && (!job || isFailed(pod) || pod.status?.phase === 'Succeeded'),
          );
          for (const pod of held) {
            await client
              .patch(resources.pods, pod.metadata.name, pod.metadata.namespace, 'merge', {
                metadata: { finalizers: (pod.metadata.finalizers ?? []).filter((name) => name !== TRACKING) },
              })
              .catch((error: unknown) => {
                if (!isNotFound(error)) throw error;
              });
          }
          return undefined;
        }
        try {
          const claimed = await claim(client, pods, job, selectorOf(job), pods.lister.inNamespace(job.metadata.namespace ?? ''));
          return await sync(job, claimed, expectations.areMet(key));
        } catch (error) {
          if (isNotFound(error)) return undefined;
          if (isConflict(error)) return { requeueAfterMs: 10 };
          throw error;
        }
      },
    };
  },
});
