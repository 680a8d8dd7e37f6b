// PodDisruptionBudget: how many pods of an application may be evicted at a time (registry/policy/poddisruptionbudget).
import { forbiddenField, isPercent, invalid, path, validateLabelSelector, type FieldError, type LabelSelector } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, integerColumn, nameColumn, textColumn } from '../tables.ts';
import type { PodDisruptionBudget } from '../types.ts';

function validate(object: PodDisruptionBudget): FieldError[] {
  const at = path('spec');
  const { minAvailable, maxUnavailable, selector } = object.spec ?? {};
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined)
    errors.push(invalid(at, object.spec, 'minAvailable and maxUnavailable cannot be both set'));
  for (const [name, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (typeof value === 'number' && value < 0) errors.push(invalid(at.child(name), value, 'must be greater than or equal to 0'));
    else if (typeof value === 'string' && !isPercent(value)) {
      errors.push(
        invalid(
          at.child(name),
          value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      );
    } else if (typeof value === 'string' && Number(value.slice(0, -1)) > 100)
      errors.push(forbiddenField(at.child(name), 'must not be greater than 100%'));
  }
  return [...errors, ...validateLabelSelector(selector as LabelSelector | undefined, at.child('selector'))];
}

/** The kind PodDisruptionBudget. */
export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  schema: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  storageVersionHash: 'EVWiDmWqyJw=',
  subresources: [statusSubresource<PodDisruptionBudget>('PodDisruptionBudget')],
  strategy: {
    tracksGeneration: true,
    allowUnconditionalUpdate: false,
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: validate,
  },
  columns: [
    nameColumn(),
    textColumn('Min Available', 'Pods that must stay.', (object) => String(object.spec?.minAvailable ?? 'N/A')),
    textColumn('Max Unavailable', 'Pods that may go.', (object) => String(object.spec?.maxUnavailable ?? 'N/A')),
    integerColumn('Allowed Disruptions', 'Pods that may go now.', (object) => object.status?.disruptionsAllowed ?? 0),
    ageColumn(),
  ],
});
