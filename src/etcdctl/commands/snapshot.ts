/** `etcdctl snapshot save`: the whole store of one member, streamed into a file. Looking into the file and restoring it are etcdutl's. */
import { FileError } from '#host';
import { resolvePath } from '#shell';
import { CommandError, EXIT, type Command } from '../command.ts';
import { logLine } from '../failure.ts';
import { humanBytes } from '../printers/index.ts';

const save: Command = {
  name: 'snapshot save',
  usage: '<filename>',
  summary: 'Stores an etcd node backend snapshot to a given file',
  async run({ args, client, endpoints, process, print }) {
    const [path] = args;
    if (path === undefined || args.length > 1) throw new CommandError('snapshot save expects one argument', EXIT.badArgs);
    if (endpoints.length !== 1)
      throw new CommandError(`snapshot must be requested to one selected node, not multiple [${endpoints.join(' ')}]`, EXIT.badArgs);
    const target = resolvePath(process.cwd, path);
    const tell = (fields: Record<string, string | number>): Promise<void> => process.stderr.write(logLine(process, 'info', fields));
    const part = `${target}.part`;
    try {
      process.files.write(part, '', { mode: 0o600 });
    } catch (error) {
      if (error instanceof FileError)
        throw new CommandError(`could not open ${path}.part (open ${path}.part: ${error.message})`, EXIT.interrupted);
      throw error;
    }
    await tell({ caller: 'snapshot/v3_snapshot.go:65', msg: 'created temporary db file', path: `${path}.part` });
    await tell({ logger: 'client', caller: 'v3@v3.5.21/maintenance.go:212', msg: 'opened snapshot stream; downloading' });
    await tell({ caller: 'snapshot/v3_snapshot.go:73', msg: 'fetching snapshot', endpoint: endpoints[0]! });
    const pieces: string[] = [];
    for await (const { blob } of client().snapshot()) pieces.push(blob);
    await tell({ logger: 'client', caller: 'v3@v3.5.21/maintenance.go:220', msg: 'completed snapshot read; closing' });
    process.files.write(part, pieces.join(''), { mode: 0o600 });
    const size = process.files.stat(part)!.sizeBytes;
    await tell({
      caller: 'snapshot/v3_snapshot.go:88',
      msg: 'fetched snapshot',
      endpoint: endpoints[0]!,
      size: humanBytes(size),
      took: 'now',
    });
    process.files.rename(part, target);
    await process.files.sync();
    await tell({ caller: 'snapshot/v3_snapshot.go:97', msg: 'saved', path });
    await print(`Snapshot saved at ${path}`);
  },
};

const movedToEtcdutl = (verb: 'status' | 'restore', summary: string): Command => ({
  name: `snapshot ${verb}`,
  usage: '<filename> [options]',
  summary: `${summary} (deprecated)`,
  flags: [],
  async run({ args, process, run, flags }) {
    await process.stderr.write(`Deprecated: Use \`etcdutl snapshot ${verb}\` instead.\n\n`);
    return run(
      ['etcdutl', 'snapshot', verb, ...args, ...(flags.isGiven('write-out') ? [`--write-out=${flags.text('write-out')}`] : [])],
      process.env,
    );
  },
});

/** Flags of `snapshot restore`, handed on to etcdutl. */
const RESTORE_FLAGS = [
  'bump-revision',
  'data-dir',
  'initial-advertise-peer-urls',
  'initial-cluster',
  'initial-cluster-token',
  'mark-compacted',
  'name',
  'skip-hash-check',
  'wal-dir',
] as const;
const SWITCHES: readonly string[] = ['mark-compacted', 'skip-hash-check'];

const restore: Command = {
  ...movedToEtcdutl('restore', 'Restores an etcd member snapshot to an etcd directory'),
  flags: RESTORE_FLAGS.map((name) => ({
    name,
    fallback: SWITCHES.includes(name) ? 'false' : '',
    usage: '',
    isSwitch: SWITCHES.includes(name),
  })),
  async run({ args, process, run, flags }) {
    await process.stderr.write('Deprecated: Use `etcdutl snapshot restore` instead.\n\n');
    const given = RESTORE_FLAGS.filter((name) => flags.isGiven(name)).map((name) => `--${name}=${flags.text(name)}`);
    return run(['etcdutl', 'snapshot', 'restore', ...args, ...given], process.env);
  },
};

/** The commands. */
export const snapshotCommands: readonly Command[] = [
  save,
  movedToEtcdutl('status', 'Gets backend snapshot status of a given file'),
  restore,
];
