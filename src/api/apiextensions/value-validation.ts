// Whether a value is what a schema asks for, in the words of kube-openapi's validation as ValidateCustomResource hands them on. What did
// not change in an update is not looked at again (ratcheting), so that a schema may become stricter under objects that are there.
import {
  deepEqual,
  duplicate,
  formatBadValue,
  goValue,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  type FieldError,
} from '#apimachinery';
import { goPattern } from './go-pattern.ts';
import { isJsonObject, propertyOf, type JsonSchema } from './json-schema.ts';
import { hasFormat } from './value-formats.ts';

/** A value and where it stands; `old` is what stood there before an update. */
interface Subject {
  readonly value: unknown;
  readonly old: unknown;
  readonly path: string;
}

const typeOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

/** Where no path is, errors name the field <nil>. */
const fieldOf = (path: string): string => path || '<nil>';
/** The path inside the sentences of kube-openapi. */
const inBody = (path: string): string => `${path} in body`;
const shown = (value: unknown): unknown => (typeof value === 'object' && value !== null ? goValue(JSON.stringify(value)) : value);

function typeErrors({ value, path }: Subject, schema: JsonSchema): FieldError[] {
  const found = typeOf(value);
  if (value === null && schema.nullable) return [];
  if (schema['x-kubernetes-int-or-string']) {
    if (found === 'integer' || found === 'string') return [];
    return [typeInvalid(fieldOf(path), found, `${inBody(path)} must be of type integer,string: ${formatBadValue(found)}`)];
  }
  const { type } = schema;
  if (!type || type === found || (type === 'number' && found === 'integer')) return [];
  return [typeInvalid(fieldOf(path), found, `${inBody(path)} must be of type ${type}: ${formatBadValue(found)}`)];
}

function textErrors(value: string, { path }: Subject, schema: JsonSchema): FieldError[] {
  const at = fieldOf(path);
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) return [tooLong(at, schema.maxLength)];
  if (schema.minLength !== undefined && length < schema.minLength)
    return [invalid(at, value, `${inBody(path)} should be at least ${schema.minLength} chars long`)];
  if (schema.pattern !== undefined && goPattern(schema.pattern)?.test(value) === false)
    return [invalid(at, value, `${inBody(path)} should match '${schema.pattern}'`)];
  return [];
}

function formatErrors(value: string, { path }: Subject, { format }: JsonSchema): FieldError[] {
  if (!format || hasFormat(value, format)) return [];
  return [typeInvalid(fieldOf(path), value, `${inBody(path)} must be of type ${format}: ${formatBadValue(value)}`)];
}

function numberErrors(value: number, { path }: Subject, schema: JsonSchema): FieldError[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const wrong = (detail: string): FieldError => invalid(fieldOf(path), value, `${inBody(path)} should be ${detail}`);
  const errors: FieldError[] = [];
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) errors.push(wrong(`a multiple of ${multipleOf}`));
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    errors.push(wrong(exclusiveMaximum ? `less than ${maximum}` : `less than or equal to ${maximum}`));
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    errors.push(wrong(exclusiveMinimum ? `greater than ${minimum}` : `greater than or equal to ${minimum}`));
  return errors;
}

/** The element of the old list that an element of a list of type map stands for. */
function oldElement(old: unknown, item: unknown, schema: JsonSchema): unknown {
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map' || !isJsonObject(item)) return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return old.find((each) => isJsonObject(each) && keys.every((key) => each[key] === item[key]));
}

function listErrors(value: readonly unknown[], subject: Subject, schema: JsonSchema): FieldError[] {
  const { path, old } = subject;
  const { items, minItems, maxItems } = schema;
  const errors: FieldError[] = [];
  if (items)
    value.forEach((item, index) =>
      errors.push(...check({ value: item, old: oldElement(old, item, schema), path: `${path}[${index}]` }, items)),
    );
  if (minItems !== undefined && value.length < minItems)
    errors.push(invalid(fieldOf(path), value.length, `${inBody(path)} should have at least ${minItems} items`));
  if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(fieldOf(path), value.length, maxItems));
  return errors;
}

function objectErrors(value: Record<string, unknown>, subject: Subject, schema: JsonSchema): FieldError[] {
  const { path } = subject;
  const { minProperties, maxProperties } = schema;
  const count = Object.keys(value).length;
  if (minProperties !== undefined && count < minProperties)
    return [invalid(fieldOf(path), count, `${inBody(path)} should have at least ${minProperties} properties`)];
  if (maxProperties !== undefined && count > maxProperties) return [tooMany(fieldOf(path), count, maxProperties)];
  const old = isJsonObject(subject.old) ? subject.old : {};
  const below = (name: string): string => (path ? `${path}.${name}` : name);
  const errors: FieldError[] = [];
  for (const name of Object.keys(value).sort()) {
    const property = propertyOf(schema, name);
    if (property) errors.push(...check({ value: value[name], old: old[name], path: below(name) }, property));
  }
  for (const name of schema.required ?? [])
    if (value[name] === undefined && schema.properties?.[name]?.default === undefined) errors.push(required(below(name)));
  return errors;
}

/** The schemas that a value must meet some of; kube-openapi says these sentences of no field. */
function compositeErrors(subject: Subject, { allOf, anyOf, oneOf, not }: JsonSchema): FieldError[] {
  const { path } = subject;
  const errors: FieldError[] = [];
  const failures = (schemas: readonly JsonSchema[]): FieldError[][] =>
    schemas.map((schema) => check({ ...subject, old: undefined }, schema));
  const said = (text: string): FieldError => invalid('<nil>', '', `"${path}" must ${text}`);
  // Of those that do not hold, the errors of the one that came furthest are told as well.
  const best = (all: readonly FieldError[][]): FieldError[] => [...all].sort((a, b) => a.length - b.length)[0] ?? [];
  if (anyOf?.length) {
    const all = failures(anyOf);
    if (all.every((each) => each.length > 0)) errors.push(said('validate at least one schema (anyOf)'), ...best(all));
  }
  if (oneOf?.length) {
    const all = failures(oneOf);
    const held = all.filter((each) => each.length === 0).length;
    if (held === 0) errors.push(said('validate one and only one schema (oneOf). Found none valid'), ...best(all));
    else if (held > 1) errors.push(said(`validate one and only one schema (oneOf). Found ${held} valid alternatives`));
  }
  if (allOf?.length) {
    const all = failures(allOf);
    const failed = all.flat();
    const hint = all.every((each) => each.length > 0) ? '. None validated' : '';
    if (failed.length > 0) errors.push(...failed, said(`validate all the schemas (allOf)${hint}`));
  }
  if (not && check({ ...subject, old: undefined }, not).length === 0) errors.push(said('not validate the schema (not)'));
  return errors;
}

function enumErrors({ value, path }: Subject, schema: JsonSchema): FieldError[] {
  if (!schema.enum?.length || schema.enum.some((each) => deepEqual(each, value))) return [];
  const allowed = schema.enum.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
  return [notSupported(fieldOf(path), shown(value), allowed)];
}

function check(subject: Subject, schema: JsonSchema): FieldError[] {
  const { value, old } = subject;
  if (old !== undefined && deepEqual(value, old)) return [];
  if (value === null && schema.nullable) return [];
  const wrongType = typeErrors(subject, schema);
  if (wrongType.length > 0) return wrongType;
  const errors = compositeErrors(subject, schema);
  if (typeof value === 'string') errors.push(...textErrors(value, subject, schema), ...formatErrors(value, subject, schema));
  if (typeof value === 'number') errors.push(...numberErrors(value, subject, schema));
  if (Array.isArray(value)) errors.push(...listErrors(value, subject, schema));
  errors.push(...enumErrors(subject, schema));
  if (isJsonObject(value)) errors.push(...objectErrors(value, subject, schema));
  return errors;
}

/** Everything wrong with a value by its schema; `old` is the value it replaces. */
export function validateBySchema(value: unknown, schema: JsonSchema, old?: unknown): FieldError[] {
  return check({ value, old, path: '' }, schema);
}

function duplicatesAt(value: unknown, schema: JsonSchema, path: string): FieldError[] {
  if (Array.isArray(value)) {
    const { items = {}, 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': keys = [] } = schema;
    const seen = new Set<string>();
    const errors: FieldError[] = [];
    value.forEach((item, index) => {
      const at = `${path}[${index}]`;
      if (listType === 'set' || listType === 'map') {
        const identity =
          listType === 'set' ? item : Object.fromEntries([...keys].sort().map((key) => [key, isJsonObject(item) ? item[key] : null]));
        const text = JSON.stringify(identity);
        if (seen.has(text)) errors.push(duplicate(at, listType === 'set' ? shown(item) : goMap(identity as Record<string, unknown>)));
        seen.add(text);
      }
      errors.push(...duplicatesAt(item, items, at));
    });
    return errors;
  }
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const property = propertyOf(schema, name);
    return property ? duplicatesAt(item, property, path ? `${path}.${name}` : name) : [];
  });
}

const goMap = (value: Record<string, unknown>): unknown =>
  goValue(
    `map[string]interface {}{${Object.entries(value)
      .map(([key, each]) => `"${key}":${formatBadValue(each)}`)
      .join(', ')}}`,
  );

/** Elements of sets and of lists with keys that come twice. */
export function validateListTypes(value: unknown, schema: JsonSchema): FieldError[] {
  return duplicatesAt(value, schema, '');
}
