/**
 * The data directory: a file that names the log and the snapshots of this member on the machine's disk. A new directory is a new
 * member, whatever else is on the disk; an old one moved to another path is still the same member, as with real etcd.
 */
import type { Disk, Durability, Files, Log, Random, Records } from '#host';

/** What lies behind a data directory. */
export interface DataDirectory {
  readonly log: Log;
  readonly snapshots: Records;
  /** Whether it was made just now. */
  readonly isNew: boolean;
}

/** Opens, or makes, a data directory; what is made is durable before this resolves. */
export async function openDataDirectory(
  files: Files,
  disk: Disk,
  random: Random,
  path: string,
  durability: Durability = 'strict',
): Promise<DataDirectory> {
  const pointer = `${path}/member/wal/0000000000000000-0000000000000000.wal`;
  const isNew = files.stat(pointer) === undefined;
  if (isNew) {
    for (const directory of [`${path}/member/wal`, `${path}/member/snap`]) files.makeDirectory(directory, { recursive: true, mode: 0o700 });
    const name = [...random.bytes(8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    files.write(pointer, `etcd-${name}\n`, { mode: 0o600 });
    await files.sync();
  }
  const name = files.readText(pointer).trim();
  return { log: disk.log(`${name}.wal`, durability), snapshots: disk.records(`${name}.snap`), isNew };
}
