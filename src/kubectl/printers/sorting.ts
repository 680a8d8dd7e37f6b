/** --sort-by: objects in the order of what a JSONPath finds in them. */
import { maybeParseQuantity, compareQuantity, parseJsonPath, relaxedJsonPath } from '#apimachinery';
import { CommandError } from '../errors.ts';

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [a, b].map((value) =>
    typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean),
  ) as [string, string];
  const quantities = [left, right].map(maybeParseQuantity);
  if (quantities[0] && quantities[1]) return compareQuantity(quantities[0], quantities[1]);
  const digits = /(\d+)|(\D+)/g;
  const [x, y] = [left.match(digits) ?? [], right.match(digits) ?? []];
  for (let at = 0; at < Math.min(x.length, y.length); at++) {
    const [one, other] = [x[at]!, y[at]!];
    if (one === other) continue;
    if (/^\d/.test(one) && /^\d/.test(other)) return Number(one) - Number(other);
    return one < other ? -1 : 1;
  }
  return x.length - y.length;
}

/** Sorts items by a field of their objects, what lacks it first. Throws CommandError where no object has it. */
export function sortByField<T>(items: readonly T[], objectOf: (item: T) => unknown, expression: string): T[] {
  const path = parseJsonPath(relaxedJsonPath(expression));
  const keyed = items.map((item) => ({ item, value: path.find(objectOf(item), { allowMissingKeys: true })[0]?.[0] }));
  if (items.length > 0 && keyed.every(({ value }) => value === undefined)) {
    throw new CommandError(`couldn't find any field with path "${relaxedJsonPath(expression)}" in the list of objects`);
  }
  return keyed
    .sort((a, b) => {
      if (a.value === undefined || b.value === undefined) return Number(a.value !== undefined) - Number(b.value !== undefined);
      return compareValues(a.value, b.value);
    })
    .map(({ item }) => item);
}
