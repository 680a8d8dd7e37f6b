/** Commands on keys of any type. */
import { CommandError } from '../database.ts';
import { OK } from '../resp.ts';
import { integer, read, syntaxError, write, type CommandContext, type CommandTable } from './command.ts';

/** A glob of KEYS, SCAN and PSUBSCRIBE. */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(
    /\\(.)|\[([^\]]*)\]|([*?])|([^\w\s])/g,
    (_whole, escaped: string, set: string, wild: string, other: string) => {
      if (escaped !== undefined) return `\\${escaped}`;
      if (set !== undefined) return `[${set.replace(/\\/g, '\\\\')}]`;
      return wild === '*' ? '[^]*' : wild === '?' ? '[^]' : `\\${other}`;
    },
  );
  return new RegExp(`^${source}$`);
}

const count = (keys: readonly string[], test: (key: string) => boolean): number => keys.filter(test).length;

function expireAt({ db, nowMs }: CommandContext, key: string, atMs: number, condition: string | undefined): number {
  if (!db.get(key)) return 0;
  const before = db.expiry(key);
  const allowed =
    {
      NX: before === undefined,
      XX: before !== undefined,
      GT: before !== undefined && atMs > before,
      LT: before === undefined || atMs < before,
    }[condition?.toUpperCase() ?? ''] ?? condition === undefined;
  if (!allowed) return 0;
  if (atMs <= nowMs()) db.remove(key);
  else db.setExpiry(key, atMs);
  return 1;
}

function timeToLive({ db, nowMs }: CommandContext, key: string, unitMs: number): number {
  if (!db.get(key)) return -2;
  const atMs = db.expiry(key);
  return atMs === undefined ? -1 : Math.round((atMs - nowMs()) / unitMs);
}

function rename({ db }: CommandContext, from: string, to: string): void {
  const value = db.get(from);
  if (!value) throw new CommandError('ERR no such key');
  const until = db.expiry(from);
  db.remove(from);
  db.set(to, value);
  if (until !== undefined) db.setExpiry(to, until);
}

/** SCAN gives everything at once and the cursor 0: no key can come or go in between. */
function scan({ db }: CommandContext, options: readonly string[]) {
  let keys = db.keys();
  for (let at = 0; at < options.length; at += 2) {
    const [option, value] = [options[at]!.toUpperCase(), options[at + 1]];
    if (value === undefined) throw syntaxError();
    if (option === 'MATCH') keys = keys.filter((key) => globPattern(value).test(key));
    else if (option === 'TYPE') keys = keys.filter((key) => db.get(key)!.type === value);
    else if (option !== 'COUNT') throw syntaxError();
  }
  return ['0', keys];
}

/** Keys. */
export const keyCommands: CommandTable = {
  del: write(-2, ({ db }, keys) => count(keys, (key) => db.remove(key))),
  unlink: write(-2, ({ db }, keys) => count(keys, (key) => db.remove(key))),
  exists: read(-2, ({ db }, keys) => count(keys, (key) => db.get(key) !== undefined)),
  touch: read(-2, ({ db }, keys) => count(keys, (key) => db.get(key) !== undefined)),
  type: read(2, ({ db }, [key]) => ({ simple: db.get(key!)?.type ?? 'none' })),
  keys: read(2, ({ db }, [glob]) => db.keys().filter((key) => globPattern(glob!).test(key))),
  scan: read(-2, (context, [, ...options]) => scan(context, options)),
  dbsize: read(1, ({ db }) => db.keys().length),
  randomkey: read(1, ({ db }) => db.keys()[0] ?? null),
  flushall: write(-1, ({ db }) => {
    db.clear();
    return OK;
  }),
  flushdb: write(-1, ({ db }) => {
    db.clear();
    return OK;
  }),
  rename: write(3, (context, [from, to]) => {
    rename(context, from!, to!);
    return OK;
  }),
  renamenx: write(3, (context, [from, to]) => {
    if (context.db.get(to!)) return 0;
    rename(context, from!, to!);
    return 1;
  }),
  expire: write(-3, (context, [key, seconds, condition]) => expireAt(context, key!, context.nowMs() + integer(seconds) * 1000, condition)),
  pexpire: write(-3, (context, [key, ms, condition]) => expireAt(context, key!, context.nowMs() + integer(ms), condition)),
  expireat: write(-3, (context, [key, seconds, condition]) => expireAt(context, key!, integer(seconds) * 1000, condition)),
  pexpireat: write(-3, (context, [key, ms, condition]) => expireAt(context, key!, integer(ms), condition)),
  ttl: read(2, (context, [key]) => timeToLive(context, key!, 1000)),
  pttl: read(2, (context, [key]) => timeToLive(context, key!, 1)),
  persist: write(2, ({ db }, [key]) => {
    if (db.expiry(key!) === undefined) return 0;
    db.setExpiry(key!, undefined);
    return 1;
  }),
};
