/** vi and nano: editors on the whole terminal. vi is modal; nano types right away (Ctrl-O writes, Ctrl-X leaves). */
import { FileError, type Process, type Program } from '#host';
import { failureText } from '../messages.ts';
import { resolvePath } from '../paths.ts';
import { withScreen, type Screen } from '../screen.ts';
import { Buffer } from '../vi/buffer.ts';
import { Editor } from '../vi/editor.ts';
import type { ExHost } from '../vi/ex.ts';
import { motionOf } from '../vi/motion.ts';

function readFile(process: Process, name: string): string {
  const path = resolvePath(process.cwd, name);
  return process.files.stat(path) ? process.files.readText(path) : '';
}

function writeFile(process: Process, text: string, name: string): string {
  const path = resolvePath(process.cwd, name);
  const isNew = !process.files.stat(path);
  process.files.write(path, text);
  const lines = text === '' ? 0 : text.split('\n').length - 1;
  return `"${name}" ${isNew ? '[New] ' : ''}${lines}L, ${new TextEncoder().encode(text).length}B written`;
}

/** First row shown, so that the cursor's row is on screen. */
function scrolled(top: number, row: number, height: number): number {
  if (row < top) return row;
  return row >= top + height ? row - height + 1 : top;
}

function drawText(screen: Screen, buffer: Buffer, top: number, status: string, numbered: boolean): Promise<void> {
  const height = screen.rows - 1;
  const gutter = numbered ? 4 : 0;
  const width = screen.columns - gutter;
  // A long line is shown from where the cursor can be seen.
  const left = Math.max(0, buffer.column - width + 1);
  const rows = Array.from({ length: height }, (_, at) => {
    const line = buffer.lines[top + at];
    if (line === undefined) return '~';
    const shown = line.replaceAll('\t', ' ').slice(left, left + width);
    return numbered ? `${String(top + at + 1).padStart(3)} ${shown}` : shown;
  });
  return screen.draw([...rows, status], { row: buffer.row - top, column: buffer.column - left + gutter });
}

async function runVi(process: Process, screen: Screen, name: string): Promise<number> {
  const host: ExHost = { name, write: (text, to) => writeFile(process, text, to), read: () => readFile(process, name) };
  const isNew = !process.files.stat(resolvePath(process.cwd, name));
  const editor = new Editor(readFile(process, name), host);
  editor.message = isNew ? `"${name}" [New]` : `"${name}" ${editor.buffer.lines.length}L`;
  let top = 0;
  while (editor.over === undefined) {
    top = scrolled(top, editor.buffer.row, screen.rows - 1);
    const line = editor.mode === 'command' ? `:${editor.commandLine}` : editor.mode === 'search' ? `/${editor.commandLine}` : undefined;
    await drawText(screen, editor.buffer, top, line ?? (editor.mode === 'insert' ? '-- INSERT --' : editor.message), editor.numbered);
    const key = await screen.key();
    if (key === undefined) return 1;
    try {
      editor.key(key);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      editor.message = `"${name}" E212: Can't open file for writing: ${failureText(error)}`;
    }
  }
  return editor.over;
}

/** Asks a question on nano's last line; gives the key. */
async function askNano(screen: Screen, buffer: Buffer, top: number, question: string): Promise<string | undefined> {
  await drawText(screen, buffer, top, question, false);
  return screen.key();
}

async function runNano(process: Process, screen: Screen, name: string): Promise<number> {
  const buffer = new Buffer(readFile(process, name));
  let top = 0;
  let status = `GNU nano   ${name}   ^O Write Out  ^X Exit`;
  for (;;) {
    top = scrolled(top, buffer.row, screen.rows - 1);
    await drawText(screen, buffer, top, status, false);
    const key = await screen.key();
    if (key === undefined) return 1;
    const save = (): void => {
      status = `[ ${writeFile(process, buffer.text, name)} ]`;
      buffer.changed = false;
    };
    if (key === 'ctrl-x') {
      const answer = buffer.changed ? await askNano(screen, buffer, top, 'Save modified buffer? (Y/N, ^C cancels)') : 'n';
      if (answer === 'y' || answer === 'Y') save();
      if (answer !== undefined && /^[yYnN]$/.test(answer)) return 0;
    } else if (key === 'ctrl-o') save();
    else if (key === 'ctrl-k') {
      buffer.remember();
      buffer.splice(buffer.row, 1);
    } else if (key === 'enter' || key === 'backspace' || [...key].length === 1) {
      buffer.remember();
      if (key === 'backspace') buffer.backspace();
      else buffer.insert(key === 'enter' ? '\n' : key);
    } else {
      const motion = motionOf(key, buffer, undefined);
      if (motion) [buffer.row, buffer.column] = [motion.row, motion.column];
    }
    buffer.clamp(true);
  }
}

const editor =
  (run: (process: Process, screen: Screen, name: string) => Promise<number>): Program =>
  async (process) => {
    const name = process.argv.find((word) => !/^[-+]/.test(word));
    if (name === undefined) {
      await process.stderr.write(`usage: ${process.name} FILE\n`);
      return 1;
    }
    const path = resolvePath(process.cwd, name);
    if (process.files.stat(path)?.kind === 'directory') {
      await process.stderr.write(`${process.name}: ${name}: Is a directory\n`);
      return 1;
    }
    const code = await withScreen(process, (screen) => run(process, screen, name));
    if (code !== undefined) return code;
    await process.stderr.write(`${process.name}: Output is not to a terminal\n`);
    return 1;
  };

/** vi FILE */
export const vi = editor(runVi);
/** nano FILE */
export const nano = editor(runNano);
