// What a structural schema does to a value (apiextensions-apiserver schema/pruning, schema/defaulting): fields it does not know are taken
// out, and its defaults are filled in. Both leave apiVersion, kind and metadata of a resource alone.
import { deepCopy, unknownFieldText } from '#apimachinery';
import { isJsonObject, keepsUnknownFields, propertyOf, type JsonSchema } from './json-schema.ts';

const resourceFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

function pruneAt(value: unknown, schema: JsonSchema, isResource: boolean, path: string, pruned: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item, index) => pruneAt(item, items, isEmbedded(items), `${path}[${index}]`, pruned)) : value;
  }
  if (!isJsonObject(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const at = path ? `${path}.${name}` : name;
    const known = propertyOf(schema, name);
    if (isResource && resourceFields.has(name)) kept[name] = item;
    else if (known) kept[name] = pruneAt(item, known, isEmbedded(known), at, pruned);
    else if (keepsUnknownFields(schema)) kept[name] = item;
    else pruned.push(unknownFieldText(at));
  }
  return kept;
}

const isEmbedded = (schema: JsonSchema): boolean => schema['x-kubernetes-embedded-resource'] === true;

/** The value of a resource without the fields its schema does not know, and a text for each of those; the given value is untouched. */
export function pruneBySchema(
  value: Record<string, unknown>,
  schema: JsonSchema,
): { value: Record<string, unknown>; unknownFields: string[] } {
  const unknownFields: string[] = [];
  return { value: pruneAt(value, schema, true, '', unknownFields) as Record<string, unknown>, unknownFields };
}

/** Fills the schema's defaults below a value, in place. A null counts as absent where the schema allows none and has a default. */
export function fillSchemaDefaults(value: unknown, schema: JsonSchema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) for (const item of value) fillSchemaDefaults(item, items);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isRefusedNull = value[name] === null && property.nullable !== true;
    if (property.default !== undefined && (value[name] === undefined || isRefusedNull)) value[name] = deepCopy(property.default);
    fillSchemaDefaults(value[name], property);
  }
  const { additionalProperties: others } = schema;
  if (typeof others !== 'object') return;
  for (const [name, item] of Object.entries(value)) if (!schema.properties?.[name]) fillSchemaDefaults(item, others);
}
