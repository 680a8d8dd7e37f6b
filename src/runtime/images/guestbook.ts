/** ghcr.io/tabernetes/guestbook: the lab's own web tier for the example application. It keeps its entries in a Redis it finds by name ($REDIS_ADDRESS). */
import { NetworkError, DnsError, type HttpAnswer, type IncomingRequest, type Process, type Program } from '#host';
import { json, serveUntilTold, targetOf, text } from '../http-server.ts';
import type { Image } from '../image.ts';
import { connectRedis, type RedisClient } from '../redis/client.ts';
import { isError, type Reply } from '../redis/resp.ts';
import { userland } from '../userland.ts';

const ENTRIES_KEY = 'guestbook';
const VISITS_KEY = 'visits';
const ENTRIES_SHOWN = 50;
const REDIS_TIMEOUT_MS = 2_000;

/** The store cannot be reached or refuses; the text goes to whoever asked. */
class StoreError extends Error {}

/** A connection that is made when it is needed and anew after it broke. */
function createStore(process: Process) {
  const [host = 'redis', port = '6379'] = (process.env['REDIS_ADDRESS'] ?? 'redis:6379').split(':');
  let open: Promise<RedisClient> | undefined;
  let last: Promise<Reply> = Promise.resolve(null);
  const once = async (words: readonly string[]): Promise<Reply> => {
    try {
      open ??= connectRedis(process, host, Number(port), REDIS_TIMEOUT_MS);
      const reply = await (await open).call(words);
      if (isError(reply)) throw new StoreError(reply.error);
      return reply;
    } catch (error) {
      if (error instanceof NetworkError || error instanceof DnsError) {
        open = undefined;
        throw new StoreError(`redis at ${host}:${port}: ${error.message}`);
      }
      throw error;
    }
  };
  // Replies come in the order of the commands: one after the other on the one connection.
  return (...words: string[]): Promise<Reply> => {
    // One that failed has told its own caller.
    last = last.then(
      () => once(words),
      () => once(words),
    );
    return last;
  };
}

type Store = ReturnType<typeof createStore>;

const escaped = (given: string): string =>
  given.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]!);

async function page({ env, hostname }: Process, store: Store): Promise<HttpAnswer> {
  const visits = await store('INCR', VISITS_KEY);
  const entries = (await store('LRANGE', ENTRIES_KEY, '0', String(ENTRIES_SHOWN - 1))) as readonly string[];
  const items = entries.map((entry) => `    <li>${escaped(entry)}</li>\n`).join('');
  const body = `<!doctype html>
<html>
<head><title>Guestbook</title></head>
<body>
  <h1>Guestbook</h1>
  <form method="post" action="/entries"><input name="entry"><button>Sign</button></form>
  <ul>
${items}  </ul>
  <p>Visits: ${String(visits)}</p>
  <p>Version ${env['GUESTBOOK_VERSION']}, served by ${hostname}</p>
</body>
</html>
`;
  return { status: 200, headers: [['content-type', 'text/html; charset=utf-8']], body };
}

async function addEntry(request: IncomingRequest, store: Store): Promise<HttpAnswer> {
  const given = await request.text();
  const entry = (new URLSearchParams(given).get('entry') ?? given).trim();
  if (!entry) return text('an entry has to say something\n', 400);
  await store('LPUSH', ENTRIES_KEY, entry);
  return text('', 303, [['location', '/']]);
}

async function answer(process: Process, request: IncomingRequest, store: Store): Promise<HttpAnswer> {
  const { path } = targetOf(request.path);
  if (path === '/healthz') return text('ok\n');
  if (path === '/readyz') return text(`${((await store('PING')) as { simple: string }).simple}\n`);
  if (path === '/' && request.method === 'GET') return page(process, store);
  if (path === '/entries' && request.method === 'POST') return addEntry(request, store);
  if (path === '/entries') return json(await store('LRANGE', ENTRIES_KEY, '0', '-1'));
  return text('not found\n', 404);
}

const guestbookProgram: Program = async (process) => {
  const store = createStore(process);
  const port = Number(process.env['PORT'] ?? 8080);
  await process.stdout.write(
    `guestbook ${process.env['GUESTBOOK_VERSION']} listening on port ${port}, entries in redis at ${process.env['REDIS_ADDRESS'] ?? 'redis:6379'}\n`,
  );
  return serveUntilTold(process, port, async (request) => {
    let given: HttpAnswer;
    try {
      given = await answer(process, request, store);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      given = text(`${error.message}\n`, 503);
    }
    if (request.path !== '/healthz' && request.path !== '/readyz')
      await process.stdout.write(
        `${new Date(process.clock.wallMs()).toISOString()} ${request.peer.address} ${request.method} ${request.path} ${given.status}\n`,
      );
    return given;
  });
};

/** The guestbook image. */
export const guestbook: Image = {
  repository: 'ghcr.io/tabernetes/guestbook',
  releases: [
    { version: '2.0', tags: ['2.0', 'latest'], env: { GUESTBOOK_VERSION: '2.0' } },
    { version: '1.0', tags: ['1.0'], env: { GUESTBOOK_VERSION: '1.0' } },
  ],
  sizeBytes: 14_680_064,
  entrypoint: ['/guestbook'],
  exposedPorts: [8080],
  usage: { cpuMillis: 2, memoryBytes: 10_485_760 },
  programs: userland({ directory: '/bin', shells: ['sh', 'ash'], own: { '/guestbook': guestbookProgram } }),
};
