/**
 * etcdctl 3.5 over the network: finds the command, reads flags and ETCDCTL_ variables and certificates, runs it against the endpoints.
 * Left out: make-mirror, DNS discovery, the protobuf format.
 */
import { RpcError, type Process, type Program } from '#host';
import type { Programs } from '#shell';
import { CommandError, EXIT, type Command, type Context } from './command.ts';
import { commands } from './commands/index.ts';
import { clientsOf } from './connect.ts';
import { failureOf, logLine } from './failure.ts';
import { FlagError, GLOBAL_FLAGS, readFlags, variableOf, type FlagSpec, type GivenFlags } from './flags.ts';
import { commandHelp, groupHelp, rootHelp } from './help.ts';
import { givenUser } from './password.ts';
import { printerOf } from './printers/index.ts';

const HELP_FLAG: FlagSpec = { name: 'help', shorthand: 'h', fallback: 'false', isSwitch: true, usage: 'help for etcdctl' };

/** Words of the line that are not flags, up to the second one, and where they stand. */
function commandWords(argv: readonly string[]): { words: string[]; at: number[] } {
  const words: string[] = [];
  const at: number[] = [];
  for (let index = 0; index < argv.length && words.length < 2; index++) {
    const word = argv[index]!;
    if (word === '--') break;
    if (!word.startsWith('-')) {
      words.push(word);
      at.push(index);
      continue;
    }
    const known = GLOBAL_FLAGS.find(({ name, shorthand }) => word === `--${name}` || (shorthand !== undefined && word === `-${shorthand}`));
    if (known && !known.isSwitch) index++;
  }
  return { words, at };
}

/** Cobra's prefix matching: `compact` means `compaction` while nothing else begins so. */
function match(names: readonly string[], word: string): string | undefined {
  if (names.includes(word)) return word;
  const found = names.filter((name) => name.startsWith(word));
  return found.length === 1 ? found[0] : undefined;
}

interface Found {
  readonly command?: Command;
  readonly group?: string;
  readonly argv: readonly string[];
}

function findCommand(argv: readonly string[]): Found {
  const { words, at } = commandWords(argv);
  const without = (count: number): string[] => argv.filter((_, index) => !at.slice(0, count).includes(index));
  if (words[0] === undefined) return { argv };
  const first = match([...new Set(commands.map(({ name }) => name.split(' ')[0]!))], words[0]);
  if (first === undefined) throw new CommandError(`unknown command "${words[0]}" for "etcdctl"\nRun 'etcdctl --help' for usage.`);
  const single = commands.find(({ name }) => name === first);
  if (single) return { command: single, argv: without(1) };
  const own = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name.slice(first.length + 1));
  const second = words[1] === undefined ? undefined : match(own, words[1]);
  if (second === undefined) return { group: first, argv: without(1) };
  return { command: commands.find(({ name }) => name === `${first} ${second}`)!, argv: without(2) };
}

function runWith(process: Process, programs: Programs): Context['run'] {
  return async ([name = '', ...argv], env) => {
    const program = programs.get(name.slice(name.lastIndexOf('/') + 1));
    if (!program) throw new CommandError(`exec: "${name}": executable file not found in $PATH`);
    const keep = (writer: Process['stdout']): Process['stdout'] => ({ write: (chunk) => writer.write(chunk), close: () => undefined });
    const child = process.spawn(program, {
      name,
      argv,
      cwd: process.cwd,
      env: { ...process.env, ...env },
      stdout: keep(process.stdout),
      stderr: keep(process.stderr),
      ...(process.kernel ? { privileged: true } : {}),
    });
    return (await child.exit).code;
  };
}

/** Clashes between variables and flags end etcdctl; unknown variables are told. */
async function checkVariables(process: Process, flags: GivenFlags, argv: readonly string[]): Promise<void> {
  for (const [variable, value] of Object.entries(process.env)) {
    if (!variable.startsWith('ETCDCTL_') || variable === 'ETCDCTL_API' || variable.startsWith('ETCDCTL_WATCH_')) continue;
    const spec = GLOBAL_FLAGS.find(({ name }) => variableOf(name) === variable);
    if (!spec)
      await process.stderr.write(
        logLine(process, 'warn', {
          caller: 'flags/flag.go:93',
          msg: 'unrecognized environment variable',
          'environment-variable': `${variable}=${value}`,
        }),
      );
    else if (flags.isGiven(spec.name) && argv.some((word) => word === `--${spec.name}` || word.startsWith(`--${spec.name}=`)))
      throw new CommandError(
        logLine(process, 'fatal', {
          caller: 'flags/flag.go:85',
          msg: 'conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag)',
          'environment-variable': variable,
        }),
      );
  }
}

async function runCommand(process: Process, programs: Programs, command: Command, argv: readonly string[]): Promise<number> {
  const flags = readFlags(argv, [...(command.flags ?? []), ...GLOBAL_FLAGS, HELP_FLAG], process.env);
  if (flags.switch('help')) {
    await process.stdout.write(commandHelp(command));
    return 0;
  }
  await checkVariables(process, flags, argv);
  const endpoints = flags.list('endpoints');
  const clients = clientsOf(process, flags, {
    endpoints,
    user: await givenUser(process, flags),
    isSecure: !flags.switch('insecure-transport'),
    limits: {
      dialTimeoutMs: flags.duration('dial-timeout'),
      keepAliveMs: flags.duration('keepalive-time'),
      keepAliveTimeoutMs: flags.duration('keepalive-timeout'),
      timeoutMs: flags.duration('command-timeout'),
    },
  });
  const aborter = new AbortController();
  for (const signal of ['INT', 'TERM', 'HUP'] as const) process.onSignal(signal, () => aborter.abort());
  const interruption = new Promise<number>((resolve) => aborter.signal.addEventListener('abort', () => resolve(130), { once: true }));
  const context: Context = {
    process,
    flags,
    args: flags.args,
    printer: printerOf(flags.text('write-out'), flags.switch('hex')),
    endpoints,
    client: (endpoint) => (endpoint === undefined ? clients.all() : clients.of(endpoint)),
    timeoutMs: flags.duration('command-timeout'),
    print: (line) => process.stdout.write(`${line}\n`),
    interrupted: aborter.signal,
    run: runWith(process, programs),
  };
  try {
    const work = command.run(context).catch(async (failure: unknown) => {
      if (!(failure instanceof RpcError)) throw failure;
      const text = await failureOf(process, failure, endpoints[0] ?? '');
      // Who cannot log in has no client at all.
      throw new CommandError(text, text.startsWith('etcdserver: authentication failed') ? EXIT.badConnection : EXIT.error);
    });
    // Recipes give back what they hold when they are interrupted; the others just end.
    return (await (command.name === 'lock' || command.name === 'elect' ? work : Promise.race([work, interruption]))) ?? 0;
  } finally {
    clients.closeAll();
  }
}

/** Lab time an etcdctl takes until its first request, as the real program does to be loaded and to shake hands. */
const START_MS = 15;

/** The program; `programs` are those that `watch --` and `lock` may start. */
export const etcdctl =
  (programs: Programs): Program =>
  async (process) => {
    let command: Command | undefined;
    try {
      const found = findCommand(process.argv);
      command = found.command;
      await process.clock.sleep(START_MS);
      if (command) return await runCommand(process, programs, command, found.argv);
      await process.stdout.write(found.group ? groupHelp(found.group, commands) : rootHelp(commands));
      return 0;
    } catch (error) {
      if (error instanceof FlagError) {
        await process.stderr.write(`Error: ${error.message}\n${command ? commandHelp(command) : rootHelp(commands)}`);
        return EXIT.error;
      }
      if (!(error instanceof CommandError)) throw error;
      await process.stderr.write(error.message.startsWith('{') ? error.message : `Error: ${error.message}\n`);
      return error.exitCode;
    }
  };
