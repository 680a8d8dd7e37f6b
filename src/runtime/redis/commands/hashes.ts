/** Hash commands of Redis. */
import { CommandError } from '../database.ts';
import { OK } from '../resp.ts';
import { float, formatFloat, integer, read, write, type CommandContext, type CommandTable } from './command.ts';

const fieldsOf = ({ db }: CommandContext, key: string): ReadonlyMap<string, string> =>
  db.of(key, 'hash')?.fields ?? new Map<string, string>();

function setPairs({ db }: CommandContext, name: string, key: string, pairs: readonly string[]): number {
  if (pairs.length % 2) throw new CommandError(`ERR wrong number of arguments for '${name}' command`);
  const { fields } = db.ensure(key, 'hash');
  let added = 0;
  for (let at = 0; at < pairs.length; at += 2) {
    if (!fields.has(pairs[at]!)) added++;
    fields.set(pairs[at]!, pairs[at + 1]!);
  }
  return added;
}

/** Hashes. */
export const hashCommands: CommandTable = {
  hset: write(-4, (context, [key, ...pairs]) => setPairs(context, 'hset', key!, pairs)),
  hmset: write(-4, (context, [key, ...pairs]) => {
    setPairs(context, 'hmset', key!, pairs);
    return OK;
  }),
  hsetnx: write(4, ({ db }, [key, field, text]) => {
    const { fields } = db.ensure(key!, 'hash');
    if (fields.has(field!)) return 0;
    fields.set(field!, text!);
    return 1;
  }),
  hget: read(3, (context, [key, field]) => fieldsOf(context, key!).get(field!) ?? null),
  hmget: read(-3, (context, [key, ...fields]) => fields.map((field) => fieldsOf(context, key!).get(field) ?? null)),
  hgetall: read(2, (context, [key]) => [...fieldsOf(context, key!)].flat()),
  hkeys: read(2, (context, [key]) => [...fieldsOf(context, key!).keys()]),
  hvals: read(2, (context, [key]) => [...fieldsOf(context, key!).values()]),
  hlen: read(2, (context, [key]) => fieldsOf(context, key!).size),
  hexists: read(3, (context, [key, field]) => Number(fieldsOf(context, key!).has(field!))),
  hdel: write(-3, ({ db }, [key, ...names]) => {
    const fields = db.of(key!, 'hash')?.fields;
    const removed = names.filter((name) => fields?.delete(name)).length;
    db.removeIfEmpty(key!);
    return removed;
  }),
  hincrby: write(4, ({ db }, [key, field, by]) => {
    const { fields } = db.ensure(key!, 'hash');
    const before = fields.get(field!) ?? '0';
    if (!/^-?\d+$/.test(before)) throw new CommandError('ERR hash value is not an integer');
    fields.set(field!, String(Number(before) + integer(by)));
    return Number(fields.get(field!));
  }),
  hincrbyfloat: write(4, ({ db }, [key, field, by]) => {
    const { fields } = db.ensure(key!, 'hash');
    const next = formatFloat(float(fields.get(field!) ?? '0') + float(by));
    fields.set(field!, next);
    return next;
  }),
};
