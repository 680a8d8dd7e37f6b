/** cronjob-controller: makes Jobs when a schedule says so, one at a time or several, and keeps the last few (cronjob_controllerv2). */
import { nextTime, parseSchedule, type CronJob, type Job, type Schedule } from '#api';
import {
  deepEqual,
  formatTime,
  isAlreadyExists,
  isConflict,
  isControlledBy,
  isNotFound,
  maybeParseTime,
  newControllerRef,
  parseTime,
} from '#apimachinery';
import { defineController, resources, watchObjects, type EventRecorder, type RestClient } from '#client';
import type { ManagerController } from '../settings.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** More missed times than this are not counted one by one. */
const MOST_MISSED = 100;

const isOver = ({ status }: Job): boolean =>
  (status?.conditions ?? []).some(
    (condition) => (condition.type === 'Complete' || condition.type === 'Failed') && condition.status === 'True',
  );
const hasFailed = ({ status }: Job): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === 'Failed' && condition.status === 'True');

/** The latest time that is due, whether there were too many to count, and when the next one comes. Wall milliseconds. */
export function dueTime(cronJob: CronJob, schedule: Schedule, nowMs: number): { dueMs?: number; tooMany: boolean; nextMs?: number } {
  const { lastScheduleTime } = cronJob.status ?? {};
  const created = parseTime(cronJob.metadata.creationTimestamp!);
  const deadline = cronJob.spec?.startingDeadlineSeconds;
  const earliest = Math.max(maybeParseTime(lastScheduleTime) ?? created, deadline === undefined ? 0 : nowMs - deadline * SECOND_MS);
  let dueMs: number | undefined;
  let missed = 0;
  let nextMs = nextTime(schedule, earliest);
  while (nextMs !== undefined && nextMs <= nowMs) {
    dueMs = nextMs;
    missed++;
    nextMs = nextTime(schedule, missed > MOST_MISSED ? Math.max(nextMs, nowMs - MINUTE_MS) : nextMs);
  }
  return { tooMany: missed > MOST_MISSED, ...(dueMs === undefined ? {} : { dueMs }), ...(nextMs === undefined ? {} : { nextMs }) };
}

/** The Job of a due time: its name ends with the minute, so that a second try finds the first. */
export function jobOf(cronJob: CronJob, dueMs: number): Job {
  const { jobTemplate } = cronJob.spec!;
  const { labels, annotations } = (jobTemplate.metadata ?? {}) as { labels?: Record<string, string>; annotations?: Record<string, string> };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${cronJob.metadata.name}-${Math.floor(dueMs / MINUTE_MS)}`,
      namespace: cronJob.metadata.namespace ?? '',
      ...(labels ? { labels: { ...labels } } : {}),
      annotations: { ...annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': formatTime(dueMs) },
      creationTimestamp: formatTime(dueMs),
      ownerReferences: [newControllerRef(cronJob)],
    },
    spec: structuredClone(jobTemplate.spec!),
  } as Job;
}

async function deleteJob(client: RestClient, events: EventRecorder, cronJob: CronJob, job: Job): Promise<void> {
  try {
    await client.delete(resources.jobs, job.metadata.name, job.metadata.namespace, { propagationPolicy: 'Background' });
    events.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Deletes finished Jobs beyond the limits of their kind, the oldest first. */
async function cleanUp(client: RestClient, events: EventRecorder, cronJob: CronJob, jobs: readonly Job[]): Promise<void> {
  const start = ({ status, metadata }: Job): string => status?.startTime ?? metadata.creationTimestamp ?? '';
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec ?? {};
  for (const [limit, isKind] of [
    [successfulJobsHistoryLimit, (job: Job) => isOver(job) && !hasFailed(job)],
    [failedJobsHistoryLimit, hasFailed],
  ] as const) {
    const finished = jobs.filter(isKind).sort((a, b) => (start(a) < start(b) ? -1 : 1));
    for (const job of finished.slice(0, Math.max(0, finished.length - limit))) await deleteJob(client, events, cronJob, job);
  }
}

const referenceOf = ({ apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } }: Job) => ({
  apiVersion,
  kind,
  name,
  namespace: namespace ?? '',
  uid: uid ?? '',
  resourceVersion: resourceVersion ?? '',
});

/** The controller. */
export const cronjobController: ManagerController = defineController({
  name: 'cronjob-controller',
  workers: 5,
  build({ client, informers, clock, events }) {
    const cronJobs = informers.informer(resources.cronjobs);
    const jobs = informers.informer(resources.jobs);

    /** Makes the Job that is due, if the policy lets it; answers it. */
    const start = async (cronJob: CronJob, dueMs: number, running: readonly Job[]): Promise<Job | undefined> => {
      if (cronJob.spec?.concurrencyPolicy === 'Forbid' && running.length > 0) {
        events.event(
          cronJob,
          'Normal',
          'JobAlreadyActive',
          'Not starting job because prior execution is running and concurrency policy is Forbid',
        );
        return undefined;
      }
      if (cronJob.spec?.concurrencyPolicy === 'Replace') for (const job of running) await deleteJob(client, events, cronJob, job);
      try {
        const made = await client.create(resources.jobs, jobOf(cronJob, dueMs));
        events.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${made.metadata.name}`);
        return made;
      } catch (error) {
        if (isAlreadyExists(error)) return undefined;
        events.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${error instanceof Error ? error.message : String(error)}`);
        throw error;
      }
    };

    return {
      watches: [
        watchObjects(cronJobs),
        watchObjects(jobs, ({ metadata }) =>
          (metadata.ownerReferences ?? [])
            .filter(({ kind }) => kind === 'CronJob')
            .map(({ name }) => `${metadata.namespace ?? ''}/${name}`),
        ),
      ],
      async reconcile(key) {
        const cronJob = cronJobs.lister.get(key);
        if (!cronJob || cronJob.metadata.deletionTimestamp) return undefined;
        const own = jobs.lister.inNamespace(cronJob.metadata.namespace ?? '').filter((job) => isControlledBy(job, cronJob));
        const running = own.filter((job) => !isOver(job));
        const before = cronJob.status ?? {};
        const wasActive = new Set((before.active ?? []).map(({ uid }) => uid));
        for (const job of own.filter((each) => isOver(each) && wasActive.has(each.metadata.uid)))
          events.event(
            cronJob,
            'Normal',
            'SawCompletedJob',
            `Saw completed job: ${job.metadata.name}, condition: ${hasFailed(job) ? 'Failed' : 'Complete'}`,
          );
        await cleanUp(client, events, cronJob, own);
        const { schedule, error } = parseSchedule(cronJob.spec?.schedule ?? '');
        if (!schedule) {
          events.event(
            cronJob,
            'Warning',
            'UnparseableSchedule',
            `unparseable schedule: ${JSON.stringify(cronJob.spec?.schedule)} : ${error}`,
          );
          return undefined;
        }
        const nowMs = clock.wallMs();
        const { dueMs, tooMany, nextMs } = dueTime(cronJob, schedule, nowMs);
        if (tooMany)
          events.event(
            cronJob,
            'Warning',
            'TooManyMissedTimes',
            'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
          );
        const mayStart = dueMs !== undefined && !cronJob.spec?.suspend;
        const made = mayStart ? await start(cronJob, dueMs, running) : undefined;
        const finished = own.filter((job) => isOver(job) && !hasFailed(job)).map(({ status }) => status?.completionTime ?? '');
        const lastSuccess = finished.sort().at(-1) || before.lastSuccessfulTime;
        const active = [...(made && cronJob.spec?.concurrencyPolicy === 'Replace' ? [] : running), ...(made ? [made] : [])];
        const status = {
          ...(active.length > 0 ? { active: active.map(referenceOf) } : {}),
          ...(made
            ? { lastScheduleTime: formatTime(dueMs!) }
            : before.lastScheduleTime
              ? { lastScheduleTime: before.lastScheduleTime }
              : {}),
          ...(lastSuccess ? { lastSuccessfulTime: lastSuccess } : {}),
        };
        if (!deepEqual(status, before)) {
          await client.updateStatus(resources.cronjobs, { ...cronJob, status }).catch((failure: unknown) => {
            // The watch brings the newer version, and with it another pass.
            if (!isConflict(failure) && !isNotFound(failure)) throw failure;
          });
        }
        // Beyond the due second, so that the clock has certainly passed it.
        return nextMs === undefined || cronJob.spec?.suspend ? undefined : { requeueAfterMs: nextMs - nowMs + 100 };
      },
    };
  },
});
