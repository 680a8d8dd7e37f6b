/** HTTP requests that the workstation sends for others: for the page over one kept connection, for clients outside over one of each client's own. */
import type { workstation } from '#contracts';
import { restClient, type RestClient, type RestConfig } from '#client';
import { header, type Duplex, type HeaderPairs, type Process } from '#host';

/** Names the connection that a client outside has made, so that it gets one of its own here and shares the fate of nobody else's. */
const CONNECTION_HEADER = 'x-connection';
/** A client's connection without requests is closed after that long. */
const IDLE_CONNECTION_MS = 5_000;

/** Headers that go on; those that impersonate do as well. */
const PASSED_HEADERS: readonly string[] = [
  'accept',
  'authorization',
  'content-type',
  'if-none-match',
  'user-agent',
  'connection',
  'upgrade',
  'sec-websocket-protocol',
  'sec-websocket-version',
];

const isPassedOn = (name: string): boolean => PASSED_HEADERS.includes(name) || name.startsWith('impersonate-');

/** The clients that requests go through. */
export interface RequestClients {
  /** The page's own. Throws where there is no kubeconfig. */
  readonly kept: RestClient;
  /** The client for a request with these headers (names in lower case); `release` when it is over. */
  take(headers: HeaderPairs): { readonly client: RestClient; release(): void };
}

interface OwnClient {
  readonly client: RestClient;
  requests: number;
  stopIdle?: () => void;
}

/** No client yet; `config` is asked when the first is needed. */
export function createRequestClients({ files, network, clock }: Process, config: () => RestConfig): RequestClients {
  const clients = new Map<string, OwnClient>();
  const clientFor = (key: string, isBare: boolean): OwnClient => {
    const known = clients.get(key);
    if (known) return known;
    const whole = config();
    // With credentials of its own a request goes without certificate, which would be believed before its token.
    const { identity: _, ...bare } = whole;
    const made: OwnClient = {
      client: restClient({ network, clock, files, config: isBare ? bare : whole, userAgent: 'tabernetes' }),
      requests: 0,
    };
    clients.set(key, made);
    return made;
  };
  const closeWhenIdle = (key: string, own: OwnClient): void => {
    own.stopIdle = clock.after(IDLE_CONNECTION_MS, () => {
      clients.delete(key);
      own.client.close();
    });
  };
  return {
    get kept() {
      return clientFor('admin', false).client;
    },
    take(headers) {
      const isBare = header(headers, 'authorization') !== undefined;
      const connection = header(headers, CONNECTION_HEADER);
      const key = [isBare ? 'bare' : 'admin', ...(connection === undefined ? [] : [connection])].join(' ');
      const own = clientFor(key, isBare);
      own.requests++;
      own.stopIdle?.();
      return {
        client: own.client,
        release() {
          if (--own.requests === 0 && connection !== undefined) closeWhenIdle(key, own);
        },
      };
    },
  };
}

/** The requests under way. */
export function createFetches(
  clients: RequestClients,
): Pick<workstation.WorkstationManagement, 'fetch' | 'cancelFetch' | 'sendMessage' | 'endMessages'> {
  const fetches = new Map<string, AbortController>();
  const upgraded = new Map<string, Duplex>();
  return {
    async fetch(id, { method, path, headers, body }, onHead, onChunk) {
      const aborter = new AbortController();
      fetches.set(id, aborter);
      const lowered = headers.map(([name, value]): [string, string] => [name.toLowerCase(), value]);
      const { client, release } = clients.take(lowered);
      try {
        const response = await client.request({
          method,
          path,
          headers: lowered.filter(([name]) => isPassedOn(name)),
          ...(body === undefined ? {} : { body }),
          signal: aborter.signal,
          timeoutMs: Infinity,
          repeats: false,
        });
        if (response.status === 101) upgraded.set(id, response.duplex);
        onHead({ status: response.status, headers: response.headers });
        for await (const chunk of response.chunks()) await onChunk(chunk);
      } finally {
        fetches.delete(id);
        upgraded.delete(id);
        release();
      }
    },
    async sendMessage(id, message) {
      await upgraded.get(id)?.send(message);
    },
    endMessages(id) {
      upgraded.get(id)?.end();
      return Promise.resolve();
    },
    cancelFetch(id) {
      fetches.get(id)?.abort();
      return Promise.resolve();
    },
  };
}
