/** Builtins that steer the shell: break, continue, return, exit, eval, source, exec, trap, and the ones that do nothing. */
import { FunctionReturn, LoopControl, ShellExit } from '../control-flow.ts';
import { fileErrorText } from '../messages.ts';
import { resolvePath } from '../paths.ts';
import { runNamed } from '../simple-command.ts';
import type { Interpreter } from '../interpreter.ts';
import { refuse, type Builtin } from './builtin.ts';

const statusOf = (text: string | undefined, shell: Interpreter): number => (text === undefined ? shell.state.status : Number(text) & 255);

async function leave(name: 'exit' | 'return', args: readonly string[], shell: Interpreter): Promise<number> {
  if (args[0] !== undefined && !/^-?\d+$/.test(args[0])) {
    await refuse(shell, name, `${args[0]}: numeric argument required`);
    throw name === 'exit' ? new ShellExit(2) : new FunctionReturn(2);
  }
  const status = statusOf(args[0], shell);
  throw name === 'exit' ? new ShellExit(status) : new FunctionReturn(status);
}

const loop = (kind: 'break' | 'continue'): Builtin => ({
  name: kind,
  run: async (args) => {
    throw new LoopControl(kind, Math.max(1, Number(args[0] ?? 1)));
  },
});

async function source(args: readonly string[], shell: Interpreter): Promise<number> {
  const [path, ...rest] = args;
  if (path === undefined) return refuse(shell, 'source', 'filename argument required', 2);
  const stat = shell.files.stat(resolvePath(shell.state.cwd, path));
  if (!stat || stat.kind === 'directory') {
    await shell.complain(`${path}: ${stat ? 'is a directory' : fileErrorText('ENOENT')}`);
    return 1;
  }
  const outer = shell.state.positional;
  if (rest.length) shell.state.positional = rest;
  try {
    return await shell.runFile(path);
  } catch (error) {
    if (error instanceof FunctionReturn) return error.status;
    throw error;
  } finally {
    shell.state.positional = outer;
  }
}

const SIGNALS: Readonly<Record<string, string>> = { '0': 'EXIT', '1': 'HUP', '2': 'INT', '10': 'USR1', '15': 'TERM' };

async function trap(args: readonly string[], shell: Interpreter): Promise<number> {
  const { state, host } = shell;
  const words = args[0] === '--' ? args.slice(1) : args;
  if (words.length === 0 || words[0] === '-p') {
    for (const [name, action] of state.traps) await shell.writer(1).write(`trap -- '${action}' ${name === 'EXIT' ? name : `SIG${name}`}\n`);
    return 0;
  }
  const [action = '', ...names] = words.length === 1 ? ['-', ...words] : words;
  for (const given of names) {
    const name = SIGNALS[given] ?? given.toUpperCase().replace(/^SIG/, '');
    if (action === '-') {
      state.traps.delete(name);
      continue;
    }
    state.traps.set(name, action);
    if (name !== 'TERM' && name !== 'INT' && name !== 'HUP' && name !== 'USR1') continue;
    host.process.onSignal(name, () => {
      host.pendingTraps.push(name);
    });
  }
  return 0;
}

async function exec(args: readonly string[], shell: Interpreter): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) return 0;
  throw new ShellExit(await runNamed(name, rest, shell, { functions: false }));
}

/** The builtins of this file. */
export const controlBuiltins: readonly Builtin[] = [
  { name: ':', run: () => Promise.resolve(0) },
  { name: 'true', run: () => Promise.resolve(0) },
  { name: 'false', run: () => Promise.resolve(1) },
  loop('break'),
  loop('continue'),
  { name: 'return', run: (args, shell) => leave('return', args, shell) },
  { name: 'exit', run: (args, shell) => leave('exit', args, shell) },
  { name: 'logout', run: (args, shell) => leave('exit', args, shell) },
  { name: 'eval', run: (args, shell) => shell.runText(args.join(' ')) },
  { name: 'source', run: source },
  { name: '.', run: source },
  { name: 'exec', run: exec },
  { name: 'trap', run: trap },
  { name: 'shopt', run: () => Promise.resolve(0) },
  { name: 'umask', run: async (args, shell) => (args.length === 0 ? (await shell.writer(1).write('0022\n'), 0) : 0) },
];
