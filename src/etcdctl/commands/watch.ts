/** `etcdctl watch`: changes as they come, from a revision on; with `--`, a program run for each of them; with -i, watches typed one after another. */
import type { EtcdWatch } from '#etcd/client';
import { readLines, RpcError } from '#host';
import { CommandError, EXIT, prefixEnd, type Command, type Context } from '../command.ts';
import { FlagError, readFlags, type FlagSpec, type GivenFlags } from '../flags.ts';
import { argify } from './txn.ts';

const WATCH_FLAGS: readonly FlagSpec[] = Object.freeze([
  { name: 'interactive', shorthand: 'i', fallback: 'false', isSwitch: true, usage: 'Interactive mode' },
  { name: 'prefix', fallback: 'false', isSwitch: true, usage: 'Watch on a prefix if prefix is set' },
  { name: 'prev-kv', fallback: 'false', isSwitch: true, usage: 'get the previous key-value pair before the event happens' },
  { name: 'progress-notify', fallback: 'false', isSwitch: true, usage: 'get periodic watch progress notification from server' },
  { name: 'rev', fallback: '0', type: 'int', usage: 'Revision to start watching' },
] as const);

function open({ client, interrupted, process }: Context, keys: readonly string[], flags: GivenFlags): Promise<EtcdWatch> {
  const [key, rangeEnd] = keys;
  if (key === undefined || keys.length > 2) throw new CommandError('bad number of arguments', EXIT.badArgs);
  if (rangeEnd !== undefined && flags.switch('prefix'))
    throw new CommandError('`range_end` and `--prefix` are mutually exclusive', EXIT.badArgs);
  const end = flags.switch('prefix') ? prefixEnd(key) : rangeEnd;
  const request = {
    key: key === '' && flags.switch('prefix') ? '\0' : key,
    ...(end === undefined ? {} : { rangeEnd: end }),
    ...(flags.int('rev') > 0 ? { startRevision: flags.int('rev') } : {}),
    ...(flags.switch('prev-kv') ? { prevKv: true } : {}),
    ...(flags.switch('progress-notify') ? { progressNotify: true } : {}),
  };
  return client()
    .watch(request, { signal: interrupted })
    .catch((error: unknown) => cancelled(process, error));
}

/** Ends the command with what the server said when it cancelled the watch. */
async function cancelled(process: Context['process'], error: unknown): Promise<never> {
  if (!(error instanceof RpcError) || (error.code !== 'OutOfRange' && error.code !== 'Canceled')) throw error;
  await process.stderr.write(`watch was canceled (${error.message})\n`);
  throw new CommandError('watch is canceled by the server', EXIT.interrupted);
}

async function follow(context: Context, watch: EtcdWatch, words: readonly string[]): Promise<void> {
  const { printer, process, run, flags } = context;
  try {
    for (let answer = await watch.receive(); answer; answer = await watch.receive()) {
      const isProgress = answer.events.length === 0;
      if (isProgress && (flags.switch('progress-notify') || flags.switch('interactive')))
        await process.stdout.write(`progress notify: ${answer.header.revision}\n`);
      if (!isProgress) await process.stdout.write(printer.watch(answer));
      if (words.length === 0) continue;
      for (const { type, kv } of answer.events) {
        await run(words, {
          ETCD_WATCH_REVISION: String(answer.header.revision),
          ETCD_WATCH_EVENT_TYPE: `"${type}"`,
          ETCD_WATCH_KEY: JSON.stringify(kv.key),
          ETCD_WATCH_VALUE: JSON.stringify(kv.value),
        });
      }
    }
  } catch (error) {
    await cancelled(process, error);
  }
}

async function interactive(context: Context): Promise<void> {
  const watches: EtcdWatch[] = [];
  const running: Promise<void>[] = [];
  for await (const line of readLines(context.process.stdin)) {
    const [verb, ...rest] = argify(line);
    const invalid = (why: string): Promise<void> => context.process.stderr.write(`Invalid command ${line} (${why})\n`);
    if (verb === undefined) await context.process.stderr.write(`Invalid command: ${line} (watch and progress only)\n`);
    else if (verb === 'progress') for (const watch of watches) await watch.requestProgress();
    else if (verb !== 'watch') await invalid('only support watch');
    else if (rest.length === 0) await invalid('command type or key is not provided');
    else {
      try {
        const flags = readFlags(rest, WATCH_FLAGS, {});
        const watch = await open(context, flags.args, flags);
        watches.push(watch);
        running.push(follow(context, watch, []));
      } catch (error) {
        if (!(error instanceof FlagError) && !(error instanceof CommandError)) throw error;
        await invalid(error.message);
      }
    }
  }
  for (const watch of watches) watch.cancel();
  await Promise.all(running);
  throw new CommandError('error reading watch request line: EOF', EXIT.invalidInput);
}

export const watch: Command = {
  name: 'watch',
  usage: '[options] [key or prefix] [range_end] [--] [exec-command arg1 arg2 ...]',
  summary: 'Watches events stream on keys or prefixes',
  flags: WATCH_FLAGS,
  async run(context) {
    const { flags, args, process } = context;
    if (flags.switch('interactive')) return interactive(context);
    const words = flags.afterDash ?? [];
    let keys = args.slice(0, args.length - words.length);
    const fromEnv = process.env['ETCDCTL_WATCH_KEY'];
    if (keys.length === 0 && fromEnv)
      keys = [fromEnv, ...(process.env['ETCDCTL_WATCH_RANGE_END'] ? [process.env['ETCDCTL_WATCH_RANGE_END']] : [])];
    await follow(context, await open(context, keys, flags), words);
  },
};
