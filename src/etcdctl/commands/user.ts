/** `etcdctl user`: adds, shows, deletes users, changes passwords, grants and revokes roles. */
import { CommandError, EXIT, type Command, type Context } from '../command.ts';
import type { FlagSpec } from '../flags.ts';
import { askPasswords } from '../password.ts';
import { roleText, type Permission } from './role.ts';

const INTERACTIVE: FlagSpec = {
  name: 'interactive',
  fallback: 'true',
  isSwitch: true,
  usage: 'Read password from stdin instead of interactive terminal',
};

/** Asks for a new password, twice where somebody types it. */
async function newPassword({ process, flags }: Context, name: string): Promise<string> {
  if (!flags.switch('interactive')) return (await askPasswords(process, ['']))[0] ?? '';
  const questions = [`Password of ${name}: `, `Type password of ${name} again for confirmation: `];
  const [first = '', second = ''] = await askPasswords(process, questions);
  if (first !== second) throw new CommandError('given passwords are different', EXIT.badArgs);
  return first;
}

const change = async ({ client, timeoutMs, printer, process }: Context, method: string, request: Record<string, unknown>, said: string) =>
  process.stdout.write(printer.auth(await client().auth(method, request, { timeoutMs }), `${said}\n`, {}));

function onlyName({ args }: Context, verb: string): string {
  if (args.length !== 1) throw new CommandError(`user ${verb} command requires user name as its argument`, EXIT.badArgs);
  return args[0]!;
}

const add: Command = {
  name: 'user add',
  usage: '<user name or user:password> [options]',
  summary: 'Adds a new user',
  flags: [
    INTERACTIVE,
    { name: 'new-user-password', fallback: '', usage: 'Supply password from the command line flag' },
    { name: 'no-password', fallback: 'false', isSwitch: true, usage: 'Create a user without password (CN based auth only)' },
  ],
  async run(context) {
    const given = onlyName(context, 'add');
    const { flags } = context;
    if (flags.switch('no-password')) return change(context, 'UserAdd', { name: given }, `User ${given} created`);
    if (flags.isGiven('new-user-password'))
      return change(context, 'UserAdd', { name: given, password: flags.text('new-user-password') }, `User ${given} created`);
    const colon = given.indexOf(':');
    const name = colon < 0 ? given : given.slice(0, colon);
    if (colon === 0) throw new CommandError('empty user name is not allowed', EXIT.badArgs);
    const password = colon < 0 ? await newPassword(context, name) : given.slice(colon + 1);
    await change(context, 'UserAdd', { name, password }, `User ${name} created`);
  },
};

const remove: Command = {
  name: 'user delete',
  usage: '<user name>',
  summary: 'Deletes a user',
  async run(context) {
    const name = onlyName(context, 'delete');
    await change(context, 'UserDelete', { name }, `User ${name} deleted`);
  },
};

const get: Command = {
  name: 'user get',
  usage: '<user name> [options]',
  summary: 'Gets detailed information of a user',
  flags: [{ name: 'detail', fallback: 'false', isSwitch: true, usage: 'Show permissions of roles granted to the user' }],
  async run(context) {
    const name = onlyName(context, 'get');
    const { client, timeoutMs, flags, printer, process } = context;
    const answer = await client().auth<{ roles: readonly string[] }>('UserGet', { name }, { timeoutMs });
    if (!flags.switch('detail')) {
      const text = `User: ${name}\nRoles:${answer.roles.map((role) => ` ${role}`).join('')}\n`;
      return process.stdout.write(printer.auth(answer, text, { roles: answer.roles }));
    }
    await process.stdout.write(`User: ${name}\n`);
    for (const role of answer.roles) {
      const { perm } = await client().auth<{ perm: readonly Permission[] }>('RoleGet', { role }, { timeoutMs });
      await process.stdout.write(`\n${roleText(role, perm)}`);
    }
  },
};

const list: Command = {
  name: 'user list',
  usage: '',
  summary: 'Lists all users',
  async run({ args, client, timeoutMs, printer, process }) {
    if (args.length > 0) throw new CommandError('user list command requires no arguments', EXIT.badArgs);
    const answer = await client().auth<{ users: readonly string[] }>('UserList', {}, { timeoutMs });
    await process.stdout.write(printer.auth(answer, answer.users.map((name) => `${name}\n`).join(''), { users: answer.users }));
  },
};

const passwd: Command = {
  name: 'user passwd',
  usage: '<user name> [options]',
  summary: 'Changes password of user',
  flags: [INTERACTIVE],
  async run(context) {
    const name = onlyName(context, 'passwd');
    await change(context, 'UserChangePassword', { name, password: await newPassword(context, name) }, 'Password updated');
  },
};

const grant: Command = {
  name: 'user grant-role',
  usage: '<user name> <role name>',
  summary: 'Grants a role to a user',
  async run(context) {
    const [user, role] = context.args;
    if (role === undefined || context.args.length > 2)
      throw new CommandError('user grant command requires user name and role name as its argument', EXIT.badArgs);
    await change(context, 'UserGrantRole', { user, role }, `Role ${role} is granted to user ${user!}`);
  },
};

const revoke: Command = {
  name: 'user revoke-role',
  usage: '<user name> <role name>',
  summary: 'Revokes a role from a user',
  async run(context) {
    const [name, role] = context.args;
    if (role === undefined || context.args.length > 2)
      throw new CommandError('user revoke-role requires user name and role name as its argument', EXIT.badArgs);
    await change(context, 'UserRevokeRole', { name, role }, `Role ${role} is revoked from user ${name!}`);
  },
};

/** The commands. */
export const userCommands: readonly Command[] = [add, remove, get, list, passwd, grant, revoke];
