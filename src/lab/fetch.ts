/** `lab.fetch`: the Kubernetes REST API with the signature of the platform's own fetch, sent from the workstation. */
import type { workstation } from '#contracts';

/** Where requests go when they name no host. */
const ORIGIN = 'https://10.0.0.10:6443';

/** Statuses whose Response may not have a body. */
const WITHOUT_BODY: readonly number[] = [101, 204, 205, 304];

async function* bytesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
}

/** Media types whose bodies are no text. */
const BINARY = /^application\/(vnd\.kubernetes\.protobuf|cbor)/;

async function bodyOf(request: Request): Promise<string | Uint8Array | undefined> {
  if (!request.body) return undefined;
  if (BINARY.test(request.headers.get('content-type') ?? '')) return new Uint8Array(await request.arrayBuffer());
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of bytesOf(request.body)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** A browser sends its own User-Agent whatever a page asks for; this header stands for it, so that a client's name reaches the API server. */
const AGENT_HEADER = 'x-user-agent';

const headersOf = (request: Request): [string, string][] => {
  const agent = request.headers.get(AGENT_HEADER);
  const pairs = [...request.headers.entries()].filter(([name]) => name !== AGENT_HEADER && (agent === null || name !== 'user-agent'));
  return agent === null ? pairs : [...pairs, ['user-agent', agent]];
};

/** `fetch` through the network of the workstation that is on. Rejects with a TypeError, as fetch does, when no answer comes. */
export function labFetch(
  current: () => workstation.WorkstationManagement,
): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
  let sent = 0;
  return (input, init) => send(current, `fetch-${++sent}`, input, init);
}

async function send(
  current: () => workstation.WorkstationManagement,
  id: string,
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<Response> {
  const request = new Request(typeof input === 'string' ? new URL(input, ORIGIN) : input, init);
  request.signal.throwIfAborted();
  const { pathname, search } = new URL(request.url);
  const body = await bodyOf(request);
  const machine = current();
  return new Promise((resolve, reject) => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    let wantsMore: (() => void) | undefined;
    // A workstation that is gone has nothing left to cancel.
    const cancel = (): void => void machine.cancelFetch(id).catch(() => undefined);
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (given) => void (controller = given),
        pull: () => wantsMore?.(),
        cancel,
      },
      new CountQueuingStrategy({ highWaterMark: 16 }),
    );
    request.signal.addEventListener(
      'abort',
      () => {
        cancel();
        const reason: unknown = request.signal.reason;
        reject(reason as Error);
        controller?.error(reason);
      },
      { once: true },
    );
    machine
      .fetch(
        id,
        {
          method: request.method,
          path: pathname + search,
          headers: headersOf(request),
          ...(body === undefined ? {} : { body }),
        },
        ({ status, headers }) =>
          resolve(
            new Response(WITHOUT_BODY.includes(status) ? null : stream, {
              status: status === 101 ? 200 : status,
              headers: headers.map(([name, value]): [string, string] => [name, value]),
            }),
          ),
        async (chunk) => {
          controller?.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
          if ((controller?.desiredSize ?? 1) <= 0) await new Promise<void>((more) => (wantsMore = more));
        },
      )
      .then(
        () => request.signal.aborted || controller?.close(),
        (error: unknown) => {
          const failure = new TypeError(error instanceof Error ? error.message : String(error));
          reject(failure);
          if (!request.signal.aborted) controller?.error(failure);
        },
      );
  });
}
