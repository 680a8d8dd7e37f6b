/** The keys of a Redis server: values by type, expiry, and everything in one text for dump.rdb (JSON here, not Redis' binary format). */

/** A value of one of Redis' types. */
export type Value =
  | { readonly type: 'string'; text: string }
  | { readonly type: 'list'; readonly items: string[] }
  | { readonly type: 'hash'; readonly fields: Map<string, string> }
  | { readonly type: 'set'; readonly members: Set<string> }
  | { readonly type: 'zset'; readonly scores: Map<string, number> };

type ValueOf<T extends Value['type']> = Extract<Value, { readonly type: T }>;

/** A failure whose text is the reply, `ERR …` or `WRONGTYPE …`. */
export class CommandError extends Error {}

/** The keys of a server. */
export interface Database {
  /** The value of a key that has not expired. */
  get(key: string): Value | undefined;
  /** The value of a key if it is of that type; undefined: no such key. Throws CommandError (WRONGTYPE). */
  of<T extends Value['type']>(key: string, type: T): ValueOf<T> | undefined;
  /** As `of`, made empty where the key is not there. */
  ensure<T extends Exclude<Value['type'], 'string'>>(key: string, type: T): ValueOf<T>;
  /** Sets a value; its expiry is forgotten. */
  set(key: string, value: Value): void;
  remove(key: string): boolean;
  /** Removes a list, hash or set that has become empty, as Redis does. */
  removeIfEmpty(key: string): void;
  /** Wall clock in milliseconds at which a key expires; undefined: never. */
  expiry(key: string): number | undefined;
  setExpiry(key: string, atMs: number | undefined): void;
  keys(): string[];
  clear(): void;
  /** How many keys have expired since the start. */
  readonly expired: number;
  dump(): string;
  /** Replaces everything by a dump. Throws an Error where the text is none. */
  load(text: string): void;
}

const empty: { readonly [T in Exclude<Value['type'], 'string'>]: () => ValueOf<T> } = {
  list: () => ({ type: 'list', items: [] }),
  hash: () => ({ type: 'hash', fields: new Map() }),
  set: () => ({ type: 'set', members: new Set() }),
  zset: () => ({ type: 'zset', scores: new Map() }),
};

function sizeOf(value: Value): number {
  if (value.type === 'string') return 1;
  if (value.type === 'list') return value.items.length;
  if (value.type === 'hash') return value.fields.size;
  return value.type === 'set' ? value.members.size : value.scores.size;
}

interface DumpedKey {
  readonly key: string;
  readonly type: Value['type'];
  readonly value: unknown;
  readonly expiresAtMs?: number;
}

function dumped(value: Value): unknown {
  if (value.type === 'string') return value.text;
  if (value.type === 'list') return value.items;
  if (value.type === 'hash') return [...value.fields];
  return value.type === 'set' ? [...value.members] : [...value.scores];
}

function undumped({ type, value }: DumpedKey): Value {
  if (type === 'string') return { type, text: value as string };
  if (type === 'list') return { type, items: value as string[] };
  if (type === 'hash') return { type, fields: new Map(value as [string, string][]) };
  return type === 'set' ? { type, members: new Set(value as string[]) } : { type, scores: new Map(value as [string, number][]) };
}

/** An empty database; expired keys go when they are looked at. */
export function createDatabase(nowMs: () => number): Database {
  const values = new Map<string, Value>();
  const expiries = new Map<string, number>();
  let expired = 0;
  const get = (key: string): Value | undefined => {
    const atMs = expiries.get(key);
    if (atMs !== undefined && atMs <= nowMs()) {
      values.delete(key);
      expiries.delete(key);
      expired++;
    }
    return values.get(key);
  };
  const of = <T extends Value['type']>(key: string, type: T): ValueOf<T> | undefined => {
    const value = get(key);
    if (value && value.type !== type) throw new CommandError('WRONGTYPE Operation against a key holding the wrong kind of value');
    return value as ValueOf<T> | undefined;
  };
  const keys = (): string[] => [...values.keys()].filter((key) => get(key) !== undefined);
  const remove = (key: string): boolean => {
    const isThere = get(key) !== undefined;
    values.delete(key);
    expiries.delete(key);
    return isThere;
  };
  const clear = (): void => {
    values.clear();
    expiries.clear();
  };
  return {
    get,
    of,
    ensure(key, type) {
      const found = of(key, type);
      if (found) return found;
      const made = empty[type]();
      values.set(key, made);
      return made;
    },
    set(key, value) {
      values.set(key, value);
      expiries.delete(key);
    },
    remove,
    removeIfEmpty(key) {
      const value = values.get(key);
      if (value && sizeOf(value) === 0) remove(key);
    },
    expiry: (key) => (get(key) ? expiries.get(key) : undefined),
    setExpiry(key, atMs) {
      if (atMs === undefined) expiries.delete(key);
      else expiries.set(key, atMs);
    },
    keys,
    clear,
    get expired() {
      return expired;
    },
    dump: () =>
      JSON.stringify(
        keys().map((key): DumpedKey => {
          const expiresAtMs = expiries.get(key);
          return {
            key,
            type: values.get(key)!.type,
            value: dumped(values.get(key)!),
            ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
          };
        }),
      ),
    load(text) {
      const entries = JSON.parse(text) as DumpedKey[];
      clear();
      for (const entry of entries) {
        values.set(entry.key, undumped(entry));
        if (entry.expiresAtMs !== undefined) expiries.set(entry.key, entry.expiresAtMs);
      }
    },
  };
}
