/**
 * A terminal's line discipline: while programs run, typed lines are echoed, edited and handed on, Ctrl-C, Ctrl-Z and Ctrl-D mean
 * something; a program may take it away (raw) to see every key. Output gets its carriage returns here.
 */
import { createPipe, type ByteReader, type ByteWriter, type Pipe, type Terminal } from '#host';
import type { Signal } from '#host';

/** What a terminal is made of. */
export interface TtyParts {
  readonly input: ByteReader;
  readonly output: ByteWriter;
  readonly terminal: Terminal | undefined;
}

/** Who reads the keyboard: the line editor at the prompt, or the programs of a job. */
export interface Tty {
  /** The terminal as programs get it. */
  readonly terminal: Terminal;
  /** Where programs write. */
  readonly output: ByteWriter;
  /** The next input at the prompt; undefined when the terminal is gone. */
  readInput(): Promise<string | undefined>;
  /** Gives input to a job until `release`; signals typed go to `onSignal`. Its standard input is what this returns. */
  attach(onSignal: (signal: Signal) => void): ByteReader;
  release(): void;
}

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** A line discipline over raw streams. */
export function createTty({ input, output, terminal }: TtyParts): Tty {
  const decoder = new TextDecoder();
  let job: { readonly pipe: Pipe; readonly onSignal: (signal: Signal) => void } | undefined;
  let raw = false;
  let line = '';
  let ended = false;
  const waitingInput: string[] = [];
  let wake: ((text: string | undefined) => void) | undefined;
  const write = (text: string): Promise<void> => output.write(text);
  const give = (text: string): void => {
    // A job that does not read its input lets it wait in the pipe, as a terminal's queue does.
    job?.pipe.writer.write(text).catch(() => undefined);
  };
  const cook = async (text: string): Promise<void> => {
    for (const char of text) {
      if (!job) {
        waitingInput.push(char);
      } else if (char === '\x03' || char === '\x1c') {
        line = '';
        await write('^C\r\n');
        job.onSignal('INT');
      } else if (char === '\x1a') {
        await write('^Z\r\n');
        job.onSignal('STOP');
      } else if (char === '\x04') {
        if (line === '') job.pipe.writer.close();
        else give(line);
        line = '';
      } else if (char === '\x7f' || char === '\b') {
        if (line === '') continue;
        line = line.slice(0, -1);
        await write('\b \b');
      } else if (char === '\r' || char === '\n') {
        await write('\r\n');
        give(`${line}\n`);
        line = '';
      } else {
        line += char;
        await write(char >= ' ' || char === '\t' ? char : `^${String.fromCharCode(char.charCodeAt(0) + 64)}`);
      }
    }
  };
  const pump = async (): Promise<void> => {
    for (let chunk = await input.read(); chunk; chunk = await input.read()) {
      const text = decoder.decode(chunk, { stream: true });
      if (job && raw) give(text);
      else if (job) await cook(text);
      else if (wake) {
        const tell = wake;
        wake = undefined;
        tell(text);
      } else waitingInput.push(text);
    }
    ended = true;
    job?.onSignal('HUP');
    job?.pipe.writer.close();
    wake?.(undefined);
  };
  let pumping: Promise<void> | undefined;
  const start = (): void => void (pumping ??= pump());
  return {
    terminal: {
      get columns() {
        return terminal?.columns ?? DEFAULT_COLUMNS;
      },
      get rows() {
        return terminal?.rows ?? DEFAULT_ROWS;
      },
      onResize: (listener) => terminal?.onResize(listener),
      setRaw: (isRaw) => void (raw = isRaw),
    },
    output: {
      write: (chunk) => {
        if (raw) return output.write(chunk);
        const text = typeof chunk === 'string' ? chunk : undefined;
        if (text !== undefined) return output.write(text.replace(/\r?\n/g, '\r\n'));
        return output.write(withCarriageReturns(chunk as Uint8Array));
      },
      close: () => undefined,
    },
    readInput() {
      start();
      if (waitingInput.length > 0) return Promise.resolve(waitingInput.splice(0).join(''));
      if (ended) return Promise.resolve(undefined);
      return new Promise((resolve) => (wake = resolve));
    },
    attach(onSignal) {
      start();
      job = { pipe: createPipe(), onSignal };
      line = '';
      raw = false;
      return job.pipe.reader;
    },
    release() {
      raw = false;
      job?.pipe.writer.close();
      job = undefined;
    },
  };
}

function withCarriageReturns(bytes: Uint8Array): Uint8Array {
  let newlines = 0;
  for (const byte of bytes) if (byte === 10) newlines++;
  if (newlines === 0) return bytes;
  const result = new Uint8Array(bytes.length + newlines);
  let at = 0;
  for (const [index, byte] of bytes.entries()) {
    if (byte === 10 && bytes[index - 1] !== 13) result[at++] = 13;
    result[at++] = byte;
  }
  return result.subarray(0, at);
}
