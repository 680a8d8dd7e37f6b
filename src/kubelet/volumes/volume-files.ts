/** The content of projected volumes (configMap, secret, downwardAPI, projected) as files to write; reading the API is the only effect. */
import type { Pod, Volume } from '#api';
import { isNotFound, StatusError } from '#apimachinery';
import type { ApiReader } from '../context.ts';
import { fieldValue, resourceValue, type NodeFacts } from '../field-values.ts';

/** A file of a volume. */
export interface VolumeFile {
  readonly content: string | Uint8Array;
  readonly mode: number;
}

/** Files by path below the volume. */
export type VolumeContent = ReadonlyMap<string, VolumeFile>;

interface Items {
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
  readonly optional?: boolean;
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** A missing object of an optional source is an empty one; the kubelet's own text otherwise. */
async function optional<T>(read: Promise<T>, isOptional: boolean | undefined): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isOptional && error instanceof StatusError && isNotFound(error)) return undefined;
    throw error;
  }
}

function pick(
  files: Map<string, VolumeFile>,
  data: Readonly<Record<string, string | Uint8Array>>,
  source: Items,
  mode: number,
  what: string,
): void {
  if (!source.items) {
    for (const [key, content] of Object.entries(data)) files.set(key, { content, mode });
    return;
  }
  for (const item of source.items) {
    const content = data[item.key];
    if (content !== undefined) files.set(item.path, { content, mode: item.mode ?? mode });
    else if (!source.optional)
      throw new Error(`${what} references non-existent ${what.startsWith('secret') ? 'secret' : 'config'} key: ${item.key}`);
  }
}

/** Makes the content of a volume; undefined for volumes that are no projection. Rejects with Errors whose text goes into FailedMount. */
export async function volumeContent(
  pod: Pod,
  volume: Volume,
  api: ApiReader | undefined,
  facts: NodeFacts,
): Promise<VolumeContent | undefined> {
  const namespace = pod.metadata.namespace ?? '';
  const files = new Map<string, VolumeFile>();
  const reader = (): ApiReader => {
    if (!api) throw new Error('the kubelet has no API server to read from');
    return api;
  };
  const configMap = async (name: string, source: Items, mode: number): Promise<void> => {
    const object = await optional(reader().configMap(namespace, name), source.optional);
    const binary = Object.fromEntries(Object.entries(object?.binaryData ?? {}).map(([key, value]) => [key, bytesOf(value)]));
    pick(files, { ...object?.data, ...binary }, source, mode, 'configmap');
  };
  const secret = async (name: string, source: Items, mode: number): Promise<void> => {
    const object = await optional(reader().secret(namespace, name), source.optional);
    pick(
      files,
      Object.fromEntries(Object.entries(object?.data ?? {}).map(([key, value]) => [key, bytesOf(value)])),
      source,
      mode,
      'secret',
    );
  };
  const downward = (items: NonNullable<Volume['downwardAPI']>['items'], mode: number): void => {
    for (const item of items ?? []) {
      const { fieldRef, resourceFieldRef } = item;
      const container = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find(
        (candidate) => candidate.name === resourceFieldRef?.containerName,
      );
      const text = fieldRef
        ? fieldValue(pod, fieldRef.fieldPath, facts)
        : container
          ? resourceValue(container, resourceFieldRef!.resource, resourceFieldRef!.divisor as string | undefined, facts)
          : '';
      files.set(item.path, { content: text, mode: item.mode ?? mode });
    }
  };
  if (volume.configMap) await configMap(volume.configMap.name ?? '', volume.configMap, volume.configMap.defaultMode ?? 0o644);
  else if (volume.secret) await secret(volume.secret.secretName ?? '', volume.secret, volume.secret.defaultMode ?? 0o644);
  else if (volume.downwardAPI) downward(volume.downwardAPI.items, volume.downwardAPI.defaultMode ?? 0o644);
  else if (volume.projected) {
    const mode = volume.projected.defaultMode ?? 0o644;
    for (const source of volume.projected.sources ?? []) {
      if (source.configMap) await configMap(source.configMap.name ?? '', source.configMap, mode);
      if (source.secret) await secret(source.secret.name ?? '', source.secret, mode);
      if (source.downwardAPI) downward(source.downwardAPI.items, mode);
      if (!source.serviceAccountToken) continue;
      const { audience, expirationSeconds, path } = source.serviceAccountToken;
      const issued = await reader().token(pod, { ...(audience ? { audience } : {}), expirationSeconds: expirationSeconds ?? 3600 });
      files.set(path, { content: issued, mode: 0o644 });
    }
  } else return undefined;
  return files;
}
