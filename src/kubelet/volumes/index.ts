/** Volumes of pods on this machine: set up before the containers, refreshed while they run, torn down after the last one has ended. */
import type { Pod, Volume } from '#api';
import type { Files } from '#host';
import { podDirectory, type KubeletContext } from '../context.ts';
import type { NodeFacts } from '../field-values.ts';
import { volumeContent, type VolumeContent } from './volume-files.ts';

/** A volume could not be set up; its text is the message of the FailedMount event. */
export class MountError extends Error {}

/** Volumes of one kubelet. */
export interface Volumes {
  /** Sets up what is missing and refreshes what may have changed. Rejects with MountError. */
  setUp(pod: Pod, facts: NodeFacts): Promise<void>;
  /** The path of a volume on the machine; a MountError for kinds the lab does not have. */
  pathOf(pod: Pod, name: string): string;
  tearDown(uid: string): void;
}

const PLUGINS: readonly (readonly [keyof Volume, string])[] = [
  ['emptyDir', 'kubernetes.io~empty-dir'],
  ['configMap', 'kubernetes.io~configmap'],
  ['secret', 'kubernetes.io~secret'],
  ['projected', 'kubernetes.io~projected'],
  ['downwardAPI', 'kubernetes.io~downward-api'],
];

/** How long a projection stands before the API is asked again (the kubelet's sync period with its cache's TTL). */
const REFRESH_MS = 60_000;

function pathOfVolume(pod: Pod, volume: Volume): string {
  if (volume.hostPath) return volume.hostPath.path;
  const plugin = PLUGINS.find(([kind]) => volume[kind] !== undefined);
  if (!plugin) throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}" : no volume plugin matched`);
  return `${podDirectory(pod.metadata.uid!)}/volumes/${plugin[1]}/${volume.name}`;
}

/** hostPath's types and what they ask of the path. */
function checkHostPath(files: Files, volume: Volume): void {
  const { path, type = '' } = volume.hostPath!;
  const stat = files.stat(path);
  const fail = (text: string): never => {
    throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}" : hostPath type check failed: ${text}`);
  };
  const parent = path.slice(0, path.lastIndexOf('/')) || '/';
  if (type === 'DirectoryOrCreate' || (type === '' && !stat)) {
    if (!stat) files.makeDirectory(path, { recursive: true });
    else if (stat.kind !== 'directory') fail(`${path} is not a directory`);
  } else if (type === 'FileOrCreate') {
    if (!stat) {
      files.makeDirectory(parent, { recursive: true });
      files.write(path, '');
    } else if (stat.kind !== 'file') fail(`${path} is not a file`);
  } else if (type === 'Directory' && stat?.kind !== 'directory') fail(`${path} is not a directory`);
  else if (type === 'File' && stat?.kind !== 'file') fail(`${path} is not a file`);
}

/** Writes a projection: new and changed files are put, those that are gone removed. */
function writeContent(files: Files, path: string, content: VolumeContent): void {
  files.makeDirectory(path, { recursive: true });
  const same = (file: string, wanted: string | Uint8Array): boolean => {
    if (files.stat(file)?.kind !== 'file') return false;
    if (typeof wanted === 'string') return files.readText(file) === wanted;
    const bytes = files.readBytes(file);
    return bytes.length === wanted.length && bytes.every((byte, at) => byte === wanted[at]);
  };
  for (const [name, file] of content.files) {
    const full = `${path}/${name}`;
    if (same(full, file.content)) continue;
    const parent = full.slice(0, full.lastIndexOf('/'));
    if (!files.stat(parent)) files.makeDirectory(parent, { recursive: true });
    files.write(full, file.content, { mode: file.mode });
  }
  const tops = new Set([...content.files.keys()].map((name) => name.split('/')[0]!));
  for (const name of files.list(path)) if (!tops.has(name)) files.remove(`${path}/${name}`, { recursive: true });
}

/** Volumes of a kubelet. */
export function createVolumes({ process, api }: KubeletContext): Volumes {
  const { files, clock } = process;
  /** When a projection has to be made again, by its path. */
  const due = new Map<string, number>();
  const setUpOne = async (pod: Pod, volume: Volume, facts: NodeFacts): Promise<void> => {
    if (volume.hostPath) return checkHostPath(files, volume);
    const path = pathOfVolume(pod, volume);
    if (volume.emptyDir) {
      if (!files.stat(path)) files.makeDirectory(path, { recursive: true, mode: 0o777 });
      return;
    }
    const now = clock.wallMs();
    const isThere = files.stat(path) !== undefined;
    if (isThere && now < (due.get(path) ?? 0)) return;
    let content: VolumeContent | undefined;
    try {
      content = await volumeContent(pod, volume, api, facts, now);
    } catch (error) {
      // What stands already goes on being used while the API is away.
      if (isThere) return;
      const message = error instanceof Error ? error.message : String(error);
      throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}" : ${message}`);
    }
    if (!content) return;
    writeContent(files, path, content);
    due.set(path, Math.min(now + REFRESH_MS, content.refreshAtMs ?? Infinity));
    if (volume.projected?.sources?.some((source) => source.serviceAccountToken) && content.refreshAtMs) due.set(path, content.refreshAtMs);
  };
  return {
    async setUp(pod, facts) {
      for (const volume of pod.spec?.volumes ?? []) await setUpOne(pod, volume, facts);
    },
    pathOf(pod, name) {
      const volume = pod.spec?.volumes?.find((candidate) => candidate.name === name);
      if (!volume) throw new MountError(`volume "${name}" not found`);
      return pathOfVolume(pod, volume);
    },
    tearDown(uid) {
      const directory = podDirectory(uid);
      for (const path of [...due.keys()]) if (path.startsWith(`${directory}/`)) due.delete(path);
      if (files.stat(directory)) files.remove(directory, { recursive: true });
    },
  };
}
