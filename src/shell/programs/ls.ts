/** ls: -l -a -A -1 -R -d -h -t -r -F. */
import type { FileStat, Process } from '#host';
import { applet, type GivenOptions } from '../applet.ts';
import { failureText } from '../messages.ts';
import { joinPath, resolvePath } from '../paths.ts';

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly stat: FileStat;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SIX_MONTHS_MS = 15_778_476_000;

/** `-rw-r--r--` of a file's kind and mode. */
export function modeText({ kind, mode }: FileStat): string {
  const bits = [...'rwxrwxrwx'].map((letter, at) => (mode & (1 << (8 - at)) ? letter : '-')).join('');
  return `${kind === 'directory' ? 'd' : kind === 'symlink' ? 'l' : '-'}${bits}`;
}

/** Sizes as `ls -h` and `du -h` show them. */
export function humanSize(bytes: number): string {
  if (bytes < 1024) return String(bytes);
  let value = bytes;
  let unit = -1;
  for (; value >= 1024; unit++) value /= 1024;
  return `${value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : Math.ceil(value)}${'KMGTP'[unit]!}`;
}

function timeText(ms: number, nowMs: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${MONTHS[date.getUTCMonth()]!} ${String(date.getUTCDate()).padStart(2)}`;
  const recent = Math.abs(nowMs - ms) < SIX_MONTHS_MS;
  return recent ? `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}` : `${day}  ${date.getUTCFullYear()}`;
}

function longLines(process: Process, entries: readonly Entry[], options: GivenOptions): string[] {
  const user = process.env.USER ?? 'root';
  const size = (stat: FileStat): string => (options.has('h') ? humanSize(stat.sizeBytes) : String(stat.sizeBytes));
  const width = Math.max(0, ...entries.map(({ stat }) => size(stat).length));
  return entries.map(({ name, path, stat }) => {
    const target = stat.kind === 'symlink' ? ` -> ${process.files.readLink(path)}` : '';
    return `${modeText(stat)} 1 ${user} ${user} ${size(stat).padStart(width)} ${timeText(stat.modifiedMs, process.clock.wallMs())} ${name}${target}`;
  });
}

async function show(process: Process, entries: readonly Entry[], options: GivenOptions): Promise<void> {
  const sorted = [...entries].sort((a, b) =>
    options.has('t')
      ? b.stat.modifiedMs - a.stat.modifiedMs
      : options.has('S')
        ? b.stat.sizeBytes - a.stat.sizeBytes
        : a.name < b.name
          ? -1
          : 1,
  );
  if (options.has('r')) sorted.reverse();
  const marked = sorted.map((entry) => ({
    ...entry,
    name: `${entry.name}${options.has('F') && entry.stat.kind === 'directory' ? '/' : ''}`,
  }));
  if (options.has('l'))
    return process.stdout.write(
      longLines(process, marked, options)
        .map((line) => `${line}\n`)
        .join(''),
    );
  const names = marked.map(({ name }) => name);
  if (!process.terminal || options.has('1')) return process.stdout.write(names.map((name) => `${name}\n`).join(''));
  const width = Math.max(0, ...names.map((name) => name.length)) + 2;
  const perRow = Math.max(1, Math.floor(process.terminal.columns / width));
  const rows = Math.ceil(names.length / perRow);
  const lines = Array.from({ length: rows }, (_, row) =>
    names
      .filter((_name, at) => at % rows === row)
      .map((name) => name.padEnd(width))
      .join('')
      .trimEnd(),
  );
  return process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

async function showDirectory(
  process: Process,
  path: string,
  options: GivenOptions,
  label: string | undefined,
  first: boolean,
): Promise<void> {
  const absolute = resolvePath(process.cwd, path);
  const names = process.files.list(absolute).filter((name) => options.has('a') || options.has('A') || !name.startsWith('.'));
  const entry = (name: string): Entry[] => {
    const at = resolvePath(absolute, name);
    const stat = process.files.stat(at, { follow: false });
    return stat ? [{ name, path: at, stat }] : [];
  };
  const entries = [...(options.has('a') ? ['.', '..'] : []), ...names].flatMap(entry);
  if (label !== undefined) await process.stdout.write(`${first ? '' : '\n'}${label}:\n`);
  if (options.has('l'))
    await process.stdout.write(`total ${Math.ceil(entries.reduce((sum, { stat }) => sum + stat.sizeBytes, 0) / 1024)}\n`);
  await show(process, entries, options);
  if (!options.has('R')) return;
  for (const { name, stat } of entries) {
    if (stat.kind === 'directory' && name !== '.' && name !== '..')
      await showDirectory(process, joinPath(path, name), options, joinPath(path, name), false);
  }
}

/** ls */
export const ls = applet({ flags: 'laA1RdhtrSFCp', long: { all: 'a', recursive: 'R', color: 'color' } }, async (process, options) => {
  let status = 0;
  const files: Entry[] = [];
  const directories: string[] = [];
  for (const operand of options.operands.length ? options.operands : ['.']) {
    const path = resolvePath(process.cwd, operand);
    const stat =
      process.files.stat(path, { follow: !options.has('l') && !options.has('d') }) ?? process.files.stat(path, { follow: false });
    if (!stat) {
      await process.stderr.write(`ls: cannot access '${operand}': No such file or directory\n`);
      status = 2;
    } else if (stat.kind === 'directory' && !options.has('d')) directories.push(operand);
    else files.push({ name: operand, path, stat });
  }
  if (files.length) await show(process, files, options);
  const labelled = options.operands.length > 1 || options.has('R');
  for (const [at, path] of directories.entries()) {
    try {
      await showDirectory(process, path, options, labelled ? path : undefined, at === 0 && files.length === 0);
    } catch (error) {
      await process.stderr.write(`ls: cannot open directory '${path}': ${failureText(error)}\n`);
      status = 2;
    }
  }
  return status;
});
