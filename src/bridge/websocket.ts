/**
 * The server's side of WebSocket (RFC 6455) over a socket of Node: handshake, frames, fragments, pings, closing. Two peers use it:
 * the tab that carries the cluster, and kubectl's exec, attach and port-forward. Left out: extensions (compression).
 */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';

/** A message as it came. */
export type WebSocketMessage = string | Uint8Array;

/** An open WebSocket. */
export interface WebSocketConnection {
  /** Resolves when the message has left for the network: the back-pressure of the other side. */
  send(message: WebSocketMessage): Promise<void>;
  /** Begins the closing handshake; a second call does nothing. */
  close(code?: number, reason?: string): void;
  /** Stops reading from the network, and starts again. */
  pause(): void;
  resume(): void;
  onMessage(listener: (message: WebSocketMessage) => void): void;
  /** Called once, when nothing can come or go any more. */
  onClose(listener: () => void): void;
}

/** The constant that RFC 6455 adds to the client's key. */
const HANDSHAKE_ID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** A message longer than this ends the connection: nothing in Kubernetes sends one. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** How long the other side may take to answer our close. */
const CLOSE_WITHIN_MS = 2_000;

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

function encodeFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = 0x80 | opcode;
  head[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

interface Frame {
  readonly isLast: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  /** Bytes of the input it took. */
  readonly size: number;
}

/** The first frame of the input: undefined while it is not whole, an error's text when it breaks the protocol. */
function decodeFrame(input: Buffer): Frame | string | undefined {
  if (input.length < 2) return undefined;
  const [first = 0, second = 0] = input;
  if ((first & 0x70) !== 0) return 'reserved bits are set';
  if ((second & 0x80) === 0) return 'a frame of the client is not masked';
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const headBytes = 2 + extended + 4;
  if (input.length < headBytes) return undefined;
  const length = extended === 0 ? short : extended === 2 ? input.readUInt16BE(2) : Number(input.readBigUInt64BE(2));
  if (length > MAX_MESSAGE_BYTES) return 'the frame is too long';
  if (input.length < headBytes + length) return undefined;
  const mask = input.subarray(headBytes - 4, headBytes);
  const payload = Buffer.from(input.subarray(headBytes, headBytes + length));
  for (let at = 0; at < length; at += 1) payload[at] = payload[at]! ^ mask[at & 3]!;
  return { isLast: (first & 0x80) !== 0, opcode: first & 0x0f, payload, size: headBytes + length };
}

class ServerWebSocket implements WebSocketConnection {
  #input: Buffer;
  #parts: Buffer[] = [];
  #partsOpcode = 0;
  #isClosing = false;
  #isOver = false;
  readonly #socket: Duplex;
  readonly #messages: ((message: WebSocketMessage) => void)[] = [];
  readonly #ends: (() => void)[] = [];
  #unheard: WebSocketMessage[] = [];

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    this.#input = head;
    socket.on('data', (data: Buffer) => this.#take(data));
    socket.on('close', () => this.#end());
    // 'close' follows every error.
    socket.on('error', () => socket.destroy());
    if (head.length > 0) setImmediate(() => this.#take(Buffer.alloc(0)));
  }

  #take(data: Buffer): void {
    this.#input = this.#input.length === 0 ? data : Buffer.concat([this.#input, data]);
    for (;;) {
      const frame = decodeFrame(this.#input);
      if (frame === undefined) return;
      if (typeof frame === 'string') return this.close(1002, frame);
      this.#input = this.#input.subarray(frame.size);
      this.#takeFrame(frame);
    }
  }

  #takeFrame({ isLast, opcode, payload }: Frame): void {
    if (opcode === OPCODE.ping) return void this.#write(OPCODE.pong, payload);
    if (opcode === OPCODE.pong) return;
    if (opcode === OPCODE.close) {
      if (!this.#isClosing) void this.#write(OPCODE.close, payload.subarray(0, 2));
      this.#isClosing = true;
      this.#socket.end();
      return this.#end();
    }
    if (opcode !== OPCODE.continuation) this.#partsOpcode = opcode;
    this.#parts.push(payload);
    const length = this.#parts.reduce((sum, part) => sum + part.length, 0);
    if (length > MAX_MESSAGE_BYTES) return this.close(1009, 'the message is too long');
    if (!isLast) return;
    const whole = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#hear(this.#partsOpcode === OPCODE.text ? whole.toString('utf8') : new Uint8Array(whole));
  }

  #hear(message: WebSocketMessage): void {
    if (this.#messages.length === 0) this.#unheard.push(message);
    for (const listener of this.#messages) listener(message);
  }

  #write(opcode: number, payload: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isOver) return resolve();
      this.#socket.write(encodeFrame(opcode, payload), () => resolve());
    });
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const listener of this.#ends) listener();
  }

  send(message: WebSocketMessage): Promise<void> {
    if (this.#isClosing) return Promise.resolve();
    return typeof message === 'string' ? this.#write(OPCODE.text, Buffer.from(message)) : this.#write(OPCODE.binary, message);
  }

  close(code = 1000, reason = ''): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code, 0);
    payload.write(reason, 2);
    void this.#write(OPCODE.close, payload);
    setTimeout(() => this.#socket.destroy(), CLOSE_WITHIN_MS).unref();
  }

  pause(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }
  onMessage(listener: (message: WebSocketMessage) => void): void {
    this.#messages.push(listener);
    for (const message of this.#unheard.splice(0)) listener(message);
  }
  onClose(listener: () => void): void {
    if (this.#isOver) listener();
    else this.#ends.push(listener);
  }
}

/** Answers the handshake of a client whose key is `key`, with the subprotocol that was agreed on, and opens the connection. */
export function acceptWebSocket(socket: Duplex, head: Buffer, key: string, protocol?: string): WebSocketConnection {
  const accept = createHash('sha1')
    .update(key + HANDSHAKE_ID)
    .digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return new ServerWebSocket(socket, head);
}
