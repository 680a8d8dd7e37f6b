/** String commands of Redis. */
import { CommandError } from '../database.ts';
import { OK } from '../resp.ts';
import { float, formatFloat, integer, read, sliceOf, syntaxError, write, type CommandContext, type CommandTable } from './command.ts';

const textOf = ({ db }: CommandContext, key: string): string | undefined => db.of(key, 'string')?.text;

/** Changes a text without touching its expiry. */
function put({ db }: CommandContext, key: string, text: string): void {
  const known = db.of(key, 'string');
  if (known) known.text = text;
  else db.set(key, { type: 'string', text });
}

function add(context: CommandContext, key: string, by: number): number {
  const next = integer(textOf(context, key) ?? '0') + by;
  if (!Number.isSafeInteger(next)) throw new CommandError('ERR increment or decrement would overflow');
  put(context, key, String(next));
  return next;
}

const UNIT_MS: Readonly<Record<string, number>> = { EX: 1000, PX: 1, EXAT: 1000, PXAT: 1 };

/** SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]. */
function set(context: CommandContext, [key, text, ...options]: readonly string[]) {
  const { db, nowMs } = context;
  let expiresAtMs: number | undefined;
  const given = new Set<string>();
  for (let at = 0; at < options.length; at++) {
    const option = options[at]!.toUpperCase();
    if (option in UNIT_MS) {
      const time = integer(options[++at]) * UNIT_MS[option]!;
      if (time <= 0) throw new CommandError("ERR invalid expire time in 'set' command");
      expiresAtMs = option.endsWith('AT') ? time : nowMs() + time;
    } else if (['NX', 'XX', 'GET', 'KEEPTTL'].includes(option)) given.add(option);
    else throw syntaxError();
  }
  if (given.has('NX') && given.has('XX')) throw syntaxError();
  const before = given.has('GET') ? (textOf(context, key!) ?? null) : null;
  const isThere = db.get(key!) !== undefined;
  if ((given.has('NX') && isThere) || (given.has('XX') && !isThere)) return before;
  const kept = given.has('KEEPTTL') ? db.expiry(key!) : undefined;
  db.set(key!, { type: 'string', text: text! });
  const until = expiresAtMs ?? kept;
  if (until !== undefined) db.setExpiry(key!, until);
  return given.has('GET') ? before : OK;
}

function setExpiring(context: CommandContext, key: string, time: string, unitMs: number, text: string) {
  const ms = integer(time) * unitMs;
  if (ms <= 0) throw new CommandError(`ERR invalid expire time in '${unitMs === 1 ? 'psetex' : 'setex'}' command`);
  context.db.set(key, { type: 'string', text });
  context.db.setExpiry(key, context.nowMs() + ms);
  return OK;
}

/** Strings. */
export const stringCommands: CommandTable = {
  set: write(-3, set),
  get: read(2, (context, [key]) => textOf(context, key!) ?? null),
  getset: write(3, (context, [key, text]) => {
    const before = textOf(context, key!) ?? null;
    context.db.set(key!, { type: 'string', text: text! });
    return before;
  }),
  getdel: write(2, (context, [key]) => {
    const before = textOf(context, key!) ?? null;
    context.db.remove(key!);
    return before;
  }),
  setnx: write(3, ({ db }, [key, text]) => {
    if (db.get(key!)) return 0;
    db.set(key!, { type: 'string', text: text! });
    return 1;
  }),
  setex: write(4, (context, [key, seconds, text]) => setExpiring(context, key!, seconds!, 1000, text!)),
  psetex: write(4, (context, [key, ms, text]) => setExpiring(context, key!, ms!, 1, text!)),
  mset: write(-3, ({ db }, args) => {
    if (args.length % 2) throw new CommandError("ERR wrong number of arguments for 'mset' command");
    for (let at = 0; at < args.length; at += 2) db.set(args[at]!, { type: 'string', text: args[at + 1]! });
    return OK;
  }),
  mget: read(-2, ({ db }, keys) =>
    keys.map((key) => {
      const value = db.get(key);
      return value?.type === 'string' ? value.text : null;
    }),
  ),
  append: write(3, (context, [key, more]) => {
    const next = (textOf(context, key!) ?? '') + more!;
    put(context, key!, next);
    return next.length;
  }),
  strlen: read(2, (context, [key]) => textOf(context, key!)?.length ?? 0),
  getrange: read(4, (context, [key, start, stop]) => {
    const text = textOf(context, key!) ?? '';
    const { from, to } = sliceOf(text.length, start, stop);
    return text.slice(from, to);
  }),
  setrange: write(4, (context, [key, offset, more]) => {
    const before = (textOf(context, key!) ?? '').padEnd(integer(offset), '\0');
    const next = before.slice(0, integer(offset)) + more! + before.slice(integer(offset) + more!.length);
    put(context, key!, next);
    return next.length;
  }),
  incr: write(2, (context, [key]) => add(context, key!, 1)),
  decr: write(2, (context, [key]) => add(context, key!, -1)),
  incrby: write(3, (context, [key, by]) => add(context, key!, integer(by))),
  decrby: write(3, (context, [key, by]) => add(context, key!, -integer(by))),
  incrbyfloat: write(3, (context, [key, by]) => {
    const next = formatFloat(float(textOf(context, key!) ?? '0') + float(by));
    put(context, key!, next);
    return next;
  }),
};
