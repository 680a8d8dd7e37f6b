/** The words of an awk program. A slash begins a regular expression where no operand stands before it. */
import { AwkSyntaxError } from './syntax.ts';

/** One word. */
export interface Token {
  readonly kind: 'number' | 'string' | 'regex' | 'name' | 'function' | 'keyword' | 'symbol' | 'newline' | 'end';
  readonly text: string;
  /** Whether blanks stand before it. */
  readonly spaced: boolean;
}

const KEYWORDS = new Set([
  'BEGIN',
  'END',
  'function',
  'func',
  'if',
  'else',
  'while',
  'for',
  'do',
  'break',
  'continue',
  'next',
  'nextfile',
  'exit',
  'return',
  'delete',
  'in',
  'getline',
  'print',
  'printf',
]);
const SYMBOLS = ['**=', '&&', '||', '++', '--', '+=', '-=', '*=', '/=', '%=', '^=', '==', '!=', '<=', '>=', '>>', '!~', '**'];
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  '/': '/',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function readString(source: string, from: number): { value: string; end: number } {
  let value = '';
  for (let at = from + 1; at < source.length; at++) {
    const char = source[at]!;
    if (char === '"') return { value, end: at + 1 };
    if (char !== '\\') value += char;
    else {
      const octal = /^[0-7]{1,3}/.exec(source.slice(at + 1))?.[0];
      const next = source[++at] ?? '';
      if (octal) {
        value += String.fromCharCode(parseInt(octal, 8));
        at += octal.length - 1;
      } else value += ESCAPES[next] ?? `\\${next}`;
    }
  }
  throw new AwkSyntaxError('unterminated string');
}

function readRegex(source: string, from: number): { value: string; end: number } {
  let inBracket = false;
  for (let at = from + 1; at < source.length && source[at] !== '\n'; at++) {
    const char = source[at]!;
    if (char === '\\') at++;
    else if (char === '[') inBracket = true;
    else if (char === ']') inBracket = false;
    else if (char === '/' && !inBracket) return { value: source.slice(from + 1, at).replaceAll('\\/', '/'), end: at + 1 };
  }
  throw new AwkSyntaxError('unterminated regexp');
}

const isOperand = (token: Token | undefined): boolean =>
  token !== undefined &&
  (['number', 'string', 'regex', 'name'].includes(token.kind) ||
    (token.kind === 'symbol' && [')', ']', '$', '++', '--'].includes(token.text)));

/** Takes a program apart. Throws AwkSyntaxError. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let spaced = false;
  const push = (kind: Token['kind'], text: string, length: number): void => {
    tokens.push({ kind, text, spaced });
    at += length;
    spaced = false;
  };
  while (at < source.length) {
    const rest = source.slice(at);
    const blank = /^(?:[ \t\r]+|\\\r?\n|#[^\n]*)/.exec(rest);
    const number = /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/.exec(rest);
    const name = /^[A-Za-z_]\w*/.exec(rest);
    if (blank) {
      at += blank[0].length;
      spaced = true;
    } else if (rest[0] === '\n') push('newline', '\n', 1);
    else if (rest[0] === '"') {
      const { value, end } = readString(source, at);
      push('string', value, end - at);
    } else if (rest[0] === '/' && !isOperand(tokens.at(-1))) {
      const { value, end } = readRegex(source, at);
      push('regex', value, end - at);
    } else if (number) push('number', number[0], number[0].length);
    else if (name) {
      const kind = KEYWORDS.has(name[0]) ? 'keyword' : rest[name[0].length] === '(' ? 'function' : 'name';
      push(kind, name[0], name[0].length);
    } else {
      const symbol = SYMBOLS.find((one) => rest.startsWith(one)) ?? rest[0]!;
      if (!/^[-+*/%^!<>=?:,;(){}[\]$~|&]+$/.test(symbol)) throw new AwkSyntaxError(`syntax error near ${symbol}`);
      push('symbol', symbol, symbol.length);
    }
  }
  push('end', 'end of program', 0);
  return tokens;
}
