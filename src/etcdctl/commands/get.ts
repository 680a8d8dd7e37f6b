/** `etcdctl get`: a key, a range, a prefix, at a revision, sorted. */
import type { etcd } from '#contracts';
import { CommandError, EXIT, prefixEnd, type Command } from '../command.ts';
import type { FlagSpec, GivenFlags } from '../flags.ts';

/** Its flags. */
export const GET_FLAGS: readonly FlagSpec[] = Object.freeze([
  { name: 'consistency', fallback: 'l', usage: 'Linearizable(l) or Serializable(s)' },
  { name: 'count-only', fallback: 'false', isSwitch: true, usage: 'Get only the count' },
  {
    name: 'from-key',
    fallback: 'false',
    isSwitch: true,
    usage: 'Get keys that are greater than or equal to the given key using byte compare',
  },
  { name: 'keys-only', fallback: 'false', isSwitch: true, usage: 'Get only the keys' },
  { name: 'limit', fallback: '0', type: 'int', usage: 'Maximum number of results' },
  { name: 'order', fallback: '', usage: 'Order of results; ASCEND or DESCEND (ASCEND by default)' },
  { name: 'prefix', fallback: 'false', isSwitch: true, usage: 'Get keys with matching prefix' },
  { name: 'print-value-only', fallback: 'false', isSwitch: true, usage: 'Only write values when using the "simple" output format' },
  { name: 'rev', fallback: '0', type: 'int', usage: 'Specify the kv revision' },
  { name: 'sort-by', fallback: '', usage: 'Sort target; CREATE, KEY, MODIFY, VALUE, or VERSION' },
] as const);

/** The range that arguments and --prefix or --from-key name. Throws CommandError in etcdctl's words. */
export function rangeOf(command: string, args: readonly string[], flags: GivenFlags): { key: string; rangeEnd?: string } {
  const isPrefix = flags.switch('prefix');
  const isFromKey = flags.switch('from-key');
  if (isPrefix && isFromKey) throw new CommandError('`--prefix` and `--from-key` cannot be set at the same time, choose one', EXIT.badArgs);
  if (args.length === 0 || args.length > 2)
    throw new CommandError(`${command} command needs one argument as key and an optional argument as range_end`, EXIT.badArgs);
  const [key = '', rangeEnd] = args;
  if (rangeEnd !== undefined) {
    if (isPrefix || isFromKey)
      throw new CommandError('too many arguments, only accept one argument when `--prefix` or `--from-key` is set', EXIT.badArgs);
    return { key, rangeEnd };
  }
  // An empty key with either flag means every key.
  if (isPrefix) return key === '' ? { key: '\0', rangeEnd: '\0' } : { key, rangeEnd: prefixEnd(key) };
  if (isFromKey) return { key: key === '' ? '\0' : key, rangeEnd: '\0' };
  return { key };
}

const TARGETS: Readonly<Record<string, NonNullable<etcd.RangeRequest['sortTarget']>>> = {
  CREATE: 'CREATE',
  KEY: 'KEY',
  MODIFY: 'MOD',
  VALUE: 'VALUE',
  VERSION: 'VERSION',
};

function sortOf(flags: GivenFlags): Pick<etcd.RangeRequest, 'sortOrder' | 'sortTarget'> {
  const order = flags.text('order').toUpperCase();
  const by = flags.text('sort-by').toUpperCase();
  if (order !== '' && order !== 'ASCEND' && order !== 'DESCEND')
    throw new CommandError(`bad sort order ${flags.text('order')}`, EXIT.badFeature);
  const sortTarget = by === '' ? undefined : TARGETS[by];
  if (by !== '' && !sortTarget) throw new CommandError(`bad sort target ${flags.text('sort-by')}`, EXIT.badFeature);
  if (order === '' && !sortTarget) return {};
  return { sortOrder: order === '' ? (sortTarget === 'KEY' ? 'NONE' : 'ASCEND') : order, sortTarget: sortTarget ?? 'KEY' };
}

/** The request a command line means. */
export function getRequest(args: readonly string[], flags: GivenFlags): etcd.RangeRequest {
  const consistency = flags.text('consistency');
  if (consistency !== 'l' && consistency !== 's')
    throw new CommandError(`unknown consistency flag ${JSON.stringify(consistency)}`, EXIT.badFeature);
  const range = rangeOf('get', args, flags);
  if (flags.switch('keys-only') && flags.switch('count-only'))
    throw new CommandError('`--keys-only` and `--count-only` cannot be set at the same time, choose one', EXIT.badArgs);
  return {
    ...range,
    ...sortOf(flags),
    ...(flags.int('limit') > 0 ? { limit: flags.int('limit') } : {}),
    ...(flags.int('rev') > 0 ? { revision: flags.int('rev') } : {}),
    ...(consistency === 's' ? { serializable: true } : {}),
    ...(flags.switch('keys-only') ? { keysOnly: true } : {}),
    ...(flags.switch('count-only') ? { countOnly: true } : {}),
  };
}

export const get: Command = {
  name: 'get',
  usage: '[options] <key> [range_end]',
  summary: 'Gets the key or a range of keys',
  flags: GET_FLAGS,
  async run({ flags, args, printer, client, timeoutMs, process }) {
    const request = getRequest(args, flags);
    const isValueOnly = flags.switch('print-value-only');
    if (flags.switch('count-only') && printer.format !== 'fields')
      throw new CommandError('--count-only is only for `--write-out=fields`', EXIT.badArgs);
    if (isValueOnly && printer.format !== 'simple')
      throw new CommandError('print-value-only is only for `--write-out=simple`', EXIT.badArgs);
    await process.stdout.write(printer.get(await client().range(request, { timeoutMs }), isValueOnly));
  },
};
