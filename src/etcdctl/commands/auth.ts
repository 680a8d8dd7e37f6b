/** `etcdctl auth`: switches authentication on and off and tells whether it is on. */
import { RpcError } from '#host';
import { CommandError, EXIT, type Command, type Context } from '../command.ts';

const ROOT = 'root';

function nothingGiven({ args }: Context, verb: string): void {
  if (args.length > 0) throw new CommandError(`auth ${verb} command does not accept any arguments`, EXIT.badArgs);
}

const hasMessage = (error: unknown, message: string): boolean => error instanceof RpcError && error.message === `etcdserver: ${message}`;

const enable: Command = {
  name: 'auth enable',
  usage: '',
  summary: 'Enables authentication',
  async run(context) {
    nothingGiven(context, 'enable');
    const { client, timeoutMs, print } = context;
    const ask = (method: string, request: Record<string, unknown>): Promise<unknown> => client().auth(method, request, { timeoutMs });
    try {
      await ask('AuthEnable', {});
    } catch (error) {
      // The root role is the one thing etcdctl sees to by itself.
      if (!hasMessage(error, 'root user does not have root role')) throw error;
      await ask('RoleAdd', { name: ROOT }).catch((failure: unknown) => {
        if (!hasMessage(failure, 'role name already exists')) throw failure;
      });
      await ask('UserGrantRole', { user: ROOT, role: ROOT });
      await ask('AuthEnable', {});
    }
    await print('Authentication Enabled');
  },
};

const disable: Command = {
  name: 'auth disable',
  usage: '',
  summary: 'Disables authentication',
  async run(context) {
    nothingGiven(context, 'disable');
    await context.client().auth('AuthDisable', {}, { timeoutMs: context.timeoutMs });
    await context.print('Authentication Disabled');
  },
};

const status: Command = {
  name: 'auth status',
  usage: '',
  summary: 'Returns authentication status',
  async run(context) {
    nothingGiven(context, 'status');
    const { client, timeoutMs, printer, process } = context;
    const answer = await client().auth<{ enabled: boolean; authRevision: number }>('AuthStatus', {}, { timeoutMs });
    const text = `Authentication Status: ${answer.enabled}\nAuthRevision: ${answer.authRevision}\n`;
    await process.stdout.write(printer.auth(answer, text, { enabled: answer.enabled, authRevision: answer.authRevision }));
  },
};

/** The commands. */
export const authCommands: readonly Command[] = [enable, disable, status];
