/** agnhost's small subcommands: those that print and end, and servers of a few lines. */
import { DnsError, lookUp, NetworkError, readResolverConfiguration, serveRpc, type Process, type Program } from '#host';
import { listenOn, serveUntilTold, text, untilTold } from '../http-server.ts';
import { goFlag } from '../images/http-echo.ts';

/** Does nothing until told to end. */
export const pause: Program = async (process) => {
  await process.stdout.write('Paused\n');
  await untilTold(process);
  return 0;
};

/** Prints the arguments it got, as Go prints a list of words. */
export const entrypointTester: Program = async (process) => {
  await process.stdout.write(`[/agnhost ${['entrypoint-tester', ...process.argv].join(' ')}]\n`);
  return 0;
};

/** Prints the search list of /etc/resolv.conf. */
export const dnsSuffix: Program = async (process) => {
  await process.stdout.write(`${readResolverConfiguration(process.files).search.join(',')}\n`);
  return 0;
};

/** Prints the name servers of /etc/resolv.conf. */
export const dnsServerList: Program = async (process) => {
  await process.stdout.write(`${readResolverConfiguration(process.files).servers.join(',')}\n`);
  return 0;
};

/** Healthy for ten seconds, then not: the example of the documentation on liveness probes. */
export const liveness: Program = (process) => {
  const startedMs = process.clock.wallMs();
  return serveUntilTold(process, 8080, async ({ path }) => {
    const seconds = (process.clock.wallMs() - startedMs) / 1000;
    if (path === '/healthz') return seconds > 10 ? text(`error: ${seconds}s`, 500) : text('ok');
    return text(String(startedMs));
  });
};

/** Serves the host name. */
export const serveHostname: Program = async (process) => {
  const port = Number(goFlag(process.argv, 'port') ?? 9376);
  await process.stdout.write(`Serving on port ${port}.\n`);
  return serveUntilTold(process, port, async () => text(process.hostname));
};

/** Serves the files of the image over HTTP. */
export const testWebserver: Program = (process) =>
  serveUntilTold(process, Number(goFlag(process.argv, 'port') ?? 80), async ({ path }) => {
    const wanted = decodeURIComponent(path.split('?')[0]!);
    const stat = process.files.stat(wanted);
    if (stat?.kind === 'directory') return text(`<pre>\n${process.files.list(wanted).join('\n')}\n</pre>\n`);
    return stat ? text(process.files.readText(wanted)) : text('404 page not found\n', 404);
  });

/** Serves what each SERVE_PORT_<n> says on port n. */
export const porter: Program = async (process) => {
  for (const [name, said] of Object.entries(process.env)) {
    const [, port] = /^SERVE_PORT_(\d+)$/.exec(name) ?? [];
    if (port) await listenOn(process, Number(port), async () => text(said));
  }
  await untilTold(process);
  return 0;
};

const WORDS: readonly string[] = ['GET', 'POST', 'PUT'];

/** klog's head of a line. */
function klogHead(wallMs: number): string {
  const iso = new Date(wallMs).toISOString();
  return `I${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}000       1 logs_generator.go:76]`;
}

/** Writes `--log-lines-total` lines evenly over `--run-duration`. */
export const logsGenerator: Program = async (process) => {
  const { argv, clock, random, stdout } = process;
  const total = Number(goFlag(argv, 'log-lines-total') ?? process.env['LOGS_GENERATOR_LINES_TOTAL'] ?? 0);
  const [, amount = '60', unit = 's'] = /^([\d.]+)(ms|s|m|h)?$/.exec(goFlag(argv, 'run-duration') ?? '60s') ?? [];
  const durationMs = Number(amount) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 's']!;
  const lines = random.fork('lines');
  const stopped = untilTold(process).then(() => true);
  for (let line = 0; line < total; line++) {
    const verb = WORDS[lines.below(WORDS.length)]!;
    const name = Array.from({ length: 4 }, () => lines.below(36).toString(36)).join('');
    const namespace = ['default', 'kube-system', 'ns'][lines.below(3)]!;
    await stdout.write(
      `${klogHead(clock.wallMs())} ${line} ${verb} /api/v1/namespaces/${namespace}/pods/${name} ${200 + lines.below(400)}\n`,
    );
    if (await Promise.race([stopped, clock.sleep(durationMs / total).then(() => false)])) break;
  }
  return 0;
};

/** connect --timeout 3s --protocol tcp HOST:PORT: silence and 0, or one word on stderr and 1. */
export const connect: Program = async (process) => {
  const target =
    process.argv.filter((word, at) => !word.startsWith('-') && !process.argv[at - 1]?.match(/^--(timeout|protocol)$/)).at(-1) ?? '';
  const timeoutMs = Number.parseFloat(goFlag(process.argv, 'timeout') ?? '2s') * 1000;
  const [host = '', port = ''] = target.split(':');
  try {
    const [address = host] = await lookUp(process, host);
    (await process.network.dial(address, Number(port), { timeoutMs })).close();
    return 0;
  } catch (error) {
    const word =
      error instanceof DnsError
        ? `DNS: ${error.message}`
        : error instanceof NetworkError && error.code === 'ECONNREFUSED'
          ? 'REFUSED'
          : error instanceof NetworkError && error.code === 'ETIMEDOUT'
            ? 'TIMEOUT'
            : 'OTHER';
    await process.stderr.write(`${word}\n`);
    return 1;
  }
};

/** The health service of gRPC on `--port`; after `--delay-unhealthy-sec` it says NOT_SERVING. */
export const grpcHealthChecking: Program = async (process) => {
  const port = Number(goFlag(process.argv, 'port') ?? 5000);
  const delaySeconds = Number(goFlag(process.argv, 'delay-unhealthy-sec') ?? -1);
  const startedMs = process.clock.wallMs();
  const check = (): Promise<{ status: string }> => {
    const isServing = delaySeconds < 0 || process.clock.wallMs() - startedMs < delaySeconds * 1000;
    return Promise.resolve({ status: isServing ? 'SERVING' : 'NOT_SERVING' });
  };
  await process.network.listen(port, {}, (connection) => serveRpc(connection, { unary: { 'grpc.health.v1.Health/Check': check } }));
  await process.stdout.write(`serving on port ${port}\n`);
  await untilTold(process);
  return 0;
};

/** mounttest: what the suite asks of volumes (`--file_content`, `--file_mode`, `--new_file_0644`). */
export const mounttest: Program = async (process: Process) => {
  const { argv, files, stdout } = process;
  const modeText = (mode: number): string =>
    `-${[6, 3, 0].map((shift) => ['r', 'w', 'x'].map((letter, at) => ((mode >> shift) & (4 >> at) ? letter : '-')).join('')).join('')}`;
  const created = goFlag(argv, 'new_file_0644') ?? goFlag(argv, 'new_file_0666') ?? goFlag(argv, 'new_file_0777');
  if (created) files.write(created, 'mount-tester new file\n', { mode: 0o644 });
  const read = goFlag(argv, 'file_content') ?? goFlag(argv, 'file_content_in_loop');
  const looked = goFlag(argv, 'file_mode') ?? goFlag(argv, 'file_perm');
  if (looked) {
    const mode = files.stat(looked)?.mode;
    if (mode === undefined) return stdout.write(`error with file mode lstat ${looked}: no such file or directory\n`).then(() => 1);
    await stdout.write(`mode of file "${looked}": ${modeText(mode)}\n`);
  }
  if (read) {
    if (!files.stat(read))
      return stdout.write(`error reading file content for "${read}": open ${read}: no such file or directory\n`).then(() => 1);
    await stdout.write(`content of file "${read}": ${files.readText(read)}\n`);
  }
  return 0;
};
