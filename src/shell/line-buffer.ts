/** The text under edit at a prompt and what the editing keys do to it (emacs keys of GNU readline). Pure: no output here. */
import type { Key } from './keys.ts';

/** The line, the cursor in it (in UTF-16 units), and the text cut last. */
export interface LineBuffer {
  readonly text: string;
  readonly cursor: number;
  readonly cut: string;
}

/** An empty line. */
export const emptyLine: LineBuffer = Object.freeze({ text: '', cursor: 0, cut: '' });

const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_]/u.test(char);

function wordLeft({ text, cursor }: LineBuffer): number {
  let at = cursor;
  while (at > 0 && !isWord(text[at - 1])) at--;
  while (at > 0 && isWord(text[at - 1])) at--;
  return at;
}

function wordRight({ text, cursor }: LineBuffer): number {
  let at = cursor;
  while (at < text.length && !isWord(text[at])) at++;
  while (at < text.length && isWord(text[at])) at++;
  return at;
}

/** Width of one step over a character that may be a surrogate pair. */
const stepLeft = ({ text, cursor }: LineBuffer): number =>
  cursor > 1 && /[\udc00-\udfff]/.test(text[cursor - 1]!) ? cursor - 2 : Math.max(0, cursor - 1);
const stepRight = ({ text, cursor }: LineBuffer): number =>
  Math.min(text.length, cursor + (/[\ud800-\udbff]/.test(text[cursor] ?? '') ? 2 : 1));

/** The line with text put in at the cursor. */
export function insertText(line: LineBuffer, text: string): LineBuffer {
  return { ...line, text: line.text.slice(0, line.cursor) + text + line.text.slice(line.cursor), cursor: line.cursor + text.length };
}

function removeRange(line: LineBuffer, from: number, to: number, keep: boolean): LineBuffer {
  return {
    text: line.text.slice(0, from) + line.text.slice(to),
    cursor: from,
    cut: keep && to > from ? line.text.slice(from, to) : line.cut,
  };
}

function swapped(line: LineBuffer): LineBuffer {
  if (line.cursor === 0 || line.text.length < 2) return line;
  const at = Math.min(line.cursor, line.text.length - 1);
  return { ...line, text: line.text.slice(0, at - 1) + line.text[at]! + line.text[at - 1]! + line.text.slice(at + 1), cursor: at + 1 };
}

/** The line after an editing key; undefined for keys that do not edit. */
export function editLine(line: LineBuffer, key: Key): LineBuffer | undefined {
  if (key.text !== undefined)
    return insertText(line, key.name === 'paste' ? key.text.replace(/\r\n?/g, '\n').replace(/\n$/, '') : key.text);
  switch (key.name) {
    case 'left':
    case 'ctrl-b':
      return { ...line, cursor: stepLeft(line) };
    case 'right':
    case 'ctrl-f':
      return { ...line, cursor: stepRight(line) };
    case 'home':
    case 'ctrl-a':
      return { ...line, cursor: 0 };
    case 'end':
    case 'ctrl-e':
      return { ...line, cursor: line.text.length };
    case 'alt-b':
    case 'word-left':
      return { ...line, cursor: wordLeft(line) };
    case 'alt-f':
    case 'word-right':
      return { ...line, cursor: wordRight(line) };
    case 'backspace':
      return removeRange(line, stepLeft(line), line.cursor, false);
    case 'delete':
      return removeRange(line, line.cursor, stepRight(line), false);
    case 'ctrl-w': {
      const before = line.text.slice(0, line.cursor).replace(/\S*\s*$/, '');
      return removeRange(line, before.length, line.cursor, true);
    }
    case 'alt-backspace':
      return removeRange(line, wordLeft(line), line.cursor, true);
    case 'alt-d':
      return removeRange(line, line.cursor, wordRight(line), true);
    case 'ctrl-u':
      return removeRange(line, 0, line.cursor, true);
    case 'ctrl-k':
      return { ...removeRange(line, line.cursor, line.text.length, true), cursor: line.cursor };
    case 'ctrl-y':
      return insertText(line, line.cut);
    case 'ctrl-t':
      return swapped(line);
    default:
      return undefined;
  }
}
