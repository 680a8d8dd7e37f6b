// Validation of ObjectMeta and of label selectors (k8s.io/apimachinery api/validation, meta/v1/validation).
import { deepEqual } from './equality.ts';
import {
  duplicate,
  type FieldPath,
  forbiddenField,
  goValue,
  immutableFieldMessage,
  invalid,
  quoteGo,
  required,
  tooLong,
  type FieldError,
} from './field-errors.ts';
import type { LabelSelector } from './labels.ts';
import type { ObjectMeta } from './meta.ts';
import { isDns1123Label, isQualifiedName, isValidLabelValue, utf8Length } from './validation.ts';

/** The most that all annotations of an object may weigh together, keys and values. */
export const maxAnnotationsBytes = 256 * 1024;

/** metadata.labels. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, field: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const message of isQualifiedName(key)) errors.push(invalid(field, key, message));
    for (const message of isValidLabelValue(value)) errors.push(invalid(field, value, message));
  }
  return errors;
}

/** metadata.annotations (keys, total size 256 KiB). */
export function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined, field: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let total = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(field, key, message));
    total += utf8Length(key) + utf8Length(value);
  }
  if (total > maxAnnotationsBytes) errors.push(tooLong(field, maxAnnotationsBytes));
  return errors;
}

/** A LabelSelector in a spec. */
export function validateLabelSelector(selector: LabelSelector | undefined | null, field: FieldPath): FieldError[] {
  if (!selector) return [];
  const errors = validateLabels(selector.matchLabels, field.child('matchLabels'));
  (selector.matchExpressions ?? []).forEach((expression, index) => {
    const at = field.child('matchExpressions').index(index);
    const values = expression.values ?? [];
    if (expression.operator === 'In' || expression.operator === 'NotIn') {
      if (!values.length) errors.push(required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (expression.operator === 'Exists' || expression.operator === 'DoesNotExist') {
      if (values.length)
        errors.push(forbiddenField(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    } else errors.push(invalid(at.child('operator'), expression.operator, 'not a valid selector operator'));
    for (const message of isQualifiedName(expression.key)) errors.push(invalid(at.child('key'), expression.key, message));
    values.forEach((value, position) => {
      for (const message of isValidLabelValue(value)) errors.push(invalid(at.child('values').index(position), value, message));
    });
  });
  return errors;
}

const standardFinalizers: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion'];

function validateFinalizers(finalizers: readonly string[] | undefined, field: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of finalizers ?? []) for (const message of isQualifiedName(name)) errors.push(invalid(field, name, message));
  return errors;
}

/** What Kubernetes' own kinds ask of metadata.finalizers beside a qualified name. */
export function validateKubernetesFinalizers(finalizers: readonly string[] | undefined, field: FieldPath): FieldError[] {
  return (finalizers ?? [])
    .filter((name) => !name.includes('/') && !standardFinalizers.includes(name))
    .map((name) => invalid(field, name, 'name is neither a standard finalizer name nor is it fully qualified'));
}

function validateOwnerReferences(meta: ObjectMeta, field: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const reference of meta.ownerReferences ?? []) {
    if (!reference.apiVersion) errors.push(invalid(field.child('apiVersion'), reference.apiVersion ?? '', 'version must not be empty'));
    if (!reference.kind) errors.push(invalid(field.child('kind'), reference.kind ?? '', 'must not be empty'));
    if (!reference.name) errors.push(invalid(field.child('name'), reference.name ?? '', 'must not be empty'));
    if (!reference.uid) errors.push(invalid(field.child('uid'), reference.uid ?? '', 'must not be empty'));
    if (!reference.controller) continue;
    if (controller !== undefined) {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${reference.name}`;
      errors.push(invalid(field, goValue(JSON.stringify(meta.ownerReferences)), detail));
    } else controller = reference.name;
  }
  return errors;
}

function validateCommon(meta: ObjectMeta, field: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if ((meta.generation ?? 0) < 0) errors.push(invalid(field.child('generation'), meta.generation, 'must be greater than or equal to 0'));
  errors.push(...validateLabels(meta.labels, field.child('labels')));
  errors.push(...validateAnnotations(meta.annotations, field.child('annotations')));
  errors.push(...validateOwnerReferences(meta, field.child('ownerReferences')));
  errors.push(...validateFinalizers(meta.finalizers, field.child('finalizers')));
  return errors;
}

/** ObjectMeta of an object to be created. `validateName` answers messages for a name (or a prefix of one). */
export function validateObjectMeta(
  meta: ObjectMeta,
  namespaced: boolean,
  validateName: (name: string, prefix: boolean) => string[],
  field: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const { generateName, name, namespace } = meta;
  if (generateName)
    for (const message of validateName(generateName, true)) errors.push(invalid(field.child('generateName'), generateName, message));
  if (!name) errors.push(required(field.child('name'), 'name or generateName is required'));
  else for (const message of validateName(name, false)) errors.push(invalid(field.child('name'), name, message));
  if (namespaced) {
    if (!namespace) errors.push(required(field.child('namespace')));
    else for (const message of isDns1123Label(namespace)) errors.push(invalid(field.child('namespace'), namespace, message));
  } else if (namespace) errors.push(forbiddenField(field.child('namespace'), 'not allowed on this type'));
  return [...errors, ...validateCommon(meta, field)];
}

/** ObjectMeta of an update. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta, field: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) {
    const added = (meta.finalizers ?? []).filter((name) => !(old.finalizers ?? []).includes(name));
    if (added.length) {
      const shown = `[]string{${added.map(quoteGo).join(', ')}}`;
      errors.push(
        forbiddenField(
          field.child('finalizers'),
          `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`,
        ),
      );
    }
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0))
    errors.push(invalid(field.child('generation'), meta.generation ?? 0, 'must not be decremented'));
  for (const key of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (!deepEqual(meta[key] ?? '', old[key] ?? '')) errors.push(invalid(field.child(key), meta[key] ?? '', immutableFieldMessage));
  }
  return [...errors, ...validateCommon(meta, field)];
}

/** Answers an error for each text met before: used for names that must be unique in a list. */
export function validateUnique(values: readonly (string | undefined)[], fieldOf: (index: number) => FieldPath): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  values.forEach((value, index) => {
    if (!value) return;
    if (seen.has(value)) errors.push(duplicate(fieldOf(index), value));
    seen.add(value);
  });
  return errors;
}
