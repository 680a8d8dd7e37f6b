/** The shell as a program: `sh -c '…'`, `bash script args`, commands from standard input, or a prompt where there is a terminal. */
import { readAll, type Process, type Program } from '#host';
import { runInteractive } from './interactive.ts';
import { keptOpen, openForReading, standardDescriptors } from './io.ts';
import { failureText } from './messages.ts';
import { resolvePath } from './paths.ts';
import type { Programs } from './program.ts';
import { createShellSession, type ShellSession } from './session.ts';
import type { Completer } from './completion.ts';

/** What a shell is made with. */
export interface ShellOptions {
  /** Programs it finds by name. */
  readonly programs: Programs;
  /** Completes arguments at the prompt. */
  readonly completer?: Completer;
}

interface Invocation {
  command?: string;
  interactive: boolean;
  readonly words: string[];
  readonly settings: string[];
}

function readInvocation(argv: readonly string[]): Invocation {
  const invocation: Invocation = { interactive: false, words: [], settings: [] };
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at]!;
    if (invocation.words.length > 0 || !/^[-+]/.test(arg)) {
      invocation.words.push(arg);
      continue;
    }
    if (arg === '--login' || arg === '--norc' || arg === '--noprofile' || arg === '--posix') continue;
    if (arg === '--') {
      invocation.words.push(...argv.slice(at + 1));
      break;
    }
    for (const letter of arg.slice(1)) {
      if (letter === 'c') invocation.command = '';
      else if (letter === 'i') invocation.interactive = true;
      else if (letter === 'o') invocation.settings.push('-o', argv[++at] ?? '');
      else if (letter !== 'l' && letter !== 's') invocation.settings.push(`${arg[0]!}${letter}`);
    }
  }
  if (invocation.command !== undefined) invocation.command = invocation.words.shift() ?? '';
  return invocation;
}

async function runScript(session: ShellSession, text: string): Promise<number> {
  const { process } = session;
  const io = standardDescriptors(process.stdin, keptOpen(process.stdout), keptOpen(process.stderr));
  await session.start(text, io).done;
  return session.end(io);
}

async function runShell(process: Process, options: ShellOptions): Promise<number> {
  const session = createShellSession(process, options);
  const { state } = session;
  const invocation = readInvocation(process.argv);
  const name = process.name === 'sh' || process.name === 'ash' ? process.name : 'bash';
  state.scriptName = name;
  if (invocation.settings.length) await session.run(`set ${invocation.settings.join(' ')}`, { stderr: process.stderr });
  if (invocation.command !== undefined) {
    if (invocation.words[0] !== undefined) state.scriptName = invocation.words[0];
    state.positional = invocation.words.slice(1);
    return runScript(session, invocation.command);
  }
  const [script, ...args] = invocation.words;
  if (script !== undefined) {
    let text: string;
    try {
      text = await readAll(openForReading(process.files, resolvePath(process.cwd, script)));
    } catch (error) {
      await process.stderr.write(`${name}: ${script}: ${failureText(error)}\n`);
      return 127;
    }
    state.scriptName = script;
    state.positional = args;
    return runScript(session, text);
  }
  if (process.terminal || invocation.interactive) {
    return runInteractive(session, { input: process.stdin, output: process.stdout, terminal: process.terminal }, options.completer);
  }
  return runScript(session, await readAll(process.stdin));
}

/** A shell program over a registry of programs. */
export function shell(options: ShellOptions): Program {
  return (process) => runShell(process, options);
}
