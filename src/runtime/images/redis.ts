/** docker.io/library/redis: a key-value server on port 6379 that keeps its data in /data, and redis-cli. */
import type { Image, Release } from '../image.ts';
import { entrypoint } from '../entrypoint.ts';
import { redisCli } from '../redis/cli.ts';
import { redisServer } from '../redis/server.ts';
import { userland } from '../userland.ts';

const release = (version: string, ...tags: string[]): Release => ({
  version,
  tags: [version, ...tags, `${version}-alpine`, `${version}-bookworm`],
  env: { REDIS_VERSION: version },
});

const programs: Image['programs'] = userland({
  directory: '/usr/bin',
  shells: ['sh', 'bash', 'dash'],
  own: {
    '/usr/local/bin/redis-server': redisServer,
    '/usr/local/bin/redis-cli': redisCli,
    '/usr/local/bin/docker-entrypoint.sh': entrypoint(
      'docker-entrypoint.sh',
      () => programs,
      () => '',
      // A first argument that is a setting or a file of settings is redis-server's.
      (words) => (words[0] === undefined || words[0].startsWith('-') || words[0].endsWith('.conf') ? ['redis-server', ...words] : words),
    ),
  },
});

/** The redis image. */
export const redis: Image = {
  repository: 'docker.io/library/redis',
  releases: [
    release('8.2.1', 'latest', '8', '8.2', 'alpine', 'bookworm', '8-alpine'),
    release('7.4.5', '7', '7.4', '7-alpine', '7.4-alpine'),
    release('7.2.10', '7.2', '7.2-alpine'),
    release('7.0.15', '7.0', '7.0-alpine'),
    release('6.2.19', '6', '6.2', '6-alpine', '6.2-alpine'),
    release('6.0.20', '6.0', '6.0.4', '6.0.5'),
    release('5.0.14', '5', '5.0', '5.0.4', '5-alpine'),
    release('3.2.12', '3', '3.2'),
  ],
  sizeBytes: 46_019_312,
  entrypoint: ['docker-entrypoint.sh'],
  cmd: ['redis-server'],
  exposedPorts: [6379],
  workingDir: '/data',
  usage: { cpuMillis: 2, memoryBytes: 9_437_184 },
  files: { '/data': { directory: true } },
  programs,
};
