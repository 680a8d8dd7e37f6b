/** find: -name -iname -path -type -maxdepth -mindepth -print -delete. */
import type { Process, Program } from '#host';
import { UsageError } from '../applet.ts';
import { matchesPattern } from '../pattern.ts';
import { baseName, joinPath, resolvePath } from '../paths.ts';

interface Search {
  readonly tests: ((path: string, kind: string) => boolean)[];
  maxDepth: number;
  minDepth: number;
  remove: boolean;
}

function readExpression(words: readonly string[]): Search {
  const search: Search = { tests: [], maxDepth: Infinity, minDepth: 0, remove: false };
  let negated = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const value = (): string => {
      const next = words[++at];
      if (next === undefined) throw new UsageError(`missing argument to \`${word}'`);
      return next;
    };
    const add = (test: (path: string, kind: string) => boolean): void => {
      const flip = negated;
      search.tests.push((path, kind) => test(path, kind) !== flip);
      negated = false;
    };
    if (word === '!' || word === '-not') negated = true;
    else if (word === '-name' || word === '-iname') {
      const pattern = word === '-iname' ? value().toLowerCase() : value();
      add((path) => matchesPattern(word === '-iname' ? baseName(path).toLowerCase() : baseName(path), pattern));
    } else if (word === '-path' || word === '-wholename') {
      const pattern = value();
      add((path) => matchesPattern(path, pattern));
    } else if (word === '-type') {
      const kind = { f: 'file', d: 'directory', l: 'symlink' }[value()];
      add((_path, actual) => actual === kind);
    } else if (word === '-maxdepth') search.maxDepth = Number(value());
    else if (word === '-mindepth') search.minDepth = Number(value());
    else if (word === '-delete') search.remove = true;
    else if (word !== '-print' && word !== '-a') throw new UsageError(`unknown predicate \`${word}'`);
  }
  return search;
}

async function walk(process: Process, path: string, depth: number, search: Search): Promise<void> {
  const absolute = resolvePath(process.cwd, path);
  const stat = process.files.stat(absolute, { follow: false });
  if (!stat) throw new UsageError(`'${path}': No such file or directory`);
  const fits = depth >= search.minDepth && search.tests.every((test) => test(path, stat.kind));
  if (fits && !search.remove) await process.stdout.write(`${path}\n`);
  if (stat.kind === 'directory' && depth < search.maxDepth)
    for (const name of process.files.list(absolute)) await walk(process, joinPath(path, name), depth + 1, search);
  if (fits && search.remove && depth > 0) process.files.remove(absolute, { recursive: true });
}

/** find */
export const find: Program = async (process) => {
  const first = process.argv.findIndex((word) => /^[-!(]/.test(word));
  const paths = first < 0 ? process.argv : process.argv.slice(0, first);
  try {
    const search = readExpression(first < 0 ? [] : process.argv.slice(first));
    for (const path of paths.length ? paths : ['.']) await walk(process, path, 0, search);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    await process.stderr.write(`find: ${error.message}\n`);
    return 1;
  }
};
