/** A memory of what was reckoned with keys and certificates, bounded: the oldest entry goes when there are too many. */

const ENTRIES_MAX = 256;

/** The newest entries by key. */
export interface Newest<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/** An empty memory. */
export function createNewest<T>(): Newest<T> {
  const entries = new Map<string, T>();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.set(key, value);
      if (entries.size > ENTRIES_MAX) entries.delete(entries.keys().next().value!);
    },
  };
}
