/** Servers that answer with the request itself: docker.io/kicbase/echo-server, registry.k8s.io/echoserver and docker.io/ealen/echo-server. */
import { header, type IncomingRequest, type Process, type Program } from '#host';
import type { Image } from '../image.ts';
import { json, serveUntilTold, targetOf, text } from '../http-server.ts';
import { userland } from '../userland.ts';

const title = (name: string): string => name.replace(/(^|-)([a-z])/g, (whole) => whole.toUpperCase());

async function requestText(process: Process, request: IncomingRequest): Promise<string> {
  const body = await request.text();
  const host = header(request.headers, 'host') ?? '';
  const headers = request.headers
    .filter(([name]) => name !== 'host')
    .map(([name, value]) => `${title(name)}: ${value}`)
    .sort();
  return `Request served by ${process.hostname}\n\n${request.method} ${request.path} HTTP/1.1\n\nHost: ${host}\n${headers.join('\n')}\n${body ? `\n${body}` : ''}`;
}

const kicbaseEcho: Program = async (process) => {
  const port = Number(process.env['PORT'] ?? 8080);
  await process.stdout.write(`Echo server listening on port ${port}.\n`);
  return serveUntilTold(process, port, async (request) => {
    await process.stdout.write(`${request.peer.address}:${request.peer.port} | ${request.method} ${request.path}\n`);
    return text(await requestText(process, request));
  });
};

/** docker.io/kicbase/echo-server. */
export const kicbaseEchoServer: Image = {
  repository: 'docker.io/kicbase/echo-server',
  releases: [{ version: '1.0', tags: ['1.0', 'latest'] }],
  sizeBytes: 2_138_418,
  entrypoint: ['/bin/echo-server'],
  exposedPorts: [8080],
  usage: { cpuMillis: 1, memoryBytes: 2_097_152 },
  programs: { '/bin/echo-server': kicbaseEcho },
};

async function clientValues(process: Process, request: IncomingRequest): Promise<string> {
  const { path, query } = targetOf(request.path);
  const host = header(request.headers, 'host') ?? '';
  const headers = [...request.headers].map(([name, value]) => `\t${name}=${value}`).sort();
  const body = await request.text();
  return [
    `\n\nHostname: ${process.hostname}\n`,
    'Pod Information:\n\t-no pod information available-\n',
    'Server values:\n\tserver_version=nginx: 1.14.2 - lua: 10015\n',
    `Request Information:\n\tclient_address=${request.peer.address}\n\tmethod=${request.method}\n\treal path=${request.path}\n\tquery=${query.toString()}\n\trequest_version=1.1\n\trequest_scheme=http\n\trequest_uri=http://${host}:8080${path}\n`,
    `Request Headers:\n${headers.join('\n')}\n`,
    `Request Body:\n${body || '\t-no body in request-'}\n`,
  ].join('\n');
}

const nginxEcho: Program = (process) => serveUntilTold(process, 8080, async (request) => text(await clientValues(process, request)));

/** registry.k8s.io/echoserver. */
export const echoserver: Image = {
  repository: 'registry.k8s.io/echoserver',
  releases: [
    { version: '1.10', tags: ['1.10'] },
    { version: '1.4', tags: ['1.4'] },
  ],
  sizeBytes: 44_654_336,
  entrypoint: ['/usr/local/bin/run.sh'],
  exposedPorts: [8080],
  usage: { cpuMillis: 1, memoryBytes: 4_194_304 },
  programs: userland({ directory: '/usr/bin', shells: ['sh', 'bash'], own: { '/usr/local/bin/run.sh': nginxEcho } }),
};

const ealenEcho: Program = async (process) => {
  const port = Number(process.env['PORT'] ?? 80);
  await process.stdout.write(`Listening on port ${port}.\n`);
  return serveUntilTold(process, port, async (request) => {
    const { path, query } = targetOf(request.path);
    const headers = Object.fromEntries(request.headers.map(([name, value]) => [name, value]));
    const status = Number(query.get('echo_code') ?? headers['x-echo-code'] ?? 200);
    const answer = {
      host: { hostname: (headers['host'] ?? '').split(':')[0], ip: `::ffff:${request.peer.address}`, ips: [] },
      http: { method: request.method, baseUrl: '', originalUrl: request.path, protocol: 'http' },
      request: { params: { 0: path }, query: Object.fromEntries(query), cookies: {}, body: await request.text(), headers },
      environment: { ...process.env, HOSTNAME: process.hostname },
    };
    await process.stdout.write(`${JSON.stringify({ name: 'echo-server', hostname: process.hostname, ...answer.http, level: 30 })}\n`);
    const said = query.get('echo_body');
    return said === null ? json(answer, status) : json(said, status);
  });
};

/** docker.io/ealen/echo-server. */
export const ealenEchoServer: Image = {
  repository: 'docker.io/ealen/echo-server',
  releases: [{ version: '0.9.2', tags: ['latest', '0.9.2', '0.9.1', '0.8.12', '0.7.0'] }],
  sizeBytes: 33_241_088,
  entrypoint: ['node', 'webserver'],
  exposedPorts: [80],
  usage: { cpuMillis: 1, memoryBytes: 20_971_520 },
  programs: userland({ directory: '/usr/bin', shells: ['sh', 'ash'], own: { '/usr/local/bin/node': ealenEcho } }),
};
