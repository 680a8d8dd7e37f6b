// What Deployments, ReplicaSets, DaemonSets and Jobs share: template and selector rules, columns, the scale subresource.
import {
  deepCopy,
  forbiddenField,
  formatGoStringMap,
  formatLabelSelector,
  goValue,
  immutableFieldMessage,
  invalid,
  notSupported,
  path,
  quoteGo,
  required,
  selectorFromLabelSelector,
  semanticEqual,
  validateAnnotations,
  validateLabels,
  validateLabelSelector,
  type FieldError,
  type FieldPath,
  type GoValue,
  type KubeObject,
  type LabelSelector,
} from '#apimachinery';
import { validatePodSpec } from '../core/pod-validation.ts';
import type { Column, ScaleAccess, Subresource } from '../kind.ts';
import { readWriteVerbs } from '../status-subresource.ts';
import { textColumn } from '../tables.ts';
import type { PodTemplateSpec } from '../types.ts';

/** The part of a spec these kinds have in common. */
export interface WorkloadSpec {
  selector?: LabelSelector;
  template?: PodTemplateSpec;
}
/** An object with such a spec. */
export type Workload = KubeObject & { spec?: WorkloadSpec };

const spec = path('spec');
/** The text for a number below zero. */
export const notNegative = 'must be greater than or equal to 0';

/** A LabelSelector in Go's notation, as error messages show it. */
export function goLabelSelector(selector: LabelSelector | undefined): GoValue {
  const labels = selector?.matchLabels ? formatGoStringMap(selector.matchLabels) : 'map[string]string(nil)';
  const expressions = (selector?.matchExpressions ?? []).map(
    ({ key, operator, values }) =>
      `v1.LabelSelectorRequirement{Key:${quoteGo(key)}, Operator:${quoteGo(operator)}, Values:${values ? `[]string{${values.map(quoteGo).join(', ')}}` : '[]string(nil)'}}`,
  );
  const shown = selector?.matchExpressions
    ? `[]v1.LabelSelectorRequirement{${expressions.join(', ')}}`
    : '[]v1.LabelSelectorRequirement(nil)';
  return goValue(`v1.LabelSelector{MatchLabels:${labels}, MatchExpressions:${shown}}`);
}

/** Metadata and spec of a pod template. */
export function validateTemplate(template: PodTemplateSpec, at: FieldPath): FieldError[] {
  return [
    ...validateLabels(template.metadata?.labels, at.child('metadata', 'labels')),
    ...validateAnnotations(template.metadata?.annotations, at.child('metadata', 'annotations')),
    ...validatePodSpec(template.spec ?? { containers: [] }, at.child('spec')),
  ];
}

/** Whether a selector has keys, values or operators that no selector may have. */
const hasInvalidTerms = (selector: LabelSelector): boolean => validateLabelSelector(selector, spec.child('selector')).length > 0;

/** A selector that is there, is not empty and selects the template's pods; `noun` is the kind in messages ("deployment"). */
export function validateSelectorAndTemplate(object: Workload, noun: string): FieldError[] {
  const { selector, template = {} as PodTemplateSpec } = object.spec ?? {};
  const errors: FieldError[] = [];
  if (!selector) errors.push(required(spec.child('selector')));
  else {
    errors.push(...validateLabelSelector(selector, spec.child('selector')));
    if (!Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length) {
      errors.push(invalid(spec.child('selector'), goLabelSelector(selector), `empty selector is invalid for ${noun}`));
    }
  }
  // A selector that cannot be read: what it would be held against is not looked at (DaemonSets do look).
  if (selector && noun !== 'daemonset' && hasInvalidTerms(selector))
    return [...errors, invalid(spec.child('selector'), goLabelSelector(selector), 'invalid label selector')];
  const labels = template.metadata?.labels ?? {};
  if (selector && !errors.length && !selectorFromLabelSelector(selector).matches(labels)) {
    errors.push(
      invalid(
        spec.child('template', 'metadata', 'labels'),
        goValue(formatGoStringMap(labels)),
        '`selector` does not match template `labels`',
      ),
    );
  }
  errors.push(...validateTemplate(template, spec.child('template')));
  const policy = template.spec?.restartPolicy;
  if (policy && policy !== 'Always' && ['OnFailure', 'Never'].includes(policy))
    errors.push(notSupported(spec.child('template', 'spec', 'restartPolicy'), policy, ['Always']));
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbiddenField(spec.child('template', 'spec', 'activeDeadlineSeconds'), 'activeDeadlineSeconds in ReplicaSet is not Supported'),
    );
  }
  return errors;
}

/** The selector never changes. */
export function validateSelectorUnchanged(object: Workload, old: Workload): FieldError[] {
  if (semanticEqual(object.spec?.selector, old.spec?.selector)) return [];
  return [invalid(spec.child('selector'), goLabelSelector(object.spec?.selector), immutableFieldMessage)];
}

/** A number that may not be negative, if it is there. */
export function validateNotNegative(value: number | undefined, at: FieldPath): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(at, value, notNegative)] : [];
}

/** CONTAINERS, IMAGES and SELECTOR of -o wide. */
export function workloadColumns<T extends Workload>(): Column<T>[] {
  return [
    textColumn(
      'Containers',
      'Names of the containers.',
      (object) => (object.spec?.template?.spec?.containers ?? []).map((container) => container.name).join(','),
      1,
    ),
    textColumn(
      'Images',
      'Images of the containers.',
      (object) => (object.spec?.template?.spec?.containers ?? []).map((container) => container.image ?? '').join(','),
      1,
    ),
    textColumn('Selector', 'Labels of its pods.', (object) => formatLabelSelector(object.spec?.selector), 1),
  ];
}

/** The scale subresource of kinds with spec.replicas and status.replicas. */
export function scaleSubresource<
  T extends KubeObject & { spec?: { replicas?: number; selector?: LabelSelector }; status?: { replicas?: number } },
>(): Subresource<T> {
  const scale: ScaleAccess<T> = {
    specReplicas: (object) => object.spec?.replicas ?? 1,
    setSpecReplicas(object, replicas) {
      object.spec = { ...deepCopy(object.spec), replicas } as NonNullable<T['spec']>;
    },
    statusReplicas: (object) => object.status?.replicas ?? 0,
    selector: (object) => selectorFromLabelSelector(object.spec?.selector).toString(),
  };
  return { name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: readWriteVerbs, scale };
}
