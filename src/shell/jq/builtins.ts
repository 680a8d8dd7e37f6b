/** The functions of jq that are not written in its own language. */
import { pathsOf, results, run, type Item, type Scope } from './evaluate.ts';
import { changeAt, deletePaths, valueAt, type Path } from './paths.ts';
import type { Filter } from './syntax.ts';
import { compare, format, isFields, isTrue, JqError, operate, shown, sortedKeys, textOf, typeOf, type Fields } from './values.ts';
import { regularFunctions } from './regular.ts';

/** A function: results for an input and unevaluated arguments. */
export type Builtin = (input: Item, args: readonly Filter[], scope: Scope) => Iterable<Item>;

/** A function of its input alone. */
const plain =
  (compute: (value: unknown) => unknown): Builtin =>
  ({ value }) => [{ value: compute(value) }];

/** A function of its input and the values of its arguments; all combinations of them. */
const over = (compute: (value: unknown, ...args: unknown[]) => unknown): Builtin =>
  function* ({ value }, args, scope) {
    const combine = function* (at: number, sofar: readonly unknown[]): Generator<Item> {
      const arg = args[at];
      if (!arg) yield { value: compute(value, ...sofar) };
      else for (const one of results(arg, value, scope)) yield* combine(at + 1, [...sofar, one]);
    };
    yield* combine(0, []);
  };

function lengthOf(value: unknown): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'number') return Math.abs(value);
  if (typeof value === 'string') return [...value].length;
  if (typeof value === 'object') return Object.keys(value).length;
  throw new JqError(`${shown(value)} has no length`);
}

function keysOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.map((_, at) => at);
  if (isFields(value)) return Object.keys(value);
  throw new JqError(`${shown(value)} has no keys`);
}

function listOf(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new JqError(`${shown(value)} cannot be ${what}, as it is not an array`);
  return value as unknown[];
}

function stringOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new JqError(`${what} input must be a string`);
  return value;
}

function numberFrom(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  throw new JqError(`${shown(value)} cannot be parsed as a number`);
}

function fromJson(value: unknown): unknown {
  try {
    return JSON.parse(stringOf(value, 'fromjson'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new JqError(`${textOf(value)} (while parsing '${textOf(value)}')`);
    throw error;
  }
}

function contains(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.includes(b);
  if (Array.isArray(a) && Array.isArray(b))
    return b.every((one) => a.some((other) => typeOf(one) === typeOf(other) && contains(other, one)));
  if (isFields(a) && isFields(b)) return Object.keys(b).every((key) => Object.hasOwn(a, key) && contains(a[key], b[key]));
  if (typeOf(a) !== typeOf(b)) throw new JqError(`${shown(a)} and ${shown(b)} cannot have their containment checked`);
  return compare(a, b) === 0;
}

function flatten(value: unknown, depth: number): unknown[] {
  return listOf(value, 'flattened').flatMap((item) => (Array.isArray(item) && depth > 0 ? flatten(item, depth - 1) : [item]));
}

function indices(value: unknown, of: unknown): unknown {
  if (value === null) return null;
  if (typeof value === 'string' && typeof of === 'string') {
    const found: number[] = [];
    for (let at = value.indexOf(of); at >= 0; at = value.indexOf(of, at + 1)) found.push(at);
    return found;
  }
  if (Array.isArray(of)) return valueAt(value, of);
  return listOf(value, 'searched').flatMap((item, at) => (compare(item, of) === 0 ? [at] : []));
}

/** Items of an array with what a filter makes of each, in order of that. */
function keyed(value: unknown, filter: Filter, scope: Scope, what: string): { item: unknown; key: unknown }[] {
  return listOf(value, what)
    .map((item) => ({ item, key: [...results(filter, item, scope)] as unknown }))
    .sort((a, b) => compare(a.key, b.key));
}

function groups(value: unknown, filter: Filter, scope: Scope): unknown[][] {
  const all: { key: unknown; items: unknown[] }[] = [];
  for (const { item, key } of keyed(value, filter, scope, 'grouped')) {
    const last = all.at(-1);
    if (last && compare(last.key, key) === 0) last.items.push(item);
    else all.push({ key, items: [item] });
  }
  return all.map(({ items }) => items);
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

function strftime(value: unknown, layout: unknown): string {
  const date = new Date(numberFrom(value) * 1000);
  const two = (part: number): string => String(part).padStart(2, '0');
  const parts: Readonly<Record<string, string>> = {
    Y: String(date.getUTCFullYear()),
    m: two(date.getUTCMonth() + 1),
    d: two(date.getUTCDate()),
    H: two(date.getUTCHours()),
    M: two(date.getUTCMinutes()),
    S: two(date.getUTCSeconds()),
    Z: 'UTC',
    A: DAYS[date.getUTCDay()]!,
    a: DAYS[date.getUTCDay()]!.slice(0, 3),
    B: MONTHS[date.getUTCMonth()]!,
    b: MONTHS[date.getUTCMonth()]!.slice(0, 3),
    s: String(Math.floor(date.getTime() / 1000)),
    '%': '%',
  };
  return stringOf(layout, 'strftime/1').replace(/%(.)/g, (all, letter: string) => parts[letter] ?? all);
}

function fromDate(value: unknown): number {
  const text = stringOf(value, 'fromdate');
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new JqError(`date "${text}" does not match format "%Y-%m-%dT%H:%M:%SZ"`);
  return Math.floor(ms / 1000);
}

function* range(from: number, to: number, by: number): Generator<Item> {
  for (let at = from; by > 0 ? at < to : at > to; at += by) yield { value: at };
}

const first: Builtin = function* (item, [filter], scope) {
  for (const one of run(filter!, item, scope)) {
    yield one;
    return;
  }
};

const valueFunctions: readonly (readonly [string, (value: unknown) => unknown])[] = [
  ['length', lengthOf],
  ['utf8bytelength', (value) => new TextEncoder().encode(stringOf(value, 'utf8bytelength')).length],
  ['keys', (value) => keysOf(value).sort(compare)],
  ['keys_unsorted', keysOf],
  ['type', typeOf],
  ['not', (value) => !isTrue(value)],
  ['tostring', textOf],
  ['tonumber', numberFrom],
  ['tojson', (value) => JSON.stringify(value ?? null)],
  ['fromjson', fromJson],
  ['add', (value) => (isFields(value) ? Object.values(value) : listOf(value, 'added')).reduce((sum, one) => operate('+', sum, one), null)],
  ['sort', (value) => [...listOf(value, 'sorted')].sort(compare)],
  ['unique', (value) => [...listOf(value, 'sorted')].sort(compare).filter((one, at, all) => at === 0 || compare(one, all[at - 1]) !== 0)],
  ['reverse', (value) => (typeof value === 'string' ? [...value].reverse().join('') : [...((value ?? []) as unknown[])].reverse())],
  ['flatten', (value) => flatten(value, Infinity)],
  [
    'transpose',
    (value) =>
      Array.from({ length: Math.max(0, ...(value as unknown[][]).map((row) => row.length)) }, (_, at) =>
        (value as unknown[][]).map((row) => row[at] ?? null),
      ),
  ],
  ['floor', (value) => Math.floor(numberFrom(value))],
  ['ceil', (value) => Math.ceil(numberFrom(value))],
  ['round', (value) => Math.round(numberFrom(value))],
  ['sqrt', (value) => Math.sqrt(numberFrom(value))],
  ['isnan', (value) => Number.isNaN(value)],
  ['isinfinite', (value) => value === Infinity || value === -Infinity],
  ['ascii_downcase', (value) => stringOf(value, 'ascii_downcase').replace(/[A-Z]/g, (char) => char.toLowerCase())],
  ['ascii_upcase', (value) => stringOf(value, 'ascii_upcase').replace(/[a-z]/g, (char) => char.toUpperCase())],
  ['trim', (value) => stringOf(value, 'trim').trim()],
  ['ltrim', (value) => stringOf(value, 'trim').trimStart()],
  ['rtrim', (value) => stringOf(value, 'trim').trimEnd()],
  ['explode', (value) => [...stringOf(value, 'explode')].map((char) => char.codePointAt(0))],
  ['implode', (value) => String.fromCodePoint(...(value as number[]))],
  ['fromdate', fromDate],
  ['fromdateiso8601', fromDate],
  ['todateiso8601', (value) => strftime(value, '%Y-%m-%dT%H:%M:%SZ')],
  ['debug', (value) => value],
];

const argumentFunctions: readonly (readonly [string, (value: unknown, ...args: never[]) => unknown])[] = [
  [
    'has/1',
    (value, key: unknown) =>
      Array.isArray(value)
        ? typeof key === 'number' && key >= 0 && key < value.length
        : isFields(value) && Object.hasOwn(value, String(key as string)),
  ],
  ['contains/1', contains],
  ['startswith/1', (value, text: unknown) => stringOf(value, 'startswith()').startsWith(stringOf(text, 'startswith()'))],
  ['endswith/1', (value, text: unknown) => stringOf(value, 'endswith()').endsWith(stringOf(text, 'endswith()'))],
  [
    'ltrimstr/1',
    (value, text: unknown) =>
      typeof value === 'string' && typeof text === 'string' && value.startsWith(text) ? value.slice(text.length) : value,
  ],
  [
    'rtrimstr/1',
    (value, text: unknown) =>
      typeof value === 'string' && typeof text === 'string' && text && value.endsWith(text) ? value.slice(0, -text.length) : value,
  ],
  ['split/1', (value, separator: unknown) => (value === '' ? [] : stringOf(value, 'split').split(stringOf(separator, 'split')))],
  [
    'join/1',
    (value, separator: unknown) =>
      listOf(value, 'joined')
        .map((item) => (item === null ? '' : textOf(item)))
        .join(stringOf(separator, 'join')),
  ],
  ['flatten/1', (value, depth: unknown) => flatten(value, numberFrom(depth))],
  ['indices/1', indices],
  [
    'getpath/1',
    (value, path: Path) => path.reduce<unknown>((of, key) => (of === null || of === undefined ? null : valueAt(of, key)), value),
  ],
  ['setpath/2', (value, path: Path, to: unknown) => changeAt(value, path, () => to)],
  ['delpaths/1', deletePaths as (value: unknown, paths: Path[]) => unknown],
  ['tojson/0', (value) => JSON.stringify(value)],
  ['pow/2', (_, base: number, exponent: number) => base ** exponent],
  ['strftime/1', strftime],
  ['splits/0', (value) => value],
];

/** Functions by name and number of arguments. */
export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ...valueFunctions.map(([name, compute]): [string, Builtin] => [`${name}/0`, plain(compute)]),
  ...argumentFunctions.map(([name, compute]): [string, Builtin] => [
    name,
    over(compute as (value: unknown, ...args: unknown[]) => unknown),
  ]),
  ...regularFunctions(over),
  ['empty/0', () => []],
  [
    'error/0',
    ({ value }) => {
      throw new JqError(value);
    },
  ],
  ['path/1', ({ value }, [filter], scope) => [...pathsOf(filter!, value, scope)].map((path) => ({ value: path }))],
  ['sort_by/1', ({ value }, [filter], scope) => [{ value: keyed(value, filter!, scope, 'sorted').map(({ item }) => item) }]],
  ['group_by/1', ({ value }, [filter], scope) => [{ value: groups(value, filter!, scope) }]],
  [
    'range/2',
    (item, args, scope) =>
      [...over((_, from, to) => [...range(numberFrom(from), numberFrom(to), 1)])(item, args, scope)].flatMap(
        ({ value }) => value as Item[],
      ),
  ],
  [
    'range/3',
    (item, args, scope) =>
      [...over((_, from, to, by) => [...range(numberFrom(from), numberFrom(to), numberFrom(by))])(item, args, scope)].flatMap(
        ({ value }) => value as Item[],
      ),
  ],
  ['first/1', first],
  ['last/1', (item, [filter], scope) => [...run(filter!, item, scope)].slice(-1)],
  [
    'limit/2',
    function* (item, [count, filter], scope) {
      for (const limit of results(count!, item.value, scope)) {
        let left = numberFrom(limit);
        if (left <= 0) continue;
        for (const one of run(filter!, item, scope)) {
          yield one;
          if (--left <= 0) break;
        }
      }
    },
  ],
  ['isempty/1', (item, [filter], scope) => [{ value: run(filter!, item, scope).next().done === true }]],
  ['input/0', (_item, _args, { inputs }) => [{ value: inputs.next() }]],
  [
    'inputs/0',
    function* (_item, _args, { inputs }) {
      while (!inputs.isEmpty) yield { value: inputs.next() };
    },
  ],
  ['env/0', (_item, _args, { variables }) => [{ value: variables.get('ENV') }]],
  ['now/0', (_item, _args, { variables }) => [{ value: variables.get('__now') }]],
  ['format/1', over((value, name) => format(textOf(name), value))],
  ['tosorted/0', plain((value) => sortedKeys(value) as Fields)],
]);
