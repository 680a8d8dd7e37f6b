/** Small servers that say who they are: Google's hello-app, the tutorial's kubernetes-bootcamp, and Traefik's whoami. */
import type { IncomingRequest, Process, Program } from '#host';
import type { Image } from '../image.ts';
import { serveUntilTold, text } from '../http-server.ts';
import { userland } from '../userland.ts';
import { goFlag } from './http-echo.ts';

const logTime = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');

const hello: Program = async (process) => {
  const { clock, hostname, env } = process;
  const port = Number(env['PORT'] ?? 8080);
  await process.stderr.write(`${logTime(clock.wallMs())} Server listening on port ${port}\n`);
  return serveUntilTold(process, port, async ({ path }) => {
    await process.stderr.write(`${logTime(clock.wallMs())} Serving request: ${path.split('?')[0]}\n`);
    return text(`Hello, world!\nVersion: ${env['HELLO_VERSION']}\nHostname: ${hostname}\n`);
  });
};

/** gcr.io/google-samples/hello-app. */
export const helloApp: Image = {
  repository: 'gcr.io/google-samples/hello-app',
  releases: [
    { version: '2.0', tags: ['2.0'], env: { HELLO_VERSION: '2.0.0' } },
    { version: '1.0', tags: ['1.0'], env: { HELLO_VERSION: '1.0.0' } },
  ],
  sizeBytes: 11_512_832,
  entrypoint: ['./hello-app'],
  exposedPorts: [8080],
  uid: 65532,
  usage: { cpuMillis: 1, memoryBytes: 2_621_440 },
  programs: { '/hello-app': hello },
};

/** us-docker.pkg.dev/google-samples/containers/gke/hello-app, the same under its newer name. */
export const helloAppArtifact: Image = { ...helloApp, repository: 'us-docker.pkg.dev/google-samples/containers/gke/hello-app' };

const bootcamp: Program = async (process) => {
  const { clock, hostname, env } = process;
  const startedMs = clock.wallMs();
  let requests = 0;
  await process.stdout.write(`Kubernetes Bootcamp App Started At: ${new Date(startedMs).toISOString()} | Running On:  ${hostname} \n\n`);
  return serveUntilTold(process, 8080, async () => {
    requests++;
    const up = (clock.wallMs() - startedMs) / 1000;
    const now = new Date(clock.wallMs()).toUTCString();
    await process.stdout.write(`Running On: ${hostname} | Total Requests: ${requests} | App Uptime: ${up} seconds | Log Time: ${now}\n`);
    return text(`Hello Kubernetes bootcamp! | Running on: ${hostname} | v=${env['BOOTCAMP_VERSION']}\n`);
  });
};

/** gcr.io/google-samples/kubernetes-bootcamp. */
export const kubernetesBootcamp: Image = {
  repository: 'gcr.io/google-samples/kubernetes-bootcamp',
  releases: [
    { version: 'v2', tags: ['v2'], env: { BOOTCAMP_VERSION: '2' } },
    { version: 'v1', tags: ['v1', 'latest'], env: { BOOTCAMP_VERSION: '1' } },
  ],
  sizeBytes: 83_564_221,
  entrypoint: ['node', 'server.js'],
  exposedPorts: [8080],
  usage: { cpuMillis: 1, memoryBytes: 24_117_248 },
  programs: userland({ directory: '/usr/bin', shells: ['sh', 'bash'], own: { '/usr/local/bin/node': bootcamp } }),
};

/** docker.io/jocatalin/kubernetes-bootcamp, from which the tutorial takes its second version. */
export const jocatalinBootcamp: Image = { ...kubernetesBootcamp, repository: 'docker.io/jocatalin/kubernetes-bootcamp' };

const title = (name: string): string => name.replace(/(^|-)([a-z])/g, (whole) => whole.toUpperCase());

function whoAmI({ hostname, network, env }: Process, request: IncomingRequest): string {
  const lines = env['WHOAMI_NAME'] ? [`Name: ${env['WHOAMI_NAME']}`] : [];
  lines.push(`Hostname: ${hostname}`, 'IP: 127.0.0.1', ...network.addresses.map((address) => `IP: ${address}`));
  lines.push(`RemoteAddr: ${request.peer.address}:${request.peer.port}`, `${request.method} ${request.path} HTTP/1.1`);
  const headers = request.headers.map(([name, value]) => `${title(name)}: ${value}`);
  return `${[...lines, ...headers.filter((line) => line.startsWith('Host:')), ...headers.filter((line) => !line.startsWith('Host:')).sort()].join('\n')}\n\n`;
}

const whoami: Program = async (process) => {
  const port = Number(goFlag(process.argv, 'port') ?? process.env['WHOAMI_PORT_NUMBER'] ?? 80);
  await process.stderr.write(`${logTime(process.clock.wallMs())} Starting up on port ${port}\n`);
  return serveUntilTold(process, port, async (request) => (request.path === '/health' ? text('') : text(whoAmI(process, request))));
};

/** docker.io/traefik/whoami. */
export const whoamiImage: Image = {
  repository: 'docker.io/traefik/whoami',
  releases: [{ version: 'v1.11.0', tags: ['latest', 'v1.11', 'v1.11.0', 'v1.10', 'v1.10.4'] }],
  sizeBytes: 2_898_112,
  entrypoint: ['/whoami'],
  exposedPorts: [80],
  usage: { cpuMillis: 1, memoryBytes: 2_097_152 },
  programs: { '/whoami': whoami },
};
