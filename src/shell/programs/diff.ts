/** diff: files or directories line by line; normal and unified (-u, -U N) form, -q, -N, -r, -i, -w, -b, -B is left out. */
import { readAll, type Process } from '#host';
import { applet, UsageError, wholeNumber, type GivenOptions } from '../applet.ts';
import { diffTexts, hunksOf, unifiedDiff, type Edit, type Hunk } from '../diff-lines.ts';
import { baseName, joinPath, resolvePath } from '../paths.ts';

const DEFAULT_CONTEXT = 3;
const TROUBLE = 2;

/** `2026-11-20 10:55:45.324566961 +0000` */
function timeLabel(ms: number): string {
  return `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')}000000 +0000`;
}

interface Side {
  readonly path: string;
  readonly text: string;
  readonly modifiedMs: number;
}

async function readSide(process: Process, path: string, options: GivenOptions): Promise<Side> {
  if (path === '-') return { path, text: await readAll(process.stdin), modifiedMs: process.clock.wallMs() };
  const absolute = resolvePath(process.cwd, path);
  const stat = process.files.stat(absolute);
  if (!stat && options.has('N')) return { path, text: '', modifiedMs: 0 };
  if (!stat) throw new UsageError(`${path}: No such file or directory`, TROUBLE);
  return { path, text: process.files.readText(absolute), modifiedMs: stat.modifiedMs };
}

const range = (line: number, count: number): string => (count <= 1 ? String(line) : `${line},${line + count - 1}`);

function normalHunk({ fromLine, fromCount, toLine, toCount, edits }: Hunk): string {
  const lines = (kind: Edit['kind'], mark: string): string =>
    edits
      .filter((edit) => edit.kind === kind)
      .map(({ line }) => `${mark} ${line}\n`)
      .join('');
  const letter = fromCount === 0 ? 'a' : toCount === 0 ? 'd' : 'c';
  return `${range(fromLine, fromCount)}${letter}${range(toLine, toCount)}\n${lines('removed', '<')}${letter === 'c' ? '---\n' : ''}${lines('added', '>')}`;
}

/** What is compared: blanks and capitals as the options say. */
function seen(text: string, options: GivenOptions): string {
  let result = text;
  if (options.has('w')) result = result.replace(/[^\S\n]+/g, '');
  else if (options.has('b')) result = result.replace(/[^\S\n]+/g, ' ').replace(/ $/gm, '');
  return options.has('i') ? result.toLowerCase() : result;
}

function compare(from: Side, to: Side, options: GivenOptions): string {
  const [a, b] = [seen(from.text, options), seen(to.text, options)];
  if (a === b) return '';
  if (options.has('q')) return `Files ${from.path} and ${to.path} differ\n`;
  if (!options.has('u') && !options.has('U')) return hunksOf(diffTexts(a, b), 0).map(normalHunk).join('');
  const label = (side: Side, at: number): string => options.values('label')[at] ?? `${side.path}\t${timeLabel(side.modifiedMs)}`;
  const context = options.has('U') ? wholeNumber(options.value('U')!, 'invalid context length') : DEFAULT_CONTEXT;
  return unifiedDiff(a, b, { from: label(from, 0), to: label(to, 1) }, context);
}

async function compareDirectories(process: Process, from: string, to: string, options: GivenOptions): Promise<string> {
  const names = (path: string): string[] =>
    process.files.stat(resolvePath(process.cwd, path)) ? process.files.list(resolvePath(process.cwd, path)) : [];
  const kindOf = (path: string): string | undefined => process.files.stat(resolvePath(process.cwd, path))?.kind;
  let text = '';
  for (const name of [...new Set([...names(from), ...names(to)])].sort()) {
    const [a, b] = [joinPath(from, name), joinPath(to, name)];
    if (kindOf(a) === 'directory' || kindOf(b) === 'directory') {
      if (options.has('r')) text += await compareDirectories(process, a, b, options);
      else text += `Common subdirectories: ${a} and ${b}\n`;
      continue;
    }
    const missing = kindOf(a) === undefined ? to : kindOf(b) === undefined ? from : undefined;
    if (missing !== undefined && !options.has('N')) {
      text += `Only in ${missing}: ${name}\n`;
      continue;
    }
    const difference = compare(await readSide(process, a, options), await readSide(process, b, options), options);
    if (difference)
      text += `${options.has('q') ? '' : `diff ${process.argv.filter((word) => word.startsWith('-')).join(' ')} ${a} ${b}\n`}${difference}`;
  }
  return text;
}

/** diff */
export const diff = applet(
  {
    flags: 'uqNribwB',
    values: 'UL',
    long: { unified: 'u', brief: 'q', 'new-file': 'N', recursive: 'r', 'ignore-case': 'i', 'ignore-all-space': 'w', color: 'color' },
    longValues: ['label'],
  },
  async (process, options) => {
    const [from, to, extra] = options.operands;
    if (from === undefined || to === undefined) throw new UsageError(`missing operand after '${from ?? 'diff'}'`, TROUBLE);
    if (extra !== undefined) throw new UsageError(`extra operand '${extra}'`, TROUBLE);
    const isDirectory = (path: string): boolean => path !== '-' && process.files.stat(resolvePath(process.cwd, path))?.kind === 'directory';
    const [fromIsDirectory, toIsDirectory] = [isDirectory(from), isDirectory(to)];
    if (fromIsDirectory && toIsDirectory) {
      const text = await compareDirectories(process, from, to, options);
      await process.stdout.write(text);
      return text ? 1 : 0;
    }
    const left = await readSide(process, fromIsDirectory ? joinPath(from, baseName(to)) : from, options);
    const right = await readSide(process, toIsDirectory ? joinPath(to, baseName(from)) : to, options);
    const text = compare(left, right, options);
    await process.stdout.write(text);
    return text ? 1 : 0;
  },
  TROUBLE,
);
