/** RESP2, the protocol of Redis: replies and commands as text with lengths in bytes, read as they come in pieces. Values are UTF-8 text here, not any bytes. */

/** `+OK` and the like. */
export interface SimpleReply {
  readonly simple: string;
}
/** `-ERR …`. */
export interface ErrorReply {
  readonly error: string;
}
/** What a command answers: a bulk string, an integer, nil, a simple string, an error, or several of them. */
export type Reply = string | number | null | SimpleReply | ErrorReply | readonly Reply[];

/** The reply most writes give. */
export const OK: SimpleReply = Object.freeze({ simple: 'OK' });

/** Whether a reply is an error. */
export const isError = (reply: Reply): reply is ErrorReply =>
  typeof reply === 'object' && reply !== null && !Array.isArray(reply) && 'error' in reply;

const encoder = (): TextEncoder => new TextEncoder();

/** A reply as it is sent. */
export function encodeReply(reply: Reply): string {
  if (reply === null) return '$-1\r\n';
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (typeof reply === 'string') return `$${encoder().encode(reply).length}\r\n${reply}\r\n`;
  if (Array.isArray(reply)) return `*${reply.length}\r\n${(reply as readonly Reply[]).map(encodeReply).join('')}`;
  return isError(reply) ? `-${reply.error}\r\n` : `+${(reply as SimpleReply).simple}\r\n`;
}

/** A command as a client sends it. */
export function encodeCommand(words: readonly string[]): string {
  return encodeReply(words);
}

/** Thrown when what came is no RESP; the text goes to the client. */
export class ProtocolError extends Error {}

const CR = 13;
const LF = 10;

/** Words of an inline command (`SET name "two words"`), as typed into nc. */
export function inlineWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) =>
      double?.replace(/\\(.)/g, (_whole, character: string) => (character === 'n' ? '\n' : character)) ?? single ?? bare!,
  );
}

/** Takes what arrives and gives whole values. */
export interface RespReader {
  push(chunk: string | Uint8Array): void;
  /** The next whole value, undefined until more has come. Throws ProtocolError. */
  next(): Reply | undefined;
}

/** A reader; with `inline` a line that is no RESP is a command of its words. */
export function respReader(options: { readonly inline: boolean }): RespReader {
  let buffer = new Uint8Array(0);
  const decoder = new TextDecoder();
  const lineAt = (from: number): { text: string; next: number } | undefined => {
    const end = buffer.indexOf(LF, from);
    if (end < 0) return undefined;
    return { text: decoder.decode(buffer.subarray(from, buffer[end - 1] === CR ? end - 1 : end)), next: end + 1 };
  };
  const read = (from: number): { value: Reply; next: number } | undefined => {
    const line = lineAt(from);
    if (!line) return undefined;
    const [mark, rest] = [line.text[0], line.text.slice(1)];
    if (mark === '+') return { value: { simple: rest }, next: line.next };
    if (mark === '-') return { value: { error: rest }, next: line.next };
    if (mark === ':') return { value: Number(rest), next: line.next };
    if (mark === '$' || mark === '*') {
      const count = Number(rest);
      if (!Number.isInteger(count)) throw new ProtocolError(`Protocol error: invalid ${mark === '$' ? 'bulk' : 'multibulk'} length`);
      if (count < 0) return { value: null, next: line.next };
      if (mark === '$') {
        const end = line.next + count;
        return buffer.length < end + 2 ? undefined : { value: decoder.decode(buffer.subarray(line.next, end)), next: end + 2 };
      }
      const values: Reply[] = [];
      let next = line.next;
      while (values.length < count) {
        const one = read(next);
        if (!one) return undefined;
        values.push(one.value);
        next = one.next;
      }
      return { value: values, next };
    }
    if (!options.inline) throw new ProtocolError(`Protocol error, got "${mark ?? ''}" as reply type byte`);
    return { value: inlineWords(line.text), next: line.next };
  };
  return {
    push(chunk) {
      const bytes = typeof chunk === 'string' ? encoder().encode(chunk) : chunk;
      const joined = new Uint8Array(buffer.length + bytes.length);
      joined.set(buffer);
      joined.set(bytes, buffer.length);
      buffer = joined;
    },
    next() {
      if (buffer.length === 0) return undefined;
      const found = read(0);
      if (!found) return undefined;
      buffer = buffer.slice(found.next);
      return found.value;
    },
  };
}
