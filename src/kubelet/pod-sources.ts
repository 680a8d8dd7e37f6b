/** Where pods come from: the API (those bound to this node) and files; and what becomes of pods no source knows any more. */
import type { Pod } from '#api';
import { createInformer, resources, type Lister } from '#client';
import type { KubeletContext } from './context.ts';
import type { RuntimePod } from './cri-client.ts';
import { LABEL_CONTAINER_NAME } from './cri-client.ts';
import type { PodWorkers } from './pod-workers.ts';
import { createMirrors, fullName, isMirrorPod, watchManifests } from './static-pods.ts';
import type { StatusManager } from './status-manager.ts';

/** What the sources stand on. */
export interface PodSourcesOptions {
  readonly context: KubeletContext;
  readonly workers: PodWorkers;
  readonly statuses: StatusManager;
  readonly nodeUid: () => string | undefined;
}

/** The pods of this kubelet. */
export interface PodSources {
  start(): void;
  /** The API's object for a pod of ours: itself or the mirror of a static pod. */
  apiPod(uid: string): Pod | undefined;
  /** All pods of this node, static ones included, mirrors not. */
  pods(): Pod[];
  /** A worker has ended; a pod of the same uid that is wanted again gets a new one. */
  ended(uid: string): void;
}

const HOUSEKEEPING_MS = 2_000;
const MIRROR_RETRY_MS = 5_000;

/** A pod as the runtime alone tells it, to be ended. */
function orphanOf(runtime: RuntimePod): Pod {
  const names = [...new Set(runtime.containers.map((status) => status.labels[LABEL_CONTAINER_NAME] ?? ''))];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: runtime.name, namespace: runtime.namespace, uid: runtime.uid },
    spec: { containers: names.map((name) => ({ name })), terminationGracePeriodSeconds: 30 },
    status: {},
  };
}

/** Makes the sources. */
export function createPodSources({ context, workers, statuses, nodeUid }: PodSourcesOptions): PodSources {
  const { client, process, settings } = context;
  const { telemetry, clock } = process;
  const staticPods = new Map<string, Pod>();
  const mirrors = createMirrors(context, nodeUid);
  const informer =
    client &&
    createInformer(resources.pods, {
      client,
      clock,
      random: process.random.fork('pods'),
      telemetry,
      fieldSelector: `spec.nodeName=${settings.nodeName}`,
    });
  const lister: Lister<Pod> | undefined = informer?.lister;
  const byUid = new Map<string, Pod>();
  let filesRead = false;
  let syncingMirrors = false;

  const staticByName = (name: string): Pod | undefined => [...staticPods.values()].find((pod) => fullName(pod) === name);

  /** Brings mirrors in line with static pods; failures are tried again with the next housekeeping. */
  const syncMirrors = async (): Promise<void> => {
    if (!informer?.hasSynced || syncingMirrors) return;
    syncingMirrors = true;
    try {
      for (const pod of staticPods.values()) {
        await mirrors.ensure(pod, lister?.get(fullName(pod)));
        statuses.reconcile(pod.metadata.uid!);
      }
      for (const pod of lister?.list() ?? []) if (isMirrorPod(pod) && !staticByName(fullName(pod)) && filesRead) await mirrors.remove(pod);
    } catch (error) {
      telemetry.log('warning', `Failed creating a mirror pod: ${error instanceof Error ? error.message : String(error)}`);
      clock.after(MIRROR_RETRY_MS, () => void syncMirrors());
    } finally {
      syncingMirrors = false;
    }
  };
  const takeStatic = (pods: readonly Pod[]): void => {
    filesRead = true;
    const wanted = new Map(pods.map((pod) => [pod.metadata.uid!, pod]));
    for (const [uid, pod] of [...staticPods]) {
      if (wanted.has(uid)) continue;
      staticPods.delete(uid);
      workers.remove(pod);
    }
    for (const [uid, pod] of wanted) {
      if (staticPods.has(uid)) continue;
      staticPods.set(uid, pod);
      startStatic(pod);
    }
    void syncMirrors();
  };
  /** A static pod waits for the one of the same name that is still ending, as when its manifest was edited. */
  const startStatic = (pod: Pod): void => {
    const ending = [...living.values()].some((name) => name === fullName(pod));
    if (!ending) {
      rememberLiving(pod);
      workers.update(pod);
    }
  };
  /** Names of static pods by uid while their workers live. */
  const living = new Map<string, string>();
  const rememberLiving = (pod: Pod): void => void living.set(pod.metadata.uid!, fullName(pod));

  const takeApi = (pod: Pod): void => {
    if (isMirrorPod(pod)) {
      void syncMirrors();
      return;
    }
    const uid = pod.metadata.uid!;
    byUid.set(uid, pod);
    workers.update(pod);
    statuses.reconcile(uid);
  };
  const dropApi = (pod: Pod): void => {
    if (isMirrorPod(pod)) {
      void syncMirrors();
      return;
    }
    byUid.delete(pod.metadata.uid!);
    context.api?.forget(pod.metadata.uid!, byUid.values());
    // Deleted without waiting for us: what is left of its grace period is nobody's wish any more.
    if (workers.uids.has(pod.metadata.uid!)) workers.remove(pod, pod.metadata.deletionGracePeriodSeconds === undefined ? 0 : undefined);
  };
  /** Ends what runs and no source knows; only when every source has spoken, else a restart would end everything. */
  const houseKeep = async (): Promise<void> => {
    if (!filesRead || (informer && !informer.hasSynced)) return;
    const isOrphan = (uid: string): boolean => !byUid.has(uid) && !staticPods.has(uid) && !workers.uids.has(uid);
    try {
      for (const uid of await context.cri.podUids()) {
        const runtime = isOrphan(uid) ? await context.cri.pod(uid) : undefined;
        if (runtime && isOrphan(uid)) workers.remove(orphanOf(runtime), 1);
      }
    } catch (error) {
      telemetry.log('warning', `Failed cleaning pods: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return {
    start() {
      if (settings.staticPodPath)
        watchManifests(context, takeStatic, (path, message) => telemetry.log('error', `Unable to read config path ${path}: ${message}`));
      else filesRead = true;
      clock.every(HOUSEKEEPING_MS, () => void houseKeep());
      if (!informer) return;
      informer.addHandler({ added: takeApi, updated: takeApi, deleted: dropApi });
      informer.run(new AbortController().signal);
      void informer.synced().then(() => syncMirrors());
    },
    apiPod(uid) {
      const own = byUid.get(uid);
      if (own) return own;
      const pod = staticPods.get(uid);
      const mirror = pod && lister?.get(fullName(pod));
      return mirror &&
        isMirrorPod(mirror) &&
        mirror.metadata.annotations?.['kubernetes.io/config.hash'] === pod.metadata.annotations?.['kubernetes.io/config.hash']
        ? mirror
        : undefined;
    },
    pods: () => [...staticPods.values(), ...byUid.values()],
    ended(uid) {
      living.delete(uid);
      for (const pod of staticPods.values()) if (!living.has(pod.metadata.uid!)) startStatic(pod);
      const again = byUid.get(uid);
      if (again && again.metadata.deletionTimestamp === undefined) workers.update(again);
    },
  };
}
