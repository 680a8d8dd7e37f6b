// LimitRange: least, most and default amounts for the containers, pods and claims of a namespace (registry/core/limitrange).
import {
  compareQuantity,
  duplicate,
  forbiddenField,
  invalid,
  maybeParseQuantity,
  path,
  required,
  type FieldError,
  type FieldPath,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { nameColumn } from '../tables.ts';
import type { LimitRange } from '../types.ts';

type Item = NonNullable<NonNullable<LimitRange['spec']>['limits']>[number];
type Amounts = Readonly<Record<string, string | number>>;

/** Each amount of `lower` that is above its partner in `upper`. */
function order(
  lower: Amounts | undefined,
  upper: Amounts | undefined,
  at: FieldPath,
  text: (low: string, high: string) => string,
): FieldError[] {
  return Object.entries(lower ?? {}).flatMap(([name, low]) => {
    const high = upper?.[name];
    const [left, right] = [maybeParseQuantity(low), maybeParseQuantity(high)];
    return left && right && compareQuantity(left, right) > 0 ? [invalid(at.key(name), String(low), text(String(low), String(high)))] : [];
  });
}

function validateItem(item: Item, at: FieldPath): FieldError[] {
  const {
    type,
    min,
    max,
    maxLimitRequestRatio,
    default: limits,
    defaultRequest,
  } = item as Item & Record<'min' | 'max' | 'default' | 'defaultRequest', Amounts | undefined>;
  const errors: FieldError[] = [];
  if (type === 'Pod') {
    if (limits && Object.keys(limits).length) errors.push(forbiddenField(at.child('default'), 'may not be specified when `type` is "Pod"'));
    if (defaultRequest && Object.keys(defaultRequest).length)
      errors.push(forbiddenField(at.child('defaultRequest'), 'may not be specified when `type` is "Pod"'));
  }
  if (type === 'PersistentVolumeClaim' && !min?.['storage'] && !max?.['storage'])
    errors.push(required(at.child('limits'), 'either minimum or maximum storage value is required, but neither was provided'));
  errors.push(
    ...order(min, max, at.child('min'), (low, high) => `min value ${low} is greater than max value ${high}`),
    ...order(
      min,
      defaultRequest,
      at.child('defaultRequest'),
      (low, high) => `min value ${low} is greater than default request value ${high}`,
    ),
    ...order(
      defaultRequest,
      max,
      at.child('defaultRequest'),
      (low, high) => `default request value ${low} is greater than max value ${high}`,
    ),
    ...order(
      defaultRequest,
      limits,
      at.child('defaultRequest'),
      (low, high) => `default request value ${low} is greater than default limit value ${high}`,
    ),
    ...order(min, limits, at.child('default'), (low, high) => `min value ${low} is greater than default value ${high}`),
    ...order(limits, max, at.child('default'), (low, high) => `default value ${low} is greater than max value ${high}`),
  );
  for (const [name, ratio] of Object.entries((maxLimitRequestRatio ?? {}) as Amounts)) {
    const amount = maybeParseQuantity(ratio);
    if (amount && amount.nanos < 1_000_000_000n)
      errors.push(invalid(at.child('maxLimitRequestRatio').key(name), String(ratio), `ratio ${ratio} is less than 1`));
  }
  return errors;
}

function validate(object: LimitRange): FieldError[] {
  const at = path('spec', 'limits');
  const seen = new Set<string>();
  return (object.spec?.limits ?? []).flatMap((item, index) => {
    const errors = validateItem(item, at.index(index));
    if (seen.has(item.type)) errors.unshift(duplicate(at.index(index).child('type'), item.type));
    seen.add(item.type);
    return errors;
  });
}

/** A limit is also the default, and the default also the default request, as defaults.go has it; containers only. */
function setDefaults(object: LimitRange): void {
  for (const item of object.spec?.limits ?? []) {
    if (item.type !== 'Container') continue;
    item.default = { ...item.max, ...item.default };
    item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
  }
}

/** The kind LimitRange. */
export const limitRange = defineKind<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  schema: 'io.k8s.api.core.v1.LimitRange',
  storageVersionHash: 'EBKMFVe6cwo=',
  strategy: { setDefaults, validate, validateUpdate: validate },
  columns: [
    nameColumn(),
    {
      name: 'Created At',
      type: 'date',
      format: '',
      description: 'When the object was created.',
      priority: 0,
      value: (object) => object.metadata.creationTimestamp ?? '',
    },
  ],
});
