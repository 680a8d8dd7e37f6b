/** redis-server: RESP on its port, its files in its directory, pub/sub, replicas by SYNC. Clusters, sentinels, scripts, streams and modules are left out. */
import { lookUp, NetworkError, type Connection, type Process, type Program } from '#host';
import { createDatabase } from './database.ts';
import { createPersistence, type Persistence } from './persistence.ts';
import { encodeCommand, encodeReply, ProtocolError, respReader, type Reply } from './resp.ts';
import { defaultConfig, readConfiguration, type ServerState, type Subscriber } from './server-state.ts';
import { createSession, execute, isFailure } from './session.ts';

type Say = (mark: 'C' | 'M' | 'S' | 'signal-handler', text: string) => Promise<void>;

/** 21 Nov 2026 10:50:10.123. */
const logTime = (wallMs: number): string =>
  `${new Date(wallMs).toUTCString().slice(5, 25)}.${new Date(wallMs).toISOString().slice(20, 23)}`;

/** The configuration of flags and file; the file's name is the first word that is no flag. Throws an Error where it cannot be read. */
function configurationOf(process: Process): { config: Map<string, string>; hasFile: boolean } {
  const config = defaultConfig();
  const words = [...process.argv];
  const file = words[0] !== undefined && !words[0].startsWith('--') ? words.shift() : undefined;
  if (file !== undefined) {
    const path = file.startsWith('/') ? file : `${process.cwd}/${file}`;
    if (process.files.stat(path)?.kind !== 'file')
      throw new Error(`Fatal error, can't open config file '${path}': No such file or directory`);
    readConfiguration(config, process.files.readText(path).split('\n'));
  }
  const lines: string[] = [];
  for (const word of words) {
    if (word.startsWith('--')) lines.push(word.slice(2));
    else if (lines.length) lines.push(`${lines.pop()} ${word}`);
  }
  readConfiguration(config, lines);
  return { config, hasFile: file !== undefined };
}

/** Serves one connection until either side ends it. */
async function serveClient(server: ServerState, connection: Connection, nowMs: () => number, onWrite: (words: readonly string[]) => void) {
  const reader = respReader({ inline: true });
  let sending: Promise<void> = Promise.resolve();
  // One after the other, so that replies and messages of subscriptions do not overtake each other; a client that is gone needs none.
  const send = (text: string): void => {
    sending = sending.then(() => connection.send(text)).catch(() => connection.close());
  };
  const self: Subscriber = { send };
  const session = createSession({ context: { db: server.db, server, nowMs }, self, address: connection.peer.address, onWrite });
  server.clients++;
  server.connectionsReceived++;
  try {
    for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) {
      reader.push(typeof message === 'string' || message instanceof Uint8Array ? message : '');
      for (let value = reader.next(); value !== undefined; value = reader.next()) {
        const reply = session.run(Array.isArray(value) ? (value as readonly Reply[]).map(String) : []);
        if (reply !== undefined) send(encodeReply(reply));
      }
      if (session.isOver) break;
    }
  } catch (error) {
    if (error instanceof ProtocolError) send(encodeReply({ error: `ERR ${error.message}` }));
    else if (!(error instanceof NetworkError)) throw error;
  } finally {
    session.end();
    server.clients--;
    await sending;
    connection.close();
  }
}

const MASTER_RETRY_MS = 1_000;

/** Follows the master of `replicaof`: everything it has, then each write as it comes; again and again until there is none to follow. */
async function follow(process: Process, server: ServerState, say: Say): Promise<void> {
  if (server.master) return;
  for (;;) {
    const [host, port] = (server.config.get('replicaof') ?? '').split(' ');
    server.master = host && port ? { host, port: Number(port), isLinkUp: false } : undefined;
    const { master } = server;
    if (!master) return;
    try {
      await say('S', `* Connecting to MASTER ${host}:${port}`);
      const address = /^[\d.]+$/.test(master.host) ? master.host : (await lookUp(process, master.host))[0];
      if (!address) throw new Error(`Unable to connect to MASTER: no address for ${master.host}`);
      const connection = await process.network.dial(address, master.port, { timeoutMs: 5_000 });
      await say('S', '* MASTER <-> REPLICA sync started');
      const secret = server.config.get('masterauth');
      await connection.send((secret ? encodeCommand(['AUTH', secret]) : '') + encodeCommand(['SYNC']));
      await takeFromMaster(connection, server, process, say);
      await say('S', '* Connection with master lost.');
    } catch (error) {
      await say('S', `# Error condition on socket for SYNC: ${error instanceof Error ? error.message : String(error)}`);
    }
    master.isLinkUp = false;
    await process.clock.sleep(MASTER_RETRY_MS);
  }
}

async function takeFromMaster(connection: Connection, server: ServerState, process: Process, say: Say): Promise<void> {
  const reader = respReader({ inline: false });
  const nowMs = (): number => process.clock.wallMs();
  for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) {
    reader.push(typeof message === 'string' || message instanceof Uint8Array ? message : '');
    for (let value = reader.next(); value !== undefined; value = reader.next()) {
      if (typeof value === 'string') {
        server.db.load(value);
        server.master!.isLinkUp = true;
        await say('S', '* MASTER <-> REPLICA sync: Finished with success');
      } else if (Array.isArray(value)) {
        // What the master has done is done here too, though clients may not write.
        execute(
          { db: server.db, server: { ...server, master: undefined }, nowMs },
          (value as readonly Reply[]).map(String),
          () => undefined,
        );
      } else if (isFailure(value)) throw new Error(`MASTER aborted replication with an error: ${JSON.stringify(value)}`);
    }
    if (server.config.get('replicaof') === '') return connection.close();
  }
}

/** Reads the files, listens, and serves until told to end. */
async function run(process: Process, server: ServerState, persistence: Persistence, say: Say, ended: Promise<number>): Promise<number> {
  const nowMs = (): number => process.clock.wallMs();
  const loaded = persistence.load((words) => {
    execute({ db: server.db, server, nowMs }, words, () => undefined);
  });
  const onWrite = (words: readonly string[]): void => {
    persistence.written(words);
    for (const replica of server.replicas.keys()) replica.send(encodeCommand(words));
  };
  const port = Number(server.config.get('port'));
  const address = server.config.get('bind') === '127.0.0.1' ? { address: '127.0.0.1' } : {};
  let listener;
  try {
    listener = await process.network.listen(port, address, (connection) => {
      serveClient(server, connection, nowMs, onWrite).catch((error: unknown) => process.telemetry.log('error', String(error)));
    });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    await say('M', `# Warning: Could not create server TCP listening socket *:${port}: bind: Address already in use`);
    await say('M', '# Failed listening on port 6379 (tcp), aborting.');
    return 1;
  }
  await say('M', `* Running mode=standalone, port=${port}.`);
  await say('M', '* Server initialized');
  if (loaded) await say('M', `* ${loaded}`);
  await say('M', '* Ready to accept connections tcp');
  const stopSaving = persistence.watch(process.clock, (text) => void say('M', `* ${text}`));
  void follow(process, server, say);
  const code = await ended;
  stopSaving();
  listener.close();
  await say('M', '* User requested shutdown...');
  if (server.config.get('save') !== '' && !server.master) {
    await say('M', '* Saving the final RDB snapshot before exiting.');
    persistence.save();
    await say('M', '* DB saved on disk');
  }
  await say('M', '# Redis is now ready to exit, bye bye...');
  return code;
}

/** redis-server [FILE] [--setting value…]. */
export const redisServer: Program = async (process) => {
  const say: Say = (mark, text) => process.stdout.write(`${process.pid}:${mark} ${logTime(process.clock.wallMs())} ${text}\n`);
  const version = process.env['REDIS_VERSION'] ?? '8.2.1';
  if (['-v', '--version'].includes(process.argv[0] ?? '')) {
    await process.stdout.write(`Redis server v=${version} sha=00000000:0 malloc=libc bits=64 build=0\n`);
    return 0;
  }
  let given;
  try {
    given = configurationOf(process);
  } catch (error) {
    await process.stderr.write(`${process.pid}:C ${logTime(process.clock.wallMs())} # ${(error as Error).message}\n`);
    return 1;
  }
  const { config, hasFile } = given;
  const nowMs = (): number => process.clock.wallMs();
  let shutDown: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => (shutDown = resolve));
  const persistence: Persistence = createPersistence(process.files, () => server, nowMs);
  const server: ServerState = {
    version,
    pid: process.pid,
    hostname: process.hostname,
    startedMs: nowMs(),
    config,
    db: createDatabase(nowMs),
    channels: new Map(),
    patterns: new Map(),
    replicas: new Map(),
    clients: 0,
    connectionsReceived: 0,
    commandsProcessed: 0,
    lastSaveMs: nowMs(),
    changesSinceSave: 0,
    master: undefined,
    save: () => persistence.save(),
    shutDown: () => shutDown(0),
    followMaster: () => void follow(process, server, say),
  };
  for (const signal of ['TERM', 'INT'] as const)
    process.onSignal(signal, () => void say('signal-handler', `Received SIG${signal} scheduling shutdown...`).then(() => shutDown(0)));
  await say('C', '* oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo');
  await say('C', `* Redis version=${version}, bits=64, commit=00000000, modified=0, pid=${process.pid}, just started`);
  await say(
    'C',
    hasFile || process.argv.length
      ? '* Configuration loaded'
      : '# Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf',
  );
  return run(process, server, persistence, say, ended);
};
