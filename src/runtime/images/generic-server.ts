/**
 * What the registries hand out for a repository the catalogue does not know: a server that listens on the ports such software
 * is known for, answers HTTP with who it is, and says in its log that it stands in for the real program. Its size is an average one.
 */
import type { Process, Program } from '#host';
import { json, listenOn, untilTold } from '../http-server.ts';
import type { Image, Release } from '../image.ts';
import { repositoryOf, type ImageReference } from '../reference.ts';
import { userland } from '../userland.ts';
import { knownPorts } from './known-software.ts';

/** What databases ask for before they start: one of these variables, and their complaint without. */
const REQUIRED: Readonly<Record<string, { readonly oneOf: readonly string[]; readonly complaint: string }>> = Object.freeze({
  'library/mysql': {
    oneOf: ['MYSQL_ROOT_PASSWORD', 'MYSQL_ALLOW_EMPTY_PASSWORD', 'MYSQL_RANDOM_ROOT_PASSWORD'],
    complaint:
      '[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified\n    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD\n',
  },
  'library/postgres': {
    oneOf: ['POSTGRES_PASSWORD', 'POSTGRES_HOST_AUTH_METHOD'],
    complaint:
      'Error: Database is uninitialized and superuser password is not specified.\n       You must specify POSTGRES_PASSWORD to a non-empty value for the\n       superuser.\n',
  },
});

/** Registries beside Docker Hub whose every repository the lab stands in for. */
const OTHER_REGISTRIES: readonly string[] = ['quay.io', 'ghcr.io', 'gcr.io', 'mcr.microsoft.com', 'public.ecr.aws', 'registry.gitlab.com'];

const HTTP_PORT = 80;

/** $PORT, else what the software is known for, else 80 and 8080. */
function portsOf({ env }: Process, path: string): readonly number[] {
  const own = Number(env['PORT']);
  if (Number.isInteger(own) && own > 0) return [own];
  const known = knownPorts(path);
  return known?.length ? known : [HTTP_PORT, 8080];
}

const server =
  (image: string, path: string): Program =>
  async (process) => {
    const required = REQUIRED[path];
    if (required && !required.oneOf.some((name) => process.env[name])) return process.stderr.write(required.complaint).then(() => 1);
    const ports = portsOf(process, path);
    const told = untilTold(process);
    await process.stdout.write(
      `SIMULATED: the lab has no program for the image ${image}. This generic server stands in for it: it accepts connections and answers HTTP on ${ports.map((port) => `port ${port}`).join(' and ')}.\n`,
    );
    if (process.argv.length) await process.stdout.write(`SIMULATED: its arguments have no effect: ${process.argv.join(' ')}\n`);
    for (const port of ports) {
      const listener = await listenOn(process, port, async ({ method, path }) => {
        await process.stdout.write(`${method} ${path}\n`);
        return json({ simulated: true, image, hostname: process.hostname, method, path });
      });
      if (!listener) return 1;
    }
    await told;
    return 0;
  };

const SIZE_BYTES = 62_914_560;
const VERSION_TAG = /^(latest|stable|lts|alpine|management|v?\d[\w.-]*|[a-z]+-?\d[\w.-]*|(alpine|slim|bookworm|bullseye|jammy)[\w.-]*)$/;

/** The generic image of a repository; undefined where the lab does not stand in for it. What looks like no version is not there either. */
export function genericServer(reference: ImageReference): Image | undefined {
  const { registry, path, tag = 'latest' } = reference;
  const known = registry === 'docker.io' ? knownPorts(path) : undefined;
  if (!known && !OTHER_REGISTRIES.includes(registry)) return undefined;
  const repository = repositoryOf(reference);
  const release: Release = { version: tag, tags: VERSION_TAG.test(tag) ? [tag] : [] };
  // An interpreter's image starts its shell, and without a terminal ends at once.
  const isInterpreter = known?.length === 0;
  return {
    repository,
    releases: [release],
    sizeBytes: SIZE_BYTES,
    isSimulated: true,
    ...(isInterpreter ? { cmd: ['/bin/bash'] } : { entrypoint: ['/simulated-server'] }),
    usage: { cpuMillis: 2, memoryBytes: 33_554_432 },
    programs: userland({
      directory: '/usr/bin',
      shells: ['sh', 'bash', 'dash'],
      own: { '/simulated-server': server(`${repository}:${tag}`, path) },
    }),
  };
}
