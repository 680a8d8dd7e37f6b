/** The etcd program: reads its flags and certificates, opens its ports, runs one member until it is told to stop or removed. */
import {
  createRpcClient,
  listenHttp,
  serveRpc,
  type Certificate,
  type Connection,
  type DialOptions,
  type Identity,
  type ListenOptions,
  type Listener,
  type Process,
  type Program,
  type RpcClient,
  type RpcService,
} from '#host';
import { parseEtcdFlags, type EtcdConfig, type TlsFiles } from './config.ts';
import { urlTarget } from './identity.ts';
import type { EtcdMember } from './member.ts';
import { logLine, withLogLines } from './log-lines.ts';
import { raftIdOf } from './membership.ts';
import { tellIdentity } from './metrics.ts';
import { Callers } from './server/callers.ts';
import type { ClusterSettings } from './server/cluster.ts';
import { clientService } from './server/client-service.ts';
import { serveHealth } from './server/health.ts';
import { revokeExpired } from './server/lease.ts';
import { ETCD_VERSION } from './server/maintenance.ts';
import { deferred, peerService, peerServiceFrom } from './server/peer.ts';
import { WatchServer } from './server/watch.ts';
import { startMember } from './start-member.ts';
import { startAutoCompaction } from './auto-compaction.ts';

/** How often leases are looked at (etcd's expiry loop). */
const LEASE_CHECK_MS = 500;

/** One side's certificates as they are in the files; undefined where none are configured. */
interface Tls {
  readonly identity: Identity | undefined;
  readonly trustedCas: readonly Certificate[] | undefined;
}

function loadTls(process: Process, files: TlsFiles): Tls {
  const { crypto } = process;
  const identity =
    files.certFile === ''
      ? undefined
      : {
          chain: crypto.certificatesFromPem(process.files.readText(files.certFile)),
          key: crypto.keyFromPem(process.files.readText(files.keyFile)),
        };
  const trustedCas = files.trustedCaFile === '' ? undefined : crypto.certificatesFromPem(process.files.readText(files.trustedCaFile));
  return { identity, trustedCas };
}

function listenOptions(tls: Tls, clientCertAuth: boolean, address: string, isTls: boolean): ListenOptions {
  const bind = address === '0.0.0.0' ? {} : { address };
  if (!isTls) return bind;
  if (!tls.identity) throw new Error('TLS key/cert must be provided for the url with HTTPS scheme');
  return {
    ...bind,
    identity: tls.identity,
    ...(tls.trustedCas ? { clientCas: tls.trustedCas } : {}),
    clientAuth: clientCertAuth ? 'require' : 'request',
  };
}

/** A kept connection to the leader's peer port. */
function leaderClient(process: Process, member: EtcdMember, dialOptions: DialOptions): () => RpcClient | undefined {
  let kept: { readonly url: string; readonly client: RpcClient } | undefined;
  return () => {
    const url = member.isLeader ? undefined : member.state.membership.get(member.leaderId)?.peerUrls[0];
    if (url === undefined) return undefined;
    if (kept?.url !== url) {
      kept?.client.close();
      const { address, port, isTls } = urlTarget(url);
      kept = { url, client: createRpcClient(process.network, process.clock, address, port, isTls ? dialOptions : {}) };
    }
    return kept.client;
  };
}

async function listenAll(
  process: Process,
  urls: readonly string[],
  tls: Tls,
  clientCertAuth: boolean,
  accept: (connection: Connection) => void,
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (const url of urls) {
    const { address, port, isTls } = urlTarget(url);
    listeners.push(await process.network.listen(port, listenOptions(tls, clientCertAuth, address, isTls), accept));
  }
  return listeners;
}

/** Lets connections wait until there is someone to serve them. */
function waitingRoom(): { accept(connection: Connection): void; open(serve: (connection: Connection) => void): void } {
  let waiting: Connection[] = [];
  let serveNow: ((connection: Connection) => void) | undefined;
  return {
    accept: (connection) => (serveNow ? serveNow(connection) : void waiting.push(connection)),
    open(serve) {
      serveNow = serve;
      for (const connection of waiting) serve(connection);
      waiting = [];
    },
  };
}

async function run(process: Process, config: EtcdConfig): Promise<number> {
  const { telemetry } = process;
  const peerTls = loadTls(process, config.peerTls);
  const clientTls = loadTls(process, config.clientTls);
  const dialOptions: DialOptions = {
    ...(peerTls.identity ? { identity: peerTls.identity } : {}),
    ...(peerTls.trustedCas ? { rootCas: peerTls.trustedCas } : {}),
  };
  const begun = deferred<RpcService>();
  const peerPort = peerServiceFrom(begun);
  const clients = waitingRoom();
  const listeners = [
    ...(await listenAll(process, config.listenPeerUrls, peerTls, config.peerTls.clientCertAuth, (connection) =>
      serveRpc(connection, peerPort),
    )),
    ...(await listenAll(process, config.listenClientUrls, clientTls, config.clientTls.clientCertAuth, clients.accept)),
  ];
  const { member, published } = await startMember(process, config, dialOptions);
  tellIdentity(telemetry.metrics, member.settings.memberId, ETCD_VERSION);
  const settings: ClusterSettings = {
    crypto: process.crypto,
    strictReconfigCheck: config.strictReconfigCheck,
    leader: leaderClient(process, member, dialOptions),
  };
  const watch = new WatchServer(member, config.watchProgressNotifyMs);
  const callers = new Callers(member, config.clientTls.clientCertAuth);
  const onFault = (error: unknown): void =>
    telemetry.log('error', 'failed to serve a request', { error: error instanceof Error ? error.message : String(error) });
  begun.resolve(peerService(member, settings));
  for (const url of config.listenMetricsUrls) {
    const { address, port, isTls } = urlTarget(url);
    listeners.push(
      await listenHttp(
        process.network,
        port,
        listenOptions(clientTls, false, address, isTls),
        (request) => serveHealth(member, request),
        onFault,
      ),
    );
  }
  const expiring = new Set<string>();
  process.clock.every(LEASE_CHECK_MS, () => void revokeExpired(member, expiring).catch(onFault));
  startAutoCompaction(member, config.autoCompaction);
  for (const signal of ['TERM', 'INT'] as const) process.onSignal(signal, () => void shutDown(process, member, signal));
  published.then(() => {
    telemetry.log('info', 'ready to serve client requests');
    clients.open((connection) => serveRpc(connection, clientService(member, watch, callers, settings)));
  }, onFault);
  const code = await member.ended;
  watch.stop();
  for (const listener of listeners) listener.close();
  return code;
}

/** Hands leadership over, as etcd does before it stops, so that the cluster need not wait for an election. */
async function shutDown(process: Process, member: EtcdMember, signal: string): Promise<void> {
  process.telemetry.log('info', 'received signal; shutting down', { signal: signal === 'INT' ? 'interrupt' : 'terminated' });
  const { progress } = member.raft.view();
  const own = member.settings.memberId;
  const [target] = member.state.membership
    .voters()
    .filter(({ id }) => id !== own)
    .map(({ id }) => ({ id, match: progress.get(raftIdOf(id))?.match ?? 0 }))
    .sort((one, other) => other.match - one.match);
  if (member.isLeader && target) {
    try {
      await member.moveLeader(target.id);
    } catch (error) {
      process.telemetry.log('warning', 'leadership transfer failed', { error: error instanceof Error ? error.message : String(error) });
    }
  }
  member.stop(0);
}

/**
 * etcd 3.5 as a program, with its real flags. Exit codes: 0 after SIGTERM or when the member was removed from the cluster, 1 when it
 * cannot start or go on (flags, corruption, disk).
 */
export const etcd: Program = async (started) => {
  const process = withLogLines(started);
  const fail = async (message: string, error: unknown): Promise<number> => {
    const text = error instanceof Error ? error.message : String(error);
    started.telemetry.log('error', message, { error: text });
    await process.stderr.write(logLine('fatal', process.clock.wallMs(), message, { error: text }));
    return 1;
  };
  let config: EtcdConfig;
  try {
    config = parseEtcdFlags(process.argv[0]?.startsWith('-') === false ? process.argv.slice(1) : process.argv);
  } catch (error) {
    return fail('failed to verify flags', error);
  }
  process.telemetry.log('info', 'Starting etcd', { name: config.name, version: ETCD_VERSION, 'data-dir': config.dataDir });
  for (const flag of config.ignoredFlags) process.telemetry.log('warning', 'flag has no effect here', { flag: `--${flag}` });
  try {
    return await run(process, config);
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    return fail(
      name === 'WalCorruptError'
        ? 'failed to read WAL, cannot be repaired'
        : name === 'SnapshotCorruptError'
          ? 'failed to recover v3 backend from snapshot'
          : 'discovery failed',
      error,
    );
  }
};
