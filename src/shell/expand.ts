/**
 * Word expansion in bash's order: braces, tilde, parameters, commands and arithmetic, field splitting, pathnames, quote removal.
 * While it is expanded a word is a list of pieces that know whether they were quoted; quoted pieces neither split nor match.
 */
import { parse, type DoubleQuotedChild, type ParsedScript, type Word, type WordPart } from 'unbash';
import { arithmeticValue, evaluateArithmetic, parseArithmetic, type ArithmeticScope } from './arithmetic.ts';
import { expandBraces } from './brace.ts';
import { expandPathname, isPattern, quotePattern } from './pattern.ts';
import { expandParameter, expandSimple } from './parameter.ts';
import { setVariable, variableText, type ShellState } from './state.ts';
import type { Files } from '#host';

/** A piece of a word. `splits`: an unquoted expansion's result, subject to field splitting. `breakAfter`: "$@" ends a field here. */
export interface Piece {
  readonly text: string;
  readonly quoted: boolean;
  readonly splits: boolean;
  readonly breakAfter?: boolean;
}

/** What expansion needs of its shell. */
export interface Expander {
  readonly state: ShellState;
  readonly files: Files;
  readonly pid: number;
  /** Runs a command substitution and gives its output. */
  capture(script: ParsedScript): Promise<string>;
  /** Runs a process substitution <(…) and gives the path its output can be read at. */
  captureToFile(script: ParsedScript): Promise<string>;
  /** Seconds since the session began, for $SECONDS; a random number for $RANDOM. */
  special(name: 'SECONDS' | 'RANDOM' | 'EPOCHSECONDS'): string;
}

const piece = (text: string, quoted: boolean, splits = false): Piece => ({ text, quoted, splits });

/** Splits a literal's source text into quoted (backslash) and bare pieces. */
function literalPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let bare = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\' || at + 1 >= text.length) {
      bare += text[at]!;
      continue;
    }
    at++;
    if (text[at] === '\n') continue;
    if (bare) pieces.push(piece(bare, false));
    bare = '';
    pieces.push(piece(text[at]!, true));
  }
  if (bare) pieces.push(piece(bare, false));
  return pieces;
}

function expandTilde(text: string, expander: Expander): Piece[] | undefined {
  const match = /^~([\w-]*|[+-])(?=\/|$)/.exec(text);
  if (!match) return undefined;
  const user = match[1]!;
  const home = variableText(expander.state, 'HOME') ?? '/root';
  let directory: string | undefined;
  if (user === '') directory = home;
  else if (user === '+') directory = expander.state.cwd;
  else if (user === '-') directory = variableText(expander.state, 'OLDPWD');
  else if (user === 'root') directory = '/root';
  else if (home.endsWith(`/${user}`)) directory = home;
  if (directory === undefined) return undefined;
  return [piece(directory, true), ...literalPieces(text.slice(match[0].length))];
}

/** The scope arithmetic works in. */
export function arithmeticScope(expander: Expander): ArithmeticScope {
  const { state } = expander;
  return {
    get(name, index) {
      const value = state.variables.get(name)?.value;
      if (value instanceof Map) return value.get(index ?? 0) ?? '';
      if (name === 'RANDOM' || name === 'SECONDS' || name === 'EPOCHSECONDS') return expander.special(name);
      return index === undefined || index === 0 ? (value ?? '') : '';
    },
    set(name, value, index) {
      if (index === undefined) return setVariable(state, name, value);
      const known = state.variables.get(name)?.value;
      const array = known instanceof Map ? known : new Map<number, string>(known === undefined ? [] : [[0, known]]);
      array.set(index, value);
      setVariable(state, name, array);
    },
    async expand(expression) {
      if (expression.type === 'ArithmeticCommandExpansion') return expression.script ? expander.capture(expression.script) : '';
      return joinPieces(await expandParts(expression.parts ?? wordOf(expression.value).parts ?? [], expander, true));
    },
  };
}

/** The number an already expanded text (an array index) stands for. */
export function arithmeticValueOf(text: string, expander: Expander): Promise<number> {
  return arithmeticValue(text, arithmeticScope(expander));
}

/** A text read as one word. */
export function wordOf(text: string): Word {
  const command = parse(`: ${text}`).commands[0]?.command;
  const word = command?.type === 'Command' ? command.suffix[0] : undefined;
  return word?.type === 'Word' ? word : { type: 'Word', text, value: text, pos: 0, end: text.length };
}

async function expandDoubleQuoted(parts: readonly DoubleQuotedChild[], expander: Expander): Promise<Piece[]> {
  const pieces = await expandParts(parts, expander, true);
  // An empty "" is still a field; only "$@" without parameters vanishes.
  if (pieces.length === 0 && !parts.some((part) => /^\$(@|\{@|\{\w+\[@)/.test(part.text))) return [piece('', true)];
  return pieces;
}

/** Expands the parts of a word. `quoted`: inside double quotes or a here-document. */
export async function expandParts(parts: readonly WordPart[], expander: Expander, quoted: boolean): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const part of parts) {
    switch (part.type) {
      case 'Literal': {
        if (quoted) pieces.push(piece(part.value, true));
        else if (part === parts[0]) pieces.push(...(expandTilde(part.text, expander) ?? literalPieces(part.text)));
        else pieces.push(...literalPieces(part.text));
        break;
      }
      case 'Glob':
      case 'ExtendedGlob':
      case 'BraceExpansion':
        pieces.push(piece(part.text, quoted));
        break;
      case 'ProcessSubstitution':
        pieces.push(piece(part.script && part.operator === '<' ? await expander.captureToFile(part.script) : part.text, true));
        break;
      case 'SingleQuoted':
      case 'AnsiCQuoted':
        pieces.push(piece(part.value, true));
        break;
      case 'DoubleQuoted':
      case 'LocaleString':
        pieces.push(...(await expandDoubleQuoted(part.parts, expander)));
        break;
      case 'SimpleExpansion':
        pieces.push(...expandSimple(part.text.slice(1), expander, quoted));
        break;
      case 'ParameterExpansion':
        pieces.push(...(await expandParameter(part, expander, quoted)));
        break;
      case 'CommandExpansion': {
        const output = part.script ? (await expander.capture(part.script)).replace(/\n+$/, '') : '';
        pieces.push(piece(output, quoted, !quoted));
        break;
      }
      case 'ArithmeticExpansion': {
        const expression = part.expression ?? parseArithmetic(part.text.replace(/^\$\(\(|\)\)$/g, ''));
        pieces.push(piece(String(await evaluateArithmetic(expression, arithmeticScope(expander))), quoted, !quoted));
        break;
      }
    }
  }
  return pieces;
}

/** The text of pieces, joined as in an assignment or a redirection. */
export function joinPieces(pieces: readonly Piece[]): string {
  return pieces.map((one, index) => one.text + (one.breakAfter && index < pieces.length - 1 ? ' ' : '')).join('');
}

async function piecesOf(word: Word, expander: Expander): Promise<Piece[]> {
  return word.parts ? expandParts(word.parts, expander, false) : (expandTilde(word.text, expander) ?? literalPieces(word.text));
}

/** One text without splitting or pathnames: assignments, here-strings, case words, redirection targets. */
export async function expandToText(word: Word, expander: Expander): Promise<string> {
  return joinPieces(await piecesOf(word, expander));
}

/** A text in which quoted characters are escaped: patterns of case, [[ == ]], ${x#…}. */
export async function expandToPattern(word: Word, expander: Expander): Promise<string> {
  return (await piecesOf(word, expander)).map((one) => (one.quoted ? quotePattern(one.text) : one.text)).join('');
}

interface Field {
  text: string;
  pattern: string;
  /** Some quoted piece belongs to it, so that it stays even when empty. */
  kept: boolean;
}

/** Splits pieces into fields at IFS, as POSIX describes it. */
function splitFields(pieces: readonly Piece[], ifs: string): Field[] {
  const fields: Field[] = [];
  let field: Field | undefined;
  const current = (): Field => (field ??= { text: '', pattern: '', kept: false });
  const finish = (): void => {
    if (field) fields.push(field);
    field = undefined;
  };
  for (const one of pieces) {
    if (!one.splits || ifs === '') {
      if (one.text !== '' || one.quoted) {
        const target = current();
        target.text += one.text;
        target.pattern += one.quoted ? quotePattern(one.text) : one.text;
        target.kept ||= one.quoted;
      }
    } else {
      for (let at = 0; at < one.text.length; at++) {
        const char = one.text[at]!;
        if (!ifs.includes(char)) {
          const target = current();
          target.text += char;
          target.pattern += char;
        } else if (/\s/.test(char)) finish();
        else {
          current();
          finish();
        }
      }
    }
    if (one.breakAfter) finish();
  }
  finish();
  return fields;
}

/** The fields words expand to: what a command gets as arguments. */
export async function expandToFields(words: readonly Word[], expander: Expander): Promise<string[]> {
  const result: string[] = [];
  const { state } = expander;
  for (const word of words) {
    const braced = word.parts?.some((part) => part.type === 'BraceExpansion');
    for (const single of braced ? expandBraces(word.text).map(wordOf) : [word]) {
      const pieces = await piecesOf(single, expander);
      for (const field of splitFields(pieces, variableText(state, 'IFS') ?? ' \t\n')) {
        if (field.text === '' && !field.kept) continue;
        const paths = !state.options.noglob && isPattern(field.pattern) ? expandPathname(field.pattern, expander.files, state.cwd) : [];
        if (paths.length > 0) result.push(...paths);
        else result.push(field.text);
      }
    }
  }
  return result;
}
