/**
 * Files of a projection as the kubelet's AtomicWriter lays them out: a directory with the time in its name holds them, `..data` points at
 * it, and what containers see are links through `..data`. An update makes a new directory and turns the one link: all files change at once.
 */
import type { Files } from '#host';
import type { VolumeFile } from './volume-files.ts';

const DATA = '..data';
const DATA_TEMPORARY = '..data_tmp';

/** `..2026_01_05_09_00_13.123000000`. */
const directoryName = (nowMs: number): string => {
  const iso = new Date(nowMs).toISOString();
  return `..${iso.slice(0, 19).replace(/[-:T]/g, '_')}.${iso.slice(20, 23)}000000`;
};

const isSame = (files: Files, path: string, { content, mode }: VolumeFile): boolean => {
  const stat = files.stat(path);
  if (stat?.kind !== 'file' || stat.mode !== mode) return false;
  if (typeof content === 'string') return files.readText(path) === content;
  const bytes = files.readBytes(path);
  return bytes.length === content.length && bytes.every((byte, at) => byte === content[at]);
};

function countFiles(files: Files, directory: string): number {
  let count = 0;
  for (const name of files.list(directory)) {
    const path = `${directory}/${name}`;
    count += files.stat(path, { follow: false })?.kind === 'directory' ? countFiles(files, path) : 1;
  }
  return count;
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** Writes `content` (paths below the volume) into the volume at `path`, unless it is there already. */
export function writeProjection(files: Files, path: string, content: ReadonlyMap<string, VolumeFile>, nowMs: number): void {
  files.makeDirectory(path, { recursive: true });
  const link = `${path}/${DATA}`;
  const old = files.stat(link, { follow: false }) ? files.readLink(link) : undefined;
  if (
    old !== undefined &&
    [...content].every(([name, file]) => isSame(files, `${path}/${old}/${name}`, file)) &&
    countFiles(files, `${path}/${old}`) === content.size
  )
    return;
  let fresh = directoryName(nowMs);
  for (let more = 1; files.stat(`${path}/${fresh}`); more++) fresh = `${directoryName(nowMs)}${more}`;
  files.makeDirectory(`${path}/${fresh}`, { mode: 0o755 });
  for (const [name, file] of content) {
    const full = `${path}/${fresh}/${name}`;
    if (name.includes('/') && !files.stat(parentOf(full))) files.makeDirectory(parentOf(full), { recursive: true });
    files.write(full, file.content, { mode: file.mode });
  }
  if (files.stat(`${path}/${DATA_TEMPORARY}`, { follow: false })) files.remove(`${path}/${DATA_TEMPORARY}`);
  files.symlink(fresh, `${path}/${DATA_TEMPORARY}`);
  files.rename(`${path}/${DATA_TEMPORARY}`, link);
  const tops = new Set([...content.keys()].map((name) => name.split('/')[0]!));
  for (const top of tops) if (!files.stat(`${path}/${top}`, { follow: false })) files.symlink(`${DATA}/${top}`, `${path}/${top}`);
  for (const name of files.list(path)) if (!name.startsWith('..') && !tops.has(name)) files.remove(`${path}/${name}`, { recursive: true });
  if (old !== undefined) files.remove(`${path}/${old}`, { recursive: true });
}
