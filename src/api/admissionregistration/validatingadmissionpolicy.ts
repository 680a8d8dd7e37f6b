// ValidatingAdmissionPolicy and its binding: rules for writes in the expression language CEL (registry/admissionregistration).
import { path, required, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, integerColumn, nameColumn, textColumn } from '../tables.ts';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../types.ts';

const spec = path('spec');

function validate({ spec: wanted }: ValidatingAdmissionPolicy): FieldError[] {
  const { validations = [], auditAnnotations = [], matchConstraints } = wanted ?? {};
  const errors: FieldError[] = [];
  if (!matchConstraints) errors.push(required(spec.child('matchConstraints')));
  else if (!matchConstraints.resourceRules?.length) errors.push(required(spec.child('matchConstraints', 'resourceRules')));
  if (validations.length === 0 && auditAnnotations.length === 0)
    errors.push(required(spec.child('validations'), 'validations or auditAnnotations must contain at least one item'));
  validations.forEach(({ expression }, index) => {
    if (!expression.trim())
      errors.push(required(spec.child('validations').index(index).child('expression'), 'expression is not specified'));
  });
  return errors;
}

function validateBinding({ spec: wanted }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors: FieldError[] = [];
  if (!wanted?.policyName) errors.push(required(spec.child('policyName')));
  if (!wanted?.validationActions?.length)
    errors.push(required(spec.child('validationActions'), 'at least one validation action is required'));
  return errors;
}

/** The kind ValidatingAdmissionPolicy. */
export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  scope: 'Cluster',
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  storageVersionHash: '6OxvlMmQ6is=',
  cachedOnDemand: true,
  subresources: [statusSubresource<ValidatingAdmissionPolicy>('ValidatingAdmissionPolicy')],
  strategy: {
    tracksGeneration: true,
    setDefaults({ spec: wanted }) {
      if (!wanted) return;
      wanted.failurePolicy ??= 'Fail';
      if (!wanted.matchConstraints) return;
      wanted.matchConstraints.matchPolicy ??= 'Equivalent';
      wanted.matchConstraints.namespaceSelector ??= {};
      wanted.matchConstraints.objectSelector ??= {};
      for (const rule of wanted.matchConstraints.resourceRules ?? []) rule.scope ??= '*';
    },
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: validate,
  },
  columns: [
    nameColumn(),
    integerColumn('Validations', 'How many rules it has.', ({ spec: wanted }) => wanted?.validations?.length ?? 0),
    textColumn('ParamKind', 'The kind of its parameters.', ({ spec: wanted }) =>
      wanted?.paramKind ? `${wanted.paramKind.apiVersion ?? ''}/${wanted.paramKind.kind ?? ''}` : '<unset>',
    ),
    ageColumn(),
  ],
});

/** The kind ValidatingAdmissionPolicyBinding. */
export const validatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  categories: ['api-extensions'],
  scope: 'Cluster',
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
  storageVersionHash: 'v9715VZqakg=',
  cachedOnDemand: true,
  strategy: { tracksGeneration: true, validate: validateBinding, validateUpdate: validateBinding },
  columns: [
    nameColumn(),
    textColumn('PolicyName', 'The policy it binds.', ({ spec: wanted }) => wanted?.policyName ?? ''),
    textColumn('ParamRef', 'Its parameters.', ({ spec: wanted }) => {
      const { name, namespace, selector } = wanted?.paramRef ?? {};
      if (name) return namespace ? `${namespace}/${name}` : `*/${name}`;
      return selector ? 'selector' : '<unset>';
    }),
    ageColumn(),
  ],
});
