/**
 * HTTP between processes: many requests over one connection, bodies as streams with credit of their own. The wire
 * objects are in `contracts/http.ts` in spirit and here in fact, because host knows no other room; header names are lower case.
 */
import type { Identity, Certificate } from './crypto.ts';
import type { Clock } from './clock.ts';
import type { Connection, Listener, ListenOptions, Network, Peer } from './network.ts';
import { createMultiplexer, type StreamMessage, type WireStream } from './multiplex.ts';
import { NetworkError } from './network.ts';

/** Header pairs in order; names in lower case; a name may repeat. */
export type HeaderPairs = readonly (readonly [string, string])[];

/** A body chunk. */
export type BodyChunk = string | Uint8Array;

/** The head of a request. `path` carries the query. */
export interface HttpRequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderPairs;
}

/** A request to send: a body that is there, or one that streams. */
export interface HttpRequest extends HttpRequestHead {
  readonly body?: BodyChunk | AsyncIterable<BodyChunk>;
}

/** A request as a handler gets it. */
export interface IncomingRequest extends HttpRequestHead {
  /** The whole body as text (UTF-8). Rejects with NetworkError if the client goes away, RangeError beyond `maxBytes`. */
  text(maxBytes?: number): Promise<string>;
  /** The body as it comes. */
  chunks(): AsyncIterable<BodyChunk>;
  readonly peer: Peer;
  /** Aborts when the client has gone or cancelled. */
  readonly signal: AbortSignal;
}

/** What a handler answers. A streamed body ends when its iterable ends; the handler's iterable is closed (`return`) when the client goes. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: HeaderPairs;
  readonly body?: BodyChunk | AsyncIterable<BodyChunk>;
  /** A duplex answer (101 Switching Protocols): gets the two directions after the head was sent. */
  readonly upgrade?: (stream: Duplex) => Promise<void>;
}

/** Both directions of an upgraded exchange, message by message. */
export interface Duplex {
  send(message: BodyChunk): Promise<void>;
  receive(): Promise<BodyChunk | undefined>;
  end(): void;
  cancel(): void;
}

/** A response as the client gets it: as soon as its head is there. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: HeaderPairs;
  text(): Promise<string>;
  chunks(): AsyncIterable<BodyChunk>;
  /** For an answer that upgraded. */
  readonly duplex: Duplex;
  /** Stops the exchange; the handler's signal aborts. */
  cancel(): void;
}

/** Serves one exchange. A rejection is a bug of the handler: the exchange ends with a reset and the error is given to `onFault`. */
export type HttpHandler = (request: IncomingRequest) => Promise<HttpAnswer>;

/** First value of a header, by lower-case name. */
export function header(headers: HeaderPairs, name: string): string | undefined {
  for (const [key, value] of headers) if (key === name) return value;
  return undefined;
}

const DEFAULT_MAX_BODY_BYTES = 3 * 1024 * 1024;

function bodyReader(stream: WireStream): { text(maxBytes?: number): Promise<string>; chunks(): AsyncIterable<BodyChunk> } {
  async function* chunks(): AsyncGenerator<BodyChunk> {
    try {
      for (let message = await stream.receive(); message !== undefined; message = await stream.receive()) {
        if (typeof message === 'string' || message instanceof Uint8Array) yield message;
      }
    } finally {
      stream.cancelReceive();
    }
  }
  return {
    chunks,
    async text(maxBytes = DEFAULT_MAX_BODY_BYTES) {
      const decoder = new TextDecoder();
      let text = '';
      for await (const chunk of chunks()) {
        text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
        if (text.length > maxBytes) throw new RangeError(`the body is larger than ${maxBytes} bytes`);
      }
      return text;
    },
  };
}

async function sendBody(stream: WireStream, body: BodyChunk | AsyncIterable<BodyChunk> | undefined): Promise<void> {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    if (body.length > 0) await stream.send(body);
  } else if (body) {
    const iterator = body[Symbol.asyncIterator]();
    stream.onCancel(() => void iterator.return?.());
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) await stream.send(next.value);
  }
  stream.end();
}

function duplexOf(stream: WireStream): Duplex {
  return {
    send: (message) => stream.send(message),
    async receive() {
      const message = await stream.receive();
      return typeof message === 'string' || message instanceof Uint8Array ? message : undefined;
    },
    end: () => stream.end(),
    cancel: () => stream.cancel('cancelled'),
  };
}

async function serveExchange(stream: WireStream, connection: Connection, handler: HttpHandler): Promise<void> {
  const head = (await stream.receive()) as unknown as HttpRequestHead | undefined;
  if (!head) return stream.cancel('no request');
  const aborter = new AbortController();
  stream.onCancel(() => aborter.abort(new NetworkError('ECANCELED', 'the client cancelled the request')));
  const answer = await handler({ ...head, ...bodyReader(stream), peer: connection.peer, signal: aborter.signal });
  const single = typeof answer.body === 'string' && !answer.upgrade;
  const reply: StreamMessage = single
    ? { status: answer.status, headers: answer.headers, body: answer.body }
    : { status: answer.status, headers: answer.headers };
  await stream.send(reply);
  if (answer.upgrade) await answer.upgrade(duplexOf(stream));
  else if (single) stream.end();
  else await sendBody(stream, answer.body);
}

/** Serves HTTP on a connection until it ends. `onFault` hears of handlers that rejected; a client that left is no fault. */
export function serveHttp(connection: Connection, handler: HttpHandler, onFault: (error: unknown) => void): void {
  createMultiplexer(connection, (stream) => {
    serveExchange(stream, connection, handler).catch((error: unknown) => {
      stream.cancel(error instanceof Error ? error.message : String(error));
      if (!(error instanceof NetworkError)) onFault(error);
    });
  });
}

/** Listens for HTTP on a port. */
export function listenHttp(
  network: Network,
  port: number,
  options: ListenOptions,
  handler: HttpHandler,
  onFault: (error: unknown) => void,
): Promise<Listener> {
  return network.listen(port, options, (connection) => serveHttp(connection, handler, onFault));
}

/** Where a client sends its requests and who it is. */
export interface HttpTarget {
  readonly address: string;
  readonly port: number;
  readonly identity?: Identity;
  readonly rootCas?: readonly Certificate[];
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}

/** Limits of one exchange. `timeoutMs` ends it if the response head is not there by then (default 30,000; Infinity: none). */
export interface ExchangeOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A client with one kept connection to its target, redialled after it broke. */
export interface HttpClient {
  /** Rejects with NetworkError; ETIMEDOUT at the deadline, ECANCELED when the signal aborts. */
  request(request: HttpRequest, options?: ExchangeOptions): Promise<HttpResponse>;
  /** Ends the kept connection and what runs on it. */
  close(): void;
}

async function exchange(stream: WireStream, request: HttpRequest): Promise<HttpResponse> {
  const { method, path, headers } = request;
  await stream.send({ method, path, headers });
  // The answer may come before the whole body was taken, so the body goes out beside waiting for the head.
  // A request to upgrade has no body: its direction stays open for what is said after the answer 101.
  const wantsUpgrade = header(headers, 'upgrade') !== undefined;
  if (!wantsUpgrade)
    sendBody(stream, request.body).catch((error: unknown) => stream.cancel(error instanceof Error ? error.message : String(error)));
  const head = (await stream.receive()) as unknown as { status: number; headers: HeaderPairs; body?: string } | undefined;
  if (!head) throw new NetworkError('ECONNRESET', 'EOF');
  if (wantsUpgrade && head.status !== 101) stream.end();
  const reader = bodyReader(stream);
  const whole = head.body;
  if (whole === undefined) {
    return {
      status: head.status,
      headers: head.headers,
      text: () => reader.text(Infinity),
      chunks: reader.chunks,
      duplex: duplexOf(stream),
      cancel: () => stream.cancel('cancelled'),
    };
  }
  async function* once(): AsyncGenerator<BodyChunk> {
    yield whole!;
  }
  return {
    status: head.status,
    headers: head.headers,
    text: () => Promise.resolve(whole),
    chunks: once,
    duplex: duplexOf(stream),
    cancel: () => stream.cancel('cancelled'),
  };
}

/** A client for `target`. `clock` serves the deadlines. */
export function createHttpClient(network: Network, clock: Clock, target: HttpTarget): HttpClient {
  let kept: Promise<ReturnType<typeof createMultiplexer>> | undefined;
  const connect = (timeoutMs: number): Promise<ReturnType<typeof createMultiplexer>> => {
    if (kept) return kept;
    const dialled = network
      .dial(target.address, target.port, {
        ...(target.identity ? { identity: target.identity } : {}),
        ...(target.rootCas ? { rootCas: target.rootCas } : {}),
        ...(target.serverName ? { serverName: target.serverName } : {}),
        ...(target.insecureSkipVerify ? { insecureSkipVerify: true } : {}),
        timeoutMs: Math.min(timeoutMs, 30_000),
      })
      .then((connection) => {
        connection.onEnd(() => {
          if (kept === dialled) kept = undefined;
        });
        return createMultiplexer(connection, (stream) => stream.cancel('a client serves nothing'));
      });
    kept = dialled;
    dialled.catch(() => {
      if (kept === dialled) kept = undefined;
    });
    return dialled;
  };
  return {
    request(request, options = {}) {
      const timeoutMs = options.timeoutMs ?? 30_000;
      return new Promise((resolve, reject) => {
        let stream: WireStream | undefined;
        let settled = false;
        const finish = (act: () => void): void => {
          if (settled) return;
          settled = true;
          stop?.();
          act();
        };
        const fail = (error: NetworkError): void =>
          finish(() => {
            stream?.cancel(error.message);
            reject(error);
          });
        const stop =
          timeoutMs === Infinity
            ? undefined
            : clock.after(timeoutMs, () => fail(new NetworkError('ETIMEDOUT', 'context deadline exceeded')));
        const onAbort = (): void => {
          if (settled) stream?.cancel('cancelled');
          else fail(new NetworkError('ECANCELED', 'context canceled'));
        };
        if (options.signal?.aborted) return onAbort();
        options.signal?.addEventListener('abort', onAbort, { once: true });
        connect(timeoutMs)
          .then((multiplexer) => {
            if (settled) return;
            stream = multiplexer.open();
            stream.onOver(() => options.signal?.removeEventListener('abort', onAbort));
            return exchange(stream, request).then((response) => finish(() => resolve(response)));
          })
          .catch((error: unknown) => finish(() => reject(error)));
      });
    },
    close() {
      const closing = kept;
      kept = undefined;
      closing?.then(
        (multiplexer) => multiplexer.close(),
        () => undefined,
      );
    },
  };
}
