/**
 * Files as a process sees them: a tree in memory (the page cache) whose changes reach the disk in the background and on
 * `sync`, as on Linux. A power cut loses what was not synced. Paths are absolute, separated by `/`, without `.` or `..`.
 */
import type { Stop } from './clock.ts';

/** POSIX error codes a file operation may end with. */
export type FileErrorCode = 'ENOENT' | 'EEXIST' | 'ENOTDIR' | 'EISDIR' | 'ENOTEMPTY' | 'EROFS' | 'EACCES' | 'EINVAL' | 'ENOSPC' | 'ELOOP';

const FILE_ERROR_TEXTS: Readonly<Record<FileErrorCode, string>> = {
  ENOENT: 'no such file or directory',
  EEXIST: 'file exists',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  ENOTEMPTY: 'directory not empty',
  EROFS: 'read-only file system',
  EACCES: 'permission denied',
  EINVAL: 'invalid argument',
  ENOSPC: 'no space left on device',
  ELOOP: 'too many levels of symbolic links',
};

/** Thrown by file operations; `message` is the C library's text in lower case, as Go prints it. */
export class FileError extends Error {
  constructor(
    readonly code: FileErrorCode,
    readonly path: string,
  ) {
    super(FILE_ERROR_TEXTS[code]);
    this.name = 'FileError';
  }
}

/** What is known of a path. */
export interface FileStat {
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly sizeBytes: number;
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  readonly modifiedMs: number;
}

/** A change under a watched path: the absolute path that changed. */
export type FileListener = (path: string) => void;

/** A file tree. Operations are synchronous; only `sync` reaches the disk. */
export interface Files {
  /** Undefined where nothing is. Follows symbolic links unless `follow` is false. */
  stat(path: string, options?: { follow?: boolean }): FileStat | undefined;
  readText(path: string): string;
  readBytes(path: string): Uint8Array;
  /** Creates or replaces a file; missing parents are an ENOENT. */
  write(path: string, content: string | Uint8Array, options?: { mode?: number }): void;
  append(path: string, content: string | Uint8Array): void;
  /** Names in a directory, sorted. */
  list(path: string): string[];
  makeDirectory(path: string, options?: { recursive?: boolean; mode?: number }): void;
  remove(path: string, options?: { recursive?: boolean }): void;
  rename(from: string, to: string): void;
  symlink(target: string, path: string): void;
  /** Target of a symbolic link. */
  readLink(path: string): string;
  changeMode(path: string, mode: number): void;
  /** Hears of changes at and below `path` (inotify). */
  watch(path: string, listener: FileListener): Stop;
  /** Resolves when everything written so far is durable. */
  sync(): Promise<void>;
}

/** A directory or file of another tree laid over a path of this one. */
export interface Mount {
  /** Where it appears. */
  readonly path: string;
  readonly files: Files;
  /** What of `files` appears there. */
  readonly source: string;
  readonly readOnly?: boolean;
}
