// Calls and streams to simulated members, straight to their services: what is asked and what is answered takes its time on the links
// and may get lost there. The real wire is tested elsewhere; here it would only cost.

import { RpcError, type RpcCall, type RpcClient, type RpcService, type RpcStream } from '#host';
import type { Cluster } from './cluster.ts';
import type { Life } from './life.ts';

const CALL: RpcCall = { metadata: {}, peer: {} as RpcCall['peer'], traceparent: undefined, signal: new AbortController().signal };
/** A connection that is refused takes so long to be so. */
const REFUSED_MS = 1;
/** How long it takes to notice that a stream broke. */
const BREAK_MS = 300;

export type Port = 'client' | 'peer';

/** Whether a call that failed cannot have done anything. */
export const wasRefused = (error: unknown): boolean => error instanceof RpcError && error.message === 'connection refused';

/** A streaming method called for one answer to one request, as lease keep-alives are. */
function onceOf(service: RpcService, method: string): RpcService['unary'][string] {
  const serve = service.streaming?.[method] as ((stream: RpcStream<unknown, unknown>, call: RpcCall) => Promise<void>) | undefined;
  if (!serve) throw new Error(`nobody serves ${method}`);
  return (request: unknown) =>
    new Promise((resolve, reject) => {
      let isRead = false;
      const stream: RpcStream<unknown, unknown> = {
        send: (response) => Promise.resolve(resolve(response)),
        receive: () => Promise.resolve(isRead ? undefined : ((isRead = true), request)),
        end: () => undefined,
        cancel: () => undefined,
      };
      serve(stream, CALL).catch(reject);
    });
}

/** A unary call; rejects with RpcError, and after `timeoutMs` whatever may still come of it. */
export function callMember<Response>(
  cluster: Cluster,
  from: string,
  to: string,
  port: Port,
  method: string,
  request: unknown,
  timeoutMs: number,
): Promise<Response> {
  const { world } = cluster;
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (act: () => void): void => {
      if (isOver) return;
      isOver = true;
      act();
    };
    world.after(timeoutMs, () => end(() => reject(new RpcError('DeadlineExceeded', 'context deadline exceeded'))));
    const answer = (life: Life, act: () => void): void => {
      if (!life.isOver) world.send(to, from, () => end(act), false);
    };
    const arrive = (): void => {
      const life = cluster.lifeAt(to);
      const service = life?.[port];
      if (!life || !service)
        return void world.after(REFUSED_MS, () => end(() => reject(new RpcError('Unavailable', 'connection refused'))));
      life.run(() => {
        const run = service.unary[method] ?? onceOf(service, method);
        run(request as never, CALL).then(
          (response) => answer(life, () => resolve(response as Response)),
          (error: Error) => answer(life, () => reject(error)),
        );
      });
    };
    world.send(from, to, arrive, false);
  });
}

/** How a member asks its leader for what only that one knows. */
export function leaderClient(cluster: Cluster, life: Life): () => RpcClient | undefined {
  return () => {
    const { member } = life;
    if (!member || member.isLeader) return undefined;
    const url = member.state.membership.get(member.leaderId)?.peerUrls[0];
    const to = url === undefined ? undefined : cluster.siteOfUrl(url)?.name;
    if (to === undefined) return undefined;
    const call = <Response>(method: string, request: unknown, options?: { readonly timeoutMs?: number }): Promise<Response> =>
      new Promise((resolve, reject) => {
        callMember<Response>(cluster, life.siteName, to, 'peer', method, request, options?.timeoutMs ?? 5_000).then(
          (response) => life.run(() => resolve(response)),
          (error: unknown) => life.run(() => reject(error as Error)),
        );
      });
    return { call, close: () => undefined, isConnected: true } as unknown as RpcClient;
  };
}

/** A client's end of a stream to a member. What comes, comes in order; a link that loses something breaks the stream. */
export interface ClientStream<In, Out> {
  send(message: Out): void;
  close(): void;
  onMessage(listener: (message: In) => void): void;
  /** Resolves when the stream is over, however that came about. */
  readonly over: Promise<void>;
}

/** Opens a stream; undefined where nobody serves it. */
export function openStream<In, Out>(cluster: Cluster, from: string, to: string, method: string): ClientStream<In, Out> | undefined {
  const { world } = cluster;
  const life = cluster.lifeAt(to);
  const serve = life?.client?.streaming?.[method] as ((stream: RpcStream<Out, In>, call: RpcCall) => Promise<void>) | undefined;
  if (!life || !serve) return undefined;
  let isOver = false;
  let end!: () => void;
  const over = new Promise<void>((resolve) => (end = resolve));
  const waiting: Out[] = [];
  let receive: ((message: Out | undefined) => void) | undefined;
  let listener: (message: In) => void = () => undefined;
  let lastMs = 0;
  const close = (): void => {
    if (isOver) return;
    isOver = true;
    life.run(() => receive?.(undefined));
    end();
  };
  cluster.onEnd(life, () => void world.after(BREAK_MS, close));
  const server: RpcStream<Out, In> = {
    send: (message) => {
      const delayMs = world.delay(to, from);
      if (delayMs === undefined) world.after(BREAK_MS, close);
      lastMs = Math.max(lastMs, world.nowMs + (delayMs ?? Infinity));
      if (lastMs < Infinity) world.after(lastMs - world.nowMs, () => isOver || listener(message));
      return Promise.resolve();
    },
    receive: () =>
      new Promise((resolve) => {
        const next = waiting.shift();
        if (isOver || next !== undefined) resolve(next);
        else receive = resolve;
      }),
    end: close,
    cancel: close,
  };
  life.run(() => {
    serve(server, CALL).then(close, close);
  });
  return {
    over,
    close,
    onMessage: (heard) => void (listener = heard),
    send(message) {
      const delayMs = world.delay(from, to);
      if (delayMs === undefined) return world.after(BREAK_MS, close);
      world.after(delayMs, () =>
        life.run(() => {
          const give = receive;
          receive = undefined;
          if (give) give(message);
          else waiting.push(message);
        }),
      );
    },
  };
}
