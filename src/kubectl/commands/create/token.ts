/** kubectl create token: a bound service account token through the TokenRequest subresource. */
import { StatusError } from '#apimachinery';
import { defineFlag, outputFlags } from '../../common-flags.ts';
import type { Command } from '../../command.ts';
import { CommandError, UsageError } from '../../errors.ts';

/** kubectl create token */
export const createToken: Command = {
  name: 'token',
  short: 'Request a service account token',
  usage: 'SERVICE_ACCOUNT_NAME [options]',
  completes: 'none',
  flags: [
    ...outputFlags,
    defineFlag('audience', 'array', 'Audience of the requested token. May be repeated to request a token valid for multiple audiences.'),
    defineFlag('duration', 'duration', 'Requested lifetime of the issued token.', { initial: '0s' }),
    defineFlag('bound-object-kind', 'string', 'Kind of an object to bind the token to.'),
    defineFlag('bound-object-name', 'string', 'Name of an object to bind the token to.'),
    defineFlag('bound-object-uid', 'string', 'UID of an object to bind the token to.'),
  ],
  async run({ session, flags, args, path }) {
    const [name] = args;
    if (name === undefined || args.length > 1) throw new UsageError(`exactly one NAME is required, got ${args.length}`, path);
    const kind = flags.text('bound-object-kind');
    const spec = {
      audiences: flags.list('audience').length ? flags.list('audience') : null,
      expirationSeconds: flags.given('duration') ? Math.round(flags.durationMs('duration') / 1000) : null,
      boundObjectRef: kind ? { kind, apiVersion: 'v1', name: flags.text('bound-object-name'), uid: flags.text('bound-object-uid') } : null,
    };
    try {
      const answer = await session.json<{ status: { token: string } }>({
        method: 'POST',
        path: `/api/v1/namespaces/${session.namespace}/serviceaccounts/${name}/token`,
        contentType: 'application/json',
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          metadata: { creationTimestamp: null },
          spec,
          status: { token: '', expirationTimestamp: null },
        },
      });
      await session.out(`${answer.status.token}\n`);
    } catch (error) {
      if (error instanceof StatusError) throw new CommandError(`failed to create token: ${error.message}`);
      throw error;
    }
  },
};
