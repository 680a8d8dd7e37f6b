/** All commands that need no connection of their own; those that do (AUTH, MULTI, SUBSCRIBE …) are in the session. */
import type { CommandTable } from './command.ts';
import { hashCommands } from './hashes.ts';
import { keyCommands } from './keys.ts';
import { listCommands } from './lists.ts';
import { serverCommands } from './server.ts';
import { setCommands } from './sets.ts';
import { stringCommands } from './strings.ts';

export type { Command, CommandContext } from './command.ts';
export { globPattern } from './keys.ts';

/** Commands by name in lower case. */
export const commands: CommandTable = Object.freeze({
  ...serverCommands,
  ...keyCommands,
  ...stringCommands,
  ...listCommands,
  ...hashCommands,
  ...setCommands,
});
