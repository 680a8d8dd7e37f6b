/** The server's end of the tab's WebSocket: exchanges by number, each with handlers for what the tab answers. */
import { createSendWindow, packChunk, unpackChunk, type FromTab, type HeaderPair, type SendWindow, type ToTab } from './protocol.ts';
import type { WebSocketConnection } from './websocket.ts';

/** What becomes of one exchange; after `onEnd` or `onError` nothing more is called. */
export interface ExchangeListener {
  onHead?(status: number, headers: readonly HeaderPair[]): void;
  /** Part of the body, or a message of an upgraded stream; the tab may send more when it has resolved. */
  onChunk?(payload: Uint8Array): Promise<void>;
  onResult?(value: unknown): void;
  onEnd?(): void;
  onError(message: string): void;
}

/** One exchange, from the side of whoever asked. */
export interface Exchange {
  /** Sends a message on an upgraded stream; resolves when the tab keeps up. */
  send(payload: Uint8Array): Promise<void>;
  end(): void;
  /** The client has gone; nothing more is told of this exchange. */
  cancel(): void;
}

/** A request without its number. */
export type Asked = ToTab extends infer Message
  ? Message extends { type: 'request' | 'connect' | 'call' }
    ? Omit<Message, 'id'>
    : never
  : never;

/** An attached tab. */
export interface TabLink {
  open(asked: Asked, listener: ExchangeListener): Exchange;
  close(reason: string): void;
  onClose(listener: () => void): void;
}

interface OpenExchange {
  readonly listener: ExchangeListener;
  readonly window: SendWindow;
}

/** Speaks with the tab at the other end of a WebSocket. */
export function createTabLink(socket: WebSocketConnection): TabLink {
  const exchanges = new Map<number, OpenExchange>();
  let last = 0;
  const tell = (message: ToTab): Promise<void> => socket.send(JSON.stringify(message));
  const finish = (id: number): OpenExchange | undefined => {
    const found = exchanges.get(id);
    exchanges.delete(id);
    found?.window.open();
    return found;
  };
  const take = (message: FromTab): void => {
    const exchange = exchanges.get(message.id);
    if (message.type === 'head') exchange?.listener.onHead?.(message.status, message.headers);
    else if (message.type === 'credit') exchange?.window.grant(message.bytes);
    else if (message.type === 'end') finish(message.id)?.listener.onEnd?.();
    else if (message.type === 'error') finish(message.id)?.listener.onError(message.message);
    else finish(message.id)?.listener.onResult?.(message.value);
  };
  const takeChunk = async (id: number, payload: Uint8Array): Promise<void> => {
    await exchanges.get(id)?.listener.onChunk?.(payload);
    if (exchanges.has(id)) await tell({ type: 'credit', id, bytes: payload.length });
  };
  socket.onMessage((message) => {
    if (typeof message === 'string') return take(JSON.parse(message) as FromTab);
    const { id, payload } = unpackChunk(message);
    takeChunk(id, payload).catch((error: unknown) => finish(id)?.listener.onError(String(error)));
  });
  socket.onClose(() => {
    for (const id of [...exchanges.keys()]) finish(id)?.listener.onError('the tab was closed');
  });
  return {
    open(asked, listener) {
      const id = ++last;
      const window = createSendWindow();
      exchanges.set(id, { listener, window });
      void tell({ ...asked, id });
      return {
        async send(payload) {
          await window.take(payload.length);
          await socket.send(packChunk(id, payload));
        },
        end: () => void tell({ type: 'end', id }),
        cancel() {
          if (finish(id)) void tell({ type: 'cancel', id });
        },
      };
    },
    close: (reason) => socket.close(1000, reason),
    onClose: (listener) => socket.onClose(listener),
  };
}
