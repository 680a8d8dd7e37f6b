// PriorityClass: a name for a pod priority (registry/scheduling/priorityclass).
import { forbiddenField, notSupported, path, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, integerColumn, nameColumn, textColumn } from '../tables.ts';
import type { PriorityClass } from '../types.ts';

/** The highest value a class of a user may have; above are the two system classes. */
export const highestUserPriority = 1_000_000_000;
/** The classes every cluster has, and their values. */
export const systemPriorityClasses: Readonly<Record<string, number>> = Object.freeze({
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
});

function validateClass(object: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  const { name } = object.metadata;
  if (name.startsWith('system-') && systemPriorityClasses[name] !== object.value) {
    const detail =
      "priority class names with 'system-' prefix are reserved for system use only. error: " +
      `${name} is not a known system priority class`;
    errors.push(forbiddenField(path('metadata', 'name'), detail));
  } else if (!name.startsWith('system-') && object.value > highestUserPriority) {
    errors.push(forbiddenField(path('value'), `maximum allowed value of a user defined priority is ${highestUserPriority}`));
  }
  const policy = object.preemptionPolicy;
  if (policy && policy !== 'PreemptLowerPriority' && policy !== 'Never')
    errors.push(notSupported(path('preemptionPolicy'), policy, ['Never', 'PreemptLowerPriority']));
  return errors;
}

function validateClassUpdate(object: PriorityClass, old: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if (object.value !== old.value) errors.push(forbiddenField(path('Value'), 'may not be changed in an update.'));
  if (object.preemptionPolicy !== old.preemptionPolicy) {
    errors.push({
      reason: 'FieldValueInvalid',
      field: 'preemptionPolicy',
      message: `Invalid value: "${object.preemptionPolicy ?? ''}": field is immutable`,
    });
  }
  return errors;
}

/** The kind PriorityClass. */
export const priorityClass = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  scope: 'Cluster',
  schema: 'io.k8s.api.scheduling.v1.PriorityClass',
  storageVersionHash: '1QwjyaZjj3Y=',
  strategy: {
    tracksGeneration: true,
    setDefaults(object) {
      object.preemptionPolicy ??= 'PreemptLowerPriority';
    },
    validate: validateClass,
    validateUpdate: validateClassUpdate,
  },
  columns: [
    nameColumn(),
    integerColumn('Value', 'The priority pods of this class get.', (object) => object.value),
    {
      name: 'Global-Default',
      type: 'boolean',
      format: '',
      description: 'Whether pods without a class get this one.',
      priority: 0,
      value: (object) => object.globalDefault ?? false,
    },
    ageColumn(),
    textColumn('PreemptionPolicy', 'Whether such pods preempt others.', (object) => object.preemptionPolicy ?? ''),
  ],
});
