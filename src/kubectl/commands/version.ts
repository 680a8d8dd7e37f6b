/** kubectl version. */
import { defineFlag } from '../common-flags.ts';
import type { Command } from '../command.ts';
import { CommandError } from '../errors.ts';
import { toYaml } from '../printers/yaml.ts';
import { clientVersion } from '../version.ts';

interface ServerVersion {
  readonly gitVersion: string;
}

/** kubectl version */
export const version: Command = {
  name: 'version',
  short: 'Print the client and server version information',
  group: 'Settings Commands',
  completes: 'none',
  flags: [
    defineFlag('client', 'bool', 'If true, shows client version only (no server required).'),
    defineFlag('output', 'string', "One of 'yaml' or 'json'.", { short: 'o' }),
  ],
  async run({ session, flags }) {
    const output = flags.text('output');
    if (output !== '' && output !== 'yaml' && output !== 'json') throw new CommandError("--output must be 'yaml' or 'json'");
    let server: ServerVersion | undefined;
    let failure: unknown;
    if (!flags.on('client')) {
      try {
        server = await session.json<ServerVersion>({
          method: 'GET',
          path: '/version',
          query: { timeout: '32s' },
          accept: 'application/json, */*',
        });
      } catch (error) {
        failure = error;
      }
    }
    const all = {
      clientVersion: clientVersion.info,
      kustomizeVersion: clientVersion.kustomizeVersion,
      ...(server ? { serverVersion: server } : {}),
    };
    if (output === 'json') await session.out(`${JSON.stringify(all, null, 2)}\n`);
    else if (output === 'yaml') await session.out(`${toYaml(all)}\n`);
    else
      await session.out(
        `Client Version: ${clientVersion.gitVersion}\nKustomize Version: ${clientVersion.kustomizeVersion}\n${server ? `Server Version: ${server.gitVersion}\n` : ''}`,
      );
    if (failure) throw failure;
  },
};
