/** Volumes of pods on this machine: set up before the containers, refreshed while they run, torn down after the last one has ended. */
import type { Pod, Volume } from '#api';
import type { Files } from '#host';
import { podDirectory, type KubeletContext } from '../context.ts';
import type { NodeFacts } from '../field-values.ts';
import { writeProjection } from './atomic-writer.ts';
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

/** Where the volumes of claims are that pods of this node use: by pod and volume name, kept from when they were set up. */
type ClaimPaths = Map<string, string>;
const claimKey = (pod: Pod, { name }: Volume): string => `${pod.metadata.uid ?? ''}/${name}`;

function pathOfVolume(pod: Pod, volume: Volume, claims: ClaimPaths): string {
  if (volume.hostPath) return volume.hostPath.path;
  if (volume.persistentVolumeClaim) {
    const path = claims.get(claimKey(pod, volume));
    if (path !== undefined) return path;
  }
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

/** Volumes of a kubelet. */
export function createVolumes({ process, api }: KubeletContext): Volumes {
  const { files, clock } = process;
  const claims: ClaimPaths = new Map();
  const setUpClaim = async (pod: Pod, volume: Volume): Promise<void> => {
    const name = volume.persistentVolumeClaim!.claimName;
    if (claims.has(claimKey(pod, volume))) return;
    const fail = (text: string): MountError =>
      new MountError(
        `Unable to attach or mount volumes: unmounted volumes=[${volume.name}], unattached volumes=[], failed to process volumes=[${volume.name}]: ${text}`,
      );
    if (!api) throw fail('the kubelet has no API server to ask');
    const bound = await api.volumeOfClaim(pod.metadata.namespace ?? '', name).catch((error: unknown) => {
      throw fail(`error processing PVC ${pod.metadata.namespace ?? ''}/${name}: ${error instanceof Error ? error.message : String(error)}`);
    });
    const { hostPath, local } = bound.spec ?? {};
    const path = hostPath?.path ?? local?.path;
    if (path === undefined) throw fail(`no volume plugin matched for PersistentVolume ${bound.metadata.name}`);
    checkHostPath(files, { name: volume.name, hostPath: { path, type: hostPath?.type ?? 'Directory' } });
    claims.set(claimKey(pod, volume), path);
  };
  const setUpOne = async (pod: Pod, volume: Volume, facts: NodeFacts): Promise<void> => {
    if (volume.hostPath) return checkHostPath(files, volume);
    if (volume.persistentVolumeClaim) return setUpClaim(pod, volume);
    const path = pathOfVolume(pod, volume, claims);
    if (volume.emptyDir) {
      if (!files.stat(path)) files.makeDirectory(path, { recursive: true, mode: 0o777 });
      return;
    }
    let content: VolumeContent | undefined;
    try {
      content = await volumeContent(pod, volume, api, facts);
    } catch (error) {
      // What stands already goes on being used while the API is away or the object is gone.
      if (files.stat(path) !== undefined) return;
      const message = error instanceof Error ? error.message : String(error);
      throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}" : ${message}`);
    }
    if (content) writeProjection(files, path, content, clock.wallMs());
  };
  return {
    async setUp(pod, facts) {
      for (const volume of pod.spec?.volumes ?? []) await setUpOne(pod, volume, facts);
    },
    pathOf(pod, name) {
      const volume = pod.spec?.volumes?.find((candidate) => candidate.name === name);
      if (!volume) throw new MountError(`volume "${name}" not found`);
      return pathOfVolume(pod, volume, claims);
    },
    tearDown(uid) {
      for (const key of claims.keys()) if (key.startsWith(`${uid}/`)) claims.delete(key);
      const directory = podDirectory(uid);
      if (files.stat(directory)) files.remove(directory, { recursive: true });
    },
  };
}
