// Job: pods that run to an end (registry/batch/job).
import {
  formatLabelSelector,
  goValue,
  humanDuration,
  immutableFieldMessage,
  invalid,
  isConditionTrue,
  maybeParseTime,
  notSupported,
  path,
  required,
  semanticEqual,
  type FieldError,
} from '#apimachinery';
import { validateNotNegative, validateTemplate, workloadColumns, type Workload } from '../apps/workload.ts';
import { defaultPodSpec } from '../core/pod-defaults.ts';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Job } from '../types.ts';

const spec = path('spec');
const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';

function setDefaults(object: Job): void {
  const target = object.spec;
  if (!target) return;
  if (target.completions === undefined && target.parallelism === undefined) target.completions = 1;
  target.parallelism ??= 1;
  target.backoffLimit ??= 6;
  target.completionMode ??= 'NonIndexed';
  target.suspend ??= false;
  target.manualSelector ??= false;
  target.podReplacementPolicy ??= target.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  if (target.template?.spec) defaultPodSpec(target.template.spec);
}

/** The server makes the selector and the labels it selects by, unless the client asks to keep its own. */
function generateSelector(object: Job): void {
  const target = object.spec;
  if (!target || target.manualSelector) return;
  const { uid = '', name } = object.metadata;
  const metadata = (target.template.metadata ??= {});
  metadata.labels = { ...metadata.labels, [uidLabel]: uid, 'controller-uid': uid, [nameLabel]: name, 'job-name': name };
  target.selector = { ...target.selector, matchLabels: { ...target.selector?.matchLabels, [uidLabel]: uid } };
}

function validate(object: Job): FieldError[] {
  const { parallelism, completions, backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished, completionMode, selector, template } =
    object.spec ?? { template: {} };
  const errors: FieldError[] = [];
  for (const [name, value] of Object.entries({ parallelism, completions, activeDeadlineSeconds, backoffLimit, ttlSecondsAfterFinished })) {
    errors.push(...validateNotNegative(value, spec.child(name)));
  }
  if (!selector) errors.push(required(spec.child('selector')));
  if (completionMode !== 'NonIndexed' && completionMode !== 'Indexed')
    errors.push(notSupported(spec.child('completionMode'), completionMode ?? '', ['Indexed', 'NonIndexed']));
  if (completionMode === 'Indexed' && completions === undefined)
    errors.push(required(spec.child('completions'), 'when completion mode is Indexed'));
  errors.push(...validateTemplate(template, spec.child('template')));
  const policy = template.spec?.restartPolicy;
  if (policy === 'Always') errors.push(required(spec.child('template', 'spec', 'restartPolicy'), 'valid values: "OnFailure", "Never"'));
  return errors;
}

function validateUpdate(object: Job, old: Job): FieldError[] {
  const errors = validate(object);
  if (object.spec?.completionMode !== 'Indexed' && object.spec?.completions !== old.spec?.completions) {
    errors.push(invalid(spec.child('completions'), object.spec?.completions, immutableFieldMessage));
  }
  if (!semanticEqual(object.spec?.selector, old.spec?.selector))
    errors.push(invalid(spec.child('selector'), formatLabelSelector(object.spec?.selector), immutableFieldMessage));
  if (!semanticEqual(object.spec?.template, old.spec?.template)) {
    errors.push(
      invalid(spec.child('template'), goValue(`core.PodTemplateSpec${JSON.stringify(object.spec?.template)}`), immutableFieldMessage),
    );
  }
  return errors;
}

function statusOf(object: Job): string {
  const conditions = object.status?.conditions;
  if (isConditionTrue(conditions, 'Complete')) return 'Complete';
  if (isConditionTrue(conditions, 'Failed')) return 'Failed';
  if (object.metadata.deletionTimestamp) return 'Terminating';
  if (isConditionTrue(conditions, 'Suspended')) return 'Suspended';
  if (isConditionTrue(conditions, 'FailureTarget')) return 'FailureTarget';
  return isConditionTrue(conditions, 'SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completionsOf(object: Job): string {
  const succeeded = object.status?.succeeded ?? 0;
  const { completions, parallelism = 1 } = object.spec ?? {};
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationOf(object: Job, nowMs: number): string {
  const start = maybeParseTime(object.status?.startTime);
  if (start === undefined) return '';
  return humanDuration((maybeParseTime(object.status?.completionTime) ?? nowMs) - start);
}

/** The kind Job. */
export const job = defineKind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  schema: 'io.k8s.api.batch.v1.Job',
  storageVersionHash: 'mudhfqk/qZY=',
  subresources: [statusSubresource<Job>('Job')],
  strategy: {
    tracksGeneration: true,
    setDefaults,
    prepareForCreate(object) {
      clearStatus(object);
      generateSelector(object);
      // The defaults of a Job without labels of its own are its template's, which has them only now.
      if (Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = { ...object.spec?.template.metadata?.labels };
    },
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate,
  },
  columns: [
    nameColumn(),
    textColumn('Status', 'State of the job in one word.', statusOf),
    textColumn('Completions', 'Pods that succeeded, of those wanted.', completionsOf),
    textColumn('Duration', 'Time it took or has taken.', durationOf),
    ageColumn(),
    ...workloadColumns<Job & Workload>(),
  ],
  selectableFields: [{ name: 'status.successful', value: (object) => String(object.status?.succeeded ?? 0) }],
});
