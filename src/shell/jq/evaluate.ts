/** Runs a filter: for one input it yields any number of results; where paths are asked for, each with the way to it. */
import { builtins } from './builtins.ts';
import { changeAt, valueAt, type Path } from './paths.ts';
import { JqSyntaxError, parseFilter, type Filter } from './syntax.ts';
import { format, isFields, isTrue, JqError, operate, shown, textOf, typeOf, type Fields } from './values.ts';

/** A value and the path to it; without a path when nobody asked for one. */
export interface Item {
  readonly value: unknown;
  readonly path?: Path | undefined;
}

/** A function in scope: a closure over the scope it was defined (or, for an argument, given) in. */
interface Closure {
  readonly parameters: readonly string[];
  readonly body: Filter;
  scope: Scope;
}

/** Names in scope. */
export interface Scope {
  readonly variables: ReadonlyMap<string, unknown>;
  readonly functions: ReadonlyMap<string, Closure>;
  /** What `input` and `inputs` read. */
  readonly inputs: { next(): unknown; readonly isEmpty: boolean };
}

const withVariable = (scope: Scope, name: string, value: unknown): Scope => ({
  ...scope,
  variables: new Map(scope.variables).set(name, value),
});

/** All results of a filter on a value, without paths. */
export function* results(filter: Filter, value: unknown, scope: Scope): Generator<unknown> {
  for (const item of run(filter, { value }, scope)) yield item.value;
}

/** All paths a filter leads to. Throws JqError for filters that are no path. */
export function* pathsOf(filter: Filter, value: unknown, scope: Scope): Generator<Path> {
  for (const { path } of run(filter, { value, path: [] }, scope)) {
    if (!path) throw new JqError('Invalid path expression');
    yield path;
  }
}

const below = (item: Item, key: unknown): Item => ({
  value: valueAt(item.value, key),
  ...(item.path ? { path: [...item.path, key] } : {}),
});

function* iterate(item: Item): Generator<Item> {
  const { value } = item;
  if (Array.isArray(value)) for (let at = 0; at < value.length; at++) yield below(item, at);
  else if (isFields(value)) for (const key of Object.keys(value)) yield below(item, key);
  else throw new JqError(`Cannot iterate over ${value === null || value === undefined ? 'null' : shown(value)}`);
}

function* recurse(item: Item): Generator<Item> {
  yield item;
  if (typeof item.value === 'object' && item.value !== null) for (const child of iterate(item)) yield* recurse(child);
}

/** Every combination of an object's keys and values. */
function* objects(entries: readonly (readonly [Filter, Filter])[], value: unknown, scope: Scope, sofar: Fields): Generator<Item> {
  const [first, ...rest] = entries;
  if (!first) {
    yield { value: sofar };
    return;
  }
  for (const key of results(first[0], value, scope)) {
    if (typeof key !== 'string') throw new JqError(`Object keys must be strings`);
    for (const one of results(first[1], value, scope)) yield* objects(rest, value, scope, { ...sofar, [key]: one });
  }
}

function* assign(operator: string, left: Filter, right: Filter, { value }: Item, scope: Scope): Generator<Item> {
  if (operator === '|=') {
    let result = value;
    for (const path of [...pathsOf(left, value, scope)].reverse())
      result = changeAt(result, path, (old) => {
        const next = results(right, old, scope).next();
        return next.done ? undefined : next.value;
      });
    yield { value: result };
    return;
  }
  for (const operand of results(right, value, scope)) {
    let result = value;
    for (const path of pathsOf(left, value, scope))
      result = changeAt(result, path, (old) =>
        operator === '=' ? operand : operator === '//=' ? (isTrue(old) ? old : operand) : operate(operator.slice(0, -1), old, operand),
      );
    yield { value: result };
  }
}

function* alternative(left: Filter, right: Filter, item: Item, scope: Scope): Generator<Item> {
  let any = false;
  try {
    for (const one of run(left, item, scope)) {
      if (!isTrue(one.value)) continue;
      any = true;
      yield one;
    }
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
  }
  if (!any) yield* run(right, item, scope);
}

function* binary(filter: Filter & { type: 'binary' }, item: Item, scope: Scope): Generator<Item> {
  const { operator, left, right } = filter;
  if (operator === '|') for (const one of run(left, item, scope)) yield* run(right, one, scope);
  else if (operator === ',') {
    yield* run(left, item, scope);
    yield* run(right, item, scope);
  } else if (operator === '//') yield* alternative(left, right, item, scope);
  else if (operator === 'and' || operator === 'or') {
    for (const a of results(left, item.value, scope)) {
      if (isTrue(a) === (operator === 'or')) yield { value: operator === 'or' };
      else for (const b of results(right, item.value, scope)) yield { value: isTrue(b) };
    }
  } else if (/[^=!<>]=$|^=$|^\|=$/.test(operator)) yield* assign(operator, left, right, item, scope);
  else
    for (const b of results(right, item.value, scope))
      for (const a of results(left, item.value, scope)) yield { value: operate(operator, a, b) };
}

function* attempt(filter: Filter & { type: 'try' }, item: Item, scope: Scope): Generator<Item> {
  try {
    yield* run(filter.body, item, scope);
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    if (filter.handler) yield* run(filter.handler, { value: error.value }, scope);
  }
}

function* fold(filter: Filter & { type: 'reduce' | 'foreach' }, item: Item, scope: Scope): Generator<Item> {
  for (const initial of results(filter.initial, item.value, scope)) {
    let state = initial;
    for (const value of results(filter.source, item.value, scope)) {
      const inner = withVariable(scope, filter.name, value);
      let last: unknown = null;
      for (const next of results(filter.update, state, inner)) {
        last = next;
        if (filter.type === 'foreach') yield* filter.extract ? run(filter.extract, { value: next }, inner) : [{ value: next }];
      }
      state = last;
    }
    if (filter.type === 'reduce') yield { value: state };
  }
}

function* text(filter: Filter & { type: 'text' }, item: Item, scope: Scope, at = 0, sofar = ''): Generator<Item> {
  const part = filter.parts[at];
  if (part === undefined) yield { value: sofar };
  else if (typeof part === 'string') yield* text(filter, item, scope, at + 1, sofar + part);
  else
    for (const value of results(part, item.value, scope))
      yield* text(filter, item, scope, at + 1, sofar + (filter.format ? format(filter.format, value) : textOf(value)));
}

function* call(name: string, args: readonly Filter[], item: Item, scope: Scope): Generator<Item> {
  const known = scope.functions.get(`${name}/${args.length}`);
  if (!known) {
    const builtin = builtins.get(`${name}/${args.length}`);
    if (!builtin) throw new JqSyntaxError(`${name}/${args.length} is not defined`);
    yield* builtin(item, args, scope);
    return;
  }
  const bind = function* (at: number, inner: Scope): Generator<Item> {
    const parameter = known.parameters[at];
    if (parameter === undefined) yield* run(known.body, item, inner);
    else if (parameter.startsWith('$'))
      for (const value of results(args[at]!, item.value, scope)) yield* bind(at + 1, withVariable(inner, parameter.slice(1), value));
    else
      yield* bind(at + 1, {
        ...inner,
        functions: new Map(inner.functions).set(`${parameter}/0`, { parameters: [], body: args[at]!, scope }),
      });
  };
  yield* bind(0, known.scope);
}

/** The scope with a definition in it; the function can call itself. */
export function withFunction(scope: Scope, { name, parameters, body }: Filter & { type: 'define' }): Scope {
  const closure: Closure = { parameters, body, scope };
  const inner: Scope = { ...scope, functions: new Map(scope.functions).set(`${name}/${parameters.length}`, closure) };
  closure.scope = inner;
  return inner;
}

function variable(name: string, scope: Scope): unknown {
  if (!scope.variables.has(name)) throw new JqSyntaxError(`$${name} is not defined`);
  return scope.variables.get(name);
}

/** Yields the results of a filter on an item. */
export function* run(filter: Filter, item: Item, scope: Scope): Generator<Item> {
  switch (filter.type) {
    case 'identity':
      yield item;
      break;
    case 'recurse':
      yield* recurse(item);
      break;
    case 'literal':
      yield { value: filter.value };
      break;
    case 'text':
      yield* text(filter, item, scope);
      break;
    case 'format':
      yield { value: format(filter.name, item.value) };
      break;
    case 'index':
      for (const of of run(filter.of, item, scope)) for (const key of results(filter.key, item.value, scope)) yield below(of, key);
      break;
    case 'slice':
      for (const of of run(filter.of, item, scope)) {
        const [start] = filter.from ? results(filter.from, item.value, scope) : [null];
        const [end] = filter.to ? results(filter.to, item.value, scope) : [null];
        yield below(of, { start: start ?? null, end: end ?? null });
      }
      break;
    case 'iterate':
      for (const of of run(filter.of, item, scope)) yield* iterate(of);
      break;
    case 'try':
      yield* attempt(filter, item, scope);
      break;
    case 'array':
      yield { value: filter.body ? [...results(filter.body, item.value, scope)] : [] };
      break;
    case 'object':
      yield* objects(filter.entries, item.value, scope, {});
      break;
    case 'binary':
      yield* binary(filter, item, scope);
      break;
    default:
      yield* runNamed(filter, item, scope);
  }
}

/** The filters that bind names or use them, and what is left. */
function* runNamed(filter: Filter, item: Item, scope: Scope): Generator<Item> {
  switch (filter.type) {
    case 'negate':
      for (const value of results(filter.body, item.value, scope)) {
        if (typeof value !== 'number') throw new JqError(`${shown(value)} cannot be negated`);
        yield { value: -value };
      }
      break;
    case 'if':
      for (const value of results(filter.condition, item.value, scope)) {
        if (isTrue(value)) yield* run(filter.then, item, scope);
        else if (filter.otherwise) yield* run(filter.otherwise, item, scope);
        else yield item;
      }
      break;
    case 'reduce':
    case 'foreach':
      yield* fold(filter, item, scope);
      break;
    case 'bind':
      for (const value of results(filter.source, item.value, scope)) yield* run(filter.body, item, withVariable(scope, filter.name, value));
      break;
    case 'variable':
      yield { value: variable(filter.name, scope) };
      break;
    case 'call':
      yield* call(filter.name, filter.args, item, scope);
      break;
    case 'define':
      yield* run(filter.rest, item, withFunction(scope, filter));
      break;
    default:
      throw new JqError(`${typeOf(item.value)} cannot be used here`);
  }
}

/** Functions that jq defines in its own language. */
const PRELUDE = `
def map(f): [.[] | f]; def select(f): if f then . else empty end; def recurse(f): def r: ., (f | r); r; def recurse: recurse(.[]?);
def values: select(. != null); def nulls: select(. == null); def strings: select(type == "string"); def numbers: select(type == "number");
def arrays: select(type == "array"); def objects: select(type == "object"); def booleans: select(type == "boolean");
def scalars: select(type != "array" and type != "object"); def iterables: select(type == "array" or type == "object");
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries: reduce .[] as $x ({}; . + {($x | (if .key == null then .name // .k // .K // .Name // .Key else .key end) | if type == "string" then . else tojson end): ($x | if has("value") then .value elif has("v") then .v else .Value end)});
def with_entries(f): to_entries | map(f) | from_entries; def map_values(f): .[] |= f; def del(f): delpaths([path(f)]);
def paths: path(..) | select(length > 0); def paths(f): path(.. | select(f)) | select(length > 0); def leaf_paths: paths(scalars);
def any: reduce .[] as $x (false; . or $x); def all: reduce .[] as $x (true; . and $x);
def any(f): reduce (.[] | f) as $x (false; . or $x); def all(f): reduce (.[] | f) as $x (true; . and $x);
def in(xs): . as $x | xs | has($x); def inside(xs): . as $x | xs | contains($x); def add(f): reduce f as $x (null; . + $x);
def range($n): range(0; $n); def while(c; u): def w: if c then ., (u | w) else empty end; w; def until(c; u): def w: if c then . else (u | w) end; w;
def repeat(f): def r: ., (f | r); r; def first: .[0]; def last: .[-1]; def nth($n): .[$n]; def finites: select(isinfinite or isnan | not);
def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;
def todate: strftime("%Y-%m-%dT%H:%M:%SZ"); def ascii_only: .; def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;
def min_by(f): sort_by(f) | first; def max_by(f): sort_by(f) | last; def min: sort | first; def max: sort | last; def unique_by(f): [group_by(f)[] | .[0]];
def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p))); def todate(f): strftime(f); def error(m): m | error;
def index($s): indices($s) | .[0]; def rindex($s): indices($s) | .[-1]; def ascii: [.] | implode; def debug(f): .; def abs: if . < 0 then -. else . end;
def splits($re): splits($re; ""); def splits($re; $flags): split($re; $flags) | .[]; def isvalid(f): try (f | true) catch false; def objects_or_arrays: iterables;
.`;

/** The scope programs start in. */
export function baseScope(variables: ReadonlyMap<string, unknown>, inputs: Scope['inputs']): Scope {
  let scope: Scope = { variables, functions: new Map(), inputs };
  for (let filter = parseFilter(PRELUDE); filter.type === 'define'; filter = filter.rest) scope = withFunction(scope, filter);
  return scope;
}
