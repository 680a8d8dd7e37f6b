/** The prompt: keys in, screen out. */
/* eslint-disable no-control-regex -- control characters are the language of a terminal */
import { beforeEach, describe, expect, it } from 'vitest';
import { createPipe, type Pipe } from '#host';
import { isIncomplete, runInteractive } from '#shell';
import { createWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
let keyboard: Pipe;
let screen: string;
let session: Promise<number>;

const PROMPT = '\x1b[01;32mstudent@workstation\x1b[00m:\x1b[01;34m~\x1b[00m$ ';
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn++) {
    await bench.machine.advanceTo(bench.machine.timers.nowMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const type = async (keys: string): Promise<void> => {
  await keyboard.writer.write(keys);
  await settle();
};
/** What the screen shows in its last line, control sequences applied roughly. */
const plain = (): string => screen.replace(/\x1b\[\?2004[hl]/g, '');

beforeEach(async () => {
  bench = await createWorkbench();
  keyboard = createPipe();
  screen = '';
  const decoder = new TextDecoder();
  const output = {
    write: (chunk: string | Uint8Array) => ((screen += typeof chunk === 'string' ? chunk : decoder.decode(chunk)), Promise.resolve()),
    close: () => undefined,
  };
  session = runInteractive(bench.session, {
    input: keyboard.reader,
    output,
    terminal: { columns: 80, rows: 24, onResize: () => undefined },
  });
  await settle();
});

describe('the prompt', () => {
  it('shows who and where, runs a line and ends with Ctrl-D', async () => {
    expect(plain()).toContain(PROMPT);
    await type('echo hi\r');
    expect(plain()).toContain('\r\nhi\r\n');
    await type('\x04');
    expect(await bench.drive(session)).toBe(0);
  });

  it('edits with the usual keys', async () => {
    await type('ecXo b\x1b[Da \x01\x1b[C\x1b[C\x1b[3~h\x05!\x7f\r');
    expect(plain()).toContain('\r\na b\r\n');
    await type('echo one two\x17three\x15echo \x19\r');
    expect(plain()).toContain('\r\necho one three\r\n');
  });

  it('walks the history and searches it', async () => {
    await type('echo first\r');
    await type('echo second\r');
    screen = '';
    await type('\x1b[A\x1b[A\r');
    expect(plain()).toContain('\r\nfirst\r\n');
    screen = '';
    await type('\x12seco\r');
    expect(plain()).toContain('\r\nsecond\r\n');
    await type('!!\r');
    expect(plain()).toContain('\r\necho second\r\nsecond\r\n');
    expect(bench.machine.files.readText('/home/student/.bash_history')).toBe('echo first\necho second\necho first\necho second\n');
  });

  it('interrupts the foreground job and shows a new prompt', async () => {
    await type('echo before; sleep 1000; echo after\r');
    screen = '';
    await type('\x03');
    expect(plain()).toContain('^C\r\n');
    expect(plain()).toContain(PROMPT);
    await type('echo $?\r');
    expect(plain()).toContain('\r\n130\r\n');
    expect(plain()).not.toContain('after');
  });

  it('stops a job with Ctrl-Z and brings it back', async () => {
    await type('cat\r');
    await type('\x1a');
    expect(plain()).toContain('[1]+  Stopped                 cat\r\n');
    await type('kill %1\r');
    await type('jobs\r');
    expect(bench.machine.kernel.processes().map(({ name }) => name)).toEqual(['bash']);
  });

  it('hands typed lines to a program that reads', async () => {
    await type('cat\r');
    screen = '';
    await type('hello\r');
    expect(plain()).toBe('hello\r\nhello\r\n');
    await type('\x04');
    expect(plain()).toContain(PROMPT);
  });

  it('asks for more while a quote or a here-document is open', async () => {
    await type('cat <<EOF\r');
    expect(plain().endsWith('> \r\x1b[2C')).toBe(true);
    await type('one\r');
    await type('EOF\r');
    expect(plain()).toContain('\r\none\r\n');
  });

  it('completes commands and paths', async () => {
    bench.machine.files.write('/home/student/manifest.yaml', 'x\n');
    await type('cat man\t\r');
    expect(plain()).toContain('\r\nx\r\n');
  });

  it('drops a line at Ctrl-C', async () => {
    await type('echo never\x03');
    await type('echo $?\r');
    expect(plain()).toContain('\r\n130\r\n');
  });
});

describe('an incomplete line', () => {
  it.each([
    'echo "a',
    "echo 'a",
    'if true',
    'for i in 1 2; do',
    'cat <<EOF\na',
    'echo a \\',
    'echo a |',
    'true &&',
    'f() {',
    'echo $(date',
    '(echo a',
  ])('%j', (line) => {
    expect(isIncomplete(line)).toBe(true);
  });
  it.each(['echo a', 'echo "a"', 'cat <<EOF\na\nEOF', 'if true; then echo; fi', 'echo )', "cat <<< 'x'", 'echo $((1<<2))'])(
    'is not %j',
    (line) => {
      expect(isIncomplete(line)).toBe(false);
    },
  );
});
