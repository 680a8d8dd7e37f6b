/** Byte streams between processes: pipes with back-pressure, readers and writers, and lines over them. */

/** Rejection of a write whose reader is gone (EPIPE). */
export class BrokenPipeError extends Error {
  constructor() {
    super('broken pipe');
    this.name = 'BrokenPipeError';
  }
}

/** The reading end of a stream. */
export interface ByteReader {
  /** The next chunk, or undefined at the end of the stream. */
  read(): Promise<Uint8Array | undefined>;
  /** Tells the writer that nobody reads any more; its next write is refused with BrokenPipeError. */
  cancel(): void;
}

/** The writing end of a stream. Text is written as UTF-8. */
export interface ByteWriter {
  /** Resolves when the stream has room again; rejects with BrokenPipeError when the reader is gone. */
  write(chunk: Uint8Array | string): Promise<void>;
  /** Ends the stream; what was written before is still read. */
  close(): void;
}

/** How many bytes a pipe holds before a writer waits, as on Linux. */
export const PIPE_CAPACITY_BYTES = 65_536;

/** Both ends of a pipe. */
export interface Pipe {
  readonly reader: ByteReader;
  readonly writer: ByteWriter;
}

/** A pipe that makes its writer wait once `capacityBytes` are unread. */
export function createPipe(capacityBytes: number = PIPE_CAPACITY_BYTES): Pipe {
  const encoder = new TextEncoder();
  const chunks: Uint8Array[] = [];
  let head = 0;
  let heldBytes = 0;
  let closed = false;
  let cancelled = false;
  let waitingReader: ((chunk: Uint8Array | undefined) => void) | undefined;
  let waitingWriters: { resolve: () => void; reject: (reason: Error) => void }[] = [];
  const releaseWriters = (): void => {
    const released = waitingWriters;
    waitingWriters = [];
    for (const waiting of released) {
      if (cancelled) waiting.reject(new BrokenPipeError());
      else waiting.resolve();
    }
  };
  const takeChunk = (): Uint8Array => {
    const chunk = chunks[head]!;
    head++;
    if (head > 64 && head * 2 > chunks.length) {
      chunks.splice(0, head);
      head = 0;
    }
    heldBytes -= chunk.length;
    if (heldBytes < capacityBytes) releaseWriters();
    return chunk;
  };
  return {
    reader: {
      read() {
        if (head < chunks.length) return Promise.resolve(takeChunk());
        if (closed || cancelled) return Promise.resolve(undefined);
        if (waitingReader) return Promise.reject(new Error('a pipe has one reader at a time'));
        return new Promise((resolve) => (waitingReader = resolve));
      },
      cancel() {
        cancelled = true;
        chunks.length = 0;
        head = 0;
        heldBytes = 0;
        waitingReader?.(undefined);
        waitingReader = undefined;
        releaseWriters();
      },
    },
    writer: {
      write(chunk) {
        if (cancelled || closed) return Promise.reject(new BrokenPipeError());
        const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
        if (bytes.length === 0) return Promise.resolve();
        if (waitingReader) {
          const resolve = waitingReader;
          waitingReader = undefined;
          resolve(bytes);
          return Promise.resolve();
        }
        chunks.push(bytes);
        heldBytes += bytes.length;
        if (heldBytes < capacityBytes) return Promise.resolve();
        return new Promise((resolve, reject) => waitingWriters.push({ resolve, reject }));
      },
      close() {
        closed = true;
        waitingReader?.(undefined);
        waitingReader = undefined;
      },
    },
  };
}

/** A reader at its end, as /dev/null. */
export const emptyReader: ByteReader = { read: () => Promise.resolve(undefined), cancel: () => undefined };

/** A writer that takes everything and keeps nothing, as /dev/null. */
export const discardWriter: ByteWriter = { write: () => Promise.resolve(), close: () => undefined };

/** A reader over a text that is already there. */
export function readerOf(text: string | Uint8Array): ByteReader {
  let rest: Uint8Array | undefined = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return {
    read() {
      const chunk = rest?.length ? rest : undefined;
      rest = undefined;
      return Promise.resolve(chunk);
    },
    cancel() {
      rest = undefined;
    },
  };
}

/** Everything a reader gives until its end, decoded as UTF-8. */
export async function readAll(reader: ByteReader): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** The lines of a reader without their newline; the last one also when it lacks a newline. */
export async function* readLines(reader: ByteReader): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
    rest += decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let at = rest.indexOf('\n', from); at >= 0; at = rest.indexOf('\n', from)) {
      yield rest.slice(from, at);
      from = at + 1;
    }
    rest = rest.slice(from);
  }
  rest += decoder.decode();
  if (rest) yield rest;
}
