/** `etcdctl role`: adds, shows, deletes roles, grants and revokes permissions on keys and ranges. */
import type { etcd } from '#contracts';
import { CommandError, EXIT, prefixEnd, type Command, type Context } from '../command.ts';
import type { FlagSpec } from '../flags.ts';

/** What a role allows. */
export type Permission = etcd.Permission;

const RANGE_FLAGS: readonly FlagSpec[] = Object.freeze([
  {
    name: 'from-key',
    fallback: 'false',
    isSwitch: true,
    usage: 'grant a permission of keys that are greater than or equal to the given key using byte compare',
  },
  { name: 'prefix', fallback: 'false', isSwitch: true, usage: 'grant a prefix permission' },
] as const);

/** The key or range that words and flags name. Throws CommandError in etcdctl's words. */
function rangeOf({ flags }: Context, key: string, given: string | undefined): Pick<Permission, 'key' | 'rangeEnd'> {
  const [isPrefix, isFromKey] = [flags.switch('prefix'), flags.switch('from-key')];
  if (isPrefix && isFromKey) throw new CommandError('--from-key and --prefix flags are mutually exclusive', EXIT.badArgs);
  if ((isPrefix || isFromKey) && given !== undefined)
    throw new CommandError('unexpected endkey argument with --prefix or --from-key flag', EXIT.badArgs);
  // An empty prefix is every key; a permission cannot begin with an empty one.
  if (key === '') return { key: '\0', ...(isPrefix || isFromKey ? { rangeEnd: '\0' } : given === undefined ? {} : { rangeEnd: given }) };
  const rangeEnd = isPrefix ? prefixEnd(key) : isFromKey ? '\0' : given;
  return { key, ...(rangeEnd === undefined ? {} : { rangeEnd }) };
}

function rangeText({ key, rangeEnd = '' }: Permission): string {
  if (rangeEnd === '') return `\t${key}\n`;
  const range = rangeEnd === '\0' ? `[${key}, <open ended>` : `[${key}, ${rangeEnd})`;
  return `\t${range}${key !== '' && prefixEnd(key) === rangeEnd ? ` (prefix ${key})` : ''}\n`;
}

/** A role as `-w simple` shows it. */
export function roleText(name: string, permissions: readonly Permission[]): string {
  const those = (access: 'READ' | 'WRITE'): string =>
    permissions
      .filter(({ type }) => type === 'READWRITE' || type === access)
      .map(rangeText)
      .join('');
  return `Role ${name}\nKV Read:\n${those('READ')}KV Write:\n${those('WRITE')}`;
}

const change = async ({ client, timeoutMs, printer, process }: Context, method: string, request: Record<string, unknown>, said: string) =>
  process.stdout.write(printer.auth(await client().auth(method, request, { timeoutMs }), `${said}\n`, {}));

function onlyName({ args }: Context, verb: string): string {
  if (args.length !== 1) throw new CommandError(`role ${verb} command requires role name as its argument`, EXIT.badArgs);
  return args[0]!;
}

const add: Command = {
  name: 'role add',
  usage: '<role name>',
  summary: 'Adds a new role',
  async run(context) {
    const name = onlyName(context, 'add');
    await change(context, 'RoleAdd', { name }, `Role ${name} created`);
  },
};

const remove: Command = {
  name: 'role delete',
  usage: '<role name>',
  summary: 'Deletes a role',
  async run(context) {
    const role = onlyName(context, 'delete');
    await change(context, 'RoleDelete', { role }, `Role ${role} deleted`);
  },
};

const get: Command = {
  name: 'role get',
  usage: '<role name>',
  summary: 'Gets detailed information of a role',
  async run(context) {
    const role = onlyName(context, 'get');
    const { client, timeoutMs, printer, process } = context;
    const answer = await client().auth<{ perm: readonly Permission[] }>('RoleGet', { role }, { timeoutMs });
    await process.stdout.write(printer.auth(answer, roleText(role, answer.perm), { perm: answer.perm }));
  },
};

const list: Command = {
  name: 'role list',
  usage: '',
  summary: 'Lists all roles',
  async run({ args, client, timeoutMs, printer, process }) {
    if (args.length > 0) throw new CommandError('role list command requires no arguments', EXIT.badArgs);
    const answer = await client().auth<{ roles: readonly string[] }>('RoleList', {}, { timeoutMs });
    await process.stdout.write(printer.auth(answer, answer.roles.map((name) => `${name}\n`).join(''), { roles: answer.roles }));
  },
};

const grant: Command = {
  name: 'role grant-permission',
  usage: '[options] <role name> <permission type> <key> [endkey]',
  summary: 'Grants a key to a role',
  flags: RANGE_FLAGS,
  async run(context) {
    const [name, type = '', key, end] = context.args;
    if (key === undefined || context.args.length > 4)
      throw new CommandError('role grant command requires role name, permission type, and key [endkey] as its argument', EXIT.badArgs);
    if (!['READ', 'WRITE', 'READWRITE'].includes(type.toUpperCase()))
      throw new CommandError(`invalid permission type: ${type}`, EXIT.badArgs);
    const perm = { type: type.toUpperCase(), ...rangeOf(context, key, end) };
    await change(context, 'RoleGrantPermission', { name, perm }, `Role ${name!} updated`);
  },
};

const revoke: Command = {
  name: 'role revoke-permission',
  usage: '<role name> <key> [endkey]',
  summary: 'Revokes a key from a role',
  flags: RANGE_FLAGS,
  async run(context) {
    const [role, given, end] = context.args;
    if (given === undefined || context.args.length > 3)
      throw new CommandError('role revoke-permission command requires role name and key [endkey] as its argument', EXIT.badArgs);
    const { key, rangeEnd = '' } = rangeOf(context, given, end);
    const range = rangeEnd === '\0' ? `range [${key}, <open ended>` : `range [${key}, ${rangeEnd})`;
    const said = `Permission of ${rangeEnd === '' ? `key ${key}` : range} is revoked from role ${role!}`;
    await change(context, 'RoleRevokePermission', { role, key, rangeEnd }, said);
  },
};

/** The commands. */
export const roleCommands: readonly Command[] = [add, remove, get, list, grant, revoke];
