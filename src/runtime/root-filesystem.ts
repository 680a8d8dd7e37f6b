/** The root file system of a container: the image's files as the lower layer, mounts laid over it, and the way from an argv to a program. */
import type { Files, Kernel, Mount, Program } from '#host';
import { environmentOf, type ImageFile, type ResolvedImage } from './image.ts';

const ELF_TEXT = '\u007fELF';

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

function put(files: Files, path: string, file: ImageFile): void {
  if (typeof file !== 'string' && 'directory' in file) {
    files.makeDirectory(path, { recursive: true });
    return;
  }
  const parent = parentOf(path);
  if (!files.stat(parent)) files.makeDirectory(parent, { recursive: true });
  if (typeof file === 'string') files.write(path, file, { mode: 0o644 });
  else if ('link' in file) files.symlink(file.link, path);
  else files.write(path, file.content, { mode: file.mode ?? 0o644 });
}

/** Text files every container has that its image does not bring: names, resolver, users. */
export interface SandboxFiles {
  readonly hostname: string;
  readonly resolvConf: string;
}

/** Unpacks an image into a fresh tree. */
export function unpack(kernel: Kernel, resolved: ResolvedImage, sandbox: SandboxFiles): Files {
  const files = kernel.createTmpfs();
  const { image } = resolved;
  for (const directory of ['/etc', '/tmp', '/var/run', '/var/log', '/root', '/proc', '/dev', '/home'])
    files.makeDirectory(directory, { recursive: true });
  put(files, '/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n');
  put(files, '/etc/group', 'root:x:0:\nnogroup:x:65534:\n');
  for (const path of Object.keys(image.programs)) put(files, path, { content: `${ELF_TEXT} ${path}\n`, mode: 0o755 });
  for (const [path, target] of Object.entries(image.links ?? {})) put(files, path, { link: target });
  for (const [path, file] of Object.entries(image.files ?? {})) put(files, path, file);
  put(files, '/etc/hostname', `${sandbox.hostname}\n`);
  put(files, '/etc/resolv.conf', sandbox.resolvConf);
  put(files, '/etc/hosts', `127.0.0.1\tlocalhost\n`);
  return files;
}

/** A mount of the machine's tree over a path; the kubelet sees to it that the source exists. */
export function hostMount(kernel: Kernel, mount: { containerPath: string; hostPath: string; readOnly: boolean }): Mount {
  return { path: mount.containerPath, files: kernel.root, source: mount.hostPath, readOnly: mount.readOnly };
}

/** A program found for an argv, with the argv it is to be started with. */
export interface Executable {
  readonly program: Program;
  readonly argv: readonly string[];
}

/** Thrown when an argv leads to no program; the message is runc's. */
export class ExecError extends Error {}

const INTERPRETER_DEPTH_MAX = 4;

/** A path as the kernel walks it: from `cwd`, without `.`, `..` and doubled slashes. */
function absolutePath(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Finds programs in a root file system by path, through PATH, symbolic links and `#!` lines. */
export function findExecutable(
  root: Files,
  resolved: ResolvedImage,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Executable {
  const name = argv[0];
  if (!name) throw new ExecError('no command specified');
  const { programs } = resolved.image;
  const resolveLinks = (path: string): string => {
    for (let depth = 0; depth < 16; depth++) {
      const stat = root.stat(path, { follow: false });
      if (stat?.kind !== 'symlink') return path;
      const target = root.readLink(path);
      path = target.startsWith('/') ? target : `${parentOf(path)}/${target}`;
    }
    return path;
  };
  const open = (path: string, words: readonly string[], depth: number): Executable => {
    const real = resolveLinks(path);
    const stat = root.stat(real);
    if (!stat) throw new ExecError(`exec: "${name}": stat ${path}: no such file or directory`);
    if (stat.kind === 'directory') throw new ExecError(`exec: "${name}": is a directory`);
    if ((stat.mode & 0o111) === 0) throw new ExecError(`exec: "${name}": permission denied`);
    const program = Object.hasOwn(programs, real) ? programs[real] : undefined;
    const text = root.readText(real);
    if (program && text.startsWith(ELF_TEXT)) return { program, argv: words };
    if (!text.startsWith('#!') || depth >= INTERPRETER_DEPTH_MAX) throw new ExecError(`exec ${path}: exec format error`);
    const [interpreter, ...options] = text.slice(2, text.indexOf('\n')).trim().split(/\s+/);
    return open(interpreter!, [interpreter!, ...options, path, ...words.slice(1)], depth + 1);
  };
  if (name.includes('/')) return open(absolutePath(cwd, name), argv, 0);
  const path = env['PATH'] ?? environmentOf(resolved)['PATH']!;
  for (const directory of path.split(':')) {
    const candidate = `${directory}/${name}`;
    const stat = root.stat(candidate);
    if (stat && stat.kind !== 'directory' && (stat.mode & 0o111) !== 0) return open(candidate, argv, 0);
  }
  throw new ExecError(`exec: "${name}": executable file not found in $PATH`);
}
