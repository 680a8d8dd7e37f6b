/** Builtins about names and places: cd, pwd, alias, type, command, which-like look-ups, history, hash. */
import { FileError } from '#host';
import { print } from 'unbash/printer';
import { fileErrorText } from '../messages.ts';
import { resolvePath } from '../paths.ts';
import { findProgram } from '../program.ts';
import { setVariable, variableText, type ShellFunction } from '../state.ts';
import { runNamed } from '../simple-command.ts';
import type { Interpreter } from '../interpreter.ts';
import { refuse, type Builtin } from './builtin.ts';
import { findBuiltin } from './index.ts';

async function cd(args: readonly string[], shell: Interpreter): Promise<number> {
  const { state, files } = shell;
  const words = args.filter((arg) => arg !== '--' && arg !== '-P' && arg !== '-L');
  if (words.length > 1) return refuse(shell, 'cd', 'too many arguments');
  let target = words[0] ?? variableText(state, 'HOME');
  if (target === undefined) return refuse(shell, 'cd', 'HOME not set');
  if (target === '-') {
    target = variableText(state, 'OLDPWD');
    if (target === undefined) return refuse(shell, 'cd', 'OLDPWD not set');
    await shell.writer(1).write(`${target}\n`);
  }
  const path = resolvePath(state.cwd, target);
  const stat = files.stat(path);
  if (stat?.kind !== 'directory') return refuse(shell, 'cd', `${target}: ${fileErrorText(stat ? 'ENOTDIR' : 'ENOENT')}`);
  setVariable(state, 'OLDPWD', state.cwd, true);
  state.cwd = path;
  setVariable(state, 'PWD', path, true);
  return 0;
}

async function alias(args: readonly string[], shell: Interpreter): Promise<number> {
  const { aliases } = shell.state;
  const show = (name: string): Promise<void> => shell.writer(1).write(`alias ${name}='${aliases.get(name)!.replaceAll("'", "'\\''")}'\n`);
  if (args.length === 0) for (const name of [...aliases.keys()].sort()) await show(name);
  let status = 0;
  for (const arg of args) {
    if (arg === '-p') continue;
    const equals = arg.indexOf('=');
    if (equals > 0) aliases.set(arg.slice(0, equals), arg.slice(equals + 1));
    else if (aliases.has(arg)) await show(arg);
    else status = await refuse(shell, 'alias', `${arg}: not found`);
  }
  return status;
}

async function unalias(args: readonly string[], shell: Interpreter): Promise<number> {
  if (args[0] === '-a') shell.state.aliases.clear();
  let status = 0;
  for (const name of args.filter((arg) => arg !== '-a')) {
    if (!shell.state.aliases.delete(name)) status = await refuse(shell, 'unalias', `${name}: not found`);
  }
  return status;
}

const KEYWORDS = new Set([
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'case',
  'esac',
  'for',
  'select',
  'while',
  'until',
  'do',
  'done',
  'in',
  'function',
  'time',
  '{',
  '}',
  '!',
  '[[',
  ']]',
  'coproc',
]);

interface Meaning {
  readonly kind: 'alias' | 'keyword' | 'function' | 'builtin' | 'file';
  readonly path?: string;
}

function meaningOf(name: string, shell: Interpreter): Meaning | undefined {
  if (shell.state.aliases.has(name)) return { kind: 'alias' };
  if (KEYWORDS.has(name)) return { kind: 'keyword' };
  if (shell.state.functions.has(name)) return { kind: 'function' };
  if (findBuiltin(name)) return { kind: 'builtin' };
  if (findProgram(shell.host.programs, name)) return { kind: 'file', path: name.includes('/') ? name : `/usr/bin/${name}` };
  const path = resolvePath(shell.state.cwd, name);
  if (name.includes('/') && shell.files.stat(path)?.kind === 'file') return { kind: 'file', path: name };
  return undefined;
}

function functionText(fn: ShellFunction): string {
  const statement = { type: 'Statement', pos: fn.node.pos, end: fn.node.end, command: fn.node, background: undefined } as const;
  return print({ type: 'Script', pos: fn.node.pos, end: fn.node.end, shebang: undefined, commands: [statement] }).trimEnd();
}

async function type(args: readonly string[], shell: Interpreter): Promise<number> {
  const short = args[0] === '-t';
  let status = 0;
  for (const name of args.filter((arg) => !/^-[atpP]$/.test(arg))) {
    const meaning = meaningOf(name, shell);
    if (!meaning) {
      status = short ? 1 : await refuse(shell, 'type', `${name}: not found`);
      continue;
    }
    const lines: Record<Meaning['kind'], string> = {
      alias: `${name} is aliased to \`${shell.state.aliases.get(name) ?? ''}'`,
      keyword: `${name} is a shell keyword`,
      function: `${name} is a function`,
      builtin: `${name} is a shell builtin`,
      file: `${name} is ${meaning.path ?? ''}`,
    };
    await shell.writer(1).write(`${short ? meaning.kind : lines[meaning.kind]}\n`);
    const fn = shell.state.functions.get(name);
    if (!short && meaning.kind === 'function' && fn) await shell.writer(1).write(`${functionText(fn)}\n`);
  }
  return status;
}

async function command(args: readonly string[], shell: Interpreter): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) return 0;
  if (first !== '-v' && first !== '-V')
    return runNamed(first === '-p' ? (rest[0] ?? '') : first, first === '-p' ? rest.slice(1) : rest, shell, { functions: false });
  if (first === '-V') return type(rest, shell);
  let status = 0;
  for (const name of rest) {
    const meaning = meaningOf(name, shell);
    if (!meaning) status = 1;
    else
      await shell
        .writer(1)
        .write(`${meaning.kind === 'alias' ? `alias ${name}='${shell.state.aliases.get(name)!}'` : (meaning.path ?? name)}\n`);
  }
  return status;
}

async function history(args: readonly string[], shell: Interpreter): Promise<number> {
  const { state } = shell;
  if (args[0] === '-c') {
    state.history.length = 0;
    return 0;
  }
  const count = args[0] === undefined ? state.history.length : Number(args[0]);
  if (!Number.isInteger(count)) return refuse(shell, 'history', `${args[0]}: numeric argument required`);
  const from = Math.max(0, state.history.length - count);
  const lines = state.history.slice(from).map((line, at) => `${String(from + at + 1).padStart(5)}  ${line}\n`);
  await shell.writer(1).write(lines.join(''));
  return 0;
}

async function pwd(_args: readonly string[], shell: Interpreter): Promise<number> {
  if (!shell.files.stat(shell.state.cwd)) throw new FileError('ENOENT', shell.state.cwd);
  await shell.writer(1).write(`${shell.state.cwd}\n`);
  return 0;
}

/** The builtins of this file. */
export const nameBuiltins: readonly Builtin[] = [
  { name: 'cd', run: cd },
  { name: 'pwd', run: pwd },
  { name: 'alias', run: alias },
  { name: 'unalias', run: unalias },
  { name: 'type', run: type },
  { name: 'command', run: command },
  {
    name: 'builtin',
    run: async (args, shell) => (args[0] === undefined ? 0 : runNamed(args[0], args.slice(1), shell, { functions: false })),
  },
  { name: 'history', run: history },
  { name: 'hash', run: () => Promise.resolve(0) },
  { name: 'complete', run: () => Promise.resolve(0) },
];
