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

/** What the programs of a job type into. */
interface Job {
  readonly pipe: Pipe;
  readonly onSignal: (signal: Signal) => void;
}

/** The discipline: keys become input of the prompt, lines or keys of a job, or signals. */
class LineDiscipline implements Tty {
  private readonly decoder = new TextDecoder();
  private job: Job | undefined;
  private isRaw = false;
  private line = '';
  private ended = false;
  private readonly waitingInput: string[] = [];
  private wake: ((text: string | undefined) => void) | undefined;
  private pumping: Promise<void> | undefined;
  readonly terminal: Terminal;
  readonly output: ByteWriter;

  constructor(private readonly parts: TtyParts) {
    this.terminal = this.createTerminal();
    this.output = {
      write: (chunk) => {
        if (this.isRaw) return parts.output.write(chunk);
        return parts.output.write(typeof chunk === 'string' ? chunk.replace(/\r?\n/g, '\r\n') : withCarriageReturns(chunk));
      },
      close: () => undefined,
    };
  }

  private createTerminal(): Terminal {
    const { terminal } = this.parts;
    const keyboard = (): ByteReader | undefined => this.job?.pipe.reader;
    return {
      get columns() {
        return terminal?.columns ?? DEFAULT_COLUMNS;
      },
      get rows() {
        return terminal?.rows ?? DEFAULT_ROWS;
      },
      onResize: (listener) => terminal?.onResize(listener),
      setRaw: (isRaw) => void (this.isRaw = isRaw),
      get input() {
        return keyboard();
      },
    };
  }

  private give(text: string): void {
    // A job that does not read its input lets it wait in the pipe, as a terminal's queue does.
    this.job?.pipe.writer.write(text).catch(() => undefined);
  }

  /** One character of a line that is being typed for a job. */
  private async cookOne(char: string, job: Job): Promise<void> {
    const write = (text: string): Promise<void> => this.parts.output.write(text);
    if (char === '\x03' || char === '\x1c') {
      this.line = '';
      await write('^C\r\n');
      job.onSignal('INT');
    } else if (char === '\x1a') {
      await write('^Z\r\n');
      job.onSignal('STOP');
    } else if (char === '\x04') {
      if (this.line === '') job.pipe.writer.close();
      else this.give(this.line);
      this.line = '';
    } else if (char === '\x7f' || char === '\b') {
      if (this.line === '') return;
      this.line = this.line.slice(0, -1);
      await write('\b \b');
    } else if (char === '\r' || char === '\n') {
      await write('\r\n');
      this.give(`${this.line}\n`);
      this.line = '';
    } else {
      this.line += char;
      await write(char >= ' ' || char === '\t' ? char : `^${String.fromCharCode(char.charCodeAt(0) + 64)}`);
    }
  }

  private async cook(text: string): Promise<void> {
    for (const char of text) {
      // The job may end, or take the discipline away, in the midst of what was typed.
      if (!this.job) this.waitingInput.push(char);
      else if (this.isRaw) this.give(char);
      else await this.cookOne(char, this.job);
    }
  }

  private async pump(): Promise<void> {
    const { input } = this.parts;
    for (let chunk = await input.read(); chunk; chunk = await input.read()) {
      const text = this.decoder.decode(chunk, { stream: true });
      if (this.job && this.isRaw) this.give(text);
      else if (this.job) await this.cook(text);
      else if (this.wake) {
        const tell = this.wake;
        this.wake = undefined;
        tell(text);
      } else this.waitingInput.push(text);
    }
    this.ended = true;
    this.job?.onSignal('HUP');
    this.job?.pipe.writer.close();
    this.wake?.(undefined);
  }

  private start(): void {
    this.pumping ??= this.pump();
  }

  readInput(): Promise<string | undefined> {
    this.start();
    if (this.waitingInput.length > 0) return Promise.resolve(this.waitingInput.splice(0).join(''));
    if (this.ended) return Promise.resolve(undefined);
    return new Promise((resolve) => (this.wake = resolve));
  }

  attach(onSignal: (signal: Signal) => void): ByteReader {
    this.start();
    this.job = { pipe: createPipe(), onSignal };
    this.line = '';
    this.isRaw = false;
    return this.job.pipe.reader;
  }

  release(): void {
    this.isRaw = false;
    this.job?.pipe.writer.close();
    this.job = undefined;
  }
}

/** A line discipline over raw streams. */
export function createTty(parts: TtyParts): Tty {
  return new LineDiscipline(parts);
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
