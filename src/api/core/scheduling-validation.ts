// Validation of what steers scheduling: tolerations, affinity, topology spread (validation.ValidateTolerations, validateAffinity).
import {
  forbiddenField,
  invalid,
  isQualifiedName,
  isValidLabelValue,
  notSupported,
  required,
  validateLabelSelector,
  type FieldError,
  type FieldPath,
  type LabelSelector,
} from '#apimachinery';
import type { Affinity, NodeSelectorTerm, PodSpec, Toleration } from '../types.ts';

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function validateToleration(toleration: Toleration, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  if (key) for (const message of isQualifiedName(key)) errors.push(invalid(at.child('key'), key, message));
  if (!key && operator !== 'Exists') {
    errors.push(
      invalid(at.child('operator'), operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"'),
    );
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    errors.push(invalid(at.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  if (operator === 'Equal' || operator === '') {
    const problems = isValidLabelValue(value);
    if (problems.length) errors.push(invalid(at.child('operator'), value, problems.join(';')));
  } else if (operator === 'Exists') {
    if (value) errors.push(invalid(at.child('operator'), toleration, "value must be empty when `operator` is 'Exists'"));
  } else errors.push(notSupported(at.child('operator'), operator, ['Equal', 'Exists']));
  if (effect && !taintEffects.includes(effect)) errors.push(notSupported(at.child('effect'), effect, taintEffects));
  return errors;
}

/** spec.tolerations. */
export function validateTolerations(tolerations: readonly Toleration[], at: FieldPath): FieldError[] {
  return tolerations.flatMap((toleration, index) => validateToleration(toleration, at.index(index)));
}

function validateRequirement(requirement: { key: string; operator: string; values?: string[] }, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { operator, values = [] } = requirement;
  if (operator === 'In' || operator === 'NotIn') {
    if (!values.length) errors.push(required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length)
      errors.push(forbiddenField(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) errors.push(required(at.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else errors.push(invalid(at.child('operator'), operator, 'not a valid selector operator'));
  for (const message of isQualifiedName(requirement.key)) errors.push(invalid(at.child('key'), requirement.key, message));
  return errors;
}

function validateTerm(term: NodeSelectorTerm, at: FieldPath): FieldError[] {
  const errors = (term.matchExpressions ?? []).flatMap((requirement, index) =>
    validateRequirement(requirement, at.child('matchExpressions').index(index)),
  );
  (term.matchFields ?? []).forEach((requirement, index) => {
    const field = at.child('matchFields').index(index);
    if (requirement.key !== 'metadata.name') errors.push(invalid(field.child('key'), requirement.key, 'not a valid field selector key'));
    if (requirement.operator !== 'In' && requirement.operator !== 'NotIn')
      errors.push(invalid(field.child('operator'), requirement.operator, 'not a valid selector operator'));
    else if (requirement.values?.length !== 1)
      errors.push(required(field.child('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  });
  return errors;
}

function validateWeight(weight: number, at: FieldPath): FieldError[] {
  return weight >= 1 && weight <= 100 ? [] : [invalid(at.child('weight'), weight, 'must be in the range 1-100')];
}

function validateNodeAffinity(affinity: NonNullable<Affinity['nodeAffinity']>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const needed = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (needed) {
    const field = at.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
    if (!needed.nodeSelectorTerms?.length) errors.push(required(field, 'must have at least one node selector term'));
    (needed.nodeSelectorTerms ?? []).forEach((term, index) => errors.push(...validateTerm(term, field.index(index))));
  }
  (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach((preferred, index) => {
    const field = at.child('preferredDuringSchedulingIgnoredDuringExecution').index(index);
    errors.push(...validateWeight(preferred.weight, field), ...validateTerm(preferred.preference, field.child('preference')));
  });
  return errors;
}

interface PodAffinityTerm {
  labelSelector?: LabelSelector;
  topologyKey: string;
}
interface PodAffinityTerms {
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[];
  preferredDuringSchedulingIgnoredDuringExecution?: { weight: number; podAffinityTerm: PodAffinityTerm }[];
}

function validatePodAffinity(affinity: PodAffinityTerms, at: FieldPath): FieldError[] {
  const term = ({ labelSelector, topologyKey }: PodAffinityTerm, field: FieldPath): FieldError[] => {
    const errors = validateLabelSelector(labelSelector, field.child('labelSelector'));
    if (!topologyKey) return [...errors, required(field.child('topologyKey'), 'can not be empty')];
    return [...errors, ...isQualifiedName(topologyKey).map((message) => invalid(field.child('topologyKey'), topologyKey, message))];
  };
  const errors = (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((item, index) =>
    term(item, at.child('requiredDuringSchedulingIgnoredDuringExecution').index(index)),
  );
  (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach((preferred, index) => {
    const field = at.child('preferredDuringSchedulingIgnoredDuringExecution').index(index);
    errors.push(...validateWeight(preferred.weight, field), ...term(preferred.podAffinityTerm, field.child('podAffinityTerm')));
  });
  return errors;
}

/** spec.affinity. */
export function validateAffinity(affinity: Affinity | undefined, at: FieldPath): FieldError[] {
  if (!affinity) return [];
  const errors: FieldError[] = [];
  if (affinity.nodeAffinity) errors.push(...validateNodeAffinity(affinity.nodeAffinity, at.child('nodeAffinity')));
  if (affinity.podAffinity) errors.push(...validatePodAffinity(affinity.podAffinity as PodAffinityTerms, at.child('podAffinity')));
  if (affinity.podAntiAffinity)
    errors.push(...validatePodAffinity(affinity.podAntiAffinity as PodAffinityTerms, at.child('podAntiAffinity')));
  return errors;
}

/** spec.topologySpreadConstraints. */
export function validateTopologySpread(constraints: NonNullable<PodSpec['topologySpreadConstraints']>, at: FieldPath): FieldError[] {
  return constraints.flatMap((constraint, index) => {
    const field = at.index(index);
    const errors: FieldError[] = [];
    if (constraint.maxSkew <= 0) errors.push(invalid(field.child('maxSkew'), constraint.maxSkew, 'must be greater than zero'));
    if (!constraint.topologyKey) errors.push(required(field.child('topologyKey'), 'can not be empty'));
    const action = constraint.whenUnsatisfiable as string;
    if (action !== 'DoNotSchedule' && action !== 'ScheduleAnyway')
      errors.push(notSupported(field.child('whenUnsatisfiable'), action, ['DoNotSchedule', 'ScheduleAnyway']));
    return [...errors, ...validateLabelSelector(constraint.labelSelector as LabelSelector | undefined, field.child('labelSelector'))];
  });
}
