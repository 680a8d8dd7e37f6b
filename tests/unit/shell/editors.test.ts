/** vi, nano and less: keys in, files and screens out. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createPipe, type Pipe } from '#host';
import { runInteractive } from '#shell';
import { createWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
let keyboard: Pipe;
let screen: string;

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn++) {
    await bench.machine.advanceTo(bench.machine.timers.nowMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const type = async (keys: string): Promise<void> => {
  screen = '';
  await keyboard.writer.write(keys);
  await settle();
};
const file = (name: string): string => bench.machine.files.readText(`/home/student/${name}`);

beforeEach(async () => {
  bench = await createWorkbench();
  keyboard = createPipe();
  screen = '';
  const decoder = new TextDecoder();
  void runInteractive(bench.session, {
    input: keyboard.reader,
    output: {
      write: (chunk: string | Uint8Array) => ((screen += typeof chunk === 'string' ? chunk : decoder.decode(chunk)), Promise.resolve()),
      close: () => undefined,
    },
    terminal: { columns: 60, rows: 6, onResize: () => undefined },
  });
  await settle();
});

const START = 'one two three\nfour five\nsix\n';
const edits: readonly (readonly [title: string, keys: string, text: string])[] = [
  ['inserts before the cursor', 'ihey \x1b', `hey ${START}`],
  ['appends at the end of the line', 'A!\x1b', START.replace('three', 'three!')],
  ['opens lines below and above', 'obelow\x1bOabove\x1b', START.replace('three\n', 'three\nabove\nbelow\n')],
  ['deletes lines with counts', '2dd', 'six\n'],
  ['deletes words and characters', 'dwxx', 'o three\nfour five\nsix\n'],
  ['changes a word and not the blank behind it', 'wcwTWO\x1b', START.replace('two', 'TWO')],
  ['yanks and puts lines', 'yyGp', `${START}one two three\n`],
  ['undoes and redoes', 'ddddu', 'four five\nsix\n'],
  ['goes to lines and ends', 'G$x:1\rx', 'ne two three\nfour five\nsi\n'],
  ['searches', '/fi\rD', START.replace(' five', ' ')],
  ['substitutes on all lines', ':%s/i\\(.\\)/<\\1>/g\r', 'one two three\nfour f<v>e\ns<x>\n'],
  ['joins and replaces', 'jJ0rF', 'one two three\nFour five six\n'],
  ['goes by arrows while inserting', 'i\x1b[B\x1b[C-\x1b', START.replace('four', 'f-our')],
];

describe('vi', () => {
  it.each(edits)('%s', async (_title, keys, text) => {
    bench.machine.files.write('/home/student/f', START);
    await type('vi f\r');
    expect(screen).toContain('\x1b[1;1Hone two three');
    await type(keys);
    await type(':wq\r');
    expect(file('f')).toBe(text);
    await type('echo back\r');
    expect(screen).toContain('back\r\n');
  });

  it('does not quit over unsaved changes unless told so', async () => {
    bench.machine.files.write('/home/student/f', START);
    await type('vi f\r');
    await type('dd:q\r');
    expect(screen).toContain('E37: No write since last change (add ! to override)');
    await type(':q!\r');
    expect(file('f')).toBe(START);
    await type('echo $?\r');
    expect(screen).toContain('0\r\n');
  });

  it('shows line numbers and refuses unknown commands', async () => {
    bench.machine.files.write('/home/student/f', START);
    await type('vi f\r');
    await type(':set nu\r');
    expect(screen).toContain('  2 four five');
    await type(':frobnicate\r');
    expect(screen).toContain('E492: Not an editor command: frobnicate');
  });

  it('needs a terminal', async () => {
    const other = await createWorkbench();
    expect(await other.run('vi f')).toEqual({ stdout: '', stderr: 'vi: Output is not to a terminal\n', code: 1 });
  });
});

describe('nano', () => {
  it('types right away, writes and leaves', async () => {
    await type('nano g\r');
    await type('hello\rworld\x7f\x0f');
    expect(file('g')).toBe('hello\nworl\n');
    await type('!\x18');
    expect(screen).toContain('Save modified buffer?');
    await type('y');
    expect(file('g')).toBe('hello\nworl!\n');
  });
});

describe('less', () => {
  it('pages what a pipe brings, searches and quits', async () => {
    await type('seq 30 | less\r');
    expect(screen).toContain('\x1b[5;1H5\x1b[K');
    await type(' ');
    expect(screen).toContain('\x1b[1;1H6\x1b[K');
    await type('/22\r');
    expect(screen).toContain('\x1b[1;1H22\x1b[K');
    await type('G');
    expect(screen).toContain('(END)');
    await type('q');
    await type('echo back\r');
    expect(screen).toContain('back\r\n');
  });

  it('passes text through where there is no terminal', async () => {
    expect((await bench.run('seq 3 | less')).stdout).toBe('1\n2\n3\n');
  });
});
