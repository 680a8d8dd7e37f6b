/** less and more: a text page by page on a terminal; without one (a pipe, a script) they pass it through like cat. */
import { readAll, type Process } from '#host';
import { applet, forEachInput } from '../applet.ts';
import { withScreen, type Screen } from '../screen.ts';

interface View {
  readonly lines: readonly string[];
  top: number;
  search: string;
  message: string;
}

const ESCAPE = '\x1b[7m';
const PLAIN = '\x1b[m';

function lastTop(view: View, screen: Screen): number {
  return Math.max(0, view.lines.length - (screen.rows - 1));
}

function draw(view: View, screen: Screen, prompt?: string): Promise<void> {
  const page = view.lines.slice(view.top, view.top + screen.rows - 1);
  const filled = [...page, ...Array.from({ length: Math.max(0, screen.rows - 1 - page.length) }, () => '~')];
  const atEnd = view.top >= lastTop(view, screen);
  const status = prompt ?? (view.message ? `${ESCAPE}${view.message}${PLAIN}` : atEnd ? `${ESCAPE}(END)${PLAIN}` : ':');
  return screen.draw([...filled, status], { row: screen.rows - 1, column: prompt?.length ?? (atEnd ? 5 : 1) });
}

/** Goes to the next line with the searched text; false where there is none. */
function find(view: View, from: number, step: 1 | -1): void {
  for (let at = from; at >= 0 && at < view.lines.length; at += step) {
    if (!view.lines[at]!.includes(view.search)) continue;
    view.top = at;
    return;
  }
  view.message = 'Pattern not found  (press RETURN)';
}

async function readSearch(view: View, screen: Screen): Promise<void> {
  let text = '';
  for (;;) {
    await draw(view, screen, `/${text}`);
    const key = await screen.key();
    if (key === undefined || key === 'escape' || key === 'ctrl-c') return;
    if (key === 'enter') break;
    text = key === 'backspace' ? text.slice(0, -1) : key.length === 1 ? text + key : text;
  }
  if (text) view.search = text;
  if (view.search) find(view, view.top + (text ? 0 : 1), 1);
}

/** What a key moves by; undefined for keys that do not move. */
function movement(key: string, view: View, screen: Screen): number | undefined {
  const page = screen.rows - 1;
  const steps: Readonly<Record<string, number>> = {
    ' ': page,
    f: page,
    'page-down': page,
    'ctrl-f': page,
    'ctrl-v': page,
    b: -page,
    'page-up': -page,
    'ctrl-b': -page,
    d: Math.floor(page / 2),
    'ctrl-d': Math.floor(page / 2),
    u: -Math.floor(page / 2),
    'ctrl-u': -Math.floor(page / 2),
    enter: 1,
    j: 1,
    e: 1,
    down: 1,
    k: -1,
    y: -1,
    up: -1,
    g: -view.top,
    '<': -view.top,
    home: -view.top,
    G: view.lines.length,
    '>': view.lines.length,
    end: view.lines.length,
  };
  return steps[key];
}

async function page(process: Process, text: string): Promise<boolean> {
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n').map((line) => line.replaceAll('\t', '        '));
  const done = await withScreen(process, async (screen) => {
    const view: View = { lines, top: 0, search: '', message: '' };
    for (;;) {
      await draw(view, screen);
      const key = await screen.key();
      view.message = '';
      if (key === undefined || key === 'q' || key === 'Q' || key === 'ctrl-c') return true;
      const step = movement(key, view, screen);
      if (step !== undefined) view.top = Math.max(0, Math.min(lastTop(view, screen), view.top + step));
      else if (key === '/') await readSearch(view, screen);
      else if (key === 'n' && view.search) find(view, view.top + 1, 1);
      else if (key === 'N' && view.search) find(view, view.top - 1, -1);
    }
  });
  return done === true;
}

/** less */
export const less = applet({ flags: 'NSRFXEinr' }, async (process, options) => {
  // Where the keyboard is only to be had as standard input, what is paged must be a file.
  const readsStdin = options.operands.length === 0 || options.operands.includes('-');
  if (!process.terminal?.setRaw || (readsStdin && !process.terminal.input))
    return forEachInput(process, options.operands, async ({ reader }) => {
      for (let chunk = await reader.read(); chunk; chunk = await reader.read()) await process.stdout.write(chunk);
    });
  let text = '';
  const status = await forEachInput(process, options.operands, async ({ reader }) => void (text += await readAll(reader)));
  if (status !== 0) return status;
  if (options.has('F') && text.split('\n').length <= process.terminal.rows) await process.stdout.write(text);
  else await page(process, text);
  return 0;
});
