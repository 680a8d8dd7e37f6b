/** File descriptors of a shell: readers that can give back what was read too much, files behind writers, and the table of both. */
import { discardWriter, emptyReader, FileError, type ByteReader, type ByteWriter, type Files } from '#host';

/** A reader several commands take turns on: what one read beyond its need, the next still gets. */
export interface SharedReader extends ByteReader {
  /** Gives bytes back; they are read next. */
  unread(bytes: Uint8Array): void;
}

/** Makes a reader that can be shared by turns. */
export function shareReader(reader: ByteReader | SharedReader): SharedReader {
  if ('unread' in reader) return reader;
  const returned: Uint8Array[] = [];
  return {
    read() {
      const again = returned.pop();
      return again ? Promise.resolve(again) : reader.read();
    },
    unread(bytes) {
      if (bytes.length > 0) returned.push(bytes);
    },
    cancel() {
      returned.length = 0;
      reader.cancel();
    },
  };
}

/** The same stream for a child that must not end it for its siblings. */
export function keptOpen(writer: ByteWriter): ByteWriter {
  return { write: (chunk) => writer.write(chunk), close: () => undefined };
}

/** As `keptOpen`, for the reading end. */
export function keptReading(reader: SharedReader): SharedReader {
  return { read: () => reader.read(), unread: (bytes) => reader.unread(bytes), cancel: () => undefined };
}

/** One open file descriptor. */
export interface Descriptor {
  readonly reader?: SharedReader;
  readonly writer?: ByteWriter;
}

/** Descriptors by number; 0, 1 and 2 are the standard streams. */
export type Descriptors = ReadonlyMap<number, Descriptor>;

/** The table a shell starts with. */
export function standardDescriptors(stdin: ByteReader, stdout: ByteWriter, stderr: ByteWriter): Descriptors {
  return new Map([
    [0, { reader: shareReader(stdin) }],
    [1, { writer: stdout }],
    [2, { writer: stderr }],
  ]);
}

/** Where a command reads; a closed descriptor is at its end. */
export function readerOf(table: Descriptors, fd: number): SharedReader {
  return table.get(fd)?.reader ?? shareReader(emptyReader);
}

/** Where a command writes; a closed descriptor takes everything and keeps nothing. */
export function writerOf(table: Descriptors, fd: number): ByteWriter {
  return table.get(fd)?.writer ?? discardWriter;
}

const FILE_CHUNK_BYTES = 65_536;

/** Opens a file for reading; throws FileError. */
export function openForReading(files: Files, path: string): SharedReader {
  if (path === '/dev/null') return shareReader(emptyReader);
  if (path === '/dev/zero') return shareReader({ read: () => Promise.resolve(new Uint8Array(FILE_CHUNK_BYTES)), cancel: () => undefined });
  const stat = files.stat(path);
  if (!stat) throw new FileError('ENOENT', path);
  if (stat.kind === 'directory') throw new FileError('EISDIR', path);
  const bytes = files.readBytes(path);
  let at = 0;
  return shareReader({
    read() {
      if (at >= bytes.length) return Promise.resolve(undefined);
      const chunk = bytes.subarray(at, at + FILE_CHUNK_BYTES);
      at += chunk.length;
      return Promise.resolve(chunk);
    },
    cancel() {
      at = bytes.length;
    },
  });
}

/** Opens a file for writing, emptied first unless appending; throws FileError. */
export function openForWriting(files: Files, path: string, append: boolean): ByteWriter {
  if (path === '/dev/null') return discardWriter;
  const stat = files.stat(path);
  if (stat?.kind === 'directory') throw new FileError('EISDIR', path);
  if (!append || !stat) files.write(path, '');
  return {
    write(chunk) {
      try {
        files.append(path, chunk);
        return Promise.resolve();
      } catch (error) {
        return Promise.reject(error);
      }
    },
    close: () => undefined,
  };
}
