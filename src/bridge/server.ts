/**
 * The half of the bridge that stands in Node, beside whatever serves the page: real clients' requests go to the attached tab and its
 * API server, streaming. One tab at a time; the newest wins. Listens on loopback only.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { isForBridge, isForLab, isOwnPage, whyRefused } from './addresses.ts';
import { TAB_PATH, type HeaderPair } from './protocol.ts';
import { answerOnSocket, NO_TAB, refuse, refuseOnSocket } from './refusals.ts';
import { createTabLink, type TabLink } from './tab-link.ts';
import { createTlsIdentity, listenTls } from './tls-door.ts';
import { createUsers, kubeconfigFor, userOf, type BridgeUsers } from './users.ts';
import { acceptWebSocket } from './websocket.ts';

/** A bridge, to be put in front of a server's own answers. */
export interface BridgeServer {
  /** What a page of another origin has to send as X-Lab-Token to change anything. */
  readonly token: string;
  /** Answers a request if it is for the bridge; false: it is not. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes an upgrade if it is for the bridge; false: it is not. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): void;
}

/** The API server's own limit of a request body (3 MiB), and some. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const HOP_BY_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'accept-encoding',
  'x-lab-token',
  'x-connection',
];

/** The user nobody has to prove to be. */
const ANONYMOUS: readonly HeaderPair[] = [['impersonate-user', 'system:anonymous']];

function pairsOf({ rawHeaders }: IncomingMessage): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) pairs.push([rawHeaders[at]!.toLowerCase(), rawHeaders[at + 1]!]);
  return pairs;
}

/** The whole body; undefined when it is longer than any the API server takes. */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on('data', (part: Buffer) => {
      length += part.length;
      if (length <= MAX_BODY_BYTES) parts.push(part);
    });
    request.on('end', () => resolve(length > MAX_BODY_BYTES ? undefined : Buffer.concat(parts)));
    request.on('error', reject);
  });
}

/** Writes and waits for the client to keep up, or to go. */
function write(response: ServerResponse, payload: Uint8Array): Promise<void> {
  if (response.write(payload) || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
  });
}

class Bridge implements BridgeServer {
  readonly token = randomBytes(18).toString('base64url');
  #tab: TabLink | undefined;
  readonly #users: BridgeUsers = createUsers();
  readonly #identity = createTlsIdentity();
  #tlsDoor: ReturnType<typeof listenTls> | undefined;
  readonly #connections = new WeakMap<Duplex, HeaderPair>();
  #lastConnection = 0;

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '/' } = request;
    if (!isForBridge(url)) return false;
    this.#answer(request, response, url, false).catch((error: unknown) => refuse(response, 500, String(error)));
    return true;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, url: string, isTls: boolean): Promise<void> {
    const refused = whyRefused(request, this.token);
    if (refused !== undefined) return refuse(response, 403, refused);
    if (url.startsWith('/lab/kubeconfig')) return this.#kubeconfig(url, response);
    if (!this.#tab) return refuse(response, 503, NO_TAB);
    const body = await readBody(request);
    if (body === undefined) return refuse(response, 413, `the body is longer than ${MAX_BODY_BYTES} bytes`);
    if (isForLab(url)) return this.#call(request, response, url, body.toString('utf8'));
    this.#forward(request, response, url, body, isTls);
  }

  async #kubeconfig(url: string, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(url, 'http://bridge.invalid');
    const user = userOf(searchParams.get('user'), searchParams.get('groups'));
    const { url: server } = await this.#openTlsDoor();
    response.writeHead(200, { 'content-type': 'application/yaml', 'cache-control': 'no-store' });
    response.end(kubeconfigFor(server, this.#identity.certificate, user, this.#users.tokenFor(user)));
  }

  #openTlsDoor(): ReturnType<typeof listenTls> {
    this.#tlsDoor ??= listenTls(this.#identity).then((door) => {
      door.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        const { url = '/' } = request;
        this.#answer(request, response, url, true).catch((error: unknown) => refuse(response, 500, String(error)));
      });
      door.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (!this.#upgrade(request, socket, head, true)) socket.destroy();
      });
      return door;
    });
    return this.#tlsDoor;
  }

  #call(request: IncomingMessage, response: ServerResponse, url: string, body: string): void {
    if (request.method !== 'POST')
      return refuse(response, 405, 'the methods of the lab are called with POST and a JSON array of arguments');
    const method = decodeURIComponent(new URL(url, 'http://bridge.invalid').pathname.slice('/lab/'.length));
    let args: unknown;
    try {
      args = body.trim() === '' ? [] : JSON.parse(body);
    } catch (error) {
      return refuse(response, 400, `the body is no JSON: ${String(error)}`);
    }
    if (!Array.isArray(args)) return refuse(response, 400, 'the body is no JSON array of arguments');
    const exchange = this.#tab!.open(
      { type: 'call', method, args },
      {
        onResult(value) {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(`${JSON.stringify(value)}\n`);
        },
        onError: (message) => refuse(response, message.includes('has no method') ? 404 : 500, message),
      },
    );
    response.once('close', () => exchange.cancel());
  }

  /** The header that names a client's connection: each gets one of its own in the lab, as it would before a real cluster. */
  #connectionOf({ socket }: IncomingMessage): HeaderPair {
    const known = this.#connections.get(socket) ?? (['x-connection', `bridge-${++this.#lastConnection}`] as const);
    this.#connections.set(socket, known);
    return known;
  }

  /** The headers a request goes on with: the bridge's own user, or the one whose token came with it. */
  #headersFor(request: IncomingMessage, isTls: boolean): readonly HeaderPair[] {
    const { headers } = this.#users.headersFor(pairsOf(request));
    const isAnonymous = isTls && request.headers.authorization === undefined;
    return [...headers.filter(([name]) => !isAnonymous || !name.startsWith('impersonate-')), ...(isAnonymous ? ANONYMOUS : [])];
  }

  #forward(request: IncomingMessage, response: ServerResponse, path: string, body: Buffer, isTls: boolean): void {
    const passed = this.#headersFor(request, isTls).filter(([name]) => !HOP_BY_HOP.includes(name));
    const headers = [...passed, this.#connectionOf(request)];
    const { method = 'GET' } = request;
    const hasBody = body.length > 0 && method !== 'GET' && method !== 'HEAD';
    const exchange = this.#tab!.open(
      { type: 'request', method, path, headers, ...(hasBody ? { body: body.toString('base64') } : {}) },
      {
        onHead(status, answered) {
          response.writeHead(
            status,
            answered.filter(([name]) => !HOP_BY_HOP.includes(name)).flatMap(([name, value]) => [name, value]),
          );
          // The first event of a watch may be a long time coming.
          response.flushHeaders();
        },
        onChunk: (payload) => write(response, payload),
        onEnd: () => void response.end(),
        onError: (message) => refuse(response, 503, message),
      },
    );
    response.once('close', () => exchange.cancel());
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#upgrade(request, socket, head, false);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, isTls: boolean): boolean {
    const { url = '/', headers } = request;
    if (!isForBridge(url)) return false;
    socket.on('error', () => socket.destroy());
    const key = headers['sec-websocket-key'];
    if (url === TAB_PATH) {
      if (key === undefined || !isOwnPage(request) || whyRefused(request, this.token) !== undefined)
        refuseOnSocket(socket, 403, 'only the page that this server serves can attach');
      else this.#attach(createTabLink(acceptWebSocket(socket, head, key)));
      return true;
    }
    const refused = whyRefused(request, this.token, true);
    if (refused !== undefined) refuseOnSocket(socket, 403, refused);
    else if (!this.#tab) refuseOnSocket(socket, 503, NO_TAB);
    else this.#connect(request, socket, head, url, key, isTls);
    return true;
  }

  #attach(tab: TabLink): void {
    this.#tab?.close('another tab was attached');
    this.#tab = tab;
    tab.onClose(() => {
      if (this.#tab === tab) this.#tab = undefined;
    });
  }

  /** An upgrade goes to the API server first: only where it says 101 the client's own handshake is answered. */
  #connect(request: IncomingMessage, socket: Duplex, head: Buffer, path: string, key: string | undefined, isTls: boolean): void {
    const kept = ['authorization', 'user-agent', 'accept', 'sec-websocket-protocol', 'sec-websocket-version'];
    const headers = this.#headersFor(request, isTls).filter(([name]) => kept.includes(name) || name.startsWith('impersonate-'));
    // SPDY is asked of the API server as well, which has its own words for not speaking it.
    const upgrade: HeaderPair[] = [
      ['connection', 'Upgrade'],
      ['upgrade', (request.headers.upgrade ?? 'websocket').toLowerCase()],
    ];
    const answer: { status: number; headers: readonly HeaderPair[]; body: Uint8Array[] } = { status: 0, headers: [], body: [] };
    let client: ReturnType<typeof acceptWebSocket> | undefined;
    const exchange = this.#tab!.open(
      { type: 'connect', path, headers: [...headers, ...upgrade, this.#connectionOf(request)] },
      {
        onHead(status, answered) {
          answer.status = status;
          answer.headers = answered;
          if (status !== 101 || key === undefined) return;
          client = acceptWebSocket(socket, head, key, answered.find(([name]) => name === 'sec-websocket-protocol')?.[1]);
          const open = client;
          open.onMessage((message) => {
            open.pause();
            exchange.send(typeof message === 'string' ? Buffer.from(message) : message).then(
              () => open.resume(),
              () => open.close(1011),
            );
          });
          open.onClose(() => {
            exchange.end();
            exchange.cancel();
          });
        },
        async onChunk(payload) {
          if (client) await client.send(payload);
          else answer.body.push(payload);
        },
        onEnd() {
          if (client) client.close(1000);
          else answerOnSocket(socket, answer.status, answer.headers, Buffer.concat(answer.body));
        },
        onError(message) {
          if (client) client.close(1011, message.slice(0, 100));
          else refuseOnSocket(socket, 503, message);
        },
      },
    );
  }

  close(): void {
    this.#tab?.close('the server ends');
    this.#tlsDoor?.then(
      ({ server }) => {
        server.close();
        server.closeAllConnections();
      },
      () => undefined,
    );
  }
}

/** Makes a bridge. Nothing listens before a kubeconfig is asked for; the plain door is that of the server it is put in front of. */
export const createBridgeServer = (): BridgeServer => new Bridge();
