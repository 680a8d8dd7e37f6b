/** Motions of vi: where a key takes the cursor, and whether an operator then works on whole lines. */
import type { Buffer } from './buffer.ts';

/** A place, and how an operator reads the way to it. */
export interface Motion {
  readonly row: number;
  readonly column: number;
  /** Whole lines from here to there. */
  readonly linewise?: boolean;
  /** The character at the far end belongs to it. */
  readonly inclusive?: boolean;
}

const classOf = (char: string | undefined): number => (char === undefined || /\s/.test(char) ? 0 : /\w/.test(char) ? 1 : 2);

function wordForward({ lines, row, column }: Buffer): Motion {
  let at = column;
  const line = lines[row]!;
  const start = classOf(line[at]);
  while (at < line.length && start !== 0 && classOf(line[at]) === start) at++;
  while (at < line.length && classOf(line[at]) === 0) at++;
  if (at < line.length || row + 1 >= lines.length) return { row, column: at };
  return { row: row + 1, column: lines[row + 1]!.search(/\S|$/) };
}

function wordEnd({ lines, row, column }: Buffer): Motion {
  let at = column + 1;
  let where = row;
  while (where < lines.length - 1 && !/\S/.test(lines[where]!.slice(at))) {
    where++;
    at = 0;
  }
  const line = lines[where]!;
  while (at < line.length && classOf(line[at]) === 0) at++;
  const inside = classOf(line[at]);
  while (at + 1 < line.length && classOf(line[at + 1]) === inside) at++;
  return { row: where, column: Math.min(at, Math.max(0, line.length - 1)), inclusive: true };
}

function wordBack({ lines, row, column }: Buffer): Motion {
  let at = column - 1;
  let where = row;
  while (where > 0 && !/\S/.test(lines[where]!.slice(0, at + 1))) at = lines[--where]!.length - 1;
  const line = lines[where]!;
  while (at > 0 && classOf(line[at]) === 0) at--;
  const inside = classOf(line[at]);
  while (at > 0 && classOf(line[at - 1]) === inside) at--;
  return { row: where, column: Math.max(0, at) };
}

/** The place of a motion key pressed once; undefined for keys that are none. */
function once(key: string, buffer: Buffer): Motion | undefined {
  const { row, column, line, lines } = buffer;
  switch (key) {
    case 'h':
    case 'left':
    case 'backspace':
      return { row, column: Math.max(0, column - 1) };
    case 'l':
    case 'right':
    case ' ':
      return { row, column: Math.min(line.length, column + 1) };
    case 'j':
    case 'down':
    case 'enter':
    case '+':
      return { row: Math.min(lines.length - 1, row + 1), column, linewise: true };
    case 'k':
    case 'up':
    case '-':
      return { row: Math.max(0, row - 1), column, linewise: true };
    case 'w':
      return wordForward(buffer);
    case 'e':
      return wordEnd(buffer);
    case 'b':
      return wordBack(buffer);
    default:
      return undefined;
  }
}

/** Where `key` (`gg`, `f` with its character as `fx`) leads from the cursor; undefined for keys that are no motion. */
export function motionOf(key: string, buffer: Buffer, count: number | undefined): Motion | undefined {
  const { row, column, line, lines } = buffer;
  const to = (target: number): Motion => ({ row: Math.max(0, Math.min(lines.length - 1, target)), column: 0, linewise: true });
  if (key === '0' || key === 'home') return { row, column: 0 };
  if (key === '^') return { row, column: Math.max(0, line.search(/\S/)) };
  if (key === '$' || key === 'end') return { row, column: Math.max(0, line.length - 1), inclusive: true };
  if (key === 'gg') return to((count ?? 1) - 1);
  if (key === 'G') return to(count === undefined ? lines.length - 1 : count - 1);
  if (/^[ft]./.test(key) && key.length === 2) {
    const found = line.indexOf(key[1]!, column + 1);
    return found < 0 ? undefined : { row, column: key[0] === 'f' ? found : found - 1, inclusive: true };
  }
  const start = { row, column };
  let motion: Motion | undefined;
  for (let times = count ?? 1; times > 0; times--) {
    motion = once(key, buffer);
    if (!motion) break;
    buffer.row = motion.row;
    buffer.column = motion.column;
  }
  buffer.row = start.row;
  buffer.column = start.column;
  return motion;
}
