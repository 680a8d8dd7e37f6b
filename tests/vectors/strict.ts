// Strict reading of vectors: a field that the runner does not know is an error, since ignoring it would pass a case
// that was never judged.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asObject(value: Json | undefined, where: string): JsonObject {
  if (!isObject(value)) throw new Error(`${where}: an object is expected, not ${JSON.stringify(value)}`);
  return value;
}

export function asList(value: Json | undefined, where: string): Json[] {
  if (!Array.isArray(value)) throw new Error(`${where}: a list is expected, not ${JSON.stringify(value)}`);
  return value;
}

export function asNumber(value: Json | undefined, where: string): number {
  if (typeof value !== 'number') throw new Error(`${where}: a number is expected, not ${JSON.stringify(value)}`);
  return value;
}

export function asString(value: Json | undefined, where: string): string {
  if (typeof value !== 'string') throw new Error(`${where}: a string is expected, not ${JSON.stringify(value)}`);
  return value;
}

export function numbers(value: Json | undefined, where: string): number[] {
  return asList(value, where).map((one) => asNumber(one, where));
}

/** Throws for fields outside the list, and for those of `required` that are missing. */
export function onlyFields(value: JsonObject, allowed: readonly string[], where: string, required: readonly string[] = []): void {
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) throw new Error(`${where}: unknown field "${key}"`);
  }
  for (const key of required) {
    if (!(key in value)) throw new Error(`${where}: field "${key}" is missing`);
  }
}

/** Where `actual` differs from `expected`, undefined if nowhere. Objects: listed fields only; lists: exactly. */
export function difference(expected: Json, actual: Json | undefined, where: string): string | undefined {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return unlike(expected, actual, where);
    for (let i = 0; i < expected.length; i++) {
      const found = difference(expected[i]!, actual[i], `${where}[${i}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (isObject(expected)) {
    if (!isObject(actual)) return unlike(expected, actual, where);
    for (const [key, value] of Object.entries(expected)) {
      const found = difference(value, actual[key], `${where}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return Object.is(expected, actual) ? undefined : unlike(expected, actual, where);
}

function unlike(expected: Json, actual: Json | undefined, where: string): string {
  return `${where}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(actual)}`;
}
