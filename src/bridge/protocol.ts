/**
 * What the bridge's two halves say to each other over the tab's WebSocket: control messages as JSON text, bodies and upgraded streams
 * as binary messages that begin with the number of their exchange. Each direction of an exchange has a window of its own.
 */

/** A header as it goes over the wire; names in lower case. */
export type HeaderPair = readonly [string, string];

/** From the server to the tab. */
export type ToTab =
  /** A request for the API server; `body` is whole, in base64 (it may be protobuf). */
  | {
      readonly type: 'request';
      readonly id: number;
      readonly method: string;
      readonly path: string;
      readonly headers: readonly HeaderPair[];
      readonly body?: string;
    }
  /** A request that wants to become a stream of messages both ways. */
  | { readonly type: 'connect'; readonly id: number; readonly path: string; readonly headers: readonly HeaderPair[] }
  /** A call of one of the lab's methods. */
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  /** So many bytes of the tab's were passed on. */
  | { readonly type: 'credit'; readonly id: number; readonly bytes: number }
  /** The client sends no more on this stream. */
  | { readonly type: 'end'; readonly id: number }
  /** The client has gone. */
  | { readonly type: 'cancel'; readonly id: number };

/** From the tab to the server. */
export type FromTab =
  | { readonly type: 'head'; readonly id: number; readonly status: number; readonly headers: readonly HeaderPair[] }
  | { readonly type: 'credit'; readonly id: number; readonly bytes: number }
  | { readonly type: 'end'; readonly id: number }
  /** No answer came; or it broke off. */
  | { readonly type: 'error'; readonly id: number; readonly message: string }
  /** What a call of the lab gave. */
  | { readonly type: 'result'; readonly id: number; readonly value: unknown };

/** Where a tab attaches. */
export const TAB_PATH = '/lab/tab';

/** Bytes of one direction of an exchange that may be under way and not yet passed on. */
const WINDOW_BYTES = 256 * 1024;

/** A sender's account: what it may send before the other side has passed something on. */
export interface SendWindow {
  /** Resolves when so many bytes may go; at once while the window is open. */
  take(bytes: number): Promise<void>;
  /** The other side passed on so many bytes. */
  grant(bytes: number): void;
  /** Lets everybody who waits go on: the exchange is over. */
  open(): void;
}

/** Makes the window of one direction. */
export function createSendWindow(): SendWindow {
  let left = WINDOW_BYTES;
  let isOver = false;
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    for (const go of waiting.splice(0)) go();
  };
  return {
    async take(bytes) {
      while (left <= 0 && !isOver) await new Promise<void>((go) => waiting.push(go));
      left -= bytes;
    },
    grant(bytes) {
      left += bytes;
      wake();
    },
    open() {
      isOver = true;
      wake();
    },
  };
}

/** A binary message: the exchange's number in four bytes, then the payload. */
export function packChunk(id: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(payload.length + 4);
  new DataView(message.buffer).setUint32(0, id);
  message.set(payload, 4);
  return message;
}

/** The parts of a binary message. Throws RangeError when it is too short to have any. */
export function unpackChunk(message: Uint8Array): { readonly id: number; readonly payload: Uint8Array } {
  return { id: new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(0), payload: message.subarray(4) };
}
