/** agnhost netexec: the test suite's server for everything one wants to see of a network: echo, host name, dial on to others, shell, a controlled end. */
import { createHttpClient, createPipe, header, readAll, type IncomingRequest, type HttpAnswer, type Process, type Program } from '#host';
import { json, listenOn, targetOf, text, untilTold } from '../http-server.ts';
import { goFlag } from '../images/http-echo.ts';

/** What the server stands on. */
interface Surroundings {
  readonly process: Process;
  readonly shell: Program;
  /** Ends the program with a code, after a delay. */
  readonly exit: (code: number, afterMs: number) => void;
  isShuttingDown: boolean;
}

/** `10s`, `1m`, `500ms` as milliseconds; what does not read is 0, as the server treats it. */
function durationMs(given: string | null): number {
  const [, amount = '0', unit = 's'] = /^([\d.]+)(ms|s|m|h)?$/.exec(given ?? '') ?? [];
  return Number(amount) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 's']!;
}

/** Runs a line in a shell of the image and gives its combined output. */
async function runShell({ process, shell }: Surroundings, line: string): Promise<HttpAnswer> {
  const pipe = createPipe();
  const output = readAll(pipe.reader);
  const child = process.spawn(shell, { name: 'sh', argv: ['-c', line], stdout: pipe.writer, stderr: pipe.writer });
  const { code } = await child.exit;
  pipe.writer.close();
  return json({ ...(code === 0 ? {} : { error: `exit status ${code}` }), output: await output });
}

async function dialHttp({ network, clock }: Process, host: string, port: number, path: string): Promise<string> {
  const client = createHttpClient(network, clock, { address: host, port });
  try {
    return await (
      await client.request({ method: 'GET', path: `/${path}`, headers: [['host', `${host}:${port}`]] }, { timeoutMs: 10_000 })
    ).text();
  } finally {
    client.close();
  }
}

async function dialUdp({ network, clock }: Process, host: string, port: number, message: string): Promise<string> {
  const socket = await network.datagram(0);
  try {
    socket.send(host, port, message);
    const answer = await Promise.race([socket.receive().then(({ payload }) => String(payload)), clock.sleep(5_000)]);
    if (answer === undefined) throw new Error(`read udp ${host}:${port}: i/o timeout`);
    return answer;
  } finally {
    socket.close();
  }
}

/** /dial?request=hostname&protocol=http&host=H&port=P&tries=N: asks another netexec and tells what it said. */
async function dial({ process }: Surroundings, query: URLSearchParams): Promise<HttpAnswer> {
  const [host, port, tries] = [query.get('host') ?? '', Number(query.get('port') ?? 0), Number(query.get('tries') ?? 1)];
  const wanted = query.get('request') || 'hostname';
  const protocol = (query.get('protocol') ?? 'http').toLowerCase();
  if (protocol !== 'http' && protocol !== 'udp') return text(`unsupported protocol: ${protocol}\n`, 400);
  const responses: string[] = [];
  const errors: string[] = [];
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      responses.push(await (protocol === 'http' ? dialHttp(process, host, port, wanted) : dialUdp(process, host, port, wanted)));
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
    }
  }
  return json({ ...(responses.length ? { responses } : {}), ...(errors.length ? { errors } : {}) });
}

type Endpoint = (surroundings: Surroundings, request: IncomingRequest, query: URLSearchParams) => HttpAnswer | Promise<HttpAnswer>;

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/': ({ process }) =>
    text(
      `NOW: ${new Date(process.clock.wallMs()).toISOString().replace('T', ' ').replace('Z', '000000')} +0000 UTC m=+${process.clock.monotonicMs() / 1000}`,
    ),
  '/clientip': (_surroundings, { peer }) => text(`${peer.address}:${peer.port}`),
  '/dial': (surroundings, _request, query) => dial(surroundings, query),
  '/echo': (_surroundings, _request, query) => {
    const code = Number(query.get('code') || 200);
    return text(query.get('msg') ?? '', code);
  },
  '/exit': (surroundings, _request, query) => {
    surroundings.exit(Number(query.get('code') ?? 0), durationMs(query.get('timeout')) + durationMs(query.get('wait')));
    return text('');
  },
  '/healthz': ({ isShuttingDown }) => (isShuttingDown ? text('', 503) : text('')),
  '/readyz': ({ isShuttingDown }) => (isShuttingDown ? text('', 503) : text('')),
  '/header': (_surroundings, { headers }, query) => text(header(headers, (query.get('key') ?? '').toLowerCase()) ?? ''),
  '/hostname': ({ process }) => text(process.hostname),
  '/redirect': (_surroundings, _request, query) => text('', Number(query.get('code') || 302), [['location', query.get('location') ?? '/']]),
  '/shell': (surroundings, _request, query) => runShell(surroundings, query.get('cmd') ?? query.get('shellCommand') ?? ''),
  '/shutdown': (surroundings) => {
    surroundings.exit(0, 0);
    return text('');
  },
};

async function answer(surroundings: Surroundings, request: IncomingRequest, override: string | undefined): Promise<HttpAnswer> {
  const { process } = surroundings;
  const { path, query } = targetOf(request.path);
  await process.stdout.write(
    `${new Date(process.clock.wallMs()).toISOString()} ${request.method} ${request.path} from ${request.peer.address}:${request.peer.port}\n`,
  );
  if (override !== undefined && path === '/') return ENDPOINTS[override]!(surroundings, request, query);
  const endpoint = ENDPOINTS[path.toLowerCase()];
  return endpoint ? endpoint(surroundings, request, query) : text('404 page not found\n', 404);
}

/** UDP as netexec speaks it: `hostname`, `echo TEXT`, `clientip`. */
async function serveUdp({ network, hostname }: Process, port: number): Promise<void> {
  const socket = await network.datagram(port);
  for (;;) {
    const { from, payload } = await socket.receive();
    const [word, ...rest] = String(payload).trim().split(' ');
    const said =
      word?.toLowerCase() === 'hostname'
        ? hostname
        : word === 'echo'
          ? rest.join(' ')
          : word === 'clientip'
            ? `${from.address}:${from.port}`
            : undefined;
    if (said !== undefined) socket.send(from.address, from.port, said);
  }
}

/** netexec's program; `shell` runs what /shell is given. */
export const netexec =
  (shell: Program): Program =>
  async (process) => {
    const { argv, clock, stdout } = process;
    const httpPort = Number(goFlag(argv, 'http-port') ?? 8080);
    const udpPort = Number(goFlag(argv, 'udp-port') ?? 8081);
    const override = goFlag(argv, 'http-override');
    const delayMs = Number(goFlag(argv, 'delay-shutdown') ?? 0) * 1000;
    let end: (code: number) => void = () => undefined;
    const ended = new Promise<number>((resolve) => (end = resolve));
    const surroundings: Surroundings = {
      process,
      shell,
      exit: (code, afterMs) => void clock.after(afterMs, () => end(code)),
      isShuttingDown: false,
    };
    const told = untilTold(process).then(() => {
      surroundings.isShuttingDown = true;
      return clock.sleep(delayMs).then(() => end(0));
    });
    const listener = await listenOn(process, httpPort, (request) => answer(surroundings, request, override));
    if (!listener) return 1;
    await stdout.write(`Started HTTP server on port ${httpPort}\n`);
    if (udpPort !== -1) {
      serveUdp(process, udpPort).catch((error: unknown) => process.telemetry.log('error', String(error)));
      await stdout.write(`Started UDP server on port  ${udpPort}\n`);
    }
    const code = await Promise.race([ended, told.then(() => ended)]);
    listener.close();
    return code;
  };
