/** docker.io/hashicorp/http-echo: answers every request with the text of `-text` (or $ECHO_TEXT) on `-listen`. */
import { header, type Program } from '#host';
import type { Image } from '../image.ts';
import { serveUntilTold, text } from '../http-server.ts';

/** 2026/11/20 10:50:10, as Go's log prints it. */
const logTime = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');

/** The value of a Go flag: `-name value`, `-name=value`, with one or two dashes. */
export function goFlag(argv: readonly string[], name: string): string | undefined {
  for (const [at, word] of argv.entries()) {
    const [, given, value] = /^--?([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
    if (given === name) return value ?? argv[at + 1] ?? '';
  }
  return undefined;
}

const httpEcho: Program = async (process) => {
  const { argv, clock } = process;
  const version = process.env['PRODUCT_VERSION'] ?? '1.0.0';
  if (argv.includes('-version')) return process.stderr.write(`http-echo v${version}\n`).then(() => 0);
  const said = goFlag(argv, 'text') ?? process.env['ECHO_TEXT'] ?? 'hello-world';
  const address = goFlag(argv, 'listen') ?? ':5678';
  const status = Number(goFlag(argv, 'status-code') ?? 200);
  if (!said) {
    await process.stderr.write('Missing -text option!\n');
    return 127;
  }
  await process.stdout.write(`${logTime(clock.wallMs())} [INFO] server is listening on ${address}\n`);
  return serveUntilTold(process, Number(address.slice(address.lastIndexOf(':') + 1)), async (request) => {
    const host = header(request.headers, 'host') ?? '';
    const agent = header(request.headers, 'user-agent') ?? '';
    await process.stdout.write(
      `${logTime(clock.wallMs())} ${host} ${request.peer.address}:${request.peer.port} "${request.method} ${request.path} HTTP/1.1" ${status} ${said.length + 1} "${agent}" 0s\n`,
    );
    return text(`${said}\n`, status, [
      ['x-app-name', 'http-echo'],
      ['x-app-version', version],
    ]);
  });
};

/** The http-echo image. */
export const httpEchoImage: Image = {
  repository: 'docker.io/hashicorp/http-echo',
  releases: [
    { version: '1.0.0', tags: ['latest', '1', '1.0', '1.0.0', 'alpine'], env: { PRODUCT_VERSION: '1.0.0' } },
    { version: '0.2.3', tags: ['0.2.3'], env: { PRODUCT_VERSION: '0.2.3' } },
  ],
  sizeBytes: 3_148_762,
  entrypoint: ['/http-echo'],
  cmd: [],
  exposedPorts: [5678],
  uid: 65532,
  usage: { cpuMillis: 1, memoryBytes: 3_145_728 },
  programs: { '/http-echo': httpEcho },
};
