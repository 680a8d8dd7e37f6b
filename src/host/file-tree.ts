/**
 * The file tree of a machine in memory, its page cache: changes mark paths dirty, `sync` and a periodic flush write them to the
 * machine's disk. Symbolic links are followed; modes are kept and shown, not enforced (every process is root, see DIFFERENCES).
 */
import type { Stop } from './clock.ts';
import { FileError, type FileListener, type Files, type FileStat } from './files.ts';

/** A file, a directory or a link, as stored. */
export type Node =
  | { kind: 'file'; content: string | Uint8Array; mode: number; modifiedMs: number }
  | { kind: 'directory'; entries: Map<string, Node>; mode: number; modifiedMs: number }
  | { kind: 'symlink'; target: string; mode: number; modifiedMs: number };

type Directory = Extract<Node, { kind: 'directory' }>;

const MAX_LINKS = 16;

/** Bytes of UTF-8 that `text` takes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) bytes += unit > 0x7ff ? 2 : 1;
    if (unit >= 0xd800 && unit <= 0xdbff) {
      bytes -= 1;
      at++;
    }
  }
  return bytes;
}

/** Splits an absolute path; `.` and `..` are resolved. */
export function pathParts(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts;
}

/** How a tree tells the outside. */
export interface TreeOptions {
  readonly nowMs: () => number;
  /** A path was created, changed or removed. */
  readonly onChange?: (path: string) => void;
  readonly sync?: () => Promise<void>;
  /** Throws the FileError of a disk that cannot be written. */
  readonly checkWritable?: (path: string) => void;
}

/** A tree and access to its nodes for persistence. */
export interface FileTree extends Files {
  readonly root: Directory;
  /** Puts a node at a path, parents made as needed, without telling anybody: loading from disk. */
  load(path: string, node: Node): void;
  nodeAt(path: string): Node | undefined;
}

const newDirectory = (mode: number, modifiedMs: number): Directory => ({ kind: 'directory', entries: new Map(), mode, modifiedMs });

/** An empty tree. */
export function createFileTree(options: TreeOptions): FileTree {
  const root = newDirectory(0o755, options.nowMs());
  const watchers = new Map<string, Set<FileListener>>();
  const find = (
    parts: readonly string[],
    followLast: boolean,
    links = 0,
  ): { node: Node | undefined; parent: Directory | undefined; name: string; path: string[] } => {
    let node: Node = root;
    let parent: Directory | undefined;
    const walked: string[] = [];
    for (let at = 0; at < parts.length; at++) {
      if (node.kind !== 'directory') return { node: undefined, parent: undefined, name: parts[at]!, path: [...parts] };
      parent = node;
      const name = parts[at]!;
      walked.push(name);
      const next = parent.entries.get(name);
      const isLast = at === parts.length - 1;
      if (!next) return { node: undefined, parent: isLast ? parent : undefined, name, path: [...parts] };
      if (next.kind === 'symlink' && (followLast || !isLast)) {
        if (links >= MAX_LINKS) throw new FileError('ELOOP', `/${parts.join('/')}`);
        const base = next.target.startsWith('/') ? [] : walked.slice(0, -1);
        return find([...pathParts(`/${base.join('/')}/${next.target}`), ...parts.slice(at + 1)], followLast, links + 1);
      }
      node = next;
    }
    return { node, parent, name: parts.at(-1) ?? '', path: walked };
  };
  const changed = (parts: readonly string[]): void => {
    const path = `/${parts.join('/')}`;
    options.onChange?.(path);
    for (let depth = parts.length; depth >= 0; depth--) {
      const listeners = watchers.get(`/${parts.slice(0, depth).join('/')}`);
      if (listeners) for (const listener of [...listeners]) listener(path);
    }
  };
  const mustFind = (path: string): Node => {
    const { node } = find(pathParts(path), true);
    if (!node) throw new FileError('ENOENT', path);
    return node;
  };
  const mustBeFile = (path: string): Extract<Node, { kind: 'file' }> => {
    const node = mustFind(path);
    if (node.kind !== 'file') throw new FileError('EISDIR', path);
    return node;
  };
  const writable = (path: string): void => options.checkWritable?.(path);
  const put = (path: string, make: (existing: Node | undefined) => Node): void => {
    writable(path);
    const found = find(pathParts(path), true);
    if (found.node?.kind === 'directory') throw new FileError('EISDIR', path);
    if (!found.parent) throw new FileError('ENOENT', path);
    found.parent.entries.set(found.path.at(-1) ?? found.name, make(found.node));
    changed(found.path);
  };
  const sizeOf = (node: Node): number =>
    node.kind === 'file'
      ? typeof node.content === 'string'
        ? utf8Length(node.content)
        : node.content.length
      : node.kind === 'directory'
        ? 4096
        : node.target.length;
  const tree: FileTree = {
    root,
    nodeAt: (path) => find(pathParts(path), false).node,
    load(path, node) {
      const parts = pathParts(path);
      let directory = root;
      for (const part of parts.slice(0, -1)) {
        let next = directory.entries.get(part);
        if (next?.kind !== 'directory') {
          next = newDirectory(0o755, options.nowMs());
          directory.entries.set(part, next);
        }
        directory = next;
      }
      const existing = directory.entries.get(parts.at(-1)!);
      if (existing?.kind === 'directory' && node.kind === 'directory') existing.mode = node.mode;
      else directory.entries.set(parts.at(-1)!, node);
    },
    stat(path, statOptions = {}): FileStat | undefined {
      const { node } = find(pathParts(path), statOptions.follow !== false);
      return node && { kind: node.kind, sizeBytes: sizeOf(node), mode: node.mode, modifiedMs: node.modifiedMs };
    },
    readText(path) {
      const { content } = mustBeFile(path);
      return typeof content === 'string' ? content : new TextDecoder().decode(content);
    },
    readBytes(path) {
      const { content } = mustBeFile(path);
      return typeof content === 'string' ? new TextEncoder().encode(content) : content;
    },
    write(path, content, writeOptions = {}) {
      put(path, (existing) => ({ kind: 'file', content, mode: writeOptions.mode ?? existing?.mode ?? 0o644, modifiedMs: options.nowMs() }));
    },
    append(path, content) {
      put(path, (existing) => {
        const before = existing?.kind === 'file' ? existing.content : '';
        const mode = existing?.mode ?? 0o644;
        if (typeof before === 'string' && typeof content === 'string')
          return { kind: 'file', content: before + content, mode, modifiedMs: options.nowMs() };
        const head = typeof before === 'string' ? new TextEncoder().encode(before) : before;
        const tail = typeof content === 'string' ? new TextEncoder().encode(content) : content;
        const joined = new Uint8Array(head.length + tail.length);
        joined.set(head);
        joined.set(tail, head.length);
        return { kind: 'file', content: joined, mode, modifiedMs: options.nowMs() };
      });
    },
    list(path) {
      const node = mustFind(path);
      if (node.kind !== 'directory') throw new FileError('ENOTDIR', path);
      return [...node.entries.keys()].sort();
    },
    makeDirectory(path, makeOptions = {}) {
      writable(path);
      const parts = pathParts(path);
      for (let depth = makeOptions.recursive ? 1 : parts.length; depth <= parts.length; depth++) {
        const found = find(parts.slice(0, depth), true);
        if (found.node) {
          if (found.node.kind !== 'directory') throw new FileError(makeOptions.recursive ? 'ENOTDIR' : 'EEXIST', path);
          if (!makeOptions.recursive) throw new FileError('EEXIST', path);
          continue;
        }
        if (!found.parent) throw new FileError('ENOENT', path);
        found.parent.entries.set(found.path.at(-1)!, newDirectory(makeOptions.mode ?? 0o755, options.nowMs()));
        changed(found.path);
      }
    },
    remove(path, removeOptions = {}) {
      writable(path);
      const found = find(pathParts(path), false);
      if (!found.node || !found.parent) throw new FileError('ENOENT', path);
      if (found.node.kind === 'directory' && found.node.entries.size > 0 && !removeOptions.recursive)
        throw new FileError('ENOTEMPTY', path);
      found.parent.entries.delete(found.path.at(-1)!);
      changed(found.path);
    },
    rename(from, to) {
      writable(to);
      const source = find(pathParts(from), false);
      if (!source.node || !source.parent) throw new FileError('ENOENT', from);
      const target = find(pathParts(to), false);
      if (!target.parent) throw new FileError('ENOENT', to);
      if (target.node?.kind === 'directory' && target.node.entries.size > 0) throw new FileError('ENOTEMPTY', to);
      source.parent.entries.delete(source.path.at(-1)!);
      target.parent.entries.set(target.path.at(-1)!, source.node);
      changed(source.path);
      const tell = (parts: string[], node: Node): void => {
        changed(parts);
        if (node.kind === 'directory') for (const [name, child] of node.entries) tell([...parts, name], child);
      };
      tell(target.path, source.node);
    },
    symlink(target, path) {
      writable(path);
      const found = find(pathParts(path), false);
      if (found.node) throw new FileError('EEXIST', path);
      if (!found.parent) throw new FileError('ENOENT', path);
      found.parent.entries.set(found.path.at(-1)!, { kind: 'symlink', target, mode: 0o777, modifiedMs: options.nowMs() });
      changed(found.path);
    },
    readLink(path) {
      const { node } = find(pathParts(path), false);
      if (!node) throw new FileError('ENOENT', path);
      if (node.kind !== 'symlink') throw new FileError('EINVAL', path);
      return node.target;
    },
    changeMode(path, mode) {
      writable(path);
      const found = find(pathParts(path), true);
      if (!found.node) throw new FileError('ENOENT', path);
      found.node.mode = mode;
      changed(found.path);
    },
    watch(path, listener): Stop {
      const key = `/${pathParts(path).join('/')}`;
      const listeners = watchers.get(key) ?? new Set();
      watchers.set(key, listeners);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) watchers.delete(key);
      };
    },
    sync: () => options.sync?.() ?? Promise.resolve(),
  };
  return tree;
}
