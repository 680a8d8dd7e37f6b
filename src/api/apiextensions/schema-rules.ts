// What makes a schema of a CustomResourceDefinition acceptable (apiextensions validation, structural schemas): every value has a type,
// nothing but validation stands inside allOf, anyOf, oneOf and not, defaults fit their own schema.
import { forbiddenField, invalid, notSupported, required, type FieldError, type FieldPath } from '#apimachinery';
import { goPattern } from './go-pattern.ts';
import type { JsonSchema } from './json-schema.ts';
import { pruneBySchema } from './structural-values.ts';
import { validateBySchema } from './value-validation.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
/** Go's names of the fields that sentences of the structural rules call by name. */
const undefinedInside = ['additionalProperties', 'default', 'title', 'description', 'type'] as const;

type Where = 'root' | 'property' | 'items' | 'inside';

const mustNotBeEmpty: Readonly<Record<Exclude<Where, 'inside'>, string>> = {
  root: 'must not be empty at the root',
  property: 'must not be empty for specified object fields',
  items: 'must not be empty for specified array items',
};

function typeRules(schema: JsonSchema, at: FieldPath, where: Where): FieldError[] {
  const { type } = schema;
  if (type && !types.includes(type)) return [notSupported(at.child('type'), type, types)];
  if (where === 'inside') return [];
  if (where === 'root' && type && type !== 'object') return [invalid(at.child('type'), type, 'must be object at the root')];
  const mayBeUntyped = schema['x-kubernetes-int-or-string'] || (where !== 'root' && schema['x-kubernetes-preserve-unknown-fields']);
  if (!type && !mayBeUntyped) return [required(at.child('type'), mustNotBeEmpty[where])];
  if (type && schema['x-kubernetes-int-or-string'])
    return [invalid(at.child('type'), type, 'must be empty if x-kubernetes-int-or-string is true')];
  return [];
}

function insideRules(schema: JsonSchema, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of undefinedInside) {
    if (schema[field] === undefined) continue;
    const isText = field === 'type' || field === 'title' || field === 'description';
    errors.push(forbiddenField(at.child(field), `must be ${isText ? 'empty' : 'undefined'} to be structural`));
  }
  if (schema.nullable) errors.push(forbiddenField(at.child('nullable'), 'must be false to be structural'));
  for (const field of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string'] as const)
    if (schema[field]) errors.push(forbiddenField(at.child(field), 'must be false to be structural'));
  return errors;
}

function listRules(schema: JsonSchema, at: FieldPath): FieldError[] {
  const { 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': keys, items } = schema;
  const errors: FieldError[] = [];
  if (schema.type === 'array' && !items) errors.push(required(at.child('items'), 'must be specified'));
  if (listType && !['atomic', 'map', 'set'].includes(listType))
    errors.push(notSupported(at.child('x-kubernetes-list-type'), listType, ['atomic', 'map', 'set']));
  if (listType === 'map') {
    if (!keys?.length) errors.push(required(at.child('x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map'));
    (keys ?? []).forEach((key, index) => {
      if (!items?.properties?.[key])
        errors.push(invalid(at.child('x-kubernetes-list-map-keys').index(index), key, 'entries must all be names of item properties'));
      else if (!items.required?.includes(key) && items.properties[key].default === undefined)
        errors.push(
          required(
            at.child('items', 'properties').key(key).child('default'),
            'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
          ),
        );
    });
  } else if (keys?.length)
    errors.push(forbiddenField(at.child('x-kubernetes-list-map-keys'), 'may only be used when x-kubernetes-list-type is "map"'));
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType && !['granular', 'atomic'].includes(mapType))
    errors.push(notSupported(at.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
  return errors;
}

function defaultRules(schema: JsonSchema, at: FieldPath): FieldError[] {
  if (schema.default === undefined) return [];
  const field = at.child('default');
  const pruned = pruneBySchema({ value: schema.default }, { properties: { value: schema } });
  if (pruned.unknownFields.length > 0) return [invalid(field, schema.default, 'must not have unknown fields')];
  return validateBySchema(schema.default, schema).map((error) => ({
    ...error,
    field: error.field === '<nil>' ? String(field) : `${String(field)}.${error.field}`,
  }));
}

function ownRules(schema: JsonSchema, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.uniqueItems)
    errors.push(
      forbiddenField(at.child('uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'),
    );
  if (schema.additionalProperties === false)
    errors.push(forbiddenField(at.child('additionalProperties'), 'additionalProperties cannot be set to false'));
  if (schema.additionalProperties !== undefined && schema.properties)
    errors.push(forbiddenField(at.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive'));
  if ('$ref' in schema) errors.push(forbiddenField(at.child('$ref'), '$ref is not supported'));
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalid(at.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  if (schema.pattern !== undefined && !goPattern(schema.pattern))
    errors.push(
      invalid(
        at.child('pattern'),
        schema.pattern,
        `must be a valid regular expression, but isn't: error parsing regexp: \`${schema.pattern}\``,
      ),
    );
  return errors;
}

/** Everything wrong with a schema; `at` is where it stands. */
export function validateSchema(schema: JsonSchema, at: FieldPath, where: Where = 'root'): FieldError[] {
  const errors = [...ownRules(schema, at), ...typeRules(schema, at, where), ...listRules(schema, at)];
  if (where === 'inside') errors.push(...insideRules(schema, at));
  else errors.push(...defaultRules(schema, at));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...validateSchema(property, at.child('properties').key(name), where === 'inside' ? 'inside' : 'property'));
  if (Array.isArray(schema.items)) errors.push(forbiddenField(at.child('items'), 'items must be a schema object and not an array'));
  else if (schema.items) errors.push(...validateSchema(schema.items, at.child('items'), where === 'inside' ? 'inside' : 'items'));
  if (typeof schema.additionalProperties === 'object')
    errors.push(
      ...validateSchema(schema.additionalProperties, at.child('additionalProperties'), where === 'inside' ? 'inside' : 'property'),
    );
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
    (schema[name] ?? []).forEach((each, index) => errors.push(...validateSchema(each, at.child(name).index(index), 'inside')));
  if (schema.not) errors.push(...validateSchema(schema.not, at.child('not'), 'inside'));
  return errors;
}
