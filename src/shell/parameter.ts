/** Parameter expansion: $x, $1, $@, ${x:-y}, ${x#y}, ${x/a/b}, ${x:1:2}, ${x^^}, ${#x}, ${!x}, arrays. */
import type { ParameterExpansionPart, ParameterOperation } from 'unbash';
import { arithmeticValue } from './arithmetic.ts';
import { ExpansionError } from './control-flow.ts';
import { arithmeticScope, expandParts, expandToPattern, expandToText, type Expander, type Piece } from './expand.ts';
import { patternSource } from './pattern.ts';
import { setVariable, variableText } from './state.ts';

/** What a parameter holds: one text, a list of texts ($@, arrays), or nothing. */
type Held =
  { readonly list: false; readonly text: string | undefined } | { readonly list: true; readonly items: string[]; readonly joined: boolean };

function optionLetters(expander: Expander): string {
  const { options, isInteractive } = expander.state;
  return `${options.errexit ? 'e' : ''}${options.noglob ? 'f' : ''}h${isInteractive ? 'im' : ''}${options.nounset ? 'u' : ''}${options.xtrace ? 'x' : ''}B`;
}

function heldBy(name: string, index: string | undefined, expander: Expander): Held {
  const { state } = expander;
  if (name === '@' || name === '*') return { list: true, items: state.positional, joined: name === '*' };
  const text = ((): string | undefined => {
    if (/^\d+$/.test(name)) return name === '0' ? state.scriptName : state.positional[Number(name) - 1];
    switch (name) {
      case '#':
        return String(state.positional.length);
      case '?':
        return String(state.status);
      case '$':
        return String(expander.pid);
      case '!':
        return state.lastBackgroundPid === undefined ? undefined : String(state.lastBackgroundPid);
      case '-':
        return optionLetters(expander);
      case 'RANDOM':
      case 'SECONDS':
      case 'EPOCHSECONDS':
        return expander.special(name);
      default:
        return undefined;
    }
  })();
  if (text !== undefined) return { list: false, text };
  const value = state.variables.get(name)?.value;
  if (index === '@' || index === '*') {
    const items = value instanceof Map ? [...value].sort(([a], [b]) => a - b).map(([, item]) => item) : value === undefined ? [] : [value];
    return { list: true, items, joined: index === '*' };
  }
  if (index !== undefined) {
    let at = Number(index);
    if (value instanceof Map && at < 0) at += Math.max(-1, ...value.keys()) + 1;
    return { list: false, text: value instanceof Map ? value.get(at) : at === 0 ? value : undefined };
  }
  return { list: false, text: value instanceof Map ? value.get(0) : value };
}

function listPieces(items: readonly string[], joined: boolean, quoted: boolean, ifs: string): Piece[] {
  if (quoted && joined) return [{ text: items.join(ifs.slice(0, 1)), quoted: true, splits: false }];
  return items.map((text, at) => ({ text, quoted, splits: !quoted, breakAfter: at < items.length - 1 }));
}

function piecesOf(held: Held, quoted: boolean, expander: Expander): Piece[] {
  if (held.list) return listPieces(held.items, held.joined, quoted, variableText(expander.state, 'IFS') ?? ' ');
  return [{ text: held.text ?? '', quoted, splits: !quoted }];
}

function checkBound(name: string, held: Held, expander: Expander): void {
  if (expander.state.options.nounset && !held.list && held.text === undefined) {
    throw new ExpansionError(`${/^\d+$/.test(name) ? `$${name}` : name}: unbound variable`);
  }
}

/** $name without braces. */
export function expandSimple(name: string, expander: Expander, quoted: boolean): Piece[] {
  const held = heldBy(name, undefined, expander);
  checkBound(name, held, expander);
  return piecesOf(held, quoted, expander);
}

async function replaceIn(text: string, operation: Extract<ParameterOperation, { type: 'Replace' }>, expander: Expander): Promise<string> {
  const source = patternSource(await expandToPattern(operation.pattern, expander));
  const replacement = await expandToText(operation.replacement, expander);
  if (source === '') return text;
  const anchored = operation.operator === '/#' ? `^(?:${source})` : operation.operator === '/%' ? `(?:${source})$` : source;
  return text.replace(new RegExp(anchored, operation.operator === '//' ? 'gu' : 'u'), () => replacement);
}

async function removeFrom(text: string, operation: Extract<ParameterOperation, { type: 'Remove' }>, expander: Expander): Promise<string> {
  const pattern = await expandToPattern(operation.operand, expander);
  const { operator } = operation;
  const fits = (part: string): boolean => new RegExp(`^(?:${patternSource(pattern)})$`, 'u').test(part);
  const lengths = Array.from({ length: text.length + 1 }, (_, length) => (operator.length === 2 ? text.length - length : length));
  for (const length of lengths) {
    if (operator.startsWith('#') && fits(text.slice(0, length))) return text.slice(length);
    if (operator.startsWith('%') && fits(text.slice(text.length - length))) return text.slice(0, text.length - length);
  }
  return text;
}

async function changeCase(
  text: string,
  operation: Extract<ParameterOperation, { type: 'CaseModification' }>,
  expander: Expander,
): Promise<string> {
  const pattern = operation.operand ? await expandToPattern(operation.operand, expander) : '?';
  const fits = new RegExp(`^(?:${patternSource(pattern === '' ? '?' : pattern)})$`, 'u');
  const change = (char: string): string =>
    !fits.test(char) ? char : operation.operator.startsWith('^') ? char.toUpperCase() : char.toLowerCase();
  const chars = [...text];
  return operation.operator.length === 2 ? chars.map(change).join('') : chars.map((char, at) => (at === 0 ? change(char) : char)).join('');
}

async function slice(
  held: Held,
  operation: Extract<ParameterOperation, { type: 'Slice' }>,
  expander: Expander,
  isPositional: boolean,
): Promise<Held> {
  const scope = arithmeticScope(expander);
  let offset = await arithmeticValue(await expandToText(operation.offset, expander), scope);
  const length = operation.length ? await arithmeticValue(await expandToText(operation.length, expander), scope) : undefined;
  const items = held.list ? held.items : [...(held.text ?? '')];
  if (isPositional && held.list) offset = Math.max(0, offset - 1);
  if (offset < 0) offset += items.length;
  if (offset < 0) return held.list ? { ...held, items: [] } : { list: false, text: '' };
  if (length !== undefined && length < 0 && items.length + length < offset) throw new ExpansionError(`${length}: substring expression < 0`);
  const end = length === undefined ? items.length : length < 0 ? items.length + length : offset + length;
  const part = items.slice(offset, end);
  return held.list ? { ...held, items: part } : { list: false, text: part.join('') };
}

/** Wraps a text so that the shell reads it back as one word, as printf %q and ${x@Q} do. */
export function quoteForShell(text: string): string {
  if (text === '') return "''";
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

async function defaultPieces(
  name: string,
  part: ParameterExpansionPart,
  held: Held,
  operation: Extract<ParameterOperation, { type: 'Default' }>,
  expander: Expander,
  quoted: boolean,
): Promise<Piece[]> {
  const colon = operation.operator.startsWith(':');
  const isSet = held.list ? held.items.length > 0 : held.text !== undefined;
  const isEmpty = held.list ? held.items.join('') === '' : (held.text ?? '') === '';
  const present = isSet && !(colon && isEmpty);
  const operand = async (): Promise<Piece[]> => {
    const { parts, text } = operation.operand;
    if (parts) return (await expandParts(parts, expander, quoted)).map((one) => ({ ...one, splits: !one.quoted && !quoted }));
    return [{ text: quoted ? text : await expandToText(operation.operand, expander), quoted, splits: !quoted }];
  };
  switch (operation.operator.replace(':', '')) {
    case '+':
      return present ? operand() : [];
    case '-':
      return present ? piecesOf(held, quoted, expander) : operand();
    case '=': {
      if (present) return piecesOf(held, quoted, expander);
      const text = await expandToText(operation.operand, expander);
      setVariable(expander.state, name, text);
      return [{ text, quoted, splits: !quoted }];
    }
    default: {
      if (present) return piecesOf(held, quoted, expander);
      const text = await expandToText(operation.operand, expander);
      throw new ExpansionError(`${part.parameter}: ${text || (colon ? 'parameter null or not set' : 'parameter not set')}`, 127);
    }
  }
}

async function changeOne(text: string, operation: ParameterOperation, part: ParameterExpansionPart, expander: Expander): Promise<string> {
  switch (operation.type) {
    case 'Replace':
      return replaceIn(text, operation, expander);
    case 'Remove':
      return removeFrom(text, operation, expander);
    case 'CaseModification':
      return changeCase(text, operation, expander);
    case 'Transform': {
      const letter = operation.operand.text;
      if (letter === 'Q') return quoteForShell(text) === text ? `'${text}'` : quoteForShell(text);
      if (letter === 'U') return text.toUpperCase();
      if (letter === 'L') return text.toLowerCase();
      if (letter === 'u') return text.slice(0, 1).toUpperCase() + text.slice(1);
      throw new ExpansionError(`${part.text}: bad substitution`);
    }
    default:
      throw new ExpansionError(`${part.text}: bad substitution`);
  }
}

/** ${…} in all its forms. Throws ExpansionError with bash's text. */
export async function expandParameter(part: ParameterExpansionPart, expander: Expander, quoted: boolean): Promise<Piece[]> {
  const { state } = expander;
  let name = part.parameter;
  if (name === '') throw new ExpansionError(`${part.text}: bad substitution`);
  let index = part.index?.text;
  if (part.index && index !== '@' && index !== '*') {
    index = String(await arithmeticValue(await expandToText(part.index, expander), arithmeticScope(expander)));
  }
  if (part.prefix === '!') {
    const value = state.variables.get(name)?.value;
    if (part.index && value instanceof Map)
      return listPieces([...value.keys()].sort((a, b) => a - b).map(String), index === '*', quoted, ' ');
    if (part.operation?.type === 'Names') {
      const names = [...state.variables.keys()].filter((key) => key.startsWith(part.parameter)).sort();
      return listPieces(names, part.operation.operator === '*', quoted, ' ');
    }
    name = variableText(state, name) ?? '';
    if (name === '') throw new ExpansionError(`${part.parameter}: invalid indirect expansion`);
  }
  let held = heldBy(name, index, expander);
  if (part.prefix === '#') {
    checkBound(name, held, expander);
    return [{ text: String(held.list ? held.items.length : [...(held.text ?? '')].length), quoted, splits: false }];
  }
  const { operation } = part;
  if (operation?.type === 'Default') return defaultPieces(name, part, held, operation, expander, quoted);
  checkBound(name, held, expander);
  if (operation?.type === 'Slice') held = await slice(held, operation, expander, name === '@' || name === '*');
  else if (operation) {
    if (held.list) held = { ...held, items: await Promise.all(held.items.map((item) => changeOne(item, operation, part, expander))) };
    else held = { list: false, text: await changeOne(held.text ?? '', operation, part, expander) };
  }
  return piecesOf(held, quoted, expander);
}
