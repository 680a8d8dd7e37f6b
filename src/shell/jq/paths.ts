/** Reading, replacing and deleting at a path of keys, numbers and slices. */
import { compare, isFields, JqError, shown, typeOf, type Fields } from './values.ts';

/** A slice as a path element. */
export interface SliceKey {
  readonly start: number | null;
  readonly end: number | null;
}

/** A path: keys of objects, numbers of arrays, slices. */
export type Path = readonly unknown[];

const isSlice = (key: unknown): key is SliceKey => isFields(key) && 'start' in key && 'end' in key;

/** What a value has at a key; null where there is nothing. */
export function valueAt(value: unknown, key: unknown): unknown {
  if (isSlice(key)) {
    if (value === null || value === undefined) return null;
    if (!Array.isArray(value) && typeof value !== 'string') throw new JqError(`Cannot index ${typeOf(value)} with object`);
    return value.slice(key.start === null ? undefined : Math.floor(key.start), key.end === null ? undefined : Math.ceil(key.end));
  }
  if (value === null || value === undefined) {
    if (typeof key === 'string' || typeof key === 'number' || key === null) return null;
  } else if (isFields(value) && typeof key === 'string') return Object.hasOwn(value, key) ? value[key] : null;
  else if (Array.isArray(value) && typeof key === 'number') return (value as unknown[]).at(Math.floor(key)) ?? null;
  else if (Array.isArray(value) && Array.isArray(key))
    return value.flatMap((_, at) => (key.every((one, offset) => compare(value[at + offset], one) === 0) ? [at] : []));
  if (typeof key === 'string') throw new JqError(`Cannot index ${typeOf(value)} with "${key}"`);
  throw new JqError(`Cannot index ${typeOf(value)} with ${typeOf(key)}`);
}

/** A copy of `value` in which `path` holds what `change` makes of it; undefined deletes. */
export function changeAt(value: unknown, path: Path, change: (old: unknown) => unknown): unknown {
  if (path.length === 0) return change(value);
  const [key, ...rest] = path;
  const old = value === null || value === undefined ? null : valueAt(value, key);
  const next = changeAt(old, rest, change);
  if (isSlice(key)) {
    const list = (value ?? []) as unknown[];
    const start = key.start === null ? 0 : key.start < 0 ? Math.max(0, list.length + key.start) : key.start;
    const end = key.end === null ? list.length : key.end < 0 ? list.length + key.end : key.end;
    return [...list.slice(0, start), ...((next ?? []) as unknown[]), ...list.slice(Math.max(start, end))];
  }
  if (typeof key === 'number') {
    const list = [...((value ?? []) as unknown[])];
    const at = key < 0 ? list.length + key : key;
    if (at < 0) throw new JqError('Out of bounds negative array index');
    if (next === undefined) list.splice(at, 1);
    else {
      while (list.length < at) list.push(null);
      list[at] = next;
    }
    return list;
  }
  if (typeof key !== 'string') throw new JqError(`Cannot update field at ${shown(key)}`);
  const fields: Fields = { ...((value ?? {}) as Fields) };
  if (next === undefined) delete fields[key];
  else fields[key] = next;
  return fields;
}

/** A copy without what is at the paths; the later ones first, so that numbers stay true. */
export function deletePaths(value: unknown, paths: readonly Path[]): unknown {
  let result = value;
  for (const path of [...paths].sort((a, b) => compare(b, a))) {
    const parent = path.slice(0, -1).reduce<unknown>((of, key) => (of === null ? null : valueAt(of, key)), result);
    if (parent !== null && parent !== undefined) result = changeAt(result, path, () => undefined);
  }
  return result;
}
