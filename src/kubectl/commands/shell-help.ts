/** kubectl options, completion and plugin: what kubectl tells of itself and to shells. */
import { globalFlags } from '../common-flags.ts';
import type { Command } from '../command.ts';
import { CommandError, UsageError } from '../errors.ts';
import { flagHelp } from '../help.ts';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'];

/** kubectl options */
export const options: Command = {
  name: 'options',
  short: 'Print the list of flags inherited by all commands',
  group: 'Told by every help',
  completes: 'none',
  run: ({ session }) =>
    session.out(
      `The following options can be passed to any command:\n\n${globalFlags
        .filter(({ name }) => name !== 'help')
        .map((flag) => `${flagHelp(flag)}\n`)
        .join('')}`,
    ),
};

/** kubectl completion */
export const completion: Command = {
  name: 'completion',
  short: 'Output shell completion code for the specified shell (bash, zsh, fish, or powershell)',
  group: 'Settings Commands',
  usage: 'SHELL [options]',
  completes: 'none',
  async run({ session, args, path }) {
    const [name, ...more] = args;
    if (name === undefined) throw new UsageError('Shell not specified.', path);
    if (more.length > 0) throw new UsageError('Too many arguments. Expected only the shell type.', path);
    if (!SHELLS.includes(name)) throw new UsageError(`Unsupported shell type ${JSON.stringify(name)}.`, path);
    // A script that completes by itself would be of no use: there is no other shell in the lab than the one that knows kubectl.
    await session.out(
      `# ${name} completion for kubectl: the shell of this lab completes kubectl's words by itself, and this script has nothing to add.\n`,
    );
  },
};

/** kubectl plugin */
export const plugin: Command = {
  name: 'plugin',
  short: 'Provides utilities for interacting with plugins',
  usage: '[flags] [options]',
  commands: [
    {
      name: 'list',
      short: "List all visible plugin executables on a user's PATH",
      completes: 'none',
      run: () => Promise.reject(new CommandError('unable to find any kubectl plugins in your PATH')),
    },
  ],
};
