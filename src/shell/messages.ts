/** The C library's texts for failures, as coreutils and bash print them after a colon. */
import { FileError, NetworkError, type FileErrorCode } from '#host';

const TEXTS: Readonly<Record<FileErrorCode, string>> = {
  ENOENT: 'No such file or directory',
  EEXIST: 'File exists',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  ENOTEMPTY: 'Directory not empty',
  EROFS: 'Read-only file system',
  EACCES: 'Permission denied',
  EINVAL: 'Invalid argument',
  ENOSPC: 'No space left on device',
  ELOOP: 'Too many levels of symbolic links',
};

/** The text of a POSIX file error, in the C library's capitals. */
export function fileErrorText(code: FileErrorCode): string {
  return TEXTS[code];
}

/** What a coreutils program prints after the last colon for a failed operation. Anything but a file or network error is a bug and is thrown on. */
export function failureText(error: unknown): string {
  if (error instanceof FileError) return TEXTS[error.code];
  if (error instanceof NetworkError) return error.message;
  throw error;
}
