/** curl: HTTP over the machine's network, with curl's own error texts and exit codes. Left out: cookies, uploads, HTTP/2, progress. */
import { createHttpClient, header, NetworkError, readAll, type Certificate, type HttpResponse, type HttpTarget, type Process } from '#host';
import { applet, UsageError, type GivenOptions } from '../applet.ts';
import { openForReading, openForWriting } from '../io.ts';
import { resolvePath } from '../paths.ts';
import { addressesOf } from '../resolve.ts';
import { HTTP_REASONS } from './http-reasons.ts';

/** A failure curl tells as `curl: (code) text`. */
class CurlError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

const MAX_REDIRECTS = 50;
const DEFAULT_TIMEOUT_MS = 300_000;

function readPem(process: Process, path: string, what: string): string {
  const absolute = resolvePath(process.cwd, path);
  if (process.files.stat(absolute)?.kind !== 'file')
    throw new CurlError(
      what === 'CAfile' ? 77 : 58,
      what === 'CAfile'
        ? `error setting certificate verify locations:  CAfile: ${path} CApath: none`
        : `could not load PEM client certificate from ${path}, OpenSSL error error:80000002:system library::No such file or directory, (no key found, wrong pass phrase, or wrong file format?)`,
    );
  return process.files.readText(absolute);
}

async function targetOf(process: Process, url: URL, options: GivenOptions): Promise<HttpTarget> {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const pinned = options.values('resolve').find((one) => one.startsWith(`${url.hostname}:${port}:`));
  const [address] = pinned ? [pinned.split(':').slice(2).join(':')] : await addressesOf(process, url.hostname);
  if (address === undefined) throw new CurlError(6, `Could not resolve host: ${url.hostname}`);
  if (url.protocol !== 'https:') return { address, port };
  const rootCas: Certificate[] = options.has('cacert')
    ? process.crypto.certificatesFromPem(readPem(process, options.value('cacert')!, 'CAfile'))
    : [];
  const cert = options.value('cert');
  const keyFile = options.value('key') ?? cert;
  const identity =
    cert === undefined
      ? undefined
      : {
          chain: process.crypto.certificatesFromPem(readPem(process, cert, 'cert')),
          key: process.crypto.keyFromPem(readPem(process, keyFile!, 'key')),
        };
  return {
    address,
    port,
    rootCas,
    serverName: url.hostname,
    ...(identity ? { identity } : {}),
    ...(options.has('k') ? { insecureSkipVerify: true } : {}),
  };
}

async function bodyOf(process: Process, options: GivenOptions): Promise<string | undefined> {
  const parts: string[] = [];
  for (const letter of ['d', 'data-raw', 'data-binary'] as const) {
    for (const value of options.values(letter)) {
      if (!value.startsWith('@') || letter === 'data-raw') {
        parts.push(value);
        continue;
      }
      const text =
        value === '@-'
          ? await readAll(process.stdin)
          : await readAll(openForReading(process.files, resolvePath(process.cwd, value.slice(1))));
      parts.push(letter === 'd' ? text.replace(/[\r\n]/g, '') : text);
    }
  }
  return parts.length ? parts.join('&') : undefined;
}

function curlFailure(error: NetworkError, url: URL, elapsedMs: number): CurlError {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  switch (error.code) {
    case 'ECONNREFUSED':
      return new CurlError(7, `Failed to connect to ${url.hostname} port ${port} after ${elapsedMs} ms: Couldn't connect to server`);
    case 'EHOSTUNREACH':
      return new CurlError(7, `Failed to connect to ${url.hostname} port ${port} after ${elapsedMs} ms: No route to host`);
    case 'ETIMEDOUT':
      return new CurlError(
        28,
        error.message.includes('deadline')
          ? `Operation timed out after ${elapsedMs} milliseconds with 0 bytes received`
          : `Failed to connect to ${url.hostname} port ${port} after ${elapsedMs} ms: Connection timed out`,
      );
    case 'EPROTO':
      if (/certificate required|bad certificate/.test(error.message))
        return new CurlError(56, `OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0`);
      if (/first record|wrong version/.test(error.message)) return new CurlError(35, 'error:0A00010B:SSL routines::wrong version number');
      return new CurlError(
        60,
        `SSL certificate problem: ${/expired/.test(error.message) ? 'certificate has expired' : 'unable to get local issuer certificate'}\nMore details here: https://curl.se/docs/sslcerts.html\n\ncurl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the web page mentioned above.`,
      );
    case 'ECONNRESET':
      return error.message === 'EOF'
        ? new CurlError(52, 'Empty reply from server')
        : new CurlError(56, 'Recv failure: Connection reset by peer');
    default:
      return new CurlError(56, error.message);
  }
}

const headText = ({ status, headers }: HttpResponse): string =>
  `HTTP/1.1 ${status} ${HTTP_REASONS[status] ?? ''}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;

interface Fetched {
  readonly response: HttpResponse;
  readonly url: URL;
  readonly close: () => void;
}

async function fetchOnce(process: Process, url: URL, options: GivenOptions, body: string | undefined): Promise<Fetched> {
  const method = options.value('X') ?? (options.has('I') ? 'HEAD' : body === undefined ? 'GET' : 'POST');
  const given = options
    .values('H')
    .map((line): [string, string] => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  const defaults: [string, string][] = [
    ['host', url.host],
    ['user-agent', 'curl/8.5.0'],
    ['accept', '*/*'],
    ...(body === undefined ? [] : [['content-type', 'application/x-www-form-urlencoded'] as [string, string]]),
  ];
  if (options.has('u')) defaults.push(['authorization', `Basic ${btoa(options.value('u')!)}`]);
  const headers = [...defaults.filter(([name]) => !given.some(([other]) => other === name)), ...given.filter(([, value]) => value !== '')];
  const client = createHttpClient(process.network, process.clock, await targetOf(process, url, options));
  const startMs = process.clock.monotonicMs();
  const limit = options.value('m') ?? options.value('connect-timeout');
  if (options.has('v'))
    await process.stderr.write(
      `*   Trying ${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}...\n> ${method} ${url.pathname}${url.search} HTTP/1.1\n${headers.map(([name, value]) => `> ${name.replace(/(^|-)\w/g, (letter) => letter.toUpperCase())}: ${value}\n`).join('')}> \n`,
    );
  try {
    const response = await client.request(
      { method, path: `${url.pathname}${url.search}`, headers, ...(body === undefined ? {} : { body }) },
      { timeoutMs: limit === undefined ? DEFAULT_TIMEOUT_MS : Number(limit) * 1000 },
    );
    if (options.has('v'))
      await process.stderr.write(
        headText(response)
          .replace(/\r\n/g, '\n')
          .replace(/^(?=.|\n$)/gm, '< '),
      );
    return { response, url, close: () => client.close() };
  } catch (error) {
    client.close();
    if (error instanceof NetworkError) throw curlFailure(error, url, Math.round(process.clock.monotonicMs() - startMs));
    throw error;
  }
}

async function fetchUrl(process: Process, text: string, options: GivenOptions): Promise<number> {
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  } catch (error) {
    if (error instanceof TypeError) throw new CurlError(3, 'URL rejected: Malformed input to a URL function');
    throw error;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new CurlError(1, `Protocol "${url.protocol.slice(0, -1)}" not supported`);
  let body = await bodyOf(process, options);
  const startMs = process.clock.monotonicMs();
  let fetched = await fetchOnce(process, url, options, body);
  for (let hops = 0; options.has('L') && fetched.response.status >= 300 && fetched.response.status < 400; hops++) {
    const location = header(fetched.response.headers, 'location');
    if (location === undefined) break;
    if (hops >= MAX_REDIRECTS) throw new CurlError(47, 'Maximum (50) redirects followed');
    if (options.has('i')) await process.stdout.write(headText(fetched.response));
    fetched.close();
    body = fetched.response.status === 307 || fetched.response.status === 308 ? body : undefined;
    fetched = await fetchOnce(process, new URL(location, fetched.url), options, body);
  }
  const { response } = fetched;
  const output = options.value('o') ?? (options.has('O') ? fetched.url.pathname.split('/').at(-1) : undefined);
  const writer =
    output === undefined || output === '-' ? process.stdout : openForWriting(process.files, resolvePath(process.cwd, output), false);
  const failed = options.has('f') && response.status >= 400;
  let bytes = 0;
  if (!failed) {
    if (options.has('i') || options.has('I')) await writer.write(headText(response));
    if (!options.has('I')) {
      for await (const chunk of response.chunks()) {
        bytes += chunk.length;
        await writer.write(chunk);
      }
    }
  }
  fetched.close();
  const write = options.value('w');
  if (write !== undefined) {
    const facts: Readonly<Record<string, string>> = {
      http_code: String(response.status),
      response_code: String(response.status),
      size_download: String(bytes),
      time_total: ((process.clock.monotonicMs() - startMs) / 1000).toFixed(6),
      url_effective: fetched.url.href,
      content_type: header(response.headers, 'content-type') ?? '',
    };
    await process.stdout.write(
      write
        .replace(/%\{(\w+)\}/g, (_, name: string) => facts[name] ?? '')
        .replaceAll('\\n', '\n')
        .replaceAll('\\t', '\t'),
    );
  }
  if (failed) throw new CurlError(22, `The requested URL returned error: ${response.status}`);
  return 0;
}

const LONG = {
  silent: 's',
  'show-error': 'S',
  insecure: 'k',
  include: 'i',
  head: 'I',
  verbose: 'v',
  request: 'X',
  header: 'H',
  data: 'd',
  'data-raw': 'data-raw',
  'data-binary': 'data-binary',
  'data-ascii': 'd',
  output: 'o',
  'write-out': 'w',
  'max-time': 'm',
  location: 'L',
  fail: 'f',
  user: 'u',
  cacert: 'cacert',
  cert: 'cert',
  key: 'key',
  'connect-timeout': 'connect-timeout',
  'http1.1': 'http1.1',
  compressed: 'compressed',
  'no-buffer': 'N',
  json: 'd',
};

/** curl */
export const curl = applet(
  {
    flags: 'sSkiIvLfNOgG',
    values: 'XHdowmuE',
    long: LONG,
    longValues: ['data-raw', 'data-binary', 'cacert', 'cert', 'key', 'connect-timeout', 'resolve'],
  },
  async (process, options) => {
    if (options.operands.length === 0) throw new UsageError("(2) no URL specified\ncurl: try 'curl --help' for more information", 2);
    let status = 0;
    for (const operand of options.operands) {
      try {
        status = await fetchUrl(process, operand, options);
      } catch (error) {
        if (!(error instanceof CurlError)) throw error;
        status = error.code;
        if (!options.has('s') || options.has('S')) await process.stderr.write(`curl: (${error.code}) ${error.message}\n`);
      }
    }
    return status;
  },
  2,
);
