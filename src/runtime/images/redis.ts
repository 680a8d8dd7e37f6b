/**
 * docker.io/library/redis: a key-value server on port 6379 with the few commands that courses show, and redis-cli. Persistence, expiry,
 * replication and every richer type are left out; values live as long as the container.
 */
import { createRpcClient, lookUp, serveRpc, type Process, type Program } from '#host';
import type { Image, Release } from '../image.ts';
import { entrypoint } from '../entrypoint.ts';
import { userland } from '../userland.ts';

const PORT = 6379;

const release = (version: string, ...tags: string[]): Release => ({
  version,
  tags: [version, ...tags, `${version}-alpine`],
  env: { REDIS_VERSION: version },
});

/** What a command answers, as redis-cli prints it. */
function execute(values: Map<string, string>, words: readonly string[]): string {
  const [command = '', key = '', value] = words;
  switch (command.toUpperCase()) {
    case 'PING':
      return key === '' ? 'PONG' : key;
    case 'ECHO':
      return key;
    case 'SET':
      if (value === undefined) return "ERR wrong number of arguments for 'set' command";
      values.set(key, value);
      return 'OK';
    case 'GET':
      return values.get(key) ?? '';
    case 'DEL':
      return values.delete(key) ? '1' : '0';
    case 'EXISTS':
      return values.has(key) ? '1' : '0';
    case 'INCR':
    case 'DECR': {
      const next = Number(values.get(key) ?? '0') + (command.toUpperCase() === 'INCR' ? 1 : -1);
      if (!Number.isSafeInteger(next)) return 'ERR value is not an integer or out of range';
      values.set(key, String(next));
      return String(next);
    }
    case 'KEYS':
      return [...values.keys()].sort().join('\n');
    case 'DBSIZE':
      return String(values.size);
    case 'FLUSHALL':
      values.clear();
      return 'OK';
    default:
      return `ERR unknown command '${command}', with args beginning with: ${words
        .slice(1)
        .map((word) => `'${word}' `)
        .join('')}`;
  }
}

/** 21 Nov 2026 10:50:10.123. */
const logTime = (wallMs: number): string =>
  `${new Date(wallMs).toUTCString().slice(5, 25)}.${new Date(wallMs).toISOString().slice(20, 23)}`;

/** redis-server: serves until TERM. */
const server: Program = async (process) => {
  const say = (mark: string, text: string): Promise<void> =>
    process.stdout.write(`${process.pid}:${mark} ${logTime(process.clock.wallMs())} ${text}\n`);
  const version = process.env['REDIS_VERSION'] ?? '8.2.1';
  const values = new Map<string, string>();
  await say('C', '* oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo');
  await say('C', `* Redis version=${version}, bits=64, commit=00000000, modified=0, pid=${process.pid}, just started`);
  await say(
    'C',
    '# Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf',
  );
  const listener = await process.network.listen(PORT, {}, (connection) =>
    serveRpc(connection, { unary: { execute: (words: readonly string[]) => Promise.resolve(execute(values, words)) } }),
  );
  await say('M', '* Running mode=standalone, port=6379.');
  await say('M', '* Server initialized');
  await say('M', '* Ready to accept connections tcp');
  return new Promise((resolve) => {
    const end = (signal: string) => (): void => {
      listener.close();
      say('signal-handler', `Received ${signal} scheduling shutdown...`).then(
        () => resolve(0),
        () => resolve(0),
      );
    };
    process.onSignal('TERM', end('SIGTERM'));
    process.onSignal('INT', end('SIGINT'));
  });
};

async function ask(process: Process, host: string, port: number, words: readonly string[]): Promise<string> {
  const address = /^[\d.]+$/.test(host) ? host : ((await lookUp(process, host))[0] ?? host);
  const client = createRpcClient(process.network, process.clock, address, port);
  try {
    return (await client.call('execute', words)) as string;
  } finally {
    client.close();
  }
}

/** redis-cli [-h HOST] [-p PORT] COMMAND…; without a command it reads lines. */
const cli: Program = async (process) => {
  const words = [...process.argv];
  const option = (flag: string, fallback: string): string => {
    const at = words.indexOf(flag);
    return at < 0 ? fallback : (words.splice(at, 2)[1] ?? fallback);
  };
  const host = option('-h', '127.0.0.1');
  const port = Number(option('-p', String(PORT)));
  try {
    await process.stdout.write(`${await ask(process, host, port, words.length ? words : ['PING'])}\n`);
    return 0;
  } catch (error) {
    await process.stderr.write(
      `Could not connect to Redis at ${host}:${port}: ${error instanceof Error && /refused/i.test(error.message) ? 'Connection refused' : String(error)}\n`,
    );
    return 1;
  }
};

const programs: Image['programs'] = userland({
  directory: '/usr/bin',
  shells: ['sh', 'bash', 'dash'],
  own: {
    '/usr/local/bin/redis-server': server,
    '/usr/local/bin/redis-cli': cli,
    '/usr/local/bin/docker-entrypoint.sh': entrypoint(
      'docker-entrypoint.sh',
      () => programs,
      () => '',
    ),
  },
});

/** The redis image. */
export const redis: Image = {
  repository: 'docker.io/library/redis',
  releases: [
    release('8.2.1', 'latest', '8', '8.2', 'alpine'),
    release('7.4.5', '7', '7.4', '7-alpine'),
    release('7.2.10', '7.2'),
    release('7.0.15', '7.0'),
    release('6.2.19', '6', '6.2', '6-alpine'),
    release('6.0.20', '6.0', '6.0.4'),
    release('5.0.14', '5', '5.0', '5.0.4'),
  ],
  sizeBytes: 46_019_312,
  entrypoint: ['docker-entrypoint.sh'],
  cmd: ['redis-server'],
  exposedPorts: [PORT],
  workingDir: '/data',
  usage: { cpuMillis: 2, memoryBytes: 9_437_184 },
  files: { '/data': { directory: true } },
  programs,
};
