/** etcd's command line: the flags of etcd 3.5 that kubeadm and the documentation use, with their defaults and error texts. */
import { parseFlags, type Flags } from '#host';
import { checkUrl, parseInitialCluster, type InitialMember } from './identity.ts';

/** Files of one TLS side. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly trustedCaFile: string;
  readonly clientCertAuth: boolean;
}

/** How this member runs. */
export interface EtcdConfig {
  readonly name: string;
  readonly dataDir: string;
  readonly listenPeerUrls: readonly string[];
  readonly listenClientUrls: readonly string[];
  readonly listenMetricsUrls: readonly string[];
  readonly initialAdvertisePeerUrls: readonly string[];
  readonly advertiseClientUrls: readonly string[];
  readonly initialCluster: readonly InitialMember[];
  readonly initialClusterToken: string;
  readonly isNewCluster: boolean;
  readonly clientTls: TlsFiles;
  readonly peerTls: TlsFiles;
  readonly snapshotCount: number;
  /** Entries kept in memory behind a snapshot, so that a slightly slow peer needs none. */
  readonly snapshotCatchUpEntries: number;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly initialElectionTickAdvance: boolean;
  readonly quotaBytes: number;
  readonly maxRequestBytes: number;
  readonly preVote: boolean;
  readonly strictReconfigCheck: boolean;
  /** `--unsafe-no-fsync`: the log is acknowledged before it is durable; a power cut takes its last seconds. */
  readonly isFsyncOff: boolean;
  readonly watchProgressNotifyMs: number;
  /** Auto-compaction; 0 is off. Periodic: milliseconds; revision: revisions kept. */
  readonly autoCompaction: { readonly mode: 'periodic' | 'revision'; readonly retention: number };
  /** Flags that were given and have no effect here. */
  readonly ignoredFlags: readonly string[];
}

/** Flags whose value may be left out. */
const SWITCHES = [
  'client-cert-auth',
  'peer-client-cert-auth',
  'auto-tls',
  'peer-auto-tls',
  'pre-vote',
  'strict-reconfig-check',
  'initial-election-tick-advance',
  'enable-v2',
  'force-new-cluster',
  'unsafe-no-fsync',
  'experimental-initial-corrupt-check',
  'experimental-enable-lease-checkpoint',
  'experimental-compact-hash-check-enabled',
  'experimental-memory-mlock',
  'socket-reuse-port',
  'socket-reuse-address',
  'enable-grpc-gateway',
  'enable-pprof',
];

/** Flags that are acted upon. */
const READ = [
  'name',
  'data-dir',
  'initial-advertise-peer-urls',
  'listen-peer-urls',
  'listen-client-urls',
  'advertise-client-urls',
  'initial-cluster',
  'initial-cluster-state',
  'initial-cluster-token',
  'cert-file',
  'key-file',
  'trusted-ca-file',
  'client-cert-auth',
  'peer-cert-file',
  'peer-key-file',
  'peer-trusted-ca-file',
  'peer-client-cert-auth',
  'listen-metrics-urls',
  'snapshot-count',
  'heartbeat-interval',
  'election-timeout',
  'initial-election-tick-advance',
  'quota-backend-bytes',
  'max-request-bytes',
  'pre-vote',
  'strict-reconfig-check',
  'unsafe-no-fsync',
  'auto-compaction-mode',
  'auto-compaction-retention',
  'experimental-watch-progress-notify-interval',
  'experimental-snapshot-catchup-entries',
];

/** Flags of etcd 3.5 that are taken and have nothing to act on here; the log says so. */
const IGNORED = [
  'wal-dir',
  'metrics',
  'max-txn-ops',
  'max-snapshots',
  'max-wals',
  'log-level',
  'logger',
  'log-outputs',
  'cors',
  'host-whitelist',
  'cipher-suites',
  'tls-min-version',
  'tls-max-version',
  'grpc-keepalive-min-time',
  'grpc-keepalive-interval',
  'grpc-keepalive-timeout',
  'backend-batch-interval',
  'backend-batch-limit',
  'discovery',
  'discovery-srv',
  'auth-token',
  'max-concurrent-streams',
  'auto-tls',
  'peer-auto-tls',
  'enable-v2',
  'force-new-cluster',
  'socket-reuse-port',
  'socket-reuse-address',
  'enable-grpc-gateway',
  'enable-pprof',
];

/** A duration as Go's flags write it: `5s`, `1m30s`, `500ms`. Milliseconds; throws an Error in Go's words. */
export function parseGoDuration(text: string): number {
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) throw new Error(`time: invalid duration "${text}"`);
  let totalMs = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) totalMs += Number(amount) * units[unit!]!;
  return totalMs;
}

function urls(flags: Flags, name: string, fallback: string): readonly string[] {
  const given = flags.list(name);
  const list = given.length > 0 ? given : [fallback];
  for (const url of list) checkUrl(url);
  return [...list].sort();
}

function autoCompaction(flags: Flags): EtcdConfig['autoCompaction'] {
  const mode = flags.get('auto-compaction-mode') ?? 'periodic';
  const retention = flags.get('auto-compaction-retention') ?? '0';
  if (mode === 'revision') return { mode, retention: Number(retention) };
  if (mode !== 'periodic') throw new Error(`unknown auto-compaction-mode "${mode}"`);
  // A bare number counts hours.
  return { mode, retention: /^\d+$/.test(retention) ? Number(retention) * 3_600_000 : parseGoDuration(retention) };
}

const tlsFiles = (flags: Flags, prefix: '' | 'peer-'): TlsFiles => ({
  certFile: flags.get(`${prefix}cert-file`) ?? '',
  keyFile: flags.get(`${prefix}key-file`) ?? '',
  trustedCaFile: flags.get(`${prefix}trusted-ca-file`) ?? '',
  clientCertAuth: flags.boolean(`${prefix}client-cert-auth`, false),
});

/** Reads the command line; throws an Error in etcd's words for what cannot work. */
export function parseEtcdFlags(argv: readonly string[]): EtcdConfig {
  const flags = parseFlags(argv, SWITCHES);
  for (const name of flags.names) {
    if (!READ.includes(name) && !IGNORED.includes(name) && !name.startsWith('experimental-'))
      throw new Error(`flag provided but not defined: -${name}`);
  }
  const name = flags.get('name') ?? 'default';
  const initialAdvertisePeerUrls = urls(flags, 'initial-advertise-peer-urls', 'http://localhost:2380');
  const state = flags.get('initial-cluster-state') ?? 'new';
  if (state !== 'new' && state !== 'existing') throw new Error(`unexpected clusterState "${state}"`);
  const heartbeatMs = flags.number('heartbeat-interval', 100);
  const electionMs = flags.number('election-timeout', 1000);
  if (5 * heartbeatMs > electionMs)
    throw new Error(`--election-timeout[${electionMs}ms] should be at least as 5 times as --heartbeat-interval[${heartbeatMs}ms]`);
  if (electionMs > 50_000) throw new Error(`--election-timeout[${electionMs}ms] is too long, and should be set less than 50000ms`);
  const quota = flags.number('quota-backend-bytes', 0);
  return {
    name,
    dataDir: flags.get('data-dir') ?? `${name}.etcd`,
    listenPeerUrls: urls(flags, 'listen-peer-urls', 'http://localhost:2380'),
    listenClientUrls: urls(flags, 'listen-client-urls', 'http://localhost:2379'),
    listenMetricsUrls: flags.list('listen-metrics-urls').length > 0 ? urls(flags, 'listen-metrics-urls', '') : [],
    initialAdvertisePeerUrls,
    advertiseClientUrls: urls(flags, 'advertise-client-urls', 'http://localhost:2379'),
    initialCluster: parseInitialCluster(flags.get('initial-cluster') ?? initialAdvertisePeerUrls.map((url) => `${name}=${url}`).join(',')),
    initialClusterToken: flags.get('initial-cluster-token') ?? 'etcd-cluster',
    isNewCluster: state === 'new',
    clientTls: tlsFiles(flags, ''),
    peerTls: tlsFiles(flags, 'peer-'),
    snapshotCount: flags.number('snapshot-count', 100_000),
    snapshotCatchUpEntries: flags.number('experimental-snapshot-catchup-entries', 5_000),
    heartbeatMs,
    electionMs,
    initialElectionTickAdvance: flags.boolean('initial-election-tick-advance', true),
    quotaBytes: quota === 0 ? 2 * 1024 * 1024 * 1024 : quota,
    maxRequestBytes: flags.number('max-request-bytes', 1.5 * 1024 * 1024),
    preVote: flags.boolean('pre-vote', true),
    isFsyncOff: flags.boolean('unsafe-no-fsync', false),
    strictReconfigCheck: flags.boolean('strict-reconfig-check', true),
    watchProgressNotifyMs: parseGoDuration(flags.get('experimental-watch-progress-notify-interval') ?? '10m'),
    autoCompaction: autoCompaction(flags),
    ignoredFlags: flags.names.filter((given) => !READ.includes(given)),
  };
}
