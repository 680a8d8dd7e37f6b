/** Programs that change the file tree: cp, mv, rm, mkdir, rmdir, touch, ln, chmod. */
import { FileError, type Files, type Process } from '#host';
import { applet, UsageError } from '../applet.ts';
import { failureText } from '../messages.ts';
import { baseName, directoryName, joinPath, resolvePath } from '../paths.ts';

/** Runs `act` for each operand; failures are told with `what` and make the result 1. */
async function forEach(
  process: Process,
  operands: readonly string[],
  what: (operand: string) => string,
  act: (path: string, operand: string) => void,
): Promise<number> {
  let status = 0;
  for (const operand of operands) {
    try {
      act(resolvePath(process.cwd, operand), operand);
    } catch (error) {
      await process.stderr.write(`${process.name}: ${what(operand)}: ${failureText(error)}\n`);
      status = 1;
    }
  }
  return status;
}

const needOperand = (process: Process, operands: readonly string[]): void => {
  if (operands.length === 0) throw new UsageError(`missing operand\nTry '${process.name} --help' for more information.`);
};

/** mkdir: -p, -m. */
export const mkdir = applet({ flags: 'pv', values: 'm', long: { parents: 'p', mode: 'm' } }, async (process, options) => {
  needOperand(process, options.operands);
  return forEach(
    process,
    options.operands,
    (operand) => `cannot create directory '${operand}'`,
    (path) => {
      if (!options.has('p') && process.files.stat(path)) throw new FileError('EEXIST', path);
      process.files.makeDirectory(path, {
        recursive: options.has('p'),
        ...(options.has('m') ? { mode: parseInt(options.value('m')!, 8) } : {}),
      });
    },
  );
});

/** rmdir */
export const rmdir = applet({ flags: 'p' }, async (process, options) => {
  needOperand(process, options.operands);
  return forEach(
    process,
    options.operands,
    (operand) => `failed to remove '${operand}'`,
    (path) => {
      const stat = process.files.stat(path, { follow: false });
      if (!stat) throw new FileError('ENOENT', path);
      if (stat.kind !== 'directory') throw new FileError('ENOTDIR', path);
      if (process.files.list(path).length > 0) throw new FileError('ENOTEMPTY', path);
      process.files.remove(path, { recursive: true });
    },
  );
});

/** rm: -r, -f. */
export const rm = applet({ flags: 'rRfivd', long: { recursive: 'r', force: 'f' } }, async (process, options) => {
  const force = options.has('f');
  if (!force) needOperand(process, options.operands);
  return forEach(
    process,
    options.operands,
    (operand) => `cannot remove '${operand}'`,
    (path) => {
      const stat = process.files.stat(path, { follow: false });
      if (!stat && force) return;
      if (!stat) throw new FileError('ENOENT', path);
      if (stat.kind === 'directory' && !options.has('r') && !options.has('R')) throw new FileError('EISDIR', path);
      process.files.remove(path, { recursive: true });
    },
  );
});

/** touch: -c. */
export const touch = applet({ flags: 'camr', values: 'dt' }, async (process, options) => {
  needOperand(process, options.operands);
  return forEach(
    process,
    options.operands,
    (operand) => `cannot touch '${operand}'`,
    (path) => {
      const stat = process.files.stat(path);
      if (!stat) {
        if (!options.has('c')) process.files.write(path, '');
      } else if (stat.kind === 'file') process.files.write(path, process.files.readBytes(path), { mode: stat.mode });
    },
  );
});

function copyTree(files: Files, from: string, to: string): void {
  const stat = files.stat(from);
  if (!stat) throw new FileError('ENOENT', from);
  if (stat.kind !== 'directory') return files.write(to, files.readBytes(from), { mode: stat.mode });
  if (!files.stat(to)) files.makeDirectory(to, { mode: stat.mode });
  for (const name of files.list(from)) copyTree(files, joinPath(from, name), joinPath(to, name));
}

/** The last operand as the place the others go to. */
function destination(process: Process, operands: readonly string[]): { sources: readonly string[]; target: string; isDirectory: boolean } {
  needOperand(process, operands);
  if (operands.length === 1)
    throw new UsageError(`missing destination file operand after '${operands[0]!}'\nTry '${process.name} --help' for more information.`);
  const target = operands.at(-1)!;
  const isDirectory = process.files.stat(resolvePath(process.cwd, target))?.kind === 'directory';
  if (operands.length > 2 && !isDirectory)
    throw new UsageError(
      `target '${target}': ${process.files.stat(resolvePath(process.cwd, target)) ? 'Not a directory' : 'No such file or directory'}`,
    );
  return { sources: operands.slice(0, -1), target, isDirectory };
}

/** cp: -r, -a, -f, -p. */
export const cp = applet({ flags: 'rRafpvnL', long: { recursive: 'r', archive: 'a', force: 'f' } }, async (process, options) => {
  const { sources, target, isDirectory } = destination(process, options.operands);
  let status = 0;
  for (const source of sources) {
    const from = resolvePath(process.cwd, source);
    const to = resolvePath(process.cwd, isDirectory ? joinPath(target, baseName(source)) : target);
    const stat = process.files.stat(from);
    let problem: string | undefined;
    if (!stat) problem = `cannot stat '${source}': No such file or directory`;
    else if (stat.kind === 'directory' && !options.has('r') && !options.has('R') && !options.has('a'))
      problem = `-r not specified; omitting directory '${source}'`;
    else if (from === to) problem = `'${source}' and '${target}' are the same file`;
    else if (options.has('n') && process.files.stat(to)) continue;
    else {
      try {
        copyTree(process.files, from, to);
      } catch (error) {
        problem = `cannot create regular file '${target}': ${failureText(error)}`;
      }
    }
    if (problem === undefined) continue;
    await process.stderr.write(`cp: ${problem}\n`);
    status = 1;
  }
  return status;
});

/** mv */
export const mv = applet({ flags: 'fnvi', long: { force: 'f' } }, async (process, options) => {
  const { sources, target, isDirectory } = destination(process, options.operands);
  let status = 0;
  for (const source of sources) {
    const from = resolvePath(process.cwd, source);
    const to = resolvePath(process.cwd, isDirectory ? joinPath(target, baseName(source)) : target);
    if (!process.files.stat(from, { follow: false })) {
      await process.stderr.write(`mv: cannot stat '${source}': No such file or directory\n`);
      status = 1;
    } else if (from !== to) {
      try {
        process.files.rename(from, to);
      } catch (error) {
        await process.stderr.write(`mv: cannot move '${source}' to '${target}': ${failureText(error)}\n`);
        status = 1;
      }
    }
  }
  return status;
});

/** ln: -s, -f. */
export const ln = applet({ flags: 'sfnv', long: { symbolic: 's', force: 'f' } }, async (process, options) => {
  needOperand(process, options.operands);
  const [target = '', given = baseName(target)] = options.operands;
  let path = resolvePath(process.cwd, given);
  if (process.files.stat(path)?.kind === 'directory' && !options.has('n')) path = joinPath(path, baseName(target));
  if (options.has('f') && process.files.stat(path, { follow: false })) process.files.remove(path);
  if (process.files.stat(path, { follow: false }))
    throw new UsageError(`failed to create ${options.has('s') ? 'symbolic' : 'hard'} link '${given}': File exists`);
  if (options.has('s')) process.files.symlink(target, path);
  else process.files.write(path, process.files.readBytes(resolvePath(process.cwd, target)));
  return 0;
});

/** The mode after `u+x`, `644` … */
function changedMode(mode: number, text: string): number {
  if (/^[0-7]{3,4}$/.test(text)) return parseInt(text, 8);
  let result = mode;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)([-+=])([rwxX]*)$/.exec(clause);
    if (!match) throw new UsageError(`invalid mode: '${text}'`);
    const [, who = '', operator, rights = ''] = match;
    const bits = [...rights].reduce((sum, letter) => sum | { r: 4, w: 2, x: 1, X: 1 }[letter as 'r']!, 0);
    for (const [letter, shift] of [
      ['u', 6],
      ['g', 3],
      ['o', 0],
    ] as const) {
      if (who !== '' && !who.includes(letter) && !who.includes('a')) continue;
      if (operator === '=') result &= ~(7 << shift);
      result = operator === '-' ? result & ~(bits << shift) : result | (bits << shift);
    }
  }
  return result;
}

/** chmod: octal and symbolic modes, -R. */
export const chmod = applet({ flags: 'Rrwx', stopAtOperand: true }, async (process, options) => {
  const [mode, ...operands] = options.has('x') ? ['+x', ...options.operands] : options.operands;
  if (mode === undefined || operands.length === 0) throw new UsageError("missing operand\nTry 'chmod --help' for more information.");
  const change = (path: string): void => {
    const stat = process.files.stat(path);
    if (!stat) throw new FileError('ENOENT', path);
    process.files.changeMode(path, changedMode(stat.mode, mode));
    if (options.has('R') && stat.kind === 'directory') for (const name of process.files.list(path)) change(joinPath(path, name));
  };
  return forEach(process, operands, (operand) => `cannot access '${operand}'`, change);
});

/** mktemp: -d. */
export const mktemp = applet({ flags: 'du', values: 'p' }, async (process, options) => {
  const suffix = Array.from(
    { length: 10 },
    () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'[process.random.below(62)]!,
  ).join('');
  const template = options.operands[0] ?? '/tmp/tmp.XXXXXXXXXX';
  const path = resolvePath(
    process.cwd,
    template.replace(/X+$/, (run) => suffix.slice(0, run.length)),
  );
  process.files.makeDirectory(directoryName(path), { recursive: true });
  if (options.has('d')) process.files.makeDirectory(path, { mode: 0o700 });
  else process.files.write(path, '', { mode: 0o600 });
  await process.stdout.write(`${path}\n`);
  return 0;
});
