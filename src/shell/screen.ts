/** A full-screen program's hold on its terminal: keys one by one, an alternate screen, rows drawn as a whole; given back at the end. */
import type { Process } from '#host';

/** Keys and a screen. */
export interface Screen {
  readonly columns: number;
  /** Rows of the terminal, the status line included. */
  readonly rows: number;
  /** Next key: a character, or the name of a special key (`escape`, `enter`, `up`, `ctrl-d` …); undefined when the terminal is gone. */
  key(): Promise<string | undefined>;
  /** Draws all rows and puts the cursor (0-based). */
  draw(lines: readonly string[], cursor: { readonly row: number; readonly column: number }): Promise<void>;
}

const SEQUENCES: Readonly<Record<string, string>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  '[H': 'home',
  '[F': 'end',
  '[1~': 'home',
  '[4~': 'end',
  '[3~': 'delete',
  '[5~': 'page-up',
  '[6~': 'page-down',
};
const NAMED: Readonly<Record<string, string>> = { '\r': 'enter', '\n': 'enter', '\t': '\t', '\x7f': 'backspace', '\b': 'backspace' };

/** The keys of a piece of terminal input. */
export function keysOf(text: string): string[] {
  const keys: string[] = [];
  for (let at = 0; at < text.length;) {
    const char = String.fromCodePoint(text.codePointAt(at)!);
    at += char.length;
    if (char === '\x1b') {
      // eslint-disable-next-line no-control-regex -- control characters are the language of a terminal
      const paste = /^\[200~([^\x1b]*)\x1b\[201~/.exec(text.slice(at));
      if (paste) {
        at += paste[0].length;
        keys.push(...[...paste[1]!].map((one) => NAMED[one] ?? one));
        continue;
      }
      const sequence = Object.keys(SEQUENCES).find((one) => text.startsWith(one, at));
      keys.push(sequence ? SEQUENCES[sequence]! : 'escape');
      at += sequence?.length ?? 0;
    } else if (NAMED[char]) keys.push(NAMED[char]);
    else keys.push(char < ' ' ? `ctrl-${String.fromCharCode(char.charCodeAt(0) + 96)}` : char);
  }
  return keys;
}

/** Runs a full-screen program and gives the terminal back whatever happens. Undefined where there is no terminal to take. */
export async function withScreen<T>(process: Process, use: (screen: Screen) => Promise<T>): Promise<T | undefined> {
  const { terminal } = process;
  if (!terminal?.setRaw) return undefined;
  const keyboard = terminal.input ?? process.stdin;
  const decoder = new TextDecoder();
  const waiting: string[] = [];
  const screen: Screen = {
    get columns() {
      return terminal.columns;
    },
    get rows() {
      return terminal.rows;
    },
    async key() {
      while (waiting.length === 0) {
        const chunk = await keyboard.read();
        if (!chunk) return undefined;
        waiting.push(...keysOf(decoder.decode(chunk, { stream: true })));
      }
      return waiting.shift();
    },
    async draw(lines, cursor) {
      const rows = lines.slice(0, terminal.rows).map((line, at) => `\x1b[${at + 1};1H${line.slice(0, terminal.columns)}\x1b[K`);
      await process.stdout.write(`\x1b[?25l${rows.join('')}\x1b[J\x1b[${cursor.row + 1};${cursor.column + 1}H\x1b[?25h`);
    },
  };
  terminal.setRaw(true);
  await process.stdout.write('\x1b[?1049h');
  try {
    return await use(screen);
  } finally {
    await process.stdout.write('\x1b[?1049l');
    terminal.setRaw(false);
  }
}
