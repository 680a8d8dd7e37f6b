/** jq's functions with regular expressions: test, match, capture, scan, split/2, sub, gsub. */
import type { Builtin } from './builtins.ts';
import { results } from './evaluate.ts';
import { JqError, shown, type Fields } from './values.ts';

type Over = (compute: (value: unknown, ...args: unknown[]) => unknown) => Builtin;

function compile(pattern: unknown, flags: unknown, always = ''): RegExp {
  const [source, letters] = Array.isArray(pattern) ? (pattern as [unknown, unknown]) : [pattern, flags];
  if (typeof source !== 'string') throw new JqError(`${shown(source)} cannot be matched, as it is not a string`);
  const given = typeof letters === 'string' ? letters : '';
  const flagsText = [...new Set(`${always}${given.replace(/[^gisx]/g, '').replace('x', '')}u`)].join('');
  try {
    return new RegExp(source, flagsText);
  } catch (error) {
    if (error instanceof SyntaxError) throw new JqError(`${source} (at offset 0) is not a valid regex: ${error.message}`);
    throw error;
  }
}

function subject(value: unknown): string {
  if (typeof value !== 'string') throw new JqError(`${shown(value)} cannot be matched, as it is not a string`);
  return value;
}

const captured = (match: RegExpMatchArray): Fields =>
  Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, text]) => [name, text ?? null]));

function describe(match: RegExpMatchArray): Fields {
  const names = Object.keys(match.groups ?? {});
  return {
    offset: match.index ?? 0,
    length: match[0].length,
    string: match[0],
    captures: match.slice(1).map((text: string | undefined, at) => ({
      offset: text === undefined ? -1 : (match.index ?? 0) + match[0].indexOf(text),
      length: text?.length ?? 0,
      string: text ?? null,
      name: names[at] ?? null,
    })),
  };
}

function matches(value: unknown, pattern: unknown, flags: unknown, all: boolean): RegExpMatchArray[] {
  const expression = compile(pattern, flags, all ? 'g' : '');
  if (expression.global) return [...subject(value).matchAll(expression)];
  const match = expression.exec(subject(value));
  return match ? [match] : [];
}

/** sub and gsub: the replacement is a filter on the named captures. */
const substitution = (all: boolean): Builtin =>
  function* ({ value }, [pattern, replacement, flags], scope) {
    for (const letters of flags ? results(flags, value, scope) : ['']) {
      for (const source of results(pattern!, value, scope)) {
        let text = '';
        let from = 0;
        for (const match of matches(value, source, letters, all)) {
          const [next] = results(replacement!, captured(match), scope);
          if (typeof next !== 'string') throw new JqError(`${shown(next)} cannot be added to a string`);
          text += subject(value).slice(from, match.index) + next;
          from = (match.index ?? 0) + match[0].length;
        }
        yield { value: text + subject(value).slice(from) };
      }
    }
  };

/** The functions by name and number of arguments. */
export function regularFunctions(over: Over): readonly (readonly [string, Builtin])[] {
  const each = (compute: (value: unknown, pattern: unknown, flags: unknown) => unknown[]): Builtin =>
    function* (item, args, scope) {
      for (const { value } of over(compute as (value: unknown, ...more: unknown[]) => unknown)(item, args, scope))
        for (const one of value as unknown[]) yield { value: one };
    };
  const test = over((value, pattern, flags) => matches(value, pattern, flags, false).length > 0);
  const match = each((value, pattern, flags) => matches(value, pattern, flags, false).map(describe));
  const capture = each((value, pattern, flags) => matches(value, pattern, flags, false).map(captured));
  const scan = each((value, pattern, flags) => matches(value, pattern, flags, true).map((one) => (one.length > 1 ? one.slice(1) : one[0])));
  return [
    ['test/1', test],
    ['test/2', test],
    ['match/1', match],
    ['match/2', match],
    ['capture/1', capture],
    ['capture/2', capture],
    ['scan/1', scan],
    ['scan/2', scan],
    ['split/2', over((value, pattern, flags) => subject(value).split(compile(pattern, flags, 'g')))],
    ['sub/2', substitution(false)],
    ['sub/3', substitution(false)],
    ['gsub/2', substitution(true)],
    ['gsub/3', substitution(true)],
  ];
}
