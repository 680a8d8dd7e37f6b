/** Set and sorted-set commands of Redis. */
import { CommandError } from '../database.ts';
import type { Reply } from '../resp.ts';
import { float, formatFloat, read, sliceOf, syntaxError, write, type Command, type CommandContext, type CommandTable } from './command.ts';

const membersOf = ({ db }: CommandContext, key: string): ReadonlySet<string> => db.of(key, 'set')?.members ?? new Set<string>();

/** What several sets make together. */
const together = (
  context: CommandContext,
  keys: readonly string[],
  keep: (member: string, others: readonly ReadonlySet<string>[]) => boolean,
) => {
  const [first, ...others] = keys.map((key) => membersOf(context, key));
  return [...first!].filter((member) => keep(member, others));
};

const setCommandsOnly: CommandTable = {
  sadd: write(-3, ({ db }, [key, ...texts]) => {
    const { members } = db.ensure(key!, 'set');
    const before = members.size;
    for (const text of texts) members.add(text);
    return members.size - before;
  }),
  srem: write(-3, ({ db }, [key, ...texts]) => {
    const members = db.of(key!, 'set')?.members;
    const removed = texts.filter((text) => members?.delete(text)).length;
    db.removeIfEmpty(key!);
    return removed;
  }),
  smembers: read(2, (context, [key]) => [...membersOf(context, key!)]),
  sismember: read(3, (context, [key, text]) => Number(membersOf(context, key!).has(text!))),
  smismember: read(-3, (context, [key, ...texts]) => texts.map((text) => Number(membersOf(context, key!).has(text)))),
  scard: read(2, (context, [key]) => membersOf(context, key!).size),
  spop: write(-2, ({ db }, [key]) => {
    const members = db.of(key!, 'set')?.members;
    const [first] = members ?? [];
    if (first === undefined) return null;
    members!.delete(first);
    db.removeIfEmpty(key!);
    return first;
  }),
  srandmember: read(-2, (context, [key]) => [...membersOf(context, key!)][0] ?? null),
  sinter: read(-2, (context, keys) => together(context, keys, (member, others) => others.every((other) => other.has(member)))),
  sdiff: read(-2, (context, keys) => together(context, keys, (member, others) => !others.some((other) => other.has(member)))),
  sunion: read(-2, (context, keys) => [...new Set(keys.flatMap((key) => [...membersOf(context, key)]))]),
};

/** Members by score, then by name. */
const ranked = ({ db }: CommandContext, key: string): [string, number][] =>
  [...(db.of(key, 'zset')?.scores ?? new Map<string, number>())].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));

const listed = (entries: readonly (readonly [string, number])[], withScores: boolean): Reply =>
  entries.flatMap(([member, score]) => (withScores ? [member, formatFloat(score)] : [member]));

const range = (isReversed: boolean): Command =>
  read(-4, (context, [key, start, stop, ...options]) => {
    const words = options.map((word) => word.toUpperCase());
    if (words.some((word) => word !== 'WITHSCORES' && word !== 'REV')) throw syntaxError();
    const entries = ranked(context, key!);
    if (isReversed || words.includes('REV')) entries.reverse();
    const { from, to } = sliceOf(entries.length, start, stop);
    return listed(entries.slice(from, to), words.includes('WITHSCORES'));
  });

/** A bound of ZRANGEBYSCORE: `(5` leaves 5 out. */
const bound = (text: string): { readonly value: number; readonly isOpen: boolean } =>
  text.startsWith('(') ? { value: float(text.slice(1)), isOpen: true } : { value: float(text), isOpen: false };

function inScores(context: CommandContext, key: string, min: string, max: string): [string, number][] {
  const [low, high] = [bound(min), bound(max)];
  return ranked(context, key).filter(
    ([, score]) => (low.isOpen ? score > low.value : score >= low.value) && (high.isOpen ? score < high.value : score <= high.value),
  );
}

const rank = (isReversed: boolean): Command =>
  read(3, (context, [key, member]) => {
    const entries = ranked(context, key!);
    if (isReversed) entries.reverse();
    const at = entries.findIndex(([name]) => name === member);
    return at < 0 ? null : at;
  });

const sortedSetCommands: CommandTable = {
  zadd: write(-4, ({ db }, [key, ...pairs]) => {
    if (pairs.length % 2) throw new CommandError('ERR syntax error');
    const entries = pairs.flatMap((text, at) => (at % 2 ? [] : [[pairs[at + 1]!, float(text)] as const]));
    const { scores } = db.ensure(key!, 'zset');
    const before = scores.size;
    for (const [member, score] of entries) scores.set(member, score);
    return scores.size - before;
  }),
  zincrby: write(4, ({ db }, [key, by, member]) => {
    const { scores } = db.ensure(key!, 'zset');
    scores.set(member!, (scores.get(member!) ?? 0) + float(by));
    return formatFloat(scores.get(member!)!);
  }),
  zrem: write(-3, ({ db }, [key, ...members]) => {
    const scores = db.of(key!, 'zset')?.scores;
    const removed = members.filter((member) => scores?.delete(member)).length;
    db.removeIfEmpty(key!);
    return removed;
  }),
  zscore: read(3, ({ db }, [key, member]) => {
    const score = db.of(key!, 'zset')?.scores.get(member!);
    return score === undefined ? null : formatFloat(score);
  }),
  zcard: read(2, (context, [key]) => ranked(context, key!).length),
  zcount: read(4, (context, [key, min, max]) => inScores(context, key!, min!, max!).length),
  zrange: range(false),
  zrevrange: range(true),
  zrangebyscore: read(-4, (context, [key, min, max, option]) =>
    listed(inScores(context, key!, min!, max!), option?.toUpperCase() === 'WITHSCORES'),
  ),
  zrank: rank(false),
  zrevrank: rank(true),
};

/** Sets and sorted sets. */
export const setCommands: CommandTable = { ...setCommandsOnly, ...sortedSetCommands };
