/** etcdutl 3.5: `snapshot status` and `snapshot restore`, which work on files of this machine and need no running etcd. Left out: backup, defrag and migrate of a data directory. */
import { FileError, parseFlags, type Flags, type Process, type Program } from '#host';
import { restoreSnapshot, snapshotStatus, type SnapshotStatus } from './restore.ts';
import { SnapshotCorruptError } from './state-image.ts';

/** Shows a status in a format of `-w`; undefined for a format that does not exist. */
export type StatusText = (status: SnapshotStatus, format: string) => string;

const VERSION = '3.5.21';
const DEFAULT_PEER_URL = 'http://localhost:2380';

class UsageError extends Error {
  constructor(
    message: string,
    readonly exitCode = 128,
  ) {
    super(message);
  }
}

const absolute = (cwd: string, path: string): string =>
  (path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`).replace(/\/+$/, '') || '/';

function read({ files, cwd }: Process, path: string, call: 'open' | 'stat' = 'open'): string {
  try {
    return files.readText(absolute(cwd, path));
  } catch (error) {
    if (error instanceof FileError) throw new UsageError(`${call} ${path}: ${error.message}`, 1);
    throw error;
  }
}

/** What a file is that is no snapshot, in the words of the command that was given it. */
function named<Result>(message: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (error instanceof SnapshotCorruptError) throw new UsageError(message, 1);
    throw error;
  }
}

/** A line of zap's console encoder, as etcdutl logs. */
const log = (process: Process, caller: string, message: string, fields: Readonly<Record<string, unknown>>): Promise<void> => {
  const inner = Object.entries(fields)
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(', ');
  return process.stderr.write(`${new Date(process.clock.wallMs()).toISOString()}\tinfo\t${caller}\t${message}\t{${inner}}\n`);
};

async function restore(process: Process, flags: Flags, path: string): Promise<number> {
  const name = flags.get('name') ?? 'default';
  const dataDir = absolute(process.cwd, flags.get('data-dir') ?? `${name}.etcd`);
  const text = read(process, path);
  const described = { path, 'wal-dir': `${dataDir}/member/wal`, 'data-dir': dataDir, 'snap-dir': `${dataDir}/member/snap` };
  await log(process, 'snapshot/v3_snapshot.go:265', 'restoring snapshot', { ...described, 'initial-memory-map-size': 0 });
  named('snapshot missing hash but --skip-hash-check=false', () => snapshotStatus(text));
  const { clusterId, members } = await restoreSnapshot(
    text,
    {
      dataDir,
      name,
      initialCluster: flags.get('initial-cluster') ?? `${name}=${DEFAULT_PEER_URL}`,
      initialClusterToken: flags.get('initial-cluster-token') ?? 'etcd-cluster',
      initialAdvertisePeerUrls:
        flags.list('initial-advertise-peer-urls').length > 0 ? flags.list('initial-advertise-peer-urls') : [DEFAULT_PEER_URL],
    },
    process,
  );
  await log(process, 'membership/store.go:141', 'Trimming membership information from the backend...', {});
  for (const { id, peerUrls } of members)
    await log(process, 'membership/cluster.go:421', 'added member', {
      'cluster-id': clusterId,
      'local-member-id': '0',
      'added-peer-id': id,
      'added-peer-peer-urls': peerUrls,
    });
  await log(process, 'snapshot/v3_snapshot.go:293', 'restored snapshot', described);
  return 0;
}

async function run(process: Process, statusText: StatusText): Promise<number> {
  const words = process.argv.map((word) =>
    word === '-w' ? '--write-out' : word.startsWith('-w=') ? `--write-out=${word.slice(3)}` : word,
  );
  const flags = parseFlags(words, ['skip-hash-check', 'mark-compacted']);
  const [group, verb, path] = flags.args;
  if (group === 'version') {
    await process.stdout.write(`etcdutl version: ${VERSION}\nAPI version: 3.5\n`);
    return 0;
  }
  if (group !== 'snapshot' || (verb !== 'status' && verb !== 'restore'))
    throw new UsageError(
      group ? `unknown command "${group}" for "etcdutl"` : 'etcdutl needs a command: snapshot status, snapshot restore, version',
      1,
    );
  if (path === undefined || flags.args.length > 3) throw new UsageError(`snapshot ${verb} requires exactly one argument`);
  if (verb === 'restore') return restore(process, flags, path);
  const text = read(process, path, 'stat');
  await process.stdout.write(
    statusText(
      named('invalid database', () => snapshotStatus(text)),
      flags.get('write-out') ?? 'simple',
    ),
  );
  return 0;
}

/** The program. */
export const etcdutl =
  (statusText: StatusText): Program =>
  async (process) => {
    try {
      return await run(process, statusText);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      await process.stderr.write(`Error: ${error.message}\n`);
      return error instanceof UsageError ? error.exitCode : 1;
    }
  };
