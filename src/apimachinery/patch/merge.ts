// JSON Merge Patch (RFC 7396), application/merge-patch+json, and the patches kubectl makes of it.
import { deepCopy, deepEqual } from '../equality.ts';
import type { JsonObject } from '../meta.ts';

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The target after the patch; null deletes. The given values are untouched. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return deepCopy(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return deepCopy(result);
}

/** A patch that makes `from` into `to` ({} when equal). */
export function createMergePatch(from: unknown, to: unknown): unknown {
  if (!isObject(from) || !isObject(to)) return deepCopy(to);
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(to)) {
    const old = from[key];
    if (old === undefined) patch[key] = deepCopy(value);
    else if (isObject(old) && isObject(value)) {
      const inner = createMergePatch(old, value) as JsonObject;
      if (Object.keys(inner).length) patch[key] = inner;
    } else if (!deepEqual(old, value)) patch[key] = deepCopy(value);
  }
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null;
  return patch;
}

/** Only additions and changes of a patch (`keepNulls` false), or only its deletions (true). */
function filtered(patch: unknown, keepNulls: boolean): JsonObject {
  const result: JsonObject = {};
  if (!isObject(patch)) return result;
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      if (keepNulls) result[key] = null;
    } else if (isObject(value)) {
      const inner = filtered(value, keepNulls);
      if (Object.keys(inner).length || (!keepNulls && !Object.keys(value).length)) result[key] = inner;
    } else if (!keepNulls) result[key] = value;
  }
  return result;
}

/** kubectl apply's patch for kinds without a schema: from last-applied, the new manifest and the live object. */
export function createThreeWayMergePatch(original: unknown, modified: unknown, current: unknown): unknown {
  const additions = filtered(createMergePatch(current ?? {}, modified ?? {}), false);
  const deletions = filtered(createMergePatch(original ?? {}, modified ?? {}), true);
  return mergePatches(deletions, additions);
}

function mergePatches(first: JsonObject, second: JsonObject): JsonObject {
  const result: JsonObject = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const old = result[key];
    result[key] = isObject(old) && isObject(value) ? mergePatches(old, value) : value;
  }
  return result;
}
