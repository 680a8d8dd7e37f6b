// Making strategic merge patches: the difference of two objects, and kubectl apply's three-way patch.
import { deepCopy, deepEqual } from '../equality.ts';
import { untypedSchema, type FieldSchema } from '../field-schema.ts';
import type { JsonObject } from '../meta.ts';
import { positionOf } from './element-order.ts';

interface Options {
  /** Leave additions and changes out: only what is gone. */
  ignoreChanges: boolean;
  /** Leave deletions out: only what is new or changed. */
  ignoreDeletions: boolean;
}

const patchDirective = '$patch';
const setOrder = '$setElementOrder/';
const deletePrimitives = '$deleteFromPrimitiveList/';
const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A patch that makes `original` into `modified` ({} when they are equal). */
export function createTwoWayMergePatch(original: JsonObject, modified: JsonObject, schema: FieldSchema): JsonObject {
  return objectDifference(original, modified, schema, { ignoreChanges: false, ignoreDeletions: false }, false);
}

/** kubectl apply's patch: deletions from last-applied to the manifest, additions and changes from the live object to the manifest. */
export function createThreeWayStrategicPatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  schema: FieldSchema,
): JsonObject {
  const changes = objectDifference(current, modified, schema, { ignoreChanges: false, ignoreDeletions: true }, false);
  const deletions = objectDifference(original, modified, schema, { ignoreChanges: true, ignoreDeletions: false }, false);
  return combined(deletions, changes, schema);
}

function objectDifference(
  original: JsonObject,
  modified: JsonObject,
  schema: FieldSchema,
  options: Options,
  retainsKeys: boolean,
): JsonObject {
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(modified)) {
    if (value === undefined) continue;
    const old = original[key];
    if (old === undefined) {
      if (!options.ignoreChanges) patch[key] = deepCopy(value);
    } else fieldDifference(patch, key, old, value, schema.field(key) ?? untypedSchema, options);
  }
  if (!options.ignoreDeletions) for (const key of Object.keys(original)) if (modified[key] === undefined) patch[key] = null;
  const hasNewField = Object.keys(modified).some((key) => original[key] === undefined);
  if (retainsKeys && (Object.keys(patch).length || hasNewField)) patch['$retainKeys'] = Object.keys(modified).sort();
  return patch;
}

function fieldDifference(patch: JsonObject, key: string, old: unknown, value: unknown, schema: FieldSchema, options: Options): void {
  if (isObject(old) && isObject(value) && !schema.patchStrategies.includes('replace')) {
    const inner = objectDifference(old, value, schema, options, schema.patchStrategies.includes('retainKeys'));
    if (Object.keys(inner).length) patch[key] = inner;
  } else if (Array.isArray(old) && Array.isArray(value) && schema.patchStrategies.includes('merge')) {
    listDifference(patch, key, old, value, schema, options);
  } else if (!options.ignoreChanges && !deepEqual(old, value)) patch[key] = deepCopy(value);
}

function listDifference(
  patch: JsonObject,
  key: string,
  old: readonly unknown[],
  value: readonly unknown[],
  schema: FieldSchema,
  options: Options,
): void {
  const { mergeKey } = schema;
  const isPrimitive = ![...old, ...value].some(isObject);
  const gone = options.ignoreDeletions ? [] : old.filter((item) => positionOf(value, item, mergeKey) < 0);
  const changed = isPrimitive
    ? value.filter((item) => !options.ignoreChanges && positionOf(old, item, mergeKey) < 0)
    : value.flatMap((item) => elementDifference(old, item, schema, options));
  const list = isPrimitive
    ? changed
    : [...changed, ...gone.map((item) => ({ [mergeKey]: (item as JsonObject)[mergeKey], [patchDirective]: 'delete' }))];
  if (list.length) patch[key] = deepCopy(list);
  if (isPrimitive && gone.length) patch[deletePrimitives + key] = deepCopy(gone);
  const hasContent = list.length > 0 || gone.length > 0;
  if (hasContent || (!options.ignoreChanges && !isOrderSame(old, value, mergeKey))) {
    patch[setOrder + key] = isPrimitive ? deepCopy(value) : value.map((item) => ({ [mergeKey]: (item as JsonObject)[mergeKey] }));
  }
}

function elementDifference(old: readonly unknown[], item: unknown, schema: FieldSchema, options: Options): unknown[] {
  const { mergeKey } = schema;
  const at = positionOf(old, item, mergeKey);
  if (at < 0) return options.ignoreChanges ? [] : [item];
  const before = old[at];
  if (!isObject(before) || !isObject(item)) return [];
  const inner = objectDifference(before, item, schema.items ?? untypedSchema, options, schema.patchStrategies.includes('retainKeys'));
  return Object.keys(inner).length ? [{ ...inner, [mergeKey]: item[mergeKey] }] : [];
}

/** Whether the elements both lists have stand in the same order. */
function isOrderSame(old: readonly unknown[], value: readonly unknown[], mergeKey: string): boolean {
  const positions = value.map((item) => positionOf(old, item, mergeKey)).filter((at) => at >= 0);
  return positions.every((at, index) => index === 0 || at > (positions[index - 1] ?? -1));
}

/** Two patches in one: lists of elements are joined by key, everything else of the second goes over the first. */
function combined(first: JsonObject, second: JsonObject, schema: FieldSchema): JsonObject {
  const result: JsonObject = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const old = result[key];
    const field = schema.field(key) ?? untypedSchema;
    if (isObject(old) && isObject(value)) result[key] = combined(old, value, field);
    else if (Array.isArray(old) && Array.isArray(value) && !key.startsWith('$')) result[key] = combinedList(old, value, field);
    else result[key] = value;
  }
  return result;
}

function combinedList(first: readonly unknown[], second: readonly unknown[], schema: FieldSchema): unknown[] {
  if (!schema.mergeKey) return [...second, ...first.filter((item) => positionOf(second, item, '') < 0)];
  const result = second.map((item) => {
    const other = first[positionOf(first, item, schema.mergeKey)];
    return isObject(other) && isObject(item) ? combined(other, item, schema.items ?? untypedSchema) : item;
  });
  return [...result, ...first.filter((item) => positionOf(second, item, schema.mergeKey) < 0)];
}
