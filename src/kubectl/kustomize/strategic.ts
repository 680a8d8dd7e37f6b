/**
 * Strategic merge as kustomize does it (kyaml's merge2): like the API server's, but elements a patch names come first in their list,
 * in the patch's order, and lists of maps are told apart by all of their keys.
 */
import { deepCopy, deepEqual, untypedSchema, type FieldSchema, type JsonObject } from '#apimachinery';
import { isObject } from './resource.ts';

const DIRECTIVE = '$patch';

/** What is set as a whole: without directives and nulls. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isObject(item) || item[DIRECTIVE] !== 'delete').map(bare);
  if (!isObject(value)) return deepCopy(value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => !key.startsWith('$') && item !== null)
      .map(([key, item]) => [key, bare(item)]),
  );
}

/** The fields that tell the elements of a list apart; empty: the list is replaced as a whole. */
function keysOf(schema: FieldSchema): readonly string[] {
  if (!schema.patchStrategies.includes('merge')) return [];
  return schema.listType === 'map' && schema.mapKeys.includes(schema.mergeKey) ? schema.mapKeys : schema.mergeKey ? [schema.mergeKey] : [];
}

function isSameElement(a: unknown, b: unknown, keys: readonly string[], items: FieldSchema): boolean {
  if (!isObject(a) || !isObject(b)) return false;
  // Keys that neither side gives do not count; a default counts as given.
  const value = (object: JsonObject, key: string): unknown => object[key] ?? items.field(key)?.defaultValue;
  return keys.every((key) => deepEqual(value(a, key), value(b, key)));
}

function mergedMaps(old: readonly unknown[], patch: readonly unknown[], keys: readonly string[], items: FieldSchema): unknown[] {
  if (patch.some((item) => isObject(item) && item[DIRECTIVE] === 'replace'))
    return patch.filter((item) => !isObject(item) || item[DIRECTIVE] === undefined).map(bare);
  const named: unknown[] = [];
  let rest = [...old];
  for (const item of patch) {
    const present = rest.find((one) => isSameElement(one, item, keys, items));
    rest = rest.filter((one) => one !== present);
    const result = isObject(item) ? mergeStrategic(isObject(present) ? present : undefined, item, items) : item;
    if (result !== undefined) named.push(result);
  }
  return [...named, ...rest];
}

function mergedList(old: unknown, patch: readonly unknown[], schema: FieldSchema): unknown {
  if (!Array.isArray(old)) return bare(patch);
  const keys = keysOf(schema);
  if (keys.length > 0) return mergedMaps(old, patch, keys, schema.items ?? untypedSchema);
  if (!schema.patchStrategies.includes('merge') || patch.some(isObject)) return bare(patch);
  return [...patch, ...(old as unknown[]).filter((item) => !patch.some((one) => deepEqual(one, item)))];
}

/** The object after the patch; undefined where the patch deletes it. The patch is left as it is, the object may be taken apart. */
export function mergeStrategic(old: JsonObject | undefined, patch: JsonObject, schema: FieldSchema): JsonObject | undefined {
  if (patch[DIRECTIVE] === 'delete') return undefined;
  if (patch[DIRECTIVE] === 'replace' || old === undefined) return bare(patch) as JsonObject;
  const result: JsonObject = { ...old };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    const field = schema.field(key) ?? untypedSchema;
    const present = result[key];
    if (value === null) delete result[key];
    else if (Array.isArray(value)) result[key] = mergedList(present, value, field);
    else if (isObject(value)) {
      const merged = mergeStrategic(isObject(present) ? present : undefined, value, field);
      if (merged === undefined) delete result[key];
      else result[key] = merged;
    } else result[key] = value;
  }
  return result;
}
