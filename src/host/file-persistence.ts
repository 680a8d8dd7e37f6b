/** Between a machine's file tree and its disk: loads the tree at power-on, writes dirty paths on `sync` and every few seconds (write-back). */
import type { Disk, Records } from './disk.ts';
import { createFileTree, type FileTree, type Node } from './file-tree.ts';

/** How long a change may stay in memory only, as Linux' dirty_writeback_centisecs. */
export const WRITE_BACK_MS = 5_000;

/** Paths below these live in memory only, as tmpfs mounts do. */
const VOLATILE: readonly string[] = ['/run', '/tmp', '/proc', '/sys', '/dev'];

const isVolatile = (path: string): boolean => VOLATILE.some((mount) => path === mount || path.startsWith(`${mount}/`));

function encode(node: Node): string {
  if (node.kind === 'directory') return JSON.stringify({ d: 1, m: node.mode, t: node.modifiedMs });
  if (node.kind === 'symlink') return JSON.stringify({ l: node.target, m: node.mode, t: node.modifiedMs });
  if (typeof node.content === 'string') return JSON.stringify({ c: node.content, m: node.mode, t: node.modifiedMs });
  let binary = '';
  for (const byte of node.content) binary += String.fromCharCode(byte);
  return JSON.stringify({ b: btoa(binary), m: node.mode, t: node.modifiedMs });
}

function decode(text: string): Node {
  const stored = JSON.parse(text) as { d?: 1; l?: string; c?: string; b?: string; m: number; t: number };
  const times = { mode: stored.m, modifiedMs: stored.t };
  if (stored.d) return { kind: 'directory', entries: new Map(), ...times };
  if (stored.l !== undefined) return { kind: 'symlink', target: stored.l, ...times };
  if (stored.b !== undefined)
    return { kind: 'file', content: Uint8Array.from(atob(stored.b), (character) => character.charCodeAt(0)), ...times };
  return { kind: 'file', content: stored.c ?? '', ...times };
}

/** A durable tree: `flush` writes what is dirty; `load` must have resolved before anything reads it. */
export interface DurableFiles {
  readonly files: FileTree;
  load(): Promise<void>;
  flush(): Promise<void>;
  readonly isDirty: boolean;
}

/** The tree of `disk`'s record set `files`. `onDirty` is called when the first unsynced change appears. */
export function createDurableFiles(disk: Disk, nowMs: () => number, onDirty: () => void): DurableFiles {
  const records: Records = disk.records('files');
  let dirty = new Set<string>();
  let flushing: Promise<void> = Promise.resolve();
  const files = createFileTree({
    nowMs,
    onChange(path) {
      if (isVolatile(path)) return;
      if (dirty.size === 0) onDirty();
      dirty.add(path);
    },
    sync: () => flush(),
  });
  const flush = (): Promise<void> => {
    flushing = flushing
      // A failed write of before was told to whoever waited for it; its paths are dirty again.
      .catch(() => undefined)
      .then(async () => {
        if (dirty.size === 0) return;
        const paths = dirty;
        dirty = new Set();
        const batch: Record<string, string | undefined> = {};
        for (const path of paths) {
          const node = files.nodeAt(path);
          if (!node) for (const key of await records.keys(`${path}/`)) batch[key] = undefined;
        }
        for (const path of paths) {
          const node = files.nodeAt(path);
          batch[path] = node && encode(node);
        }
        try {
          await records.put(batch);
        } catch (error) {
          for (const path of paths) dirty.add(path);
          throw error;
        }
      });
    return flushing;
  };
  return {
    files,
    async load() {
      for (const [path, text] of await records.entries('/')) if (path !== '/') files.load(path, decode(text));
      for (const path of ['/etc', '/var', '/var/lib', '/var/log', '/root', '/home', '/opt', ...VOLATILE])
        if (!files.nodeAt(path)) files.load(path, { kind: 'directory', entries: new Map(), mode: 0o755, modifiedMs: nowMs() });
    },
    flush,
    get isDirty() {
      return dirty.size > 0;
    },
  };
}
