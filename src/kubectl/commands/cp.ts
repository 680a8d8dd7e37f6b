/** kubectl cp: files and directories to and from containers. Real kubectl sends a tar archive through exec; this one runs cat for each file. */
import { createPipe, readerOf, type ByteReader, type ByteWriter, type Process } from '#host';
import { baseName, directoryName, joinPath, quoteForShell, resolvePath } from '#shell';
import type { Pod } from '#api';
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { CommandError, UsageError } from '../errors.ts';
import { containerOf, podOf } from '../pods.ts';
import type { Session } from '../session.ts';
import { runRemote } from './exec.ts';

interface Place {
  readonly pod: string;
  readonly namespace: string;
  readonly path: string;
}

/** `[namespace/]pod:path` or a local path. */
function readPlace(session: Session, text: string): Place {
  const colon = text.indexOf(':');
  if (colon < 0) return { pod: '', namespace: '', path: text };
  if (colon === 0) throw new CommandError('filespec must match the canonical format: [[namespace/]pod:]file/path');
  const place = text.slice(0, colon).split('/');
  if (place.length > 2) throw new CommandError('filespec must match the canonical format: [[namespace/]pod:]file/path');
  return { pod: place.at(-1)!, namespace: place.length === 2 ? place[0]! : session.namespace, path: text.slice(colon + 1) };
}

/** Runs a line in a container; gives what it printed. Throws CommandError with its complaint. */
class Container {
  constructor(
    private readonly session: Session,
    private readonly pod: Pod,
    private readonly name: string,
  ) {}

  async run(line: string, input?: Uint8Array): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let complaint = '';
    const encoder = new TextEncoder();
    const decoder = new TextDecoder();
    const stdout: ByteWriter = {
      write: (chunk) => Promise.resolve(void chunks.push(typeof chunk === 'string' ? encoder.encode(chunk) : chunk)),
      close: () => undefined,
    };
    const stderr: ByteWriter = {
      write: (chunk) => Promise.resolve(void (complaint += typeof chunk === 'string' ? chunk : decoder.decode(chunk))),
      close: () => undefined,
    };
    const stdin: ByteReader = input ? readerOf(input) : createPipe().reader;
    const process: Process = Object.create(this.session.process, {
      stdin: { value: stdin },
      stdout: { value: stdout },
      stderr: { value: stderr },
    }) as Process;
    const query: [string, string][] = [
      ...['sh', '-c', line].map((part): [string, string] => ['command', part]),
      ['container', this.name],
      ...(input ? [['stdin', 'true'] as [string, string]] : []),
      ['stderr', 'true'],
      ['stdout', 'true'],
    ];
    const path = `/api/v1/namespaces/${this.pod.metadata.namespace ?? ''}/pods/${this.pod.metadata.name}/exec`;
    const code = await runRemote({ ...this.session, client: this.session.client, process }, path, query, {
      stdin: input !== undefined,
      tty: false,
    });
    if (code !== 0) throw new CommandError(complaint.trim() || `command terminated with exit code ${code}`);
    const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  async text(line: string): Promise<string> {
    return new TextDecoder().decode(await this.run(line));
  }
}

async function upload({ session }: Invocation, container: Container, from: string, to: string): Promise<void> {
  const { files, cwd } = session.process;
  const source = resolvePath(cwd, from);
  const stat = files.stat(source);
  if (!stat) throw new CommandError(`${from} doesn't exist in local filesystem`);
  const isDirectory = (await container.text(`test -d ${quoteForShell(to)} && echo yes; true`)).trim() === 'yes';
  const copy = async (path: string, target: string): Promise<void> => {
    if (files.stat(path)?.kind !== 'directory') {
      await container.run(`cat > ${quoteForShell(target)}`, files.readBytes(path));
      return;
    }
    await container.run(`mkdir -p ${quoteForShell(target)}`);
    for (const name of files.list(path)) await copy(joinPath(path, name), joinPath(target, name));
  };
  await copy(source, isDirectory ? joinPath(to, baseName(source)) : to);
}

async function download({ session }: Invocation, container: Container, from: string, to: string): Promise<void> {
  const { files, cwd } = session.process;
  const target = resolvePath(cwd, to);
  const kind = (
    await container.text(`if test -d ${quoteForShell(from)}; then echo directory; elif test -e ${quoteForShell(from)}; then echo file; fi`)
  ).trim();
  if (kind === '') throw new CommandError(`${from}: No such file or directory`);
  if (kind === 'file') {
    const path = files.stat(target)?.kind === 'directory' ? joinPath(target, baseName(from)) : target;
    files.makeDirectory(directoryName(path), { recursive: true });
    return files.write(path, await container.run(`cat ${quoteForShell(from)}`));
  }
  const names = (await container.text(`find ${quoteForShell(from)} -type f`)).split('\n').filter((line) => line !== '');
  files.makeDirectory(target, { recursive: true });
  for (const name of names) {
    const path = joinPath(target, name.slice(from.replace(/\/$/, '').length + 1));
    files.makeDirectory(directoryName(path), { recursive: true });
    files.write(path, await container.run(`cat ${quoteForShell(name)}`));
  }
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args, path } = invocation;
  if (args.length !== 2) throw new UsageError('source and destination are required', path);
  const [from, to] = [readPlace(session, args[0]!), readPlace(session, args[1]!)];
  if (from.pod !== '' && to.pod !== '') throw new CommandError('one of src or dest must be a local file specification');
  if (from.pod === '' && to.pod === '') throw new CommandError('one of src or dest must be a remote file specification');
  if (from.path === '' || to.path === '') throw new CommandError('filepath can not be empty');
  const remote = from.pod ? from : to;
  const pod = await podOf({ ...session, client: session.client, namespace: remote.namespace }, remote.pod);
  const container = new Container(session, pod, await containerOf(session, pod, flags.text('container'), false));
  if (from.pod) await download(invocation, container, from.path, to.path);
  else await upload(invocation, container, from.path, to.path);
}

/** kubectl cp */
export const cp: Command = {
  name: 'cp',
  short: 'Copy files and directories to and from containers',
  group: 'Troubleshooting and Debugging Commands',
  usage: '<file-spec-src> <file-spec-dest> [options]',
  completes: 'files',
  flags: [
    defineFlag('container', 'string', 'Container name.', { short: 'c' }),
    defineFlag('no-preserve', 'bool', "The copied file/directory's ownership and permissions will not be preserved in the container"),
    defineFlag('retries', 'int', 'Set number of retries to complete a copy operation from a container.', { initial: '0' }),
  ],
  run,
};
