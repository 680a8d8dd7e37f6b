/** kubectl proxy: a local HTTP server that hands requests to the API server under kubectl's identity. */
import { listenHttp, NetworkError, type HttpAnswer, type IncomingRequest } from '#host';
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { CommandError } from '../errors.ts';

/** Headers that belong to one hop. */
const OWN_HEADERS = ['connection', 'host', 'authorization', 'content-length', 'transfer-encoding', 'keep-alive'];

const matchesOne = (patterns: string, text: string): boolean =>
  patterns.split(',').some((pattern) => pattern !== '' && new RegExp(pattern).test(text));

const refusal = (status: number, text: string): HttpAnswer => ({
  status,
  headers: [['content-type', 'text/plain; charset=utf-8']],
  body: `${text}\n`,
});

async function handOn({ session, flags }: Invocation, request: IncomingRequest): Promise<HttpAnswer> {
  const path = request.path.split('?')[0]!;
  const isFree = flags.on('disable-filter');
  const isTaken = matchesOne(flags.text('accept-paths'), path) && !matchesOne(flags.text('reject-paths'), path);
  if (!isFree && (!isTaken || matchesOne(flags.text('reject-methods'), request.method))) return refusal(403, 'Forbidden');
  const prefix = flags.text('api-prefix').replace(/\/$/, '');
  if (prefix !== '' && !request.path.startsWith(prefix)) return refusal(404, '404 page not found');
  const response = await session.client.request({
    method: request.method,
    path: request.path.slice(prefix.length) || '/',
    headers: request.headers.filter(([name]) => !OWN_HEADERS.includes(name.toLowerCase())),
    ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { body: await request.text() }),
    timeoutMs: Infinity,
    repeats: false,
    signal: request.signal,
  });
  return {
    status: response.status,
    headers: response.headers.filter(([name]) => !OWN_HEADERS.includes(name.toLowerCase())),
    body: response.chunks(),
  };
}

async function run(invocation: Invocation): Promise<number> {
  const { session, flags } = invocation;
  const [address, port] = [flags.text('address'), flags.number('port')];
  const { network } = session.process;
  const tell = (error: unknown): void => void session.err(`${error instanceof Error ? error.message : String(error)}\n`);
  try {
    const listener = await listenHttp(network, port, { address }, (request) => handOn(invocation, request), tell);
    await session.out(`Starting to serve on ${address}:${listener.port}\n`);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new CommandError(`listen tcp ${address}:${port}: bind: address already in use`);
  }
  return new Promise((resolve) => {
    for (const signal of ['INT', 'TERM', 'HUP'] as const) session.process.onSignal(signal, () => resolve(0));
  });
}

/** kubectl proxy */
export const proxy: Command = {
  name: 'proxy',
  short: 'Run a proxy to the Kubernetes API server',
  group: 'Troubleshooting and Debugging Commands',
  usage: '[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix] [options]',
  completes: 'none',
  flags: [
    defineFlag('accept-paths', 'string', 'Regular expression for paths that the proxy should accept.', { initial: '^.*' }),
    defineFlag('address', 'string', 'The IP address on which to serve on.', { initial: '127.0.0.1' }),
    defineFlag('api-prefix', 'string', 'Prefix to serve the proxied API under.', { initial: '/' }),
    defineFlag('disable-filter', 'bool', 'If true, disable request filtering in the proxy.'),
    defineFlag('port', 'int', 'The port on which to run the proxy. Set to 0 to pick a random port.', { short: 'p', initial: '8001' }),
    defineFlag('reject-methods', 'string', 'Regular expression for HTTP methods that the proxy should reject.', { initial: '^$' }),
    defineFlag('reject-paths', 'string', 'Regular expression for paths that the proxy should reject.', {
      initial: '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach',
    }),
  ],
  run,
};
