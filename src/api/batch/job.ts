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
const MAX_INT32 = 2 ** 31 - 1;
const FAILURE_ACTIONS: readonly string[] = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
/** Most completions and pods at a time of an Indexed job, so that its status stays small. */
const INDEXED_MAX = 100_000;
const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';

function setDefaults(object: Job): void {
  const target = object.spec;
  if (!target) return;
  if (target.completions === undefined && target.parallelism === undefined) target.completions = 1;
  target.parallelism ??= 1;
  target.backoffLimit ??= target.backoffLimitPerIndex === undefined ? 6 : MAX_INT32;
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

type JobSpec = NonNullable<Job['spec']>;

function validateIndexed({ completions, parallelism, backoffLimitPerIndex, maxFailedIndexes }: JobSpec): FieldError[] {
  if (completions === undefined) return [required(spec.child('completions'), 'when completion mode is Indexed')];
  const errors: FieldError[] = [];
  const atMost = (name: string, value: number | undefined, max: number): void => {
    if (value !== undefined && value > max) errors.push(invalid(spec.child(name), value, `must be less than or equal to ${max}`));
  };
  atMost('parallelism', parallelism, INDEXED_MAX);
  atMost('completions', completions, INDEXED_MAX);
  if (maxFailedIndexes !== undefined && maxFailedIndexes > completions)
    errors.push(invalid(spec.child('maxFailedIndexes'), maxFailedIndexes, 'must be less than or equal to completions'));
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined)
    errors.push(required(spec.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  return errors;
}

/** What only Indexed jobs may have. */
function validatePlain({ backoffLimitPerIndex, maxFailedIndexes, successPolicy }: JobSpec): FieldError[] {
  const errors: FieldError[] = [];
  const needsIndexes = 'requires indexed completion mode';
  if (backoffLimitPerIndex !== undefined) errors.push(invalid(spec.child('backoffLimitPerIndex'), backoffLimitPerIndex, needsIndexes));
  if (maxFailedIndexes !== undefined) errors.push(invalid(spec.child('maxFailedIndexes'), maxFailedIndexes, needsIndexes));
  if (successPolicy)
    errors.push(invalid(spec.child('successPolicy'), goValue(`core.SuccessPolicy${JSON.stringify(successPolicy)}`), needsIndexes));
  return errors;
}

function validateFailurePolicy({ podFailurePolicy, backoffLimitPerIndex, template }: JobSpec): FieldError[] {
  if (!podFailurePolicy) return [];
  const errors: FieldError[] = [];
  for (const [at, { action, onExitCodes, onPodConditions }] of podFailurePolicy.rules.entries()) {
    const rule = spec.child('podFailurePolicy', 'rules').index(at);
    if (action === 'FailIndex' && backoffLimitPerIndex === undefined)
      errors.push(invalid(rule.child('action'), action, 'requires the backoffLimitPerIndex to be set'));
    else if (!FAILURE_ACTIONS.includes(action)) errors.push(notSupported(rule.child('action'), action, FAILURE_ACTIONS));
    if (onExitCodes && onPodConditions?.length)
      errors.push(
        invalid(rule, goValue('core.PodFailurePolicyRule{}'), 'specifying both OnExitCodes and OnPodConditions is not supported'),
      );
    if (!onExitCodes && !onPodConditions?.length)
      errors.push(invalid(rule, goValue('core.PodFailurePolicyRule{}'), 'specifying one of OnExitCodes and OnPodConditions is required'));
    if (onExitCodes?.operator === 'In' && onExitCodes.values.includes(0))
      errors.push(
        invalid(rule.child('onExitCodes', 'values').index(onExitCodes.values.indexOf(0)), 0, 'must not be 0 for the In operator'),
      );
  }
  const policy = template.spec?.restartPolicy;
  if (policy !== 'Never')
    errors.push(
      invalid(spec.child('template', 'spec', 'restartPolicy'), policy, 'only "Never" is supported when podFailurePolicy is specified'),
    );
  return errors;
}

function validate(object: Job): FieldError[] {
  const jobSpec = object.spec ?? { template: {} };
  const { completionMode, selector, template } = jobSpec;
  const { parallelism, completions, activeDeadlineSeconds, backoffLimit, ttlSecondsAfterFinished, backoffLimitPerIndex, maxFailedIndexes } =
    jobSpec;
  const errors: FieldError[] = [];
  const counts = {
    parallelism,
    completions,
    activeDeadlineSeconds,
    backoffLimit,
    ttlSecondsAfterFinished,
    backoffLimitPerIndex,
    maxFailedIndexes,
  };
  for (const [name, value] of Object.entries(counts)) errors.push(...validateNotNegative(value, spec.child(name)));
  if (!selector) errors.push(required(spec.child('selector')));
  if (completionMode !== 'NonIndexed' && completionMode !== 'Indexed')
    errors.push(notSupported(spec.child('completionMode'), completionMode ?? '', ['Indexed', 'NonIndexed']));
  errors.push(...(completionMode === 'Indexed' ? validateIndexed(jobSpec) : validatePlain(jobSpec)), ...validateFailurePolicy(jobSpec));
  errors.push(...validateTemplate(template, spec.child('template')));
  const policy = template.spec?.restartPolicy;
  if (policy === 'Always') errors.push(required(spec.child('template', 'spec', 'restartPolicy'), 'valid values: "OnFailure", "Never"'));
  return errors;
}

/** Completions stay as they are, but for Indexed jobs whose completions and parallelism change together. */
function validateCompletions(target: JobSpec, old: JobSpec): FieldError[] {
  if (target.completions === old.completions) return [];
  const field = spec.child('completions');
  if (target.completions === undefined || target.completionMode !== 'Indexed')
    return [invalid(field, target.completions, immutableFieldMessage)];
  return target.completions === target.parallelism
    ? []
    : [invalid(field, target.completions, 'can only be modified in tandem with spec.parallelism')];
}

function validateUpdate(object: Job, old: Job): FieldError[] {
  const errors = validate(object);
  if (!object.spec || !old.spec) return errors;
  errors.push(...validateCompletions(object.spec, old.spec));
  if (!semanticEqual(object.spec.selector, old.spec.selector))
    errors.push(invalid(spec.child('selector'), formatLabelSelector(object.spec.selector), immutableFieldMessage));
  if (!semanticEqual(object.spec.template, old.spec.template)) {
    errors.push(
      invalid(spec.child('template'), goValue(`core.PodTemplateSpec${JSON.stringify(object.spec.template)}`), immutableFieldMessage),
    );
  }
  for (const name of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'successPolicy'] as const) {
    const value = object.spec[name];
    if (semanticEqual(value, old.spec[name])) continue;
    const shown = typeof value === 'object' ? goValue(`&core.${name[0]!.toUpperCase()}${name.slice(1)}${JSON.stringify(value)}`) : value;
    errors.push(invalid(spec.child(name), shown, immutableFieldMessage));
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
