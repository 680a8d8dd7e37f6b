// Deployment: replicated pods, rolled out by ReplicaSets (registry/apps/deployment).
import {
  forbiddenField,
  invalid,
  isPercent,
  isValidPercent,
  notSupported,
  path,
  required,
  scaledValue,
  type FieldError,
  type FieldPath,
  type LabelSelector,
} from '#apimachinery';
import { defaultPodSpec } from '../core/pod-defaults.ts';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Deployment } from '../types.ts';
import {
  notNegative,
  scaleSubresource,
  validateNotNegative,
  validateSelectorAndTemplate,
  validateSelectorUnchanged,
  workloadColumns,
  type Workload,
} from './workload.ts';

const spec = path('spec');

function setDefaults(object: Deployment): void {
  const target = object.spec;
  if (!target) return;
  target.replicas ??= 1;
  const strategy = (target.strategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= '25%';
    strategy.rollingUpdate.maxSurge ??= '25%';
  }
  target.revisionHistoryLimit ??= 10;
  target.progressDeadlineSeconds ??= 600;
  if (target.template?.spec) defaultPodSpec(target.template.spec);
}

/** A count or percentage that may not be negative; percentages may not pass 100 where `atMostAll`. */
export function validateCountOrPercent(value: number | string | undefined, at: FieldPath, atMostAll: boolean): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return validateNotNegative(value, at);
  const errors = isValidPercent(value).map((message) => invalid(at, value, message));
  if (!errors.length && atMostAll && scaledValue(value, 100, true) > 100) errors.push(invalid(at, value, 'must not be greater than 100%'));
  return errors;
}

function validateStrategy(object: Deployment): FieldError[] {
  const at = spec.child('strategy');
  const { type, rollingUpdate } = object.spec?.strategy ?? {};
  if (!type) return [required(at.child('type'))];
  if (type === 'Recreate')
    return rollingUpdate ? [forbiddenField(at.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'")] : [];
  if (type !== 'RollingUpdate') return [notSupported(at.child('type'), type, ['Recreate', 'RollingUpdate'])];
  if (!rollingUpdate) return [required(at.child('rollingUpdate'), 'this should be defaulted and never be nil')];
  const field = at.child('rollingUpdate');
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  const errors = [
    ...validateCountOrPercent(maxUnavailable, field.child('maxUnavailable'), true),
    ...validateCountOrPercent(maxSurge, field.child('maxSurge'), false),
  ];
  const isZero = (value: number | string): boolean => value === 0 || (isPercent(value) && scaledValue(value, 100, true) === 0);
  if (isZero(maxUnavailable) && isZero(maxSurge))
    errors.push(invalid(field.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  return errors;
}

function validate(object: Deployment): FieldError[] {
  const { replicas, minReadySeconds, revisionHistoryLimit, progressDeadlineSeconds } = object.spec ?? {};
  const errors = validateNotNegative(replicas, spec.child('replicas'));
  errors.push(...validateSelectorAndTemplate(object as Workload, 'deployment'), ...validateStrategy(object));
  errors.push(
    ...validateNotNegative(minReadySeconds, spec.child('minReadySeconds')),
    ...validateNotNegative(revisionHistoryLimit, spec.child('revisionHistoryLimit')),
  );
  if (progressDeadlineSeconds !== undefined) {
    if (progressDeadlineSeconds < 0) errors.push(invalid(spec.child('progressDeadlineSeconds'), progressDeadlineSeconds, notNegative));
    if (progressDeadlineSeconds <= (minReadySeconds ?? 0))
      errors.push(invalid(spec.child('progressDeadlineSeconds'), progressDeadlineSeconds, 'must be greater than minReadySeconds'));
  }
  return errors;
}

/** The kind Deployment. */
export const deployment = defineKind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  schema: 'io.k8s.api.apps.v1.Deployment',
  storageVersionHash: '8aSe+NMegvE=',
  subresources: [scaleSubresource<Deployment & { spec?: { selector?: LabelSelector } }>(), statusSubresource<Deployment>('Deployment')],
  strategy: {
    tracksGeneration: true,
    setDefaults,
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: (object, old) => [...validate(object), ...validateSelectorUnchanged(object as Workload, old as Workload)],
  },
  columns: [
    nameColumn(),
    textColumn('Ready', 'Ready pods, of those wanted.', (object) => `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`),
    textColumn('Up-to-date', 'Pods of the current template.', (object) => object.status?.updatedReplicas ?? 0),
    textColumn('Available', 'Pods ready long enough.', (object) => object.status?.availableReplicas ?? 0),
    ageColumn(),
    ...workloadColumns<Deployment & Workload>(),
  ],
});
