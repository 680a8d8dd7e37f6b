/** `etcdctl put`: a value for a key, from the command line or standard input. */
import type { etcd } from '#contracts';
import { readAll, type Process } from '#host';
import { CommandError, EXIT, idOf, type Command } from '../command.ts';
import type { FlagSpec, GivenFlags } from '../flags.ts';

/** Its flags. */
export const PUT_FLAGS: readonly FlagSpec[] = Object.freeze([
  { name: 'ignore-lease', fallback: 'false', isSwitch: true, usage: 'updates the key using its current lease' },
  { name: 'ignore-value', fallback: 'false', isSwitch: true, usage: 'updates the key using its current value' },
  { name: 'lease', fallback: '0', usage: 'lease ID (in hexadecimal) to attach to the key' },
  { name: 'prev-kv', fallback: 'false', isSwitch: true, usage: 'return the previous key-value pair before modification' },
] as const);

/** The request a command line means; `process` where standard input may hold the value. */
export async function putRequest(args: readonly string[], flags: GivenFlags, process?: Process): Promise<etcd.PutRequest> {
  const [key, given] = args;
  if (key === undefined) throw new CommandError('put command needs 1 argument and input from stdin or 2 arguments', EXIT.badArgs);
  const ignoreValue = flags.switch('ignore-value');
  if (ignoreValue && args.length > 1) throw new CommandError("put command needs only 1 argument when 'ignore-value' is set", EXIT.badArgs);
  if (args.length > 2) throw new CommandError('too many arguments, only accept 2 arguments: (key, value)', EXIT.badArgs);
  const lease = idOf(flags.text('lease'), 'lease ID', EXIT.badArgs);
  let value = given ?? '';
  if (given === undefined && !ignoreValue) {
    if (!process || process.terminal)
      throw new CommandError('put command needs 1 argument and input from stdin or 2 arguments', EXIT.badArgs);
    value = await readAll(process.stdin);
  }
  return {
    key,
    value,
    ...(lease === '0' ? {} : { lease }),
    ...(flags.switch('prev-kv') ? { prevKv: true } : {}),
    ...(ignoreValue ? { ignoreValue } : {}),
    ...(flags.switch('ignore-lease') ? { ignoreLease: true } : {}),
  };
}

export const put: Command = {
  name: 'put',
  usage: '[options] <key> <value> (<value> can also be given from stdin)',
  summary: 'Puts the given key into the store',
  flags: PUT_FLAGS,
  async run({ flags, args, printer, client, timeoutMs, process }) {
    await process.stdout.write(printer.put(await client().put(await putRequest(args, flags, process), { timeoutMs })));
  },
};
