import { describe, expect, it } from 'vitest';
import { parseSchedule, type CronJob } from '#api';
import { dueTime, jobOf } from '../../../src/controllers/cronjob/index.ts';

const cronJobOf = (spec: object = {}, status?: object): CronJob =>
  ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default', uid: 'u', creationTimestamp: '2026-01-01T00:00:30Z' },
    spec: { schedule: '*/5 * * * *', jobTemplate: { metadata: { labels: { app: 'tick' } }, spec: { template: {} } }, ...spec },
    ...(status ? { status } : {}),
  }) as unknown as CronJob;
const due = (cronJob: CronJob, now: string): { due?: string; tooMany: boolean; next?: string } => {
  const { dueMs, nextMs, tooMany } = dueTime(cronJob, parseSchedule(cronJob.spec!.schedule).schedule!, Date.parse(now));
  const text = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16));
  return { due: text(dueMs), next: text(nextMs), tooMany };
};

describe('when a CronJob is due', () => {
  it('is at the first time after it was made', () => {
    expect(due(cronJobOf(), '2026-01-01T00:04:59Z')).toEqual({ due: undefined, next: '2026-01-01T00:05', tooMany: false });
    expect(due(cronJobOf(), '2026-01-01T00:05:00Z')).toEqual({ due: '2026-01-01T00:05', next: '2026-01-01T00:10', tooMany: false });
  });
  it('is once for several missed times, the last of them', () => {
    const late = cronJobOf({}, { lastScheduleTime: '2026-01-01T00:05:00Z' });
    expect(due(late, '2026-01-01T00:21:00Z')).toMatchObject({ due: '2026-01-01T00:20', tooMany: false });
  });
  it('leaves out what is older than the deadline', () => {
    const late = cronJobOf({ startingDeadlineSeconds: 30 }, { lastScheduleTime: '2026-01-01T00:05:00Z' });
    expect(due(late, '2026-01-01T00:21:00Z').due).toBeUndefined();
  });
  it('says that too many were missed', () => {
    expect(due(cronJobOf({ schedule: '* * * * *' }), '2026-01-01T06:00:00Z')).toMatchObject({ due: '2026-01-01T06:00', tooMany: true });
  });
});

it('a Job is named after the minute it was due, so that it is made once', () => {
  const job = jobOf(cronJobOf(), Date.parse('2026-01-01T00:05:00Z'));
  expect(job.metadata).toMatchObject({
    name: `tick-${Date.parse('2026-01-01T00:05:00Z') / 60_000}`,
    labels: { app: 'tick' },
    annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:05:00Z' },
    ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true }],
  });
});
