/** `etcdctl del`: removes a key, a range, a prefix. */
import type { etcd } from '#contracts';
import type { Command } from '../command.ts';
import type { FlagSpec, GivenFlags } from '../flags.ts';
import { rangeOf } from './get.ts';

/** Its flags. */
export const DEL_FLAGS: readonly FlagSpec[] = Object.freeze([
  {
    name: 'from-key',
    fallback: 'false',
    isSwitch: true,
    usage: 'delete keys that are greater than or equal to the given key using byte compare',
  },
  { name: 'prefix', fallback: 'false', isSwitch: true, usage: 'delete keys with matching prefix' },
  { name: 'prev-kv', fallback: 'false', isSwitch: true, usage: 'return deleted key-value pairs' },
] as const);

/** The request a command line means. */
export const delRequest = (args: readonly string[], flags: GivenFlags): etcd.DeleteRangeRequest => ({
  ...rangeOf('del', args, flags),
  ...(flags.switch('prev-kv') ? { prevKv: true } : {}),
});

export const del: Command = {
  name: 'del',
  usage: '[options] <key> [range_end]',
  summary: 'Removes the specified key or range of keys [key, range_end)',
  flags: DEL_FLAGS,
  async run({ flags, args, printer, client, timeoutMs, process }) {
    await process.stdout.write(printer.del(await client().deleteRange(delRequest(args, flags), { timeoutMs })));
  },
};
