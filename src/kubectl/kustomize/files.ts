/** Files of a kustomization: a path may not lead out of its directory, and every failure is told as kustomize tells it. */
import type { Process } from '#host';
import { directoryName, resolvePath } from '#shell';
import { CommandError } from '../errors.ts';

/** `evalsymlink failure on '/a/b' : lstat /a: no such file or directory`: the first part of the path that is missing. */
export function missingText(process: Process, told: string, absolute: string): string {
  let missing = absolute;
  while (missing !== '/' && process.files.stat(directoryName(missing)) === undefined) missing = directoryName(missing);
  return `evalsymlink failure on '${told}' : lstat ${missing}: no such file or directory`;
}

/** The absolute path of a file in or below a root. Throws CommandError where it is missing, a directory, or elsewhere. */
export function rootFile(process: Process, root: string, path: string): string {
  const absolute = resolvePath(root, path);
  const stat = process.files.stat(absolute);
  if (!stat) throw new CommandError(missingText(process, absolute, absolute));
  if (stat.kind === 'directory') throw new CommandError(`'${absolute}' must resolve to a file`);
  if (root !== '/' && !absolute.startsWith(`${root}/`)) throw new CommandError(`security; file '${absolute}' is not in or below '${root}'`);
  return absolute;
}

/** The content of a file in or below a root. */
export function readRootFile(process: Process, root: string, path: string): Uint8Array {
  return process.files.readBytes(rootFile(process, root, path));
}

/** The text of a file in or below a root. */
export function readRootText(process: Process, root: string, path: string): string {
  return process.files.readText(rootFile(process, root, path));
}

/** The directory to build. Throws CommandError where it is none. */
export function rootDirectory(process: Process, cwd: string, path: string): string {
  const absolute = resolvePath(cwd, path);
  const stat = process.files.stat(absolute);
  const told = cwd === process.cwd ? path : absolute;
  if (!stat) throw new CommandError(`must build at directory: not a valid directory: ${missingText(process, told, absolute)}`);
  if (stat.kind !== 'directory') throw new CommandError(`must build at directory: '${told}': file is not directory`);
  return absolute;
}
