/** kubectl: finds the command, reads its flags, runs it, tells failures and help. */
import { BrokenPipeError, type Process, type Program } from '#host';
import type { Command } from './command.ts';
import { commands } from './commands/index.ts';
import { globalFlags } from './common-flags.ts';
import { errorText, exitCodeOf, isToldError, SilentExit } from './errors.ts';
import { FlagError, parseCommandFlags, type Flags, type FlagSpec } from './flags.ts';
import { helpText, rootHelp, suggestions } from './help.ts';
import { openSession } from './session.ts';

/**
 * Lab time a kubectl takes before its first request, as the real program does to be loaded and to read its configuration. Without it, one line
 * would see the cluster at the very moment the line before it changed it, which nobody who types can.
 */
const START_MS = 25;

interface Found {
  readonly command: Command | undefined;
  readonly path: string;
  readonly rest: readonly string[];
}

/** Whether a word is a global flag that takes the next word as its value. */
function takesValue(word: string): boolean {
  if (word.includes('=')) return false;
  const spec = globalFlags.find(({ name, short }) => word === `--${name}` || (short && word === `-${short}`));
  return spec !== undefined && spec.type !== 'bool';
}

/** Walks down the verbs; flags may stand before and between them. */
function findCommand(argv: readonly string[]): Found {
  let known: readonly Command[] = commands;
  let command: Command | undefined;
  let path = 'kubectl';
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (word.startsWith('-')) {
      if (word === '--') {
        rest.push(...argv.slice(at));
        break;
      }
      rest.push(word);
      if (takesValue(word) && argv[at + 1] !== undefined) rest.push(argv[++at]!);
      continue;
    }
    const next = known.find(({ name, aliases }) => name === word || aliases?.includes(word));
    if (!next) {
      rest.push(...argv.slice(at));
      break;
    }
    command = next;
    path += ` ${next.name}`;
    known = next.commands ?? [];
    if (known.length === 0) {
      rest.push(...argv.slice(at + 1));
      break;
    }
  }
  return { command, path, rest };
}

async function unknownCommand(process: Process, word: string): Promise<number> {
  const near = suggestions(
    word,
    commands.map(({ name }) => name),
  );
  const hint = near.length ? `\n\nDid you mean this?\n${near.map((name) => `\t${name}\n`).join('')}` : '\n';
  await process.stderr.write(`error: unknown command "${word}" for "kubectl"${hint}`);
  return 1;
}

/** The flags as kubectl's configuration reads them: a command's own flag of the same name (--user of role bindings) hides the global one. */
function withoutOwn(flags: Flags, { flags: own = [] }: Command): Flags {
  const isOwn = (name: string): boolean => own.some((flag) => flag.name === name);
  return {
    ...flags,
    text: (name) => (isOwn(name) ? '' : flags.text(name)),
    given: (name) => !isOwn(name) && flags.given(name),
    list: (name) => (isOwn(name) ? [] : flags.list(name)),
  };
}

async function runCommand(process: Process, { command, path, rest }: Found & { command: Command }): Promise<number> {
  const specs: FlagSpec[] = [
    ...(command.flags ?? []),
    ...globalFlags.filter(
      (flag) => !command.flags?.some(({ name, short }) => name === flag.name || (short !== undefined && short === flag.short)),
    ),
  ];
  const parsed = parseCommandFlags(rest, specs);
  if (parsed.flags.on('help')) {
    await process.stdout.write(helpText(command, path));
    return 0;
  }
  if (!command.run) {
    if (parsed.args[0] !== undefined) {
      await process.stderr.write(`error: unknown command "${parsed.args.join(' ')}"\nSee '${path} -h' for help and examples\n`);
      return 1;
    }
    // A group by itself is a misuse (DefaultSubCommandRun).
    const { onStdout, exitCode } = command.alone ?? { onStdout: false, exitCode: 1 };
    await (onStdout ? process.stdout : process.stderr).write(helpText(command, path));
    return exitCode;
  }
  const unset = specs.filter(({ name, required }) => required && !parsed.flags.given(name)).map(({ name }) => `"${name}"`);
  if (unset.length > 0) {
    await process.stderr.write(`error: required flag(s) ${unset.sort().join(', ')} not set\n`);
    return 1;
  }
  const session = openSession(process, withoutOwn(parsed.flags, command));
  try {
    const code = (await command.run({ session, ...parsed, path, command })) ?? 0;
    if (code === 0 && parsed.flags.on('warnings-as-errors') && session.warningCount > 0) {
      await process.stderr.write(`error: ${session.warningCount} warning${session.warningCount === 1 ? '' : 's'} received\n`);
      return 1;
    }
    return code;
  } finally {
    session.close();
  }
}

/** The program. `process.argv` is without its name; KUBECONFIG and HOME come from the environment. */
export const kubectl: Program = async (process) => {
  const found = findCommand(process.argv);
  const { command } = found;
  try {
    await process.clock.sleep(START_MS);
    if (command) return await runCommand(process, { ...found, command });
    const word = found.rest.find((one, at) => !one.startsWith('-') && !takesValue(found.rest[at - 1] ?? ''));
    if (word !== undefined) return await unknownCommand(process, word);
    parseCommandFlags(found.rest, globalFlags);
    await process.stdout.write(rootHelp(commands));
    return 0;
  } catch (error) {
    if (error instanceof BrokenPipeError) throw error;
    if (error instanceof FlagError) {
      await process.stderr.write(`error: ${error.message}\nSee '${found.path} --help' for usage.\n`);
      return 1;
    }
    if (error instanceof SilentExit) return error.exitCode;
    if (!isToldError(error)) throw error;
    const text = errorText(error);
    await process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
    return exitCodeOf(error);
  }
};
