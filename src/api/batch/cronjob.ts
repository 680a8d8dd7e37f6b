// CronJob: Jobs made on a schedule (registry/batch/cronjob).
import { ageOf, invalid, notSupported, path, required, type FieldError } from '#apimachinery';
import { validateNotNegative, validateTemplate } from '../apps/workload.ts';
import { defaultPodSpec } from '../core/pod-defaults.ts';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, integerColumn, nameColumn, textColumn } from '../tables.ts';
import type { CronJob } from '../types.ts';
import { formatLabelSelector } from '#apimachinery';
import { isKnownTimeZone, parseSchedule } from './schedule.ts';

const spec = path('spec');
/** A CronJob's Jobs get a suffix of eleven characters. */
const maxNameLength = 52;

function setDefaults(object: CronJob): void {
  const target = object.spec;
  if (!target) return;
  target.concurrencyPolicy ||= 'Allow';
  target.suspend ??= false;
  target.successfulJobsHistoryLimit ??= 3;
  target.failedJobsHistoryLimit ??= 1;
  const pod = target.jobTemplate?.spec?.template?.spec;
  if (pod) defaultPodSpec(pod);
}

function validate(object: CronJob): FieldError[] {
  const {
    schedule,
    timeZone,
    concurrencyPolicy,
    startingDeadlineSeconds,
    successfulJobsHistoryLimit,
    failedJobsHistoryLimit,
    jobTemplate,
  } = object.spec ?? {};
  const errors: FieldError[] = [];
  if (!schedule) errors.push(required(spec.child('schedule')));
  else {
    if (/TZ/.test(schedule))
      errors.push(invalid(spec.child('schedule'), schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
    else {
      const { error } = parseSchedule(schedule);
      if (error !== undefined) errors.push(invalid(spec.child('schedule'), schedule, error));
    }
  }
  if (timeZone !== undefined) {
    if (timeZone === '') errors.push(invalid(spec.child('timeZone'), timeZone, 'timeZone must be nil or non-empty string'));
    else if (!isKnownTimeZone(timeZone)) errors.push(invalid(spec.child('timeZone'), timeZone, `unknown time zone ${timeZone}`));
  }
  if (concurrencyPolicy !== undefined && !['Allow', 'Forbid', 'Replace'].includes(concurrencyPolicy))
    errors.push(notSupported(spec.child('concurrencyPolicy'), concurrencyPolicy, ['Allow', 'Forbid', 'Replace']));
  for (const [name, value] of Object.entries({ startingDeadlineSeconds, successfulJobsHistoryLimit, failedJobsHistoryLimit }))
    errors.push(...validateNotNegative(value, spec.child(name)));
  const at = spec.child('jobTemplate', 'spec');
  if (jobTemplate?.spec?.template) {
    errors.push(...validateTemplate(jobTemplate.spec.template, at.child('template')));
    if (jobTemplate.spec.template.spec?.restartPolicy === 'Always')
      errors.push(required(at.child('template', 'spec', 'restartPolicy'), 'valid values: "OnFailure", "Never"'));
  }
  if (object.metadata.name.length > maxNameLength)
    errors.push(invalid(path('metadata', 'name'), object.metadata.name, `must be no more than ${maxNameLength} characters`));
  return errors;
}

const containers = (object: CronJob) => object.spec?.jobTemplate?.spec?.template?.spec?.containers ?? [];

/** The kind CronJob. */
export const cronJob = defineKind<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  schema: 'io.k8s.api.batch.v1.CronJob',
  storageVersionHash: 'sd5LIXh4Fjs=',
  cachedOnDemand: true,
  subresources: [statusSubresource<CronJob>('CronJob')],
  strategy: {
    tracksGeneration: true,
    setDefaults,
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: validate,
  },
  columns: [
    nameColumn(),
    textColumn('Schedule', 'When Jobs are made, in cron form.', (object) => object.spec?.schedule ?? ''),
    textColumn('Timezone', 'The time zone of the schedule.', (object) => object.spec?.timeZone ?? '<none>'),
    {
      name: 'Suspend',
      type: 'boolean',
      format: '',
      description: 'Whether no Jobs are made at present.',
      priority: 0,
      value: (object) => (object.spec?.suspend ? 'True' : 'False'),
    },
    integerColumn('Active', 'Jobs that run.', (object) => object.status?.active?.length ?? 0),
    textColumn('Last Schedule', 'Time since the last Job was due.', (object, nowMs) =>
      object.status?.lastScheduleTime ? ageOf(object.status.lastScheduleTime, nowMs) : '<none>',
    ),
    ageColumn(),
    textColumn(
      'Containers',
      'Names of the containers.',
      (object) =>
        containers(object)
          .map(({ name }) => name)
          .join(','),
      1,
    ),
    textColumn(
      'Images',
      'Images of the containers.',
      (object) =>
        containers(object)
          .map(({ image }) => image ?? '')
          .join(','),
      1,
    ),
    textColumn('Selector', 'Labels of the pods.', (object) => formatLabelSelector(object.spec?.jobTemplate?.spec?.selector), 1),
  ],
});
