/** JSON values as jq sees them: their types, order, arithmetic and texts. */

/** A failure of a program while it runs; `value` is what `catch` gets. */
export class JqError extends Error {
  constructor(readonly value: unknown) {
    super(typeof value === 'string' ? value : `${JSON.stringify(value)} (not a string)`);
  }
}

/** A JSON object. */
export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** null, boolean, number, string, array, object. */
export function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

export const isTrue = (value: unknown): boolean => value !== null && value !== undefined && value !== false;

/** A value with the keys of its objects in order (-S and comparisons). */
export function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortedKeys(value[key])]),
  );
}

/** A value in an error's text, cut as jq cuts it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return `${typeOf(value)} (${text.length > 11 ? `${text.slice(0, 10)}...` : text})`;
}

const ORDER = ['null', 'boolean', 'number', 'string', 'array', 'object'];

/** Total order of JSON values: null, false, true, numbers, strings, arrays, objects. */
export function compare(a: unknown, b: unknown): number {
  const rank = ORDER.indexOf(typeOf(a)) - ORDER.indexOf(typeOf(b));
  if (rank !== 0) return rank;
  if (typeof a === 'number') return a - (b as number);
  if (typeof a === 'boolean') return Number(a) - Number(b);
  if (typeof a === 'string') return a < (b as string) ? -1 : a > (b as string) ? 1 : 0;
  if (Array.isArray(a)) {
    const other = b as unknown[];
    for (let at = 0; at < Math.min(a.length, other.length); at++) {
      const order = compare(a[at], other[at]);
      if (order !== 0) return order;
    }
    return a.length - other.length;
  }
  if (!isFields(a) || !isFields(b)) return 0;
  const [keys, others] = [Object.keys(a).sort(), Object.keys(b).sort()];
  return (
    compare(keys, others) ||
    compare(
      keys.map((key) => a[key]),
      others.map((key) => b[key]),
    )
  );
}

function add(a: unknown, b: unknown): unknown {
  if (typeOf(a) === 'null') return b;
  if (typeOf(b) === 'null') return a;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
  if (isFields(a) && isFields(b)) return { ...a, ...b };
  throw new JqError(`${shown(a)} and ${shown(b)} cannot be added`);
}

function mergeDeeply(a: Fields, b: Fields): Fields {
  const result: Fields = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const known = result[key];
    result[key] = isFields(known) && isFields(value) ? mergeDeeply(known, value) : value;
  }
  return result;
}

/** An arithmetic or comparing operator on two values. */
export function operate(operator: string, a: unknown, b: unknown): unknown {
  switch (operator) {
    case '+':
      return add(a, b);
    case '==':
      return compare(a, b) === 0;
    case '!=':
      return compare(a, b) !== 0;
    case '<':
      return compare(a, b) < 0;
    case '<=':
      return compare(a, b) <= 0;
    case '>':
      return compare(a, b) > 0;
    case '>=':
      return compare(a, b) >= 0;
    default:
      return calculate(operator, a, b);
  }
}

function calculate(operator: string, a: unknown, b: unknown): unknown {
  const words: Readonly<Record<string, string>> = { '-': 'subtracted', '*': 'multiplied', '/': 'divided', '%': 'divided' };
  if (typeof a === 'number' && typeof b === 'number') {
    if (operator === '-') return a - b;
    if (operator === '*') return a * b;
    if (b === 0) throw new JqError(`${shown(a)} and ${shown(b)} cannot be divided because the divisor is zero`);
    return operator === '/' ? a / b : Math.trunc(a) % Math.trunc(b);
  }
  if (operator === '-' && Array.isArray(a) && Array.isArray(b))
    return a.filter((item) => !(b as unknown[]).some((other) => compare(item, other) === 0));
  if (operator === '*' && isFields(a) && isFields(b)) return mergeDeeply(a, b);
  if (operator === '*' && typeof a === 'string' && typeof b === 'number') return b > 0 ? a.repeat(Math.ceil(b)) : null;
  if (operator === '/' && typeof a === 'string' && typeof b === 'string') return a.split(b);
  throw new JqError(`${shown(a)} and ${shown(b)} cannot be ${words[operator]!}`);
}

/** A value as text: a string as it is, anything else as JSON. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));

function base64Decode(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text.trim()), (char) => char.charCodeAt(0)));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new JqError(`${shown(text)} is not valid base64 data`);
  }
}

const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&#39;', '"': '&quot;' };

/** @text, @json, @base64, @base64d, @csv, @tsv, @html, @uri, @sh. */
export function format(name: string, value: unknown): string {
  const row = (quote: (item: unknown) => string, separator: string): string => {
    if (!Array.isArray(value)) throw new JqError(`${shown(value)} cannot be ${name}-formatted, only an array can be`);
    return value.map(quote).join(separator);
  };
  switch (name) {
    case 'text':
      return textOf(value);
    case 'json':
      return JSON.stringify(value);
    case 'base64':
      return btoa(Array.from(new TextEncoder().encode(textOf(value)), (byte) => String.fromCharCode(byte)).join(''));
    case 'base64d':
      return base64Decode(textOf(value));
    case 'uri':
      return encodeURIComponent(textOf(value)).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
    case 'html':
      return textOf(value).replace(/[<>&'"]/g, (char) => HTML[char]!);
    case 'csv':
      return row((item) => (typeof item === 'string' ? `"${item.replaceAll('"', '""')}"` : item === null ? '' : textOf(item)), ',');
    case 'tsv':
      return row(
        (item) => (item === null ? '' : textOf(item).replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n')),
        '\t',
      );
    case 'sh': {
      const quote = (item: unknown): string => (typeof item === 'string' ? `'${item.replaceAll("'", "'\\''")}'` : textOf(item));
      return Array.isArray(value) ? value.map(quote).join(' ') : quote(value);
    }
    default:
      throw new JqError(`${name} is not a valid format`);
  }
}
