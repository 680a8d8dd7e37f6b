/** An API server on an etcd in memory and a clock turned by hand, and ways to ask it things. */
import { createApiServer, defaultConfig, type ApiServer, type ApiServerConfig, type KubeletConnector } from '#apiserver';
import { createCrypto, createMetrics, seededRandom, type BodyChunk, type Certificate, type HttpAnswer, type IncomingRequest } from '#host';
import { createManualClock, settle, type ManualClock } from './manual-clock.ts';
import { createMemoryEtcd, type MemoryEtcd } from './memory-etcd.ts';

export interface Ask {
  method?: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: unknown;
  /** Common name and groups of a client certificate; null for none. */
  as?: { name: string; groups: string[] } | null;
}
export interface Told {
  status: number;
  headers: [string, string][];
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any;
  header(name: string): string | undefined;
}
export interface Watching {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  events: any[];
  readonly isOver: boolean;
  cancel(): void;
}
export interface Lab {
  server: ApiServer;
  etcd: MemoryEtcd;
  clock: ManualClock;
  logs: string[];
  ask(ask: Ask): Promise<Told>;
  answer(ask: Ask): Promise<HttpAnswer>;
  watch(ask: Ask): Promise<Watching>;
}

export const admin = { name: 'kubernetes-admin', groups: ['system:masters'] };

function certificateOf(as: { name: string; groups: string[] }): Certificate {
  return {
    der: new TextEncoder().encode(as.name),
    serial: '1',
    subject: { commonName: as.name, organizations: as.groups },
    issuer: { commonName: 'kubernetes', organizations: [] },
    notBeforeMs: 0,
    notAfterMs: Infinity,
    publicKey: new Uint8Array(65),
    isCa: false,
    usages: ['client auth'],
    dnsNames: [],
    ipAddresses: [],
  };
}

export function requestOf(ask: Ask, signal: AbortSignal): IncomingRequest {
  const as = ask.as === undefined ? admin : ask.as;
  const body = ask.body === undefined ? '' : typeof ask.body === 'string' ? ask.body : JSON.stringify(ask.body);
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(ask.headers ?? {}))
    for (const each of [value].flat()) headers.push([name.toLowerCase(), each]);
  if (!headers.some(([name]) => name === 'user-agent')) headers.push(['user-agent', 'oracle/1.0']);
  if (body && !headers.some(([name]) => name === 'content-type')) headers.push(['content-type', 'application/json']);
  return {
    method: ask.method ?? 'GET',
    path: ask.path,
    headers,
    signal,
    peer: { address: '10.0.0.1', port: 50000, certificate: as ? certificateOf(as) : undefined },
    async text(maxBytes = Infinity) {
      if (body.length > maxBytes) throw new RangeError(`the body is larger than ${maxBytes} bytes`);
      return body;
    },
    async *chunks(): AsyncGenerator<BodyChunk> {
      yield body;
    },
  };
}

async function textOf(answer: HttpAnswer): Promise<string> {
  if (answer.body === undefined) return '';
  if (typeof answer.body === 'string') return answer.body;
  if (answer.body instanceof Uint8Array) return new TextDecoder().decode(answer.body);
  let text = '';
  for await (const chunk of answer.body) text += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
  return text;
}

export async function startLab(
  options: {
    config?: Partial<ApiServerConfig>;
    etcd?: MemoryEtcd;
    clock?: ManualClock;
    kubelets?: KubeletConnector;
    seed?: string;
    started?: boolean;
  } = {},
): Promise<Lab> {
  const clock = options.clock ?? createManualClock();
  const etcd = options.etcd ?? createMemoryEtcd(clock);
  const random = seededRandom(options.seed ?? 'apiserver-test');
  const crypto = createCrypto(random.fork('crypto'));
  const key = crypto.generateKey();
  const logs: string[] = [];
  const server = createApiServer({
    config: { ...defaultConfig, advertiseAddress: '10.0.0.11', signingKey: key, verificationKeys: [key.publicKey], ...options.config },
    etcd,
    clock,
    random,
    crypto,
    metrics: createMetrics(),
    ...(options.kubelets ? { kubelets: options.kubelets } : {}),
    log: (level, message) => logs.push(`${level} ${message}`),
  });
  if (options.started !== false) await server.start();
  const answer = (ask: Ask): Promise<HttpAnswer> => server.handler(requestOf(ask, new AbortController().signal));
  return {
    server,
    etcd,
    clock,
    logs,
    answer,
    async ask(ask) {
      const got = await answer(ask);
      const text = await textOf(got);
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch {
        json = undefined;
      }
      const headers = got.headers.map(([name, value]): [string, string] => [name, value]);
      return { status: got.status, headers, text, json, header: (name) => headers.find(([each]) => each === name)?.[1] };
    },
    async watch(ask) {
      const aborter = new AbortController();
      const got = await server.handler(requestOf(ask, aborter.signal));
      const events: unknown[] = [];
      let isOver = false;
      void (async () => {
        const chunks = typeof got.body === 'string' ? [got.body] : (got.body as AsyncIterable<string>);
        for await (const chunk of chunks) for (const line of String(chunk).split('\n')) if (line) events.push(JSON.parse(line));
        isOver = true;
      })();
      await settle();
      return {
        events,
        get isOver() {
          return isOver;
        },
        cancel: () => aborter.abort(),
      };
    },
  };
}

export { settle };
