/** Builtins about variables: export, declare, local, readonly, unset, shift, set, read, getopts, let. */
import { readAll } from '#host';
import { arithmeticValueOf } from '../expand.ts';
import { readerOf } from '../io.ts';
import { quoteForShell } from '../parameter.ts';
import { makeLocal, setVariable, variableText, type ShellOptions, type Variable } from '../state.ts';
import type { Interpreter } from '../interpreter.ts';
import { isName, refuse, type Builtin } from './builtin.ts';

function declaration(name: string, variable: Variable): string {
  const letters = `${variable.value instanceof Map ? 'a' : ''}${variable.readonly ? 'r' : ''}${variable.exported ? 'x' : ''}` || '-';
  if (variable.value instanceof Map) {
    const items = [...variable.value].map(([index, text]) => `[${index}]="${text}"`).join(' ');
    return `declare -${letters} ${name}=(${items})\n`;
  }
  return `declare -${letters} ${name}${variable.value === undefined ? '' : `="${variable.value.replace(/[\\"$`]/g, '\\$&')}"`}\n`;
}

interface DeclareMode {
  readonly name: string;
  readonly exported?: boolean;
  readonly readonly?: boolean;
  readonly local?: boolean;
}

async function declare(mode: DeclareMode, args: readonly string[], shell: Interpreter): Promise<number> {
  const { state } = shell;
  let { exported, readonly } = mode;
  let printing = args.length === 0;
  let integer = false;
  let array = false;
  let global = false;
  const words: string[] = [];
  for (const arg of args) {
    if (words.length > 0 || !/^[-+][A-Za-z]+$/.test(arg)) {
      if (arg !== '--') words.push(arg);
      continue;
    }
    if (arg.includes('p')) printing = true;
    if (arg.includes('x') || (mode.name === 'export' && arg === '-n')) exported = arg.startsWith('-') && arg !== '-n';
    if (arg.includes('r')) readonly = true;
    if (arg.includes('i')) integer = true;
    if (arg.includes('g')) global = true;
    if (/[aA]/.test(arg)) array = true;
    if (arg.includes('f')) return 0;
  }
  if (printing) {
    const names = words.length ? words : [...state.variables.keys()].sort();
    const wanted = (variable: Variable): boolean =>
      words.length > 0 || ((!mode.exported || variable.exported) && (!mode.readonly || variable.readonly));
    for (const name of names) {
      const variable = state.variables.get(name);
      if (variable && wanted(variable)) await shell.writer(1).write(declaration(name, variable));
    }
    return 0;
  }
  if (mode.name === 'local' && state.scopes.length === 0) return refuse(shell, 'local', 'can only be used in a function');
  let status = 0;
  for (const word of words) {
    const [, name, append, text] = /^([^=+]*)(\+)?(?:=([^]*))?$/.exec(word) ?? [undefined, word, undefined, undefined];
    if (!isName(name!)) {
      status = await refuse(shell, mode.name, `\`${word}': not a valid identifier`);
      continue;
    }
    if (mode.local && !global && state.scopes.length > 0) makeLocal(state, name!);
    if (text !== undefined) {
      const old = append ? (variableText(state, name!) ?? '') : '';
      setVariable(state, name!, integer ? String(await arithmeticValueOf(text, shell)) : old + text);
    } else if (!state.variables.has(name!)) {
      state.variables.set(name!, { value: array ? new Map() : undefined, exported: false, readonly: false });
    }
    const variable = state.variables.get(name!)!;
    if (exported !== undefined) variable.exported = exported;
    if (readonly) variable.readonly = true;
  }
  return status;
}

const declaring = (mode: DeclareMode): Builtin => ({ name: mode.name, run: (args, shell) => declare(mode, args, shell) });

async function unset(args: readonly string[], shell: Interpreter): Promise<number> {
  const { state } = shell;
  const functionsOnly = args[0] === '-f';
  for (const name of args.filter((arg) => !arg.startsWith('-'))) {
    const element = /^(\w+)\[(\d+)\]$/.exec(name);
    const value = element ? state.variables.get(element[1]!)?.value : undefined;
    if (element && value instanceof Map) value.delete(Number(element[2]));
    else if (!functionsOnly && state.variables.get(name)?.readonly)
      return refuse(shell, 'unset', `${name}: cannot unset: readonly variable`);
    else if (functionsOnly || !state.variables.delete(name)) state.functions.delete(name);
  }
  return 0;
}

async function shift(args: readonly string[], shell: Interpreter): Promise<number> {
  const count = Number(args[0] ?? 1);
  if (!Number.isInteger(count) || count < 0) return refuse(shell, 'shift', `${args[0]}: numeric argument required`);
  if (count > shell.state.positional.length) return 1;
  shell.state.positional = shell.state.positional.slice(count);
  return 0;
}

const LETTER_OPTIONS: Readonly<Record<string, keyof ShellOptions>> = { e: 'errexit', u: 'nounset', x: 'xtrace', f: 'noglob', n: 'noexec' };
const NAMED_OPTIONS: readonly (keyof ShellOptions)[] = ['errexit', 'noexec', 'noglob', 'nounset', 'pipefail', 'xtrace'];
/** Options of bash that change nothing here. */
const ACCEPTED_OPTIONS = [
  'emacs',
  'vi',
  'history',
  'monitor',
  'posix',
  'braceexpand',
  'hashall',
  'allexport',
  'verbose',
  'errtrace',
  'functrace',
  'noclobber',
];

async function set(args: readonly string[], shell: Interpreter): Promise<number> {
  const { state } = shell;
  if (args.length === 0) {
    for (const [name, variable] of [...state.variables].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (typeof variable.value === 'string') await shell.writer(1).write(`${name}=${quoteForShell(variable.value)}\n`);
    }
    return 0;
  }
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--' || arg === '-') {
      state.positional = args.slice(at + 1);
      return 0;
    }
    if (!/^[-+]/.test(arg)) {
      state.positional = args.slice(at);
      return 0;
    }
    const on = arg.startsWith('-');
    for (const letter of arg.slice(1)) {
      const option = LETTER_OPTIONS[letter];
      if (option) state.options[option] = on;
      else if (letter === 'o') {
        const name = args[++at];
        if (name === undefined)
          for (const known of NAMED_OPTIONS) await shell.writer(1).write(`${known.padEnd(15)}\t${state.options[known] ? 'on' : 'off'}\n`);
        else if ((NAMED_OPTIONS as readonly string[]).includes(name)) state.options[name as keyof ShellOptions] = on;
        else if (!ACCEPTED_OPTIONS.includes(name)) return refuse(shell, 'set', `${name}: invalid option name`);
      } else if (!'abhkmptvBCEHPT'.includes(letter)) return refuse(shell, 'set', `${arg}: invalid option`, 2);
    }
  }
  return 0;
}

interface ReadOptions {
  raw: boolean;
  prompt: string;
  delimiter: string;
  array: string | undefined;
  count: number | undefined;
  timeoutMs: number | undefined;
  names: string[];
}

function readOptions(args: readonly string[]): ReadOptions {
  const options: ReadOptions = {
    raw: false,
    prompt: '',
    delimiter: '\n',
    array: undefined,
    count: undefined,
    timeoutMs: undefined,
    names: [],
  };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (!/^-[a-zA-Z]/.test(arg)) {
      options.names.push(arg);
      continue;
    }
    for (let letter = 1; letter < arg.length; letter++) {
      const kind = arg[letter]!;
      if (kind === 'r') options.raw = true;
      if (!'pdanNtu'.includes(kind)) continue;
      const value = arg.slice(letter + 1) || args[++at] || '';
      if (kind === 'p') options.prompt = value;
      if (kind === 'd') options.delimiter = value[0] ?? '\0';
      if (kind === 'a') options.array = value;
      if (kind === 'n' || kind === 'N') options.count = Number(value);
      if (kind === 't') options.timeoutMs = Number(value) * 1000;
      break;
    }
  }
  return options;
}

/** Reads up to the delimiter; what was read beyond it goes back. Undefined text: nothing was there. */
async function readRecord(shell: Interpreter, options: ReadOptions): Promise<{ text: string; ended: boolean }> {
  const reader = readerOf(shell.io, 0);
  const end = options.delimiter.charCodeAt(0);
  const bytes: number[] = [];
  const decoder = new TextDecoder();
  for (;;) {
    const chunk = await shell.job.untilSignalled(reader.read());
    if (!chunk) return { text: decoder.decode(new Uint8Array(bytes)), ended: true };
    for (let at = 0; at < chunk.length; at++) {
      const escaped = !options.raw && bytes.at(-1) === 92 && bytes.at(-2) !== 92;
      if (chunk[at] === end && escaped && end === 10) {
        bytes.pop();
        continue;
      }
      if (chunk[at] !== end) bytes.push(chunk[at]!);
      const full = options.count !== undefined && bytes.length >= options.count;
      if (chunk[at] !== end && !full) continue;
      reader.unread(chunk.subarray(at + 1));
      return { text: decoder.decode(new Uint8Array(bytes)), ended: false };
    }
  }
}

function splitRecord(text: string, ifs: string, names: number): string[] {
  const spaces = [...ifs].filter((char) => /\s/.test(char)).join('');
  const others = [...ifs].filter((char) => !/\s/.test(char)).join('');
  const escape = (chars: string): string => chars.replace(/[\\\]^-]/g, '\\$&');
  const trim = spaces ? new RegExp(`^[${escape(spaces)}]+|[${escape(spaces)}]+$`, 'g') : undefined;
  let rest = trim ? text.replace(trim, '') : text;
  if (ifs === '') return [text];
  const separator = new RegExp(
    others ? `[${escape(spaces)}]*[${escape(others)}][${escape(spaces)}]*${spaces ? `|[${escape(spaces)}]+` : ''}` : `[${escape(spaces)}]+`,
  );
  const fields: string[] = [];
  while (fields.length < names - 1 && rest !== '') {
    const match = separator.exec(rest);
    if (!match) break;
    fields.push(rest.slice(0, match.index));
    rest = rest.slice(match.index + match[0].length);
  }
  return rest === '' && fields.length > 0 ? fields : [...fields, rest];
}

async function read(args: readonly string[], shell: Interpreter): Promise<number> {
  const { state } = shell;
  const options = readOptions(args);
  if (options.prompt && state.isInteractive) await shell.writer(2).write(options.prompt);
  const record = readRecord(shell, options);
  const timeout = options.timeoutMs === undefined ? undefined : shell.host.process.clock.sleep(options.timeoutMs).then(() => undefined);
  const outcome = timeout ? await Promise.race([record, timeout]) : await record;
  if (!outcome) return 142;
  const text = options.raw ? outcome.text : outcome.text.replace(/\\([^])/g, '$1');
  const ifs = variableText(state, 'IFS') ?? ' \t\n';
  if (options.array) {
    const items = text === '' ? [] : splitRecord(text, ifs, Infinity);
    state.variables.set(options.array, { value: new Map(items.map((item, index) => [index, item])), exported: false, readonly: false });
  } else if (options.names.length === 0) setVariable(state, 'REPLY', text);
  else {
    const fields = splitRecord(text, ifs, options.names.length);
    options.names.forEach((name, index) => setVariable(state, name, fields[index] ?? ''));
  }
  return outcome.ended ? 1 : 0;
}

async function getopts(args: readonly string[], shell: Interpreter): Promise<number> {
  const { state } = shell;
  const [spec = '', name = 'opt', ...given] = args;
  const words = given.length ? given : state.positional;
  const position = Number(variableText(state, 'OPTIND') ?? 1);
  const offset = Number(variableText(state, '__getopts') ?? 1);
  const word = words[position - 1];
  const finish = (): number => {
    setVariable(state, name, '?');
    return 1;
  };
  if (word === undefined || !/^-./.test(word) || word === '--') {
    if (word === '--') setVariable(state, 'OPTIND', String(position + 1));
    return finish();
  }
  const letter = word[offset]!;
  const at = spec.replace(/^:/, '').indexOf(letter);
  const takes = spec.replace(/^:/, '')[at + 1] === ':';
  let next = offset + 1 < word.length ? position : position + 1;
  let nextOffset = offset + 1 < word.length ? offset + 1 : 1;
  if (at < 0) {
    setVariable(state, name, '?');
    if (spec.startsWith(':')) setVariable(state, 'OPTARG', letter);
    else await shell.complain(`illegal option -- ${letter}`);
  } else if (takes) {
    const value = offset + 1 < word.length ? word.slice(offset + 1) : words[position];
    next = offset + 1 < word.length ? position + 1 : position + 2;
    nextOffset = 1;
    setVariable(state, name, value === undefined ? (spec.startsWith(':') ? ':' : '?') : letter);
    setVariable(state, 'OPTARG', value ?? letter);
    if (value === undefined && !spec.startsWith(':')) await shell.complain(`option requires an argument -- ${letter}`);
  } else setVariable(state, name, letter);
  setVariable(state, 'OPTIND', String(next));
  setVariable(state, '__getopts', String(nextOffset));
  return 0;
}

async function mapfile(args: readonly string[], shell: Interpreter): Promise<number> {
  const strip = args.includes('-t');
  const name = args.find((arg) => !arg.startsWith('-')) ?? 'MAPFILE';
  const lines = (await readAll(readerOf(shell.io, 0))).match(/[^\n]*\n|[^\n]+$/g) ?? [];
  shell.state.variables.set(name, {
    value: new Map(lines.map((line, index) => [index, strip ? line.replace(/\n$/, '') : line])),
    exported: false,
    readonly: false,
  });
  return 0;
}

async function evaluateLet(args: readonly string[], shell: Interpreter): Promise<number> {
  let value = 0;
  for (const arg of args) value = await arithmeticValueOf(arg, shell);
  return value === 0 ? 1 : 0;
}

/** The builtins of this file. */
export const variableBuiltins: readonly Builtin[] = [
  declaring({ name: 'export', exported: true }),
  declaring({ name: 'readonly', readonly: true }),
  declaring({ name: 'local', local: true }),
  declaring({ name: 'declare', local: true }),
  declaring({ name: 'typeset', local: true }),
  { name: 'unset', run: unset },
  { name: 'shift', run: shift },
  { name: 'set', run: set },
  { name: 'read', run: read },
  { name: 'getopts', run: getopts },
  { name: 'mapfile', run: mapfile },
  { name: 'readarray', run: mapfile },
  { name: 'let', run: evaluateLet },
];
