/** Commands after the colon: w, q, wq, x, e!, set, a line number, s, d, with a range before them. */
import { posixRegExp } from '../regular-expression.ts';
import type { Buffer } from './buffer.ts';

/** What commands need of the world. */
export interface ExHost {
  readonly name: string;
  /** Writes the text; gives the message that tells of it. Throws FileError. */
  write(text: string, name: string): string;
  /** The file's text as it is now. */
  read(): string;
}

/** What a command did beside changing the text. */
export interface ExResult {
  readonly message?: string;
  readonly numbered?: boolean;
  readonly exit?: number;
}

const NO_WRITE = 'E37: No write since last change (add ! to override)';

/** Reads a range (`%`, `3`, `.,$`, `+2`); lines are 0-based and inclusive. */
function readRange(line: string, buffer: Buffer): { from: number; to: number; given: boolean; rest: string } {
  const match = /^(%|(?:[.$]|\d+)(?:[-+]\d+)?(?:,(?:[.$]|\d+)(?:[-+]\d+)?)?)?(.*)$/.exec(line)!;
  const [, text, rest = ''] = match;
  if (text === undefined) return { from: buffer.row, to: buffer.row, given: false, rest };
  if (text === '%') return { from: 0, to: buffer.lines.length - 1, given: true, rest };
  const place = (one: string): number => {
    const [, base = '', offset = '0'] = /^([.$]|\d+)([-+]\d+)?$/.exec(one)!;
    const row = base === '.' ? buffer.row : base === '$' ? buffer.lines.length - 1 : Number(base) - 1;
    return Math.max(0, Math.min(buffer.lines.length - 1, row + Number(offset)));
  };
  const [first = '', last = first] = text.split(',');
  return { from: place(first), to: place(last), given: true, rest };
}

function substitute(buffer: Buffer, from: number, to: number, command: string): ExResult {
  const delimiter = command[1]!;
  const [, source = '', target = '', flags = ''] = command.split(new RegExp(`(?<!\\\\)\\${delimiter}`));
  const pattern = new RegExp(posixRegExp(source, 'basic'), `${flags.includes('g') ? 'g' : ''}${flags.includes('i') ? 'i' : ''}`);
  const replacement = target
    .replaceAll('$', '$$$$')
    .replace(/\\([1-9])/g, '$$$1')
    .replace(/(?<!\\)&/g, '$$&')
    .replace(/\\(.)/g, '$1');
  let count = 0;
  const lines = buffer.lines.slice(from, to + 1).map((line) => {
    const changed = line.replace(pattern, replacement);
    if (pattern.test(line)) count++;
    pattern.lastIndex = 0;
    return changed;
  });
  if (count === 0) return { message: `E486: Pattern not found: ${source}` };
  buffer.remember();
  buffer.splice(from, to - from + 1, ...lines);
  buffer.row = to;
  return count > 2 ? { message: `${count} substitutions on ${count} lines` } : {};
}

function setOption(words: string): ExResult {
  let numbered: boolean | undefined;
  for (const word of words.split(/\s+/).filter((one) => one !== '')) {
    if (word === 'number' || word === 'nu') numbered = true;
    else if (word === 'nonumber' || word === 'nonu') numbered = false;
    else if (!/^(no)?(paste|ai|autoindent|et|expandtab|ic|ignorecase|list|wrap)$|^(ts|tabstop|sw|shiftwidth|sts)=\d+$/.test(word))
      return { message: `E518: Unknown option: ${word}` };
  }
  return numbered === undefined ? {} : { numbered };
}

/** Runs one command line. Errors of the file system are thrown on. */
export function runEx(text: string, buffer: Buffer, host: ExHost): ExResult {
  const { from, to, given, rest } = readRange(text.trim(), buffer);
  if (rest === '') {
    if (given) {
      buffer.row = to;
      buffer.column = Math.max(0, buffer.line.search(/\S/));
    }
    return {};
  }
  if (/^s[^\w\s]/.test(rest)) return substitute(buffer, from, to, rest);
  const [, name = '', bang, argument = ''] = /^([a-z]+)(!)?\s*(.*)$/.exec(rest) ?? [];
  const save = (): string => {
    const message = host.write(buffer.text, argument || host.name);
    buffer.changed = false;
    return message;
  };
  switch (name) {
    case 'w':
    case 'write':
      return { message: save() };
    case 'wq':
      return { message: save(), exit: 0 };
    case 'x':
    case 'xit':
      return { ...(buffer.changed ? { message: save() } : {}), exit: 0 };
    case 'q':
    case 'quit':
    case 'qa':
      return buffer.changed && !bang ? { message: NO_WRITE } : { exit: 0 };
    case 'cq':
      return { exit: 1 };
    case 'e':
    case 'edit':
      if (buffer.changed && !bang) return { message: NO_WRITE };
      buffer.lines = host.read().replace(/\n$/, '').split('\n');
      buffer.changed = false;
      return {};
    case 'd':
    case 'delete':
      buffer.remember();
      buffer.splice(from, to - from + 1);
      buffer.row = from;
      return {};
    case 'set':
    case 'se':
      return setOption(argument);
    case 'noh':
    case 'nohlsearch':
    case 'syntax':
      return {};
    default:
      return { message: `E492: Not an editor command: ${text}` };
  }
}
