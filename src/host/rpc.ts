/**
 * Calls between components (etcd's KV, Watch, Lease …, Raft messages, the CRI): unary and streaming, over one connection,
 * after gRPC: a method name, a request object, a response object, an error with a code. Objects cross as they are and must be plain data.
 */
import type { Clock } from './clock.ts';
import { createMultiplexer, type WireStream } from './multiplex.ts';
import { NetworkError, type Connection, type DialOptions, type Network, type Peer } from './network.ts';

/** gRPC status codes used by etcd and the CRI. */
export type RpcCode =
  | 'Canceled'
  | 'Unknown'
  | 'InvalidArgument'
  | 'DeadlineExceeded'
  | 'NotFound'
  | 'AlreadyExists'
  | 'PermissionDenied'
  | 'ResourceExhausted'
  | 'FailedPrecondition'
  | 'Aborted'
  | 'OutOfRange'
  | 'Unimplemented'
  | 'Internal'
  | 'Unavailable'
  | 'DataLoss'
  | 'Unauthenticated';

/** The error of a call; crosses the wire as code and message. */
export class RpcError extends Error {
  constructor(
    readonly code: RpcCode,
    message: string,
  ) {
    super(message);
    this.name = 'RpcError';
  }
}

/** One call as the server sees it. */
export interface RpcCall {
  readonly peer: Peer;
  /** `traceparent` of the caller, if it sent one. */
  readonly traceparent: string | undefined;
  /** What the caller sent beside the request, by name. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Aborts when the caller has gone, cancelled, or its deadline has passed. */
  readonly signal: AbortSignal;
}

/** Both directions of a streaming call. */
export interface RpcStream<In = unknown, Out = unknown> {
  send(message: Out): Promise<void>;
  /** Undefined at the orderly end; rejects with RpcError. */
  receive(): Promise<In | undefined>;
  end(): void;
  cancel(): void;
}

/** What a port serves: unary methods by name, streaming methods by name. */
export interface RpcService {
  readonly unary: Readonly<Record<string, (request: never, call: RpcCall) => Promise<unknown>>>;
  readonly streaming?: Readonly<Record<string, (stream: RpcStream<never, never>, call: RpcCall) => Promise<void>>>;
}

interface Opening {
  readonly method: string;
  readonly kind: 'unary' | 'streaming';
  readonly request?: unknown;
  readonly traceparent?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}
interface Reply {
  readonly response?: unknown;
  readonly message?: unknown;
  readonly error?: { readonly code: RpcCode; readonly message: string };
}

const toRpcError = (error: unknown): RpcError => {
  if (error instanceof RpcError) return error;
  if (error instanceof NetworkError) {
    // A connection that broke, of silence too, in gRPC's words; a call that was late is another matter.
    if (error.message.startsWith('read:')) return new RpcError('Unavailable', `error reading from server: ${error.message}`);
    if (error.code === 'ETIMEDOUT') return new RpcError('DeadlineExceeded', 'context deadline exceeded');
    if (error.code === 'ECANCELED') return new RpcError('Canceled', 'context canceled');
    return new RpcError('Unavailable', error.message);
  }
  return new RpcError('Unknown', error instanceof Error ? error.message : String(error));
};

function streamOver(wire: WireStream): RpcStream {
  return {
    send: (message) =>
      wire.send({ message }).catch((error: unknown) => {
        throw toRpcError(error);
      }),
    async receive() {
      let reply: Reply | undefined;
      try {
        reply = (await wire.receive()) as Reply | undefined;
      } catch (error) {
        throw toRpcError(error);
      }
      if (reply?.error) throw new RpcError(reply.error.code, reply.error.message);
      return reply?.message;
    },
    end: () => wire.end(),
    cancel: () => wire.cancel('cancelled'),
  };
}

async function serveCall(wire: WireStream, connection: Connection, service: RpcService): Promise<void> {
  const opening = (await wire.receive()) as Opening | undefined;
  if (!opening) return wire.cancel('no call');
  const aborter = new AbortController();
  wire.onCancel((reason) => aborter.abort(reason));
  const { traceparent, metadata = {} } = opening;
  const call: RpcCall = { peer: connection.peer, traceparent, metadata, signal: aborter.signal };
  try {
    const unary = Object.hasOwn(service.unary, opening.method) ? service.unary[opening.method] : undefined;
    const streaming = service.streaming && Object.hasOwn(service.streaming, opening.method) ? service.streaming[opening.method] : undefined;
    if (opening.kind === 'unary' && unary) await wire.send({ response: await unary(opening.request as never, call) });
    else if (opening.kind === 'streaming' && streaming) await streaming(streamOver(wire) as unknown as RpcStream<never, never>, call);
    else throw new RpcError('Unimplemented', `unknown method ${opening.method}`);
    wire.end();
  } catch (error) {
    if (aborter.signal.aborted) return;
    const { code, message } = toRpcError(error);
    await wire.send({ error: { code, message } });
    wire.end();
  }
}

/** Serves `service` on a connection until it ends. An error of a method goes to its caller. */
export function serveRpc(connection: Connection, service: RpcService): void {
  createMultiplexer(connection, (wire) => {
    // A caller that went away while its error was on the way has nothing to be told.
    serveCall(wire, connection, service).catch(() => wire.cancel('the call failed'));
  });
}

/** Limits of a call. Default deadline 5,000 ms; Infinity: none (watches). */
export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly traceparent?: string;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** Calls one server, over a kept connection that is redialled after it broke. */
export interface RpcClient {
  /** Rejects with RpcError: `Unavailable` when the server cannot be reached, `DeadlineExceeded` at the deadline. */
  call<Response>(method: string, request: unknown, options?: CallOptions): Promise<Response>;
  /** Opens a streaming call. */
  stream<In, Out>(method: string, options?: CallOptions): Promise<RpcStream<In, Out>>;
  /** Dials unless there is a connection; rejects with RpcError. */
  connect(): Promise<void>;
  close(): void;
  readonly isConnected: boolean;
}

/** A client of the server at `address:port`. */
export function createRpcClient(network: Network, clock: Clock, address: string, port: number, dialOptions: DialOptions = {}): RpcClient {
  type Kept = ReturnType<typeof createMultiplexer>;
  let kept: Promise<Kept> | undefined;
  let connected = false;
  const connect = (): Promise<Kept> => {
    if (kept) return kept;
    const dialled = network.dial(address, port, dialOptions).then((connection) => {
      connected = true;
      connection.onEnd(() => {
        if (kept !== dialled) return;
        connected = false;
        kept = undefined;
      });
      return createMultiplexer(connection, (wire) => wire.cancel('a client serves nothing'));
    });
    kept = dialled;
    dialled.catch(() => {
      if (kept === dialled) kept = undefined;
    });
    return dialled;
  };
  const withDeadline = <T>(
    options: CallOptions,
    timeoutDefault: number,
    run: (adopt: (wire: WireStream) => boolean) => Promise<T>,
  ): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? timeoutDefault;
      let wire: WireStream | undefined;
      let settled = false;
      const finish = (act: () => void): void => {
        if (settled) return;
        settled = true;
        stop?.();
        act();
      };
      const fail = (error: RpcError): void =>
        finish(() => {
          wire?.cancel(error.message);
          reject(error);
        });
      const stop =
        timeoutMs === Infinity
          ? undefined
          : clock.after(timeoutMs, () => fail(new RpcError('DeadlineExceeded', 'context deadline exceeded')));
      const onAbort = (): void => {
        if (settled) wire?.cancel('cancelled');
        else fail(new RpcError('Canceled', 'context canceled'));
      };
      if (options.signal?.aborted) return onAbort();
      options.signal?.addEventListener('abort', onAbort, { once: true });
      run((opened) => {
        wire = opened;
        wire.onOver(() => options.signal?.removeEventListener('abort', onAbort));
        return !settled;
      }).then(
        (value) => finish(() => resolve(value)),
        (error: unknown) => finish(() => reject(toRpcError(error))),
      );
    });
  const open = async (
    method: string,
    kind: Opening['kind'],
    request: unknown,
    options: CallOptions,
    adopt: (wire: WireStream) => boolean,
  ): Promise<WireStream> => {
    const wire = (await connect()).open();
    if (!adopt(wire)) {
      wire.cancel('too late');
      throw new RpcError('Canceled', 'context canceled');
    }
    const traced = options.traceparent === undefined ? {} : { traceparent: options.traceparent };
    const beside = options.metadata === undefined ? {} : { metadata: options.metadata };
    await wire.send({ method, kind, ...(request === undefined ? {} : { request }), ...traced, ...beside });
    return wire;
  };
  return {
    call<Response>(method: string, request: unknown, options: CallOptions = {}) {
      return withDeadline<Response>(options, 5_000, async (adopt) => {
        const wire = await open(method, 'unary', request, options, adopt);
        const reply = (await wire.receive()) as Reply | undefined;
        wire.end();
        if (!reply) throw new RpcError('Unavailable', 'error reading from server: EOF');
        if (reply.error) throw new RpcError(reply.error.code, reply.error.message);
        return reply.response as Response;
      });
    },
    stream<In, Out>(method: string, options: CallOptions = {}) {
      return withDeadline<RpcStream<In, Out>>(options, 5_000, async (adopt) => {
        const wire = await open(method, 'streaming', undefined, options, adopt);
        return streamOver(wire) as RpcStream<In, Out>;
      });
    },
    connect: () =>
      connect().then(
        () => undefined,
        (error: unknown) => {
          throw toRpcError(error);
        },
      ),
    close() {
      const closing = kept;
      kept = undefined;
      connected = false;
      closing?.then(
        (multiplexer) => multiplexer.close(),
        () => undefined,
      );
    },
    get isConnected() {
      return connected;
    },
  };
}
