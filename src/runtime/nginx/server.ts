/** nginx as a program: `nginx`, `-g`, `-t`, `-v`, `-s`; serves its configuration until TERM or QUIT, reloads it on HUP. */
import {
  header,
  listenHttp,
  type CatchableSignal,
  type HttpAnswer,
  type IncomingRequest,
  type Listener,
  type Process,
  type Program,
} from '#host';
import {
  ConfigurationError,
  directiveOf,
  findLocation,
  readConfiguration,
  serversOf,
  type Directive,
  type Location,
  type Server,
} from './configuration.ts';
import { contentTypeOf, statusPage } from './files.ts';

const CONFIGURATION_PATH = '/etc/nginx/nginx.conf';
const MONTHS: readonly string[] = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const pad = (value: number): string => String(value).padStart(2, '0');

/** 20/Nov/2026:10:50:10 +0000. */
function localTime(wallMs: number): string {
  const time = new Date(wallMs);
  const clock = `${pad(time.getUTCHours())}:${pad(time.getUTCMinutes())}:${pad(time.getUTCSeconds())}`;
  return `${pad(time.getUTCDate())}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}:${clock} +0000`;
}

/** 2026/11/20 10:50:10. */
function errorTime(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
}

interface Surroundings {
  readonly process: Process;
  readonly version: string;
  nextConnection: number;
}

const plain = (status: number, version: string): HttpAnswer => ({
  status,
  headers: [['content-type', 'text/html']],
  body: statusPage(status, version),
});

function logError({ process, nextConnection }: Surroundings, request: IncomingRequest, message: string): void {
  const host = header(request.headers, 'host') ?? '';
  const line = `${errorTime(process.clock.wallMs())} [error] ${process.pid}#${process.pid}: *${nextConnection} ${message}, client: ${request.peer.address}, server: localhost, request: "${request.method} ${request.path} HTTP/1.1", host: "${host}"\n`;
  void process.stderr.write(line);
}

/** Answers from the file system as `root`, `alias`, `index` and `try_files` say. */
function serveFile(
  surroundings: Surroundings,
  request: IncomingRequest,
  path: string,
  location: Location | undefined,
  directives: readonly Directive[],
): HttpAnswer {
  const { process, version } = surroundings;
  const { files } = process;
  const root = directiveOf(directives, 'root')?.args[0] ?? '/etc/nginx/html';
  const alias = location && directiveOf(location.directives, 'alias')?.args[0];
  const pathOf = (wanted: string): string => (alias ? alias + wanted.slice(location!.path.length) : root + wanted).replace(/\/{2,}/g, '/');
  const indexes = directiveOf(directives, 'index')?.args ?? ['index.html'];
  const tries = directiveOf(directives, 'try_files')?.args;
  let full = pathOf(path);
  if (tries) {
    const candidates = tries.slice(0, -1).map((word) => pathOf(word.replaceAll('$uri', path)));
    const found = candidates.find(
      (candidate) => files.stat(candidate.replace(/\/$/, ''))?.kind === (candidate.endsWith('/') ? 'directory' : 'file'),
    );
    const last = tries.at(-1)!;
    if (!found && last.startsWith('=')) return plain(Number(last.slice(1)), version);
    full = found ?? pathOf(last.replaceAll('$uri', path));
  }
  const stat = files.stat(full.length > 1 ? full.replace(/\/$/, '') : full);
  if (stat?.kind === 'directory') {
    if (!full.endsWith('/'))
      return {
        ...plain(301, version),
        headers: [
          ['content-type', 'text/html'],
          ['location', `${path}/`],
        ],
      };
    const index = indexes.map((name) => full + name).find((candidate) => files.stat(candidate)?.kind === 'file');
    if (!index) {
      logError(surroundings, request, `directory index of "${full}" is forbidden`);
      return plain(403, version);
    }
    full = index;
  } else if (!stat || full.endsWith('/')) {
    logError(surroundings, request, `open() "${full}" failed (2: No such file or directory)`);
    return plain(404, version);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, version);
  const body = files.readBytes(full);
  const type = contentTypeOf(full, directiveOf(directives, 'default_type')?.args[0] ?? 'application/octet-stream');
  const modified = new Date(files.stat(full)!.modifiedMs).toUTCString();
  return {
    status: 200,
    headers: [
      ['content-type', type],
      ['content-length', String(body.length)],
      ['last-modified', modified],
      ['accept-ranges', 'bytes'],
    ],
    body,
  };
}

function variables(text: string, process: Process, request: IncomingRequest): string {
  const values: Record<string, string> = {
    hostname: process.hostname,
    uri: request.path.split('?')[0]!,
    request_uri: request.path,
    request_method: request.method,
    host: (header(request.headers, 'host') ?? '').split(':')[0]!,
    remote_addr: request.peer.address,
    server_addr: process.network.addresses[0] ?? '127.0.0.1',
  };
  return text.replace(
    /\$\{?(\w+)\}?/g,
    (whole, name: string) =>
      values[name] ?? (name.startsWith('http_') ? (header(request.headers, name.slice(5).replaceAll('_', '-')) ?? '') : whole),
  );
}

function answer(surroundings: Surroundings, server: Server, request: IncomingRequest): HttpAnswer {
  const path = decodeURIComponent(request.path.split('?')[0]!);
  if (path.split('/').includes('..')) return plain(400, surroundings.version);
  const location = findLocation(server, path);
  const directives = [...server.directives, ...(location?.directives ?? [])];
  const returned = directiveOf(location?.directives ?? [], 'return') ?? directiveOf(server.directives, 'return');
  if (!returned) return serveFile(surroundings, request, path, location, directives);
  const [code = '200', text] = returned.args;
  const status = /^\d+$/.test(code) ? Number(code) : 302;
  const value = variables(text ?? (status === 302 && !/^\d+$/.test(code) ? code : ''), surroundings.process, request);
  if (status >= 300 && status < 400 && value)
    return {
      ...plain(status, surroundings.version),
      headers: [
        ['content-type', 'text/html'],
        ['location', value],
      ],
    };
  if (!text) return plain(status, surroundings.version);
  const type = directiveOf(directives, 'default_type')?.args[0] ?? 'application/octet-stream';
  return {
    status,
    headers: [
      ['content-type', type],
      ['content-length', String(new TextEncoder().encode(value).length)],
    ],
    body: value,
  };
}

async function serve(surroundings: Surroundings, servers: readonly Server[]): Promise<Listener[]> {
  const { process, version } = surroundings;
  const byPort = new Map<number, Server[]>();
  for (const server of servers) for (const port of server.ports) byPort.set(port, [...(byPort.get(port) ?? []), server]);
  const handler =
    (candidates: readonly Server[]) =>
    async (request: IncomingRequest): Promise<HttpAnswer> => {
      surroundings.nextConnection++;
      const host = (header(request.headers, 'host') ?? '').split(':')[0]!;
      const server = candidates.find((candidate) => candidate.names.includes(host)) ?? candidates[0]!;
      const given = answer(surroundings, server, request);
      const sentBytes =
        typeof given.body === 'string'
          ? new TextEncoder().encode(given.body).length
          : given.body instanceof Uint8Array
            ? given.body.length
            : 0;
      const field = (name: string): string => header(request.headers, name) ?? '-';
      await process.stdout.write(
        `${request.peer.address} - - [${localTime(process.clock.wallMs())}] "${request.method} ${request.path} HTTP/1.1" ${given.status} ${sentBytes} "${field('referer')}" "${field('user-agent')}" "${field('x-forwarded-for')}"\n`,
      );
      const headers: [string, string][] = [
        ['server', `nginx/${version}`],
        ['date', new Date(process.clock.wallMs()).toUTCString()],
      ];
      return { ...given, headers: [...headers, ...given.headers], ...(request.method === 'HEAD' ? { body: '' } : {}) };
    };
  return Promise.all(
    [...byPort].map(([port, candidates]) =>
      listenHttp(process.network, port, {}, handler(candidates), (error) => process.telemetry.log('error', String(error))),
    ),
  );
}

/** Writes nginx's `[emerg]` line. */
async function emergency(process: Process, message: string): Promise<number> {
  await process.stderr.write(
    `${errorTime(process.clock.wallMs())} [emerg] ${process.pid}#${process.pid}: ${message}\nnginx: [emerg] ${message}\n`,
  );
  return 1;
}

const SIGNALS: Readonly<Record<string, CatchableSignal>> = { reload: 'HUP', stop: 'TERM', quit: 'TERM', reopen: 'USR1' };

/** nginx -s SIGNAL: tells the master process of the container. */
async function signalMaster(process: Process, word: string): Promise<number> {
  const signal = SIGNALS[word];
  if (!signal) return process.stderr.write(`nginx: invalid option: "-s ${word}"\n`).then(() => 1);
  const master = process.peers?.processes().find(({ name, pid }) => name === 'nginx' && pid !== process.pid);
  if (!master || !process.peers?.signal(master.pid, signal))
    return emergency(process, 'open() "/run/nginx.pid" failed (2: No such file or directory)');
  await process.stderr.write(`${errorTime(process.clock.wallMs())} [notice] ${process.pid}#${process.pid}: signal process started\n`);
  return 0;
}

/** nginx. */
export const nginxProgram: Program = async (process) => {
  const version = process.env['NGINX_VERSION'] ?? '1.29.3';
  const { argv } = process;
  if (argv.includes('-v')) return process.stderr.write(`nginx version: nginx/${version}\n`).then(() => 0);
  const told = argv.indexOf('-s');
  if (told >= 0) return signalMaster(process, argv[told + 1] ?? '');
  const load = (): Server[] => serversOf(readConfiguration(process.files, CONFIGURATION_PATH));
  let servers: Server[];
  try {
    servers = load();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    if (argv.includes('-t')) await process.stderr.write(`nginx: configuration file ${CONFIGURATION_PATH} test failed\n`);
    return emergency(process, error.message);
  }
  if (argv.includes('-t')) {
    await process.stderr.write(
      `nginx: the configuration file ${CONFIGURATION_PATH} syntax is ok\nnginx: configuration file ${CONFIGURATION_PATH} test is successful\n`,
    );
    return 0;
  }
  const surroundings: Surroundings = { process, version, nextConnection: 0 };
  let listeners: Listener[];
  try {
    listeners = await serve(surroundings, servers);
  } catch (error) {
    return emergency(
      process,
      `bind() to 0.0.0.0:${servers[0]?.ports[0] ?? 80} failed (98: Address already in use)${error instanceof Error ? '' : String(error)}`,
    );
  }
  process.onSignal('HUP', () => {
    try {
      const next = load();
      for (const listener of listeners) listener.close();
      serve(surroundings, next).then(
        (bound) => (listeners = bound),
        (error: unknown) => process.telemetry.log('error', String(error)),
      );
    } catch (error) {
      // A configuration that does not read leaves the old one in force.
      void process.stderr.write(
        `${errorTime(process.clock.wallMs())} [emerg] ${process.pid}#${process.pid}: ${(error as Error).message}\n`,
      );
    }
  });
  // There are no log files to be opened anew.
  process.onSignal('USR1', () => undefined);
  return new Promise((resolve) => {
    process.onSignal('TERM', () => resolve(0));
    process.onSignal('INT', () => resolve(0));
  });
};
