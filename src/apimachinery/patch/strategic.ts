// Applying a strategic merge patch (application/strategic-merge-patch+json): lists merge by key, with $patch,
// $setElementOrder/…, $deleteFromPrimitiveList/… and $retainKeys. The type is read only through FieldSchema.
import { deepCopy, deepEqual } from '../equality.ts';
import { untypedSchema, type FieldSchema } from '../field-schema.ts';
import type { JsonObject } from '../meta.ts';
import { inElementOrder, positionOf } from './element-order.ts';

export { createThreeWayStrategicPatch, createTwoWayMergePatch } from './strategic-difference.ts';

/** Directive fields of strategic merge patches. */
export const directives = Object.freeze({
  patch: '$patch',
  retainKeys: '$retainKeys',
  setElementOrder: '$setElementOrder/',
  deleteFromPrimitiveList: '$deleteFromPrimitiveList/',
});

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a list field merges by elements instead of being replaced. */
export function mergesLists(schema: FieldSchema): boolean {
  return schema.patchStrategies.includes('merge');
}

/** The object after the patch (the given ones are untouched). Throws an Error with Kubernetes' text for a malformed patch. */
export function applyStrategicMergePatch(original: JsonObject, patch: JsonObject, schema: FieldSchema): JsonObject {
  return mergedObject(deepCopy(original), patch, schema) as JsonObject;
}

function mergedObject(original: JsonObject, patch: JsonObject, schema: FieldSchema): unknown {
  const directive = patch[directives.patch];
  if (directive === 'replace') return withoutDirectives({ ...patch, [directives.patch]: undefined });
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw new Error(`unknown patch type found: ${String(directive)}`);
  const retained = patch[directives.retainKeys];
  if (retained !== undefined) retainOnly(original, retained, patch);
  const result: JsonObject = { ...original };
  for (const [key, value] of Object.entries(patch)) {
    if (key === directives.patch || key === directives.retainKeys || key.startsWith(directives.setElementOrder)) continue;
    if (key.startsWith(directives.deleteFromPrimitiveList)) {
      deleteElements(result, key.slice(directives.deleteFromPrimitiveList.length), value);
    } else if (value === null) delete result[key];
    else result[key] = mergedValue(result[key], value, schema.field(key) ?? untypedSchema);
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(directives.setElementOrder)) continue;
    const name = key.slice(directives.setElementOrder.length);
    const list = result[name];
    if (!Array.isArray(order)) throw new Error(`unexpected type of $setElementOrder list: ${typeof order}`);
    if (!Array.isArray(list)) continue;
    const before = original[name];
    result[name] = inElementOrder(list, order, Array.isArray(before) ? before : [], schema.field(name)?.mergeKey ?? '');
  }
  return result;
}

function retainOnly(original: JsonObject, retained: unknown, patch: JsonObject): void {
  if (!Array.isArray(retained)) throw new Error('invalid patch format of retainKeys: expected a list');
  for (const key of Object.keys(patch)) {
    if (key.startsWith('$') || patch[key] === null) continue;
    if (!retained.includes(key)) throw new Error(`the key: ${key} is not in the retainKeys list: ${JSON.stringify(retained)}`);
  }
  for (const key of Object.keys(original)) if (!retained.includes(key)) delete original[key];
}

function deleteElements(object: JsonObject, name: string, values: unknown): void {
  const list = object[name];
  if (!Array.isArray(values)) throw new Error('invalid patch format of primitive list: expected a list');
  if (!Array.isArray(list)) return;
  object[name] = list.filter((item) => !values.some((value) => deepEqual(value, item)));
}

function mergedValue(original: unknown, patch: unknown, schema: FieldSchema): unknown {
  if (isObject(patch)) {
    if (!isObject(original)) return mergedObject({}, patch, schema);
    if (schema.patchStrategies.includes('replace')) return withoutDirectives(patch);
    return mergedObject({ ...original }, patch, schema);
  }
  if (Array.isArray(patch))
    return Array.isArray(original) || mergesLists(schema)
      ? mergedList(Array.isArray(original) ? original : [], patch, schema)
      : withoutDirectives(patch);
  return patch;
}

function mergedList(original: readonly unknown[], patch: readonly unknown[], schema: FieldSchema): unknown[] {
  if (!mergesLists(schema)) return withoutDirectives(patch) as unknown[];
  const { mergeKey } = schema;
  const items = schema.items ?? untypedSchema;
  const plain = patch.filter((item) => !isObject(item) || item[directives.patch] === undefined || item[directives.patch] === 'merge');
  const special = patch.filter((item) => !plain.includes(item)) as JsonObject[];
  if (special.some((item) => item[directives.patch] === 'replace')) return withoutDirectives(plain) as unknown[];
  let result = [...original];
  for (const item of special) {
    if (item[directives.patch] !== 'delete') throw new Error(`unknown patch type found: ${String(item[directives.patch])}`);
    requireKey(item, mergeKey);
    result = result.filter((old) => positionOf([old], item, mergeKey) < 0);
  }
  for (const item of plain) {
    if (isObject(item)) requireKey(item, mergeKey);
    const at = positionOf(result, item, mergeKey);
    if (at < 0) result.push(mergedValue(undefined, item, items));
    else if (isObject(item)) result[at] = mergedValue(result[at], item, items);
  }
  return inElementOrder(result, plain, original, mergeKey);
}

function requireKey(item: JsonObject, mergeKey: string): void {
  if (mergeKey && item[mergeKey] === undefined)
    throw new Error(`map: ${formatGoMap(item)} does not contain declared merge key: ${mergeKey}`);
}

/** map[a:1 b:x], as Go prints a map. */
function formatGoMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatGoMap).join(' ')}]`;
  if (!isObject(value)) return value === null || value === undefined ? '<nil>' : String(value);
  return `map[${Object.keys(value)
    .sort()
    .map((key) => `${key}:${formatGoMap(value[key])}`)
    .join(' ')}]`;
}

/** A value that is set as a whole: directives and nulls in it mean nothing and are left out. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isObject(item) || item[directives.patch] === undefined).map(withoutDirectives);
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (key.startsWith('$') || item === null || item === undefined) continue;
    result[key] = withoutDirectives(item);
  }
  return result;
}
