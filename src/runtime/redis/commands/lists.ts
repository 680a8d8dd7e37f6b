/** List commands of Redis; the blocking ones answer at once (nil where the list is empty). */
import { CommandError } from '../database.ts';
import { OK, type Reply } from '../resp.ts';
import { integer, read, sliceOf, write, type Command, type CommandContext, type CommandTable } from './command.ts';

type Side = 'left' | 'right';

const itemsOf = ({ db }: CommandContext, key: string): readonly string[] => db.of(key, 'list')?.items ?? [];

const push = (side: Side, onlyExisting = false): Command =>
  write(-3, ({ db }, [key, ...texts]) => {
    if (onlyExisting && !db.of(key!, 'list')) return 0;
    const { items } = db.ensure(key!, 'list');
    for (const text of texts) {
      if (side === 'left') items.unshift(text);
      else items.push(text);
    }
    return items.length;
  });

function take({ db }: CommandContext, key: string, side: Side, howMany: number): string[] {
  const items = db.of(key, 'list')?.items;
  if (!items) return [];
  const taken = side === 'left' ? items.splice(0, howMany) : items.splice(Math.max(0, items.length - howMany)).reverse();
  db.removeIfEmpty(key);
  return taken;
}

const pop = (side: Side): Command =>
  write(-2, (context, [key, howMany]): Reply => {
    if (howMany === undefined) return take(context, key!, side, 1)[0] ?? null;
    return context.db.get(key!) ? take(context, key!, side, integer(howMany)) : null;
  });

const popFirst = (side: Side): Command =>
  write(-3, (context, words) => {
    const found = words.slice(0, -1).find((key) => itemsOf(context, key).length > 0);
    return found === undefined ? null : [found, take(context, found, side, 1)[0]!];
  });

function move(context: CommandContext, from: string, to: string, source: Side, target: Side): string | null {
  const [text] = take(context, from, source, 1);
  if (text === undefined) return null;
  const { items } = context.db.ensure(to, 'list');
  if (target === 'left') items.unshift(text);
  else items.push(text);
  return text;
}

function removeItems({ db }: CommandContext, key: string, howMany: number, text: string): number {
  const items = db.of(key, 'list')?.items;
  if (!items) return 0;
  let left = howMany === 0 ? Infinity : Math.abs(howMany);
  let removed = 0;
  const drop = (at: number): void => {
    if (left === 0 || items[at] !== text) return;
    items.splice(at, 1);
    left--;
    removed++;
  };
  if (howMany < 0) for (let at = items.length - 1; at >= 0; at--) drop(at);
  else
    for (let at = 0; at < items.length;) {
      const before = removed;
      drop(at);
      if (removed === before) at++;
    }
  db.removeIfEmpty(key);
  return removed;
}

/** Lists. */
export const listCommands: CommandTable = {
  lpush: push('left'),
  rpush: push('right'),
  lpushx: push('left', true),
  rpushx: push('right', true),
  lpop: pop('left'),
  rpop: pop('right'),
  blpop: popFirst('left'),
  brpop: popFirst('right'),
  rpoplpush: write(3, (context, [from, to]) => move(context, from!, to!, 'right', 'left')),
  lmove: write(5, (context, [from, to, source, target]) =>
    move(context, from!, to!, source!.toLowerCase() as Side, target!.toLowerCase() as Side),
  ),
  llen: read(2, (context, [key]) => itemsOf(context, key!).length),
  lrange: read(4, (context, [key, start, stop]) => {
    const items = itemsOf(context, key!);
    const { from, to } = sliceOf(items.length, start, stop);
    return items.slice(from, to);
  }),
  lindex: read(3, (context, [key, index]) => itemsOf(context, key!).at(integer(index)) ?? null),
  lset: write(4, ({ db }, [key, index, text]) => {
    const items = db.of(key!, 'list')?.items;
    if (!items) throw new CommandError('ERR no such key');
    const at = integer(index) < 0 ? items.length + integer(index) : integer(index);
    if (at < 0 || at >= items.length) throw new CommandError('ERR index out of range');
    items[at] = text!;
    return OK;
  }),
  lrem: write(4, (context, [key, howMany, text]) => removeItems(context, key!, integer(howMany), text!)),
  ltrim: write(4, ({ db }, [key, start, stop]) => {
    const items = db.of(key!, 'list')?.items ?? [];
    const { from, to } = sliceOf(items.length, start, stop);
    items.splice(to);
    items.splice(0, from);
    db.removeIfEmpty(key!);
    return OK;
  }),
  linsert: write(5, ({ db }, [key, where, pivot, text]) => {
    const items = db.of(key!, 'list')?.items;
    if (!items) return 0;
    const at = items.indexOf(pivot!);
    if (at < 0) return -1;
    items.splice(where!.toUpperCase() === 'AFTER' ? at + 1 : at, 0, text!);
    return items.length;
  }),
};
