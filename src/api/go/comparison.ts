// Two JSON values compared as the Go values they stand for (go-cmp's value nodes): what is the same, what differs, and how deep it lies.
import { deepEqual, parseQuantity, compareQuantity } from '#apimachinery';
import { goFields } from './types.ts';

/** A pair of values and what was found below it; a value that is not there at all is undefined and marked. */
export interface Comparison {
  readonly type: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly side: 'both' | 'before' | 'after';
  readonly differences: number;
  readonly children: number;
  readonly depth: number;
  /** Fields, elements, entries, or what a pointer points to; empty for a leaf. */
  readonly parts: readonly { readonly key: string; readonly part: Comparison }[];
}

type Fields = Readonly<Record<string, unknown>>;
const isStruct = (type: string): boolean => /^(v1\.)?[A-Z]/.test(type) && type !== 'R' && type !== 'I';

/** The value of a struct's field. */
export function fieldValue(object: unknown, json: string): unknown {
  return json === '' ? object : (object as Fields | undefined)?.[json];
}

/** Whether a value is what Go has before anything is set. */
export function isZero(type: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (type.startsWith('*') || type.startsWith('[]') || type === 'm' || type === 'R') return false;
  if (isStruct(type)) return goFields(type).every((field) => isZero(field.type, fieldValue(value, field.json)));
  return value === '' || value === 0 || value === false;
}

function leaf(type: string, before: unknown, after: unknown, isSame: boolean, side: Comparison['side'] = 'both'): Comparison {
  return { type, before, after, side, differences: isSame ? 0 : 1, children: 0, depth: 0, parts: [] };
}

function node(type: string, before: unknown, after: unknown, parts: Comparison['parts']): Comparison {
  const differences = parts.reduce((sum, { part }) => sum + part.differences, 0);
  const children = parts.reduce((sum, { part }) => sum + part.children + 1, 0);
  const depth = Math.max(0, ...parts.map(({ part }) => part.depth + 1));
  return { type, before, after, side: 'both', differences, children, depth, parts };
}

function sameScalar(type: string, before: unknown, after: unknown): boolean {
  if (type === 'q' && before !== undefined && after !== undefined)
    return compareQuantity(parseQuantity(String(before)), parseQuantity(String(after))) === 0;
  return (isZero(type, before) && isZero(type, after)) || deepEqual(before, after);
}

/** Elements that stand for each other: from the front, from the back, and in pairs between. */
function elements(type: string, before: readonly unknown[], after: readonly unknown[]): Comparison[] {
  const pairs: Comparison[] = [];
  const shared = Math.min(before.length, after.length);
  let front = 0;
  while (front < shared && deepEqual(before[front], after[front])) front++;
  let back = 0;
  while (back < shared - front && deepEqual(before[before.length - 1 - back], after[after.length - 1 - back])) back++;
  const [endBefore, endAfter] = [before.length - back, after.length - back];
  for (let at = 0; at < front; at++) pairs.push(compare(type, before[at], after[at]));
  let at = front;
  for (; at < endBefore && at < endAfter; at++) pairs.push(compare(type, before[at], after[at]));
  for (let more = at; more < endBefore; more++) pairs.push(leaf(type, before[more], undefined, false, 'before'));
  for (let more = at; more < endAfter; more++) pairs.push(leaf(type, undefined, after[more], false, 'after'));
  for (let more = 0; more < back; more++) pairs.push(compare(type, before[endBefore + more], after[endAfter + more]));
  return pairs;
}

function entries(type: string, before: Fields, after: Fields): Comparison['parts'] {
  const of = type === 'R' ? 'q' : 's';
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().map((key) => {
    const shown = type === 'R' ? `s${JSON.stringify(key)}` : JSON.stringify(key);
    if (!(key in after)) return { key: shown, part: leaf(of, before[key], undefined, false, 'before') };
    if (!(key in before)) return { key: shown, part: leaf(of, undefined, after[key], false, 'after') };
    return { key: shown, part: compare(of, before[key], after[key]) };
  });
}

/** Compares two values of a type of the table. */
export function compare(type: string, before: unknown, after: unknown): Comparison {
  if (isStruct(type)) {
    const parts = goFields(type).map(({ name, type: of, json }) => ({
      key: name,
      part: compare(of, fieldValue(before, json), fieldValue(after, json)),
    }));
    return node(type, before, after, parts);
  }
  const isNil = (value: unknown): boolean => value === undefined || value === null;
  const isReference = type.startsWith('*') || type.startsWith('[]') || type === 'm' || type === 'R';
  if (!isReference) return leaf(type, before, after, sameScalar(type, before, after));
  if (isNil(before) || isNil(after)) return leaf(type, before, after, isNil(before) && isNil(after));
  if (type.startsWith('*')) return node(type, before, after, [{ key: '', part: compare(type.slice(1), before, after) }]);
  if (type.startsWith('[]')) {
    const parts = elements(type.slice(2), before as unknown[], after as unknown[]).map((part) => ({ key: '', part }));
    return node(type, before, after, parts);
  }
  return node(type, before, after, entries(type, before as Fields, after as Fields));
}
