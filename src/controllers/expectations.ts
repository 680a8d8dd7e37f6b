/**
 * What a controller has done that its cache does not show yet (controller expectations): creations and deletions under way.
 * While some are open the controller does not act again on the same object, so that it never makes too many.
 */
import type { Clock } from '#host';

/** After that long an expectation counts as lost. */
const EXPIRE_MS = 300_000;

/** Expectations by the key of the owner. */
export interface Expectations {
  expectCreations(key: string, count: number): void;
  expectDeletions(key: string, names: readonly string[]): void;
  created(key: string): void;
  deleted(key: string, name: string): void;
  areMet(key: string): boolean;
  forget(key: string): void;
}

/** No expectations. */
export function createExpectations(clock: Clock): Expectations {
  const open = new Map<string, { creations: number; deletions: Set<string>; sinceMs: number }>();
  const entryOf = (key: string) => {
    const entry = open.get(key) ?? { creations: 0, deletions: new Set<string>(), sinceMs: 0 };
    entry.sinceMs = clock.monotonicMs();
    open.set(key, entry);
    return entry;
  };
  return {
    expectCreations: (key, count) => void (entryOf(key).creations += count),
    expectDeletions(key, names) {
      const entry = entryOf(key);
      for (const name of names) entry.deletions.add(name);
    },
    created(key) {
      const entry = open.get(key);
      if (entry && entry.creations > 0) entry.creations--;
    },
    deleted: (key, name) => void open.get(key)?.deletions.delete(name),
    areMet(key) {
      const entry = open.get(key);
      return !entry || (entry.creations === 0 && entry.deletions.size === 0) || clock.monotonicMs() - entry.sinceMs > EXPIRE_MS;
    },
    forget: (key) => void open.delete(key),
  };
}
