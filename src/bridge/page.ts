/**
 * The page's half of the bridge: attaches the tab to the server it was loaded from, sends what real clients ask through the workstation's
 * network to the control-plane endpoint, and carries the answers back as they come.
 */
import type { Lab } from '#lab';
import { callLab } from './lab-calls.ts';
import {
  createSendWindow,
  packChunk,
  TAB_PATH,
  unpackChunk,
  type FromTab,
  type HeaderPair,
  type SendWindow,
  type ToTab,
} from './protocol.ts';

/** Where the bridge stands. `detail` is a sentence for people. */
export interface BridgeState {
  readonly state: 'connecting' | 'attached' | 'detached';
  readonly detail: string;
}

/** An attached tab. */
export interface Bridge {
  /** Lets go of the server; clients get 503 from then on. */
  detach(): void;
}

/** How long to wait before trying again after the server went away. */
const RETRY_MS = 2_000;

interface OpenExchange {
  readonly aborter: AbortController;
  readonly window: SendWindow;
  /** Takes the client's messages of an upgraded stream. */
  send?(payload: Uint8Array): Promise<void>;
  end?(): void;
}

/** The bytes of base64. */
const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

const pairsOf = (headers: Headers): HeaderPair[] => [...headers.entries()];

/** Serves one WebSocket until it closes. */
class Attachment {
  readonly #lab: Lab;
  readonly #socket: WebSocket;
  readonly #exchanges = new Map<number, OpenExchange>();

  constructor(lab: Lab, socket: WebSocket) {
    this.#lab = lab;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => this.#take(data));
    socket.addEventListener('close', () => {
      for (const { aborter, window } of this.#exchanges.values()) {
        window.open();
        aborter.abort();
      }
    });
  }

  #tell(message: FromTab): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  async #pass(id: number, payload: Uint8Array, window: SendWindow): Promise<void> {
    await window.take(payload.length);
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(packChunk(id, payload));
  }

  #take(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      const { id, payload } = unpackChunk(new Uint8Array(data));
      const exchange = this.#exchanges.get(id);
      exchange?.send?.(payload).then(
        () => this.#tell({ type: 'credit', id, bytes: payload.length }),
        () => this.#exchanges.get(id)?.aborter.abort(),
      );
      return;
    }
    const message = JSON.parse(data) as ToTab;
    const exchange = this.#exchanges.get(message.id);
    if (message.type === 'credit') exchange?.window.grant(message.bytes);
    else if (message.type === 'end') exchange?.end?.();
    else if (message.type === 'cancel') {
      exchange?.window.open();
      exchange?.aborter.abort();
    } else this.#begin(message);
  }

  #begin(message: Extract<ToTab, { type: 'request' | 'connect' | 'call' }>): void {
    const { id } = message;
    const exchange: OpenExchange = { aborter: new AbortController(), window: createSendWindow() };
    this.#exchanges.set(id, exchange);
    const work =
      message.type === 'request'
        ? this.#request(message, exchange)
        : message.type === 'connect'
          ? this.#connect(message, exchange)
          : callLab(this.#lab, message.method, message.args).then((value) => this.#tell({ type: 'result', id, value: value ?? null }));
    work
      .catch((error: unknown) => this.#tell({ type: 'error', id, message: error instanceof Error ? error.message : String(error) }))
      .finally(() => this.#exchanges.delete(id));
  }

  async #request(message: Extract<ToTab, { type: 'request' }>, { aborter, window }: OpenExchange): Promise<void> {
    const { id, method, path, body } = message;
    const headers = message.headers.map(([name, value]): [string, string] => [name === 'user-agent' ? 'x-user-agent' : name, value]);
    const response = await this.#lab.fetch(path, {
      method,
      headers,
      signal: aborter.signal,
      ...(body === undefined ? {} : { body: bytesOf(body) }),
    });
    this.#tell({ type: 'head', id, status: response.status, headers: pairsOf(response.headers) });
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) await this.#pass(id, part.value, window);
    this.#tell({ type: 'end', id });
  }

  async #connect({ id, path, headers }: Extract<ToTab, { type: 'connect' }>, exchange: OpenExchange): Promise<void> {
    const encoder = new TextEncoder();
    const connection = await this.#lab.connect(path, {
      headers,
      signal: exchange.aborter.signal,
      onHead: (status, answered) => this.#tell({ type: 'head', id, status, headers: answered }),
      onMessage: (payload) => this.#pass(id, typeof payload === 'string' ? encoder.encode(payload) : payload, exchange.window),
    });
    exchange.send = (payload) => connection.send(payload);
    exchange.end = () => connection.end();
    await connection.closed;
    this.#tell({ type: 'end', id });
  }
}

/**
 * Attaches this page to the server at `server` (an http URL; the page's own by default) and stays attached until told otherwise: a server
 * that goes away is tried again. `onState` hears of every change.
 */
export function attachBridge(lab: Lab, onState: (state: BridgeState) => void, server: string = location.origin): Bridge {
  let isWanted = true;
  let socket: WebSocket | undefined;
  const attach = (): void => {
    if (!isWanted) return;
    onState({ state: 'connecting', detail: `Attaching to ${server} …` });
    const opened = new WebSocket(new URL(TAB_PATH, server.replace(/^http/, 'ws')));
    socket = opened;
    opened.binaryType = 'arraybuffer';
    new Attachment(lab, opened);
    opened.addEventListener('open', () => onState({ state: 'attached', detail: `kubectl --server ${server} works on this cluster.` }));
    opened.addEventListener('close', ({ reason, code }) => {
      onState({ state: 'detached', detail: reason || 'The server of this page has no bridge, or it went away.' });
      // 4000: another tab took this one's place; to come back would only push that one out again.
      if (code !== 4000) setTimeout(attach, RETRY_MS);
    });
  };
  attach();
  return {
    detach() {
      isWanted = false;
      socket?.close(1000, 'detached');
    },
  };
}
