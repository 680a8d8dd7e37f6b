/** tar: archives in the ustar format (POSIX.1-1988), with long names as GNU and pax write them: c, x, t with f, v, C, m, O. No compression. */
import { readerOf, type ByteReader, type Files, type Process } from '#host';
import { applet, UsageError } from '../applet.ts';
import { directoryName, joinPath, resolvePath } from '../paths.ts';

const BLOCK = 512;
const encoder = (): TextEncoder => new TextEncoder();

interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link';
  readonly mode: number;
  readonly modifiedSeconds: number;
  readonly target: string;
  readonly content: Uint8Array;
}

const octal = (value: number, digits: number): string => `${Math.max(0, Math.floor(value)).toString(8).padStart(digits, '0')}\0`;

/** One header block: name 100, mode 8, uid 8, gid 8, size 12, mtime 12, checksum 8, type 1, link 100, magic, user, group … */
function headerBlock(name: string, type: string, entry: Pick<Entry, 'mode' | 'modifiedSeconds' | 'target'>, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string, limit: number): void => block.set(encoder().encode(text).subarray(0, limit), at);
  put(0, name, 100);
  put(100, octal(entry.mode, 7), 8);
  put(108, octal(0, 7), 8);
  put(116, octal(0, 7), 8);
  put(124, octal(size, 11), 12);
  put(136, octal(entry.modifiedSeconds, 11), 12);
  put(148, ' '.repeat(8), 8);
  put(156, type, 1);
  put(157, entry.target, 100);
  put(257, 'ustar\u000000', 8);
  put(265, 'root', 32);
  put(297, 'root', 32);
  put(
    148,
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    8,
  );
  return block;
}

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

function* blocksOf(entry: Entry): Generator<Uint8Array> {
  const name = encoder().encode(entry.name);
  if (name.length > 100) {
    const long = new Uint8Array(padded(name.length + 1));
    long.set(name);
    yield headerBlock('././@LongLink', 'L', { mode: 0, modifiedSeconds: 0, target: '' }, name.length + 1);
    yield long;
  }
  yield headerBlock(entry.name, { file: '0', link: '2', directory: '5' }[entry.kind], entry, entry.content.length);
  const content = new Uint8Array(padded(entry.content.length));
  content.set(entry.content);
  if (content.length > 0) yield content;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Reads just so many bytes at a time. */
class Blocks {
  #rest = new Uint8Array(0);

  constructor(private readonly reader: ByteReader) {}

  async take(size: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length < size) {
      const chunk = await this.reader.read();
      if (!chunk) return undefined;
      this.#rest = joined([this.#rest, chunk]);
    }
    const taken = this.#rest.slice(0, size);
    this.#rest = this.#rest.slice(size);
    return taken;
  }
}

const textAt = (block: Uint8Array, at: number, length: number): string => {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
};
const numberAt = (block: Uint8Array, at: number, length: number): number => parseInt(textAt(block, at, length).trim() || '0', 8);

/** The value of `key` in a pax header's records, each `length key=value` and a newline. */
const paxValue = (records: string, key: string): string | undefined => new RegExp(`(?:^|\n)\\d+ ${key}=([^\n]*)`).exec(records)?.[1];

async function* entriesOf(reader: ByteReader): AsyncGenerator<Entry> {
  const blocks = new Blocks(reader);
  let longName: string | undefined;
  for (let count = 0; ; count++) {
    const header = await blocks.take(BLOCK);
    if (!header && count === 0) throw new UsageError('This does not look like a tar archive');
    if (!header || header.every((byte) => byte === 0)) return;
    if (!textAt(header, 257, 6).startsWith('ustar')) throw new UsageError('This does not look like a tar archive');
    const size = numberAt(header, 124, 12);
    const padding = await blocks.take(padded(size));
    if (!padding) throw new UsageError('Unexpected EOF in archive');
    const content = padding.subarray(0, size);
    const type = textAt(header, 156, 1) || '0';
    if (type === 'L') longName = textAt(content, 0, size);
    else if (type === 'x') longName = paxValue(new TextDecoder().decode(content), 'path') ?? longName;
    else if (type !== 'g') {
      const prefix = textAt(header, 345, 155);
      const name = longName ?? (prefix ? `${prefix}/${textAt(header, 0, 100)}` : textAt(header, 0, 100));
      longName = undefined;
      const kind = type === '5' ? 'directory' : type === '2' ? 'link' : 'file';
      yield {
        name,
        kind,
        mode: numberAt(header, 100, 8) & 0o7777,
        modifiedSeconds: numberAt(header, 136, 12),
        target: textAt(header, 157, 100),
        content,
      };
    }
  }
}

function* treeOf(files: Files, path: string, name: string): Generator<Entry> {
  const stat = files.stat(path, { follow: false });
  if (!stat) throw new UsageError(`${name}: Cannot stat: No such file or directory`, 2);
  const common = { mode: stat.mode & 0o7777, modifiedSeconds: stat.modifiedMs / 1_000, target: '', content: new Uint8Array(0) };
  if (stat.kind === 'directory') {
    yield { ...common, name: `${name.replace(/\/$/, '')}/`, kind: 'directory' };
    for (const child of files.list(path)) yield* treeOf(files, joinPath(path, child), joinPath(name, child));
  } else if (stat.kind === 'file') yield { ...common, name, kind: 'file', content: files.readBytes(path) };
  else yield { ...common, name, kind: 'link', target: files.readLink(path) };
}

async function create(process: Process, directory: string, archive: string, names: readonly string[], isVerbose: boolean): Promise<number> {
  if (names.length === 0) throw new UsageError('Cowardly refusing to create an empty archive', 2);
  const chunks: Uint8Array[] = [];
  const write = async (block: Uint8Array): Promise<void> => {
    if (archive === '-') await process.stdout.write(block);
    else chunks.push(block);
  };
  let status = 0;
  let isStripped = false;
  for (const name of names) {
    try {
      for (const entry of treeOf(process.files, resolvePath(directory, name), name)) {
        if (entry.name.startsWith('/') && !isStripped) {
          isStripped = true;
          await process.stderr.write("tar: Removing leading `/' from member names\n");
        }
        if (isVerbose) await (archive === '-' ? process.stderr : process.stdout).write(`${entry.name}\n`);
        for (const block of blocksOf({ ...entry, name: entry.name.replace(/^\/+/, '') || './' })) await write(block);
      }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      await process.stderr.write(`tar: ${error.message}\n`);
      status = 2;
    }
  }
  await write(new Uint8Array(2 * BLOCK));
  if (archive !== '-') process.files.write(resolvePath(process.cwd, archive), joined(chunks));
  if (status !== 0) await process.stderr.write('tar: Exiting with failure status due to previous errors\n');
  return status;
}

/** Lays one entry into the tree; names that lead out of it are refused. */
function unpackEntry(files: Files, directory: string, entry: Entry): void {
  const path = resolvePath(directory, entry.name.replace(/^\/+/, ''));
  if (entry.name.split('/').includes('..')) throw new UsageError(`${entry.name}: Member name contains '..'`, 2);
  if (entry.kind === 'directory') {
    files.makeDirectory(path, { recursive: true });
    return;
  }
  files.makeDirectory(directoryName(path), { recursive: true });
  if (files.stat(path, { follow: false })?.kind === 'symlink') files.remove(path);
  if (entry.kind === 'link') files.symlink(entry.target, path);
  else files.write(path, entry.content, { mode: entry.mode });
}

/** tar: c, x, t with f, v, C, m, O; the first word may go without its dash. */
export const tar = applet(
  {
    flags: 'cxtvmOpho',
    values: 'fC',
    long: {
      create: 'c',
      extract: 'x',
      get: 'x',
      list: 't',
      verbose: 'v',
      touch: 'm',
      file: 'f',
      directory: 'C',
      'to-stdout': 'O',
      'no-same-owner': 'o',
      'no-same-permissions': 'h',
    },
    bundle: true,
  },
  async (process, options) => {
    const verbs = ['c', 'x', 't'].filter((verb) => options.has(verb));
    if (verbs.length !== 1) throw new UsageError("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options", 2);
    const directory = resolvePath(process.cwd, options.value('C') ?? '.');
    if (process.files.stat(directory)?.kind !== 'directory')
      throw new UsageError(`${options.value('C')}: Cannot open: No such file or directory`, 2);
    const archive = options.value('f') ?? '-';
    const isVerbose = options.has('v');
    if (options.has('c')) return create(process, directory, archive, options.operands, isVerbose);
    const reader = archive === '-' ? process.stdin : readerOf(process.files.readBytes(resolvePath(process.cwd, archive)));
    const isWanted = (name: string): boolean =>
      options.operands.length === 0 || options.operands.some((each) => name === each || name.startsWith(`${each.replace(/\/$/, '')}/`));
    for await (const entry of entriesOf(reader)) {
      if (!isWanted(entry.name)) continue;
      if (options.has('t') || isVerbose) await process.stdout.write(`${entry.name}\n`);
      if (options.has('t')) continue;
      if (options.has('O')) await process.stdout.write(entry.content);
      else unpackEntry(process.files, directory, entry);
    }
    return 0;
  },
  2,
);
