/** What a Redis server knows of itself: its configuration, who is connected, what it has counted. */
import type { Database } from './database.ts';

/** A client that has subscribed, or a replica. */
export interface Subscriber {
  send(text: string): void;
}

/** The state of one server. */
export interface ServerState {
  readonly version: string;
  readonly pid: number;
  readonly hostname: string;
  readonly startedMs: number;
  readonly config: Map<string, string>;
  readonly db: Database;
  /** By channel and by pattern. */
  readonly channels: Map<string, Set<Subscriber>>;
  readonly patterns: Map<string, Set<Subscriber>>;
  readonly replicas: Map<Subscriber, string>;
  clients: number;
  connectionsReceived: number;
  commandsProcessed: number;
  lastSaveMs: number;
  changesSinceSave: number;
  /** Address and port of the server this one follows. */
  master: { readonly host: string; readonly port: number; isLinkUp: boolean } | undefined;
  /** Writes dump.rdb; throws as the file system does. */
  save(): void;
  shutDown(): void;
  /** `replicaof` has changed. */
  followMaster(): void;
}

/** Settings as CONFIG GET shows them before any file or flag. */
export function defaultConfig(): Map<string, string> {
  return new Map([
    ['port', '6379'],
    ['bind', '* -::*'],
    ['dir', '/data'],
    ['dbfilename', 'dump.rdb'],
    ['save', '3600 1 300 100 60 10000'],
    ['appendonly', 'no'],
    ['appendfsync', 'everysec'],
    ['appenddirname', 'appendonlydir'],
    ['appendfilename', 'appendonly.aof'],
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
    ['maxclients', '10000'],
    ['timeout', '0'],
    ['databases', '16'],
    ['loglevel', 'notice'],
    ['requirepass', ''],
    ['masterauth', ''],
    ['replicaof', ''],
    ['protected-mode', 'no'],
    ['tcp-keepalive', '300'],
  ]);
}

/** Reads `name value…` lines of redis.conf, or the words `--name value…` of a command line, into a configuration. */
export function readConfiguration(config: Map<string, string>, lines: readonly string[]): void {
  for (const line of lines) {
    const [name, ...words] = line.trim().split(/\s+/);
    if (!name || name.startsWith('#')) continue;
    const value = words.join(' ').replace(/^"(.*)"$/, '$1');
    config.set(name.toLowerCase() === 'slaveof' ? 'replicaof' : name.toLowerCase(), value);
  }
}

const section = (title: string, facts: Readonly<Record<string, string | number>>): string =>
  `# ${title}\r\n${Object.entries(facts)
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('')}`;

const human = (bytes: number): string => (bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(2)}K` : `${(bytes / 1024 / 1024).toFixed(2)}M`);

const OWN_BYTES = 1_048_576;

function replicationOf({ master, replicas }: ServerState): Record<string, string | number> {
  const facts: Record<string, string | number> = { role: master ? 'slave' : 'master' };
  if (master) {
    facts['master_host'] = master.host;
    facts['master_port'] = master.port;
    facts['master_link_status'] = master.isLinkUp ? 'up' : 'down';
  }
  facts['connected_slaves'] = replicas.size;
  [...replicas.values()].forEach((address, at) => (facts[`slave${at}`] = `ip=${address},port=6379,state=online,offset=0,lag=0`));
  return facts;
}

/** The sections of INFO; all of them without a name. */
export function infoText(server: ServerState, wanted: string | undefined, nowMs: number): string {
  const upSeconds = Math.floor((nowMs - server.startedMs) / 1000);
  const keys = server.db.keys();
  const expiring = keys.filter((key) => server.db.expiry(key) !== undefined).length;
  const usedBytes = OWN_BYTES + server.db.dump().length;
  const sections: Record<string, string> = {
    server: section('Server', {
      redis_version: server.version,
      redis_mode: 'standalone',
      os: 'Linux 6.8.0-60-generic x86_64',
      arch_bits: 64,
      process_id: server.pid,
      tcp_port: server.config.get('port')!,
      uptime_in_seconds: upSeconds,
      uptime_in_days: Math.floor(upSeconds / 86_400),
      executable: '/usr/local/bin/redis-server',
    }),
    clients: section('Clients', { connected_clients: server.clients, maxclients: server.config.get('maxclients')!, blocked_clients: 0 }),
    memory: section('Memory', {
      used_memory: usedBytes,
      used_memory_human: human(usedBytes),
      maxmemory: server.config.get('maxmemory')!,
      maxmemory_policy: server.config.get('maxmemory-policy')!,
    }),
    persistence: section('Persistence', {
      loading: 0,
      rdb_changes_since_last_save: server.changesSinceSave,
      rdb_bgsave_in_progress: 0,
      rdb_last_save_time: Math.floor(server.lastSaveMs / 1000),
      rdb_last_bgsave_status: 'ok',
      aof_enabled: server.config.get('appendonly') === 'yes' ? 1 : 0,
    }),
    stats: section('Stats', {
      total_connections_received: server.connectionsReceived,
      total_commands_processed: server.commandsProcessed,
      expired_keys: server.db.expired,
      pubsub_channels: server.channels.size,
      pubsub_patterns: server.patterns.size,
    }),
    replication: section('Replication', replicationOf(server)),
    keyspace: section('Keyspace', keys.length ? { db0: `keys=${keys.length},expires=${expiring},avg_ttl=0` } : {}),
  };
  const name = wanted?.toLowerCase();
  if (name && !['all', 'default', 'everything'].includes(name)) return sections[name] ?? '';
  return Object.values(sections).join('\r\n');
}
