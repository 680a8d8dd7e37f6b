/** wget, busybox's: fetches a URL to a file or standard output. Left out: ftp, recursion, continuing a partial file. */
import { createHttpClient, header, NetworkError, type HttpResponse, type Process } from '#host';
import { applet, UsageError, type GivenOptions } from '../applet.ts';
import { openForWriting } from '../io.ts';
import { resolvePath } from '../paths.ts';
import { addressesOf } from '../resolve.ts';
import { HTTP_REASONS } from './http-reasons.ts';

const DEFAULT_TIMEOUT_S = 900;
const MAX_REDIRECTS = 5;
const BAR = '*'.repeat(32);

interface Answer {
  readonly response: HttpResponse;
  readonly url: URL;
  close(): void;
}

function readUrl(text: string): URL {
  try {
    const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new UsageError(`not an http or ftp url: ${text}`);
}

function complaint(error: NetworkError, address: string): UsageError {
  if (error.code === 'ETIMEDOUT' && error.message.includes('deadline')) return new UsageError('download timed out');
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'Connection refused',
    EHOSTUNREACH: 'No route to host',
    ETIMEDOUT: 'Connection timed out',
  };
  const reason = reasons[error.code];
  if (reason) return new UsageError(`can't connect to remote host (${address}): ${reason}`);
  if (error.code === 'EPROTO') return new UsageError(`TLS error: ${error.message}`);
  return new UsageError('error getting response');
}

async function ask(process: Process, url: URL, options: GivenOptions): Promise<Answer> {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const [address] = await addressesOf(process, url.hostname);
  if (address === undefined) throw new UsageError(`bad address '${url.hostname}'`);
  if (!options.has('q')) await process.stderr.write(`Connecting to ${url.host} (${address}:${port})\n`);
  const tls = url.protocol === 'https:' ? { insecureSkipVerify: true, serverName: url.hostname } : {};
  const client = createHttpClient(process.network, process.clock, { address, port, ...tls });
  const body = options.value('post-data');
  const given = options.values('header').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  const headers: [string, string][] = [
    ['host', url.host],
    ['user-agent', options.value('U') ?? 'Wget'],
    ...(body === undefined ? [] : [['content-type', 'application/x-www-form-urlencoded'] as [string, string]]),
    ...given,
  ];
  const seconds = Number(options.value('T') ?? DEFAULT_TIMEOUT_S);
  try {
    const response = await client.request(
      {
        method: options.has('spider') ? 'HEAD' : body === undefined ? 'GET' : 'POST',
        path: `${url.pathname}${url.search}`,
        headers,
        ...(body === undefined ? {} : { body }),
      },
      { timeoutMs: seconds * 1000 },
    );
    return { response, url, close: () => client.close() };
  } catch (error) {
    client.close();
    throw error instanceof NetworkError ? complaint(error, address) : error;
  }
}

/** Follows redirections and refuses what is no success. */
async function fetchFinal(process: Process, text: string, options: GivenOptions): Promise<Answer> {
  let answer = await ask(process, readUrl(text), options);
  for (let hops = 0; ; hops++) {
    const { status, headers } = answer.response;
    const line = `HTTP/1.1 ${status} ${HTTP_REASONS[status] ?? ''}`.trimEnd();
    if (options.has('S')) await process.stderr.write(`  ${line}\n${headers.map(([name, value]) => `  ${name}: ${value}\n`).join('')}  \n`);
    const location = status >= 300 && status < 400 ? header(headers, 'location') : undefined;
    if (location === undefined && status < 300) return answer;
    answer.close();
    if (location === undefined) throw new UsageError(`server returned error: ${line}`);
    if (hops >= MAX_REDIRECTS) throw new UsageError('too many redirections');
    answer = await ask(process, new URL(location, answer.url), options);
  }
}

/** busybox's progress line, as it stands when all has come. */
function progress(name: string, bytes: number): string {
  const size = bytes < 100_000 ? String(bytes) : `${Math.floor(bytes / 1024)}k`;
  return `${name.slice(0, 20).padEnd(20)} 100% |${BAR}| ${size.padStart(5)}  0:00:00 ETA\n`;
}

async function save(process: Process, answer: Answer, options: GivenOptions): Promise<void> {
  const output = options.value('O') ?? (answer.url.pathname.split('/').at(-1) || 'index.html');
  const toStdout = output === '-';
  const told = !options.has('q');
  if (told) await process.stderr.write(toStdout ? 'writing to stdout\n' : `saving to '${output}'\n`);
  const absolute = resolvePath(process.cwd, output);
  if (!toStdout && !options.has('O') && process.files.stat(absolute)) throw new UsageError(`can't open '${output}': File exists`);
  const writer = toStdout ? process.stdout : openForWriting(process.files, absolute, false);
  let bytes = 0;
  try {
    for await (const chunk of answer.response.chunks()) {
      bytes += typeof chunk === 'string' ? new TextEncoder().encode(chunk).length : chunk.length;
      await writer.write(chunk);
    }
  } catch (error) {
    throw error instanceof NetworkError ? new UsageError('read error: Connection reset by peer') : error;
  }
  if (!told) return;
  const name = toStdout ? '-' : output;
  await process.stderr.write(`${progress(name, bytes)}${toStdout ? 'written to stdout' : `'${output}' saved`}\n`);
}

/** wget */
export const wget = applet(
  {
    flags: 'qScn',
    values: 'OTUPYt',
    long: {
      quiet: 'q',
      timeout: 'T',
      'output-document': 'O',
      'server-response': 'S',
      'user-agent': 'U',
      tries: 't',
      spider: 'spider',
      'no-check-certificate': 'no-check-certificate',
      'no-verbose': 'n',
    },
    longValues: ['header', 'post-data'],
  },
  async (process, options) => {
    if (options.operands.length === 0) throw new UsageError("missing URL\nTry 'wget --help' for more information.");
    for (const operand of options.operands) {
      const answer = await fetchFinal(process, operand, options);
      try {
        if (options.has('spider')) {
          if (!options.has('q')) await process.stderr.write('remote file exists\n');
        } else await save(process, answer, options);
      } finally {
        answer.close();
      }
    }
    return 0;
  },
);
