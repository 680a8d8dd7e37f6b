// Walking values by their schema as server-side apply does (structured-merge-diff typed): the set a value touches,
// what changed between two values, merging one into the other, and taking fields out.
import { deepCopy, deepEqual } from './equality.ts';
import { untypedSchema, type FieldSchema } from './field-schema.ts';
import { emptySet, insertPath, type FieldSet } from './field-set.ts';
import type { JsonObject } from './meta.ts';

/** What changed from one value to another. */
export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

type Path = readonly string[];
const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The element naming a list item: by its keys (defaults counted) or by its value. */
function elementOf(item: unknown, schema: FieldSchema): string {
  if (schema.listType === 'set') return `v:${JSON.stringify(item)}`;
  const keys: JsonObject = {};
  for (const name of [...schema.mapKeys].sort()) {
    const value = isObject(item) ? item[name] : undefined;
    const found = value ?? schema.items?.field(name)?.defaultValue;
    if (found !== undefined) keys[name] = found;
  }
  return `k:${JSON.stringify(keys)}`;
}

const isLeaf = (schema: FieldSchema): boolean =>
  schema.type === 'scalar' || (schema.type === 'list' ? schema.listType === 'atomic' : schema.isAtomic);

/** Children of a map or struct with their elements and schemas, or of an associative list; undefined for a leaf. */
function childrenOf(value: unknown, schema: FieldSchema): Map<string, { value: unknown; schema: FieldSchema }> | undefined {
  if (isLeaf(schema)) return undefined;
  if (Array.isArray(value)) {
    if (schema.type !== 'list' || schema.listType === 'atomic') return undefined;
    return new Map(value.map((item) => [elementOf(item, schema), { value: item, schema: schema.items ?? untypedSchema }]));
  }
  if (!isObject(value) || schema.type === 'list') return undefined;
  return new Map(
    Object.entries(value)
      // A time that is not set is written as null and set by nobody.
      .filter(([name, child]) => child !== undefined && !(name === 'creationTimestamp' && child === null))
      .map(([name, child]) => [`f:${name}`, { value: child, schema: schema.field(name) ?? untypedSchema }]),
  );
}

const isEmptyContainer = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);

/** The paths a configuration sets, as an applier owns them. */
export function touchedSet(value: unknown, schema: FieldSchema): FieldSet {
  const set = emptySet();
  collect(value, schema, [], set);
  return set;
}

function collect(value: unknown, schema: FieldSchema, path: Path, set: FieldSet): void {
  const children = childrenOf(value, schema);
  if (!children) {
    insertPath(set, path);
    return;
  }
  for (const [element, child] of children) {
    const at = [...path, element];
    if (isEmptyContainer(child.value)) insertPath(set, at);
    else {
      collect(child.value, child.schema, at, set);
      // Elements of lists and values of maps belong to whoever names them; declared fields only through what they hold.
      if (Array.isArray(value) || schema.type !== 'struct') insertPath(set, at);
    }
  }
}

/** What an update changed. */
export function compareTyped(before: unknown, after: unknown, schema: FieldSchema): Comparison {
  const comparison: Comparison = { added: emptySet(), modified: emptySet(), removed: emptySet() };
  compareAt(before, after, schema, [], comparison);
  return comparison;
}

function compareAt(before: unknown, after: unknown, schema: FieldSchema, path: Path, out: Comparison): void {
  // Most of an object stays the same in most writes: comparing plainly is far cheaper than walking by the schema.
  if (before !== undefined && after !== undefined && deepEqual(before, after)) return;
  const [mine, theirs] = [childrenOf(before ?? undefined, schema), childrenOf(after ?? undefined, schema)];
  const bothEmpty = isEmptyContainer(before) && isEmptyContainer(after);
  const comparable = (mine !== undefined || isEmptyContainer(before)) && (theirs !== undefined || isEmptyContainer(after));
  if (bothEmpty || !comparable || (!mine && !theirs)) {
    if (before === undefined) insertPath(out.added, path);
    else if (after === undefined) insertPath(out.removed, path);
    else if (!deepEqual(before, after)) insertPath(out.modified, path);
    return;
  }
  for (const element of new Set([...(mine?.keys() ?? []), ...(theirs?.keys() ?? [])])) {
    const [old, now] = [mine?.get(element), theirs?.get(element)];
    compareAt(old?.value, now?.value, now?.schema ?? old?.schema ?? untypedSchema, [...path, element], out);
  }
  if (before === undefined) insertPath(out.added, path);
  else if (after === undefined) insertPath(out.removed, path);
}

/** The live value with a configuration merged over it; neither is touched. */
export function mergeTyped(live: unknown, config: unknown, schema: FieldSchema): unknown {
  if (config === undefined) return deepCopy(live);
  if (live === undefined || live === null || isLeaf(schema)) return deepCopy(config);
  if (Array.isArray(live) && Array.isArray(config)) {
    return schema.type === 'list' && schema.listType !== 'atomic' ? mergeLists(live, config, schema) : deepCopy(config);
  }
  if (!isObject(live) || !isObject(config)) return deepCopy(config);
  const merged: JsonObject = {};
  for (const name of new Set([...Object.keys(live), ...Object.keys(config)])) {
    if (config[name] === null) continue;
    merged[name] = mergeTyped(live[name], config[name], schema.field(name) ?? untypedSchema);
  }
  return merged;
}

/** The configuration's order; elements only the live list has come as soon as the walk along it meets them. */
function mergeLists(live: readonly unknown[], config: readonly unknown[], schema: FieldSchema): unknown[] {
  const items = schema.items ?? untypedSchema;
  const liveElements = live.map((item) => elementOf(item, schema));
  const elements = config.map((item) => elementOf(item, schema));
  const wanted = new Set(elements);
  const done = new Set<string>();
  const merged: unknown[] = [];
  let next = 0;
  const emitLiveOnly = (): void => {
    for (; next < live.length; next++) {
      const element = liveElements[next] ?? '';
      if (wanted.has(element) && !done.has(element)) return;
      if (!wanted.has(element)) merged.push(deepCopy(live[next]));
    }
  };
  config.forEach((item, index) => {
    emitLiveOnly();
    const element = elements[index] ?? '';
    const at = liveElements.indexOf(element);
    merged.push(mergeTyped(at < 0 ? undefined : live[at], item, items));
    done.add(element);
  });
  emitLiveOnly();
  return merged;
}

/** The value without the paths of a set (and what lies below them); the value is untouched. */
export function withoutPaths(value: unknown, set: FieldSet, schema: FieldSchema): unknown {
  if (!set.children.size) return value;
  if (Array.isArray(value)) {
    if (schema.type !== 'list') return value;
    return value.flatMap((item) => {
      const child = set.children.get(elementOf(item, schema));
      if (child?.isMember) return [];
      return [child ? withoutPaths(item, child, schema.items ?? untypedSchema) : item];
    });
  }
  if (!isObject(value)) return value;
  const left: JsonObject = {};
  for (const [name, item] of Object.entries(value)) {
    const child = set.children.get(`f:${name}`);
    if (child?.isMember) continue;
    left[name] = child ? withoutPaths(item, child, schema.field(name) ?? untypedSchema) : item;
  }
  return left;
}

/** What an object of the type holds before anything is set: structs that are always there, empty required lists. */
export function zeroValue(schema: FieldSchema): unknown {
  if (schema.type === 'list') return [];
  if (schema.type !== 'struct') return deepCopy(schema.defaultValue);
  const zero: JsonObject = {};
  for (const [name, field] of schema.fields) {
    if (field.type === 'struct' && field.defaultValue !== undefined) zero[name] = zeroValue(field);
    else if (field.type === 'list' && field.isRequired) zero[name] = [];
    else if (field.isRequired && field.type === 'scalar' && field.defaultValue !== undefined) zero[name] = field.defaultValue;
  }
  return zero;
}

/** What is wrong with an applied configuration ("path: text"), as the typed patch object's errors read. */
export function typedErrors(value: unknown, schema: FieldSchema, path = ''): string[] {
  if (value === null || value === undefined) return [];
  const shown = `&value.valueUnstructured{Value:${typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? 'map[string]interface {}{}' : String(value)}}`;
  const wrong = (expected: string): string[] => [`${path}: expected ${expected}, got ${shown}`];
  switch (schema.type) {
    case 'struct':
      if (!isObject(value)) return wrong('map');
      return Object.entries(value).flatMap(([name, item]) => {
        const field = schema.field(name);
        return field ? typedErrors(item, field, `${path}.${name}`) : [`${path}.${name}: field not declared in schema`];
      });
    case 'map':
      if (!isObject(value)) return wrong('map');
      return Object.entries(value).flatMap(([name, item]) => typedErrors(item, schema.field(name) ?? untypedSchema, `${path}.${name}`));
    case 'list': {
      if (!Array.isArray(value)) return wrong('list');
      const seen = new Set<string>();
      return value.flatMap((item, index) => {
        const errors = typedErrors(item, schema.items ?? untypedSchema, `${path}[${index}]`);
        if (schema.listType === 'atomic') return errors;
        const element = elementOf(item, schema);
        const keys =
          schema.listType === 'set'
            ? element.slice(2)
            : Object.entries(JSON.parse(element.slice(2)) as JsonObject)
                .map(([name, key]) => `${name}=${JSON.stringify(key)}`)
                .join(',');
        if (seen.has(element))
          errors.push(
            schema.listType === 'set' ? `${path}: duplicate entries for key [=${keys}]` : `${path}: duplicate entries for key [${keys}]`,
          );
        seen.add(element);
        return errors;
      });
    }
    case 'scalar':
      return scalarError(value, schema.scalar) ? wrong(scalarError(value, schema.scalar)) : [];
    case 'any':
      return [];
  }
}

function scalarError(value: unknown, scalar: string): string {
  if (scalar === 'quantity' || scalar === 'int-or-string') return typeof value === 'string' || typeof value === 'number' ? '' : 'scalar';
  if (scalar === 'boolean') return typeof value === 'boolean' ? '' : 'boolean';
  if (scalar === 'int32' || scalar === 'int64' || scalar === 'number') return typeof value === 'number' ? '' : 'numeric (int or float)';
  return typeof value === 'string' ? '' : 'string';
}
