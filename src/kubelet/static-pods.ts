/**
 * Static pods: manifests in a directory, made pods of this node without an API server; and their mirrors, the objects by which
 * the API shows them. A manifest that does not read keeps nothing running and is logged, as with the real kubelet.
 */
import { applyDefaults, kindOf, type Pod } from '#api';
import { isAlreadyExists, isNotFound, StatusError } from '#apimachinery';
import { readYaml, resources } from '#client';
import type { Crypto, Files, Stop } from '#host';
import type { KubeletContext } from './context.ts';

/** Annotations of static and mirror pods. */
export const ANNOTATION_CONFIG_HASH = 'kubernetes.io/config.hash';
export const ANNOTATION_CONFIG_SOURCE = 'kubernetes.io/config.source';
export const ANNOTATION_CONFIG_SEEN = 'kubernetes.io/config.seen';
export const ANNOTATION_MIRROR = 'kubernetes.io/config.mirror';

/** Whether a pod comes from a file on this node. */
export const isStaticPod = (pod: Pod): boolean =>
  pod.metadata.annotations?.[ANNOTATION_CONFIG_SOURCE] === 'file' && pod.metadata.annotations[ANNOTATION_MIRROR] === undefined;
/** Whether a pod of the API is the mirror of a static one. */
export const isMirrorPod = (pod: Pod): boolean => pod.metadata.annotations?.[ANNOTATION_MIRROR] !== undefined;
/** `namespace/name`. */
export const fullName = (pod: Pod): string => `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;

/** Makes a pod of a manifest. Throws an Error where the text is no pod. The UID is a hash of node, file and content, so that a changed file is another pod. */
export function podOfManifest(text: string, path: string, nodeName: string, crypto: Crypto, seenMs: number): Pod {
  const manifest = readYaml(text) as Pod | null;
  if (!manifest || manifest.kind !== 'Pod' || !manifest.spec?.containers?.length || !manifest.metadata?.name)
    throw new Error(`couldn't parse as pod(Object 'Kind' is missing in '${text.slice(0, 80)}'), please check config file`);
  const pod = structuredClone(manifest);
  const digest = crypto.sha256(`host:${nodeName}file:${path}${JSON.stringify(manifest)}`);
  const hash = Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  pod.apiVersion = 'v1';
  pod.metadata = {
    ...pod.metadata,
    name: `${pod.metadata.name}-${nodeName}`,
    namespace: pod.metadata.namespace ?? 'default',
    uid: pod.metadata.uid ?? hash,
    annotations: {
      ...pod.metadata.annotations,
      [ANNOTATION_CONFIG_HASH]: hash,
      [ANNOTATION_CONFIG_SEEN]: new Date(seenMs).toISOString().replace('Z', '000000Z'),
      [ANNOTATION_CONFIG_SOURCE]: 'file',
    },
  };
  pod.spec = { ...pod.spec!, nodeName };
  const kind = kindOf('v1', 'Pod');
  if (kind) applyDefaults(kind, pod);
  // A node's own trouble must not evict what the node itself runs.
  if (
    !pod.spec.tolerations?.some((toleration) => toleration.operator === 'Exists' && toleration.effect === 'NoExecute' && !toleration.key)
  ) {
    pod.spec.tolerations = [...(pod.spec.tolerations ?? []), { effect: 'NoExecute', operator: 'Exists' }];
  }
  pod.status = { phase: 'Pending' };
  return pod;
}

/** Watches a directory of manifests. `onPods` gets all pods of it, at first and after each change; a broken file is given to `onBroken` and skipped. */
export function watchManifests(
  context: KubeletContext,
  onPods: (pods: readonly Pod[]) => void,
  onBroken: (path: string, message: string) => void,
): Stop {
  const { process, settings } = context;
  const { files, clock } = process;
  const directory = settings.staticPodPath;
  if (!directory) return () => undefined;
  const seen = new Map<string, { text: string; pod: Pod | undefined }>();
  const read = (tree: Files): void => {
    const names = tree.stat(directory) ? tree.list(directory).filter((name) => !name.startsWith('.')) : [];
    const present = new Set<string>();
    for (const name of names) {
      const path = `${directory}/${name}`;
      if (tree.stat(path)?.kind !== 'file') continue;
      present.add(path);
      const text = tree.readText(path);
      if (seen.get(path)?.text === text) continue;
      let pod: Pod | undefined;
      try {
        pod = podOfManifest(text, path, settings.nodeName, process.crypto, clock.wallMs());
      } catch (error) {
        onBroken(path, error instanceof Error ? error.message : String(error));
      }
      seen.set(path, { text, pod });
    }
    for (const path of [...seen.keys()]) if (!present.has(path)) seen.delete(path);
    onPods([...seen.values()].flatMap(({ pod }) => (pod ? [pod] : [])));
  };
  if (!files.stat(directory)) files.makeDirectory(directory, { recursive: true });
  // An editor writes a file in several steps; what changes within an instant is read once.
  let isDue = false;
  const stopWatch = files.watch(directory, () => {
    if (isDue) return;
    isDue = true;
    clock.after(1, () => {
      isDue = false;
      read(files);
    });
  });
  const stopEvery = clock.every(settings.fileCheckFrequencyMs, () => read(files));
  read(files);
  return () => {
    stopWatch();
    stopEvery();
  };
}

/** The mirror of a static pod, as it is created. */
export function mirrorOf(pod: Pod, nodeUid: string): Pod {
  const { status: _status, ...rest } = structuredClone(pod);
  const { uid: _uid, ...metadata } = rest.metadata;
  return {
    ...rest,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [ANNOTATION_MIRROR]: metadata.annotations![ANNOTATION_CONFIG_HASH]! },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: pod.spec!.nodeName!, uid: nodeUid, controller: true }],
    },
  };
}

/** Keeps the mirrors of static pods in the API. */
export interface Mirrors {
  /** Creates, replaces or leaves the mirror of a static pod. Rejects as the API does. */
  ensure(pod: Pod, mirror: Pod | undefined): Promise<void>;
  /** Deletes a mirror whose static pod is gone. Rejects as the API does. */
  remove(mirror: Pod): Promise<void>;
}

/** Mirrors of a kubelet; `nodeUid` is that of its Node object. */
export function createMirrors(context: KubeletContext, nodeUid: () => string | undefined): Mirrors {
  const remove = async (mirror: Pod): Promise<void> => {
    const { name, namespace, uid } = mirror.metadata;
    try {
      await context.client?.delete(resources.pods, name, namespace, { gracePeriodSeconds: 0, ...(uid ? { preconditions: { uid } } : {}) });
    } catch (error) {
      if (!(error instanceof StatusError) || !isNotFound(error)) throw error;
    }
  };
  return {
    remove,
    async ensure(pod, mirror) {
      const uid = nodeUid();
      if (!context.client || !uid) return;
      if (mirror) {
        if (
          mirror.metadata.deletionTimestamp === undefined &&
          mirror.metadata.annotations?.[ANNOTATION_MIRROR] === pod.metadata.annotations?.[ANNOTATION_CONFIG_HASH]
        )
          return;
        await remove(mirror);
      }
      try {
        await context.client.create(resources.pods, mirrorOf(pod, uid));
      } catch (error) {
        if (!(error instanceof StatusError) || !isAlreadyExists(error)) throw error;
      }
    },
  };
}
