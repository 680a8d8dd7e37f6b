// The order of merged lists in strategic merge patches: patched elements in the patch's order, the server's own kept between them.
import { deepEqual } from '../equality.ts';
import type { JsonObject } from '../meta.ts';

/** Whether two list elements are the same one: equal merge keys, or equal scalars for a list without key. */
export function sameElement(a: unknown, b: unknown, mergeKey: string): boolean {
  if (!mergeKey) return deepEqual(a, b);
  return deepEqual((a as JsonObject | null)?.[mergeKey], (b as JsonObject | null)?.[mergeKey]);
}

/** Where an element stands in a list, -1 if nowhere. */
export function positionOf(list: readonly unknown[], element: unknown, mergeKey: string): number {
  return list.findIndex((item) => sameElement(item, element, mergeKey));
}

/**
 * The elements of `merged`, those named by `wantedOrder` in that order, and the others where the server's order puts them:
 * before the first wanted element that follows them there, else at the end.
 */
export function inElementOrder(
  merged: readonly unknown[],
  wantedOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  mergeKey: string,
): unknown[] {
  const rank = (list: readonly unknown[]) => (a: unknown, b: unknown) => positionOf(list, a, mergeKey) - positionOf(list, b, mergeKey);
  const wanted = merged.filter((item) => positionOf(wantedOrder, item, mergeKey) >= 0).sort(rank(wantedOrder));
  const own = merged.filter((item) => positionOf(wantedOrder, item, mergeKey) < 0).sort(rank(serverOrder));
  const result: unknown[] = [];
  let next = 0;
  for (const item of wanted) {
    const at = positionOf(serverOrder, item, mergeKey);
    for (; next < own.length && at >= 0; next++) {
      const mine = positionOf(serverOrder, own[next], mergeKey);
      if (mine < 0 || mine > at) break;
      result.push(own[next]);
    }
    result.push(item);
  }
  return [...result, ...own.slice(next)];
}
