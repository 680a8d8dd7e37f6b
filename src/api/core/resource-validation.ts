// Validation of resource requests and limits (validation.ValidateContainerResourceRequirements).
import {
  compareQuantity,
  invalid,
  isQualifiedName,
  parseQuantity,
  quantityValue,
  required,
  type FieldError,
  type FieldPath,
} from '#apimachinery';
import type { ResourceRequirements } from '../types.ts';

const standard: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
const isExtended = (name: string): boolean => name.includes('/') && !name.includes('kubernetes.io/');

function validateName(name: string, at: FieldPath): FieldError[] {
  const problems = isQualifiedName(name);
  if (problems.length) return problems.map((message) => invalid(at, name, message));
  if (name.includes('/') || standard.has(name) || isHugePages(name)) return [];
  return [
    invalid(at, name, 'must be a standard resource type or fully qualified'),
    invalid(at, name, 'must be a standard resource for containers'),
  ];
}

function validateQuantity(name: string, text: string | number, at: FieldPath): FieldError[] {
  const quantity = parseQuantity(text);
  const errors: FieldError[] = [];
  if (quantity.nanos < 0n) errors.push(invalid(at, String(text), 'must be greater than or equal to 0'));
  if ((isExtended(name) || isHugePages(name)) && quantity.nanos % 1_000_000_000n !== 0n)
    errors.push(invalid(at, String(text), 'must be an integer'));
  if (isHugePages(name) && quantityValue(quantity) < 0) errors.push(invalid(at, String(text), 'must be greater than or equal to 0'));
  return errors;
}

/** Requests and limits of one container: names, no negative amounts, no request above its limit. */
export function validateResources(resources: ResourceRequirements | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { limits = {}, requests = {} } = resources ?? {};
  for (const [name, amount] of Object.entries(limits)) {
    const field = at.child('limits').key(name);
    errors.push(...validateName(name, field), ...validateQuantity(name, amount, field));
  }
  for (const [name, amount] of Object.entries(requests)) {
    const field = at.child('requests').key(name);
    errors.push(...validateName(name, field), ...validateQuantity(name, amount, field));
    const limit = limits[name];
    if (limit === undefined) {
      if (isExtended(name) || isHugePages(name))
        errors.push(required(at.child('limits'), 'Limit must be set for non overcommitable resources'));
      continue;
    }
    const order = compareQuantity(parseQuantity(amount), parseQuantity(limit));
    if ((isExtended(name) || isHugePages(name)) && order !== 0)
      errors.push(invalid(at.child('requests'), String(amount), `must be equal to ${name} limit of ${limit}`));
    else if (order > 0)
      errors.push(invalid(at.child('requests'), String(amount), `must be less than or equal to ${name} limit of ${limit}`));
  }
  return errors;
}
