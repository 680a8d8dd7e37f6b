/** Tells the API server the status of pods: the newest per pod, sent when it changed, again when it could not be sent; and deletes pods that have ended. */
import type { Pod, PodStatus } from '#api';
import { isConflict, isNotFound, StatusError } from '#apimachinery';
import { resources, type RestClient } from '#client';
import type { KubeletContext } from './context.ts';

/** What the manager needs to know of pods. */
export interface StatusManagerOptions {
  readonly context: KubeletContext;
  /** The pod of the API a status belongs to: itself, or the mirror of a static pod. Undefined: none (yet). */
  readonly apiPod: (uid: string) => Pod | undefined;
}

/** The statuses of a kubelet's pods. */
export interface StatusManager {
  /** The newest status of a pod, sent or not. */
  get(uid: string): PodStatus | undefined;
  set(uid: string, status: PodStatus): void;
  /** Sends a status now; resolves when it is sent or the pod is gone from the API. Waits out failures. */
  flush(uid: string): Promise<void>;
  /** Deletes a pod that has ended from the API (grace period 0). Waits out failures. */
  deletePod(pod: Pod): Promise<void>;
  /** The API's pod changed: a status that differs is sent again. */
  reconcile(uid: string): void;
  forget(uid: string): void;
}

const RETRY_MS = 2_000;

/** A status without what the wire does not keep: order of fields, nulls, empty fields. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined && inner !== '');
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, canonical(inner)]));
}

/** Whether two statuses say the same. */
export function isSameStatus(a: PodStatus | undefined, b: PodStatus | undefined): boolean {
  // Two made by the same hand are equal letter by letter; only what went over the wire has to be brought into one order first.
  if (JSON.stringify(a ?? {}) === JSON.stringify(b ?? {})) return true;
  return JSON.stringify(canonical(a ?? {})) === JSON.stringify(canonical(b ?? {}));
}

/** Writes a status over what the API has. False: the pod is gone. */
async function sendStatus(client: RestClient, known: Pod, status: PodStatus): Promise<boolean> {
  try {
    await client.updateStatus(resources.pods, { ...known, status });
  } catch (error) {
    if (error instanceof StatusError && isNotFound(error)) return false;
    if (!(error instanceof StatusError) || !isConflict(error)) throw error;
    // Somebody else wrote the pod since our cache saw it: its newest version, with our status.
    const { name, namespace } = known.metadata;
    const fresh = await client.get(resources.pods, name, namespace);
    if (fresh.metadata.uid !== known.metadata.uid) return false;
    await client.updateStatus(resources.pods, { ...fresh, status });
  }
  return true;
}

/** Makes the manager. */
export function createStatusManager({ context, apiPod }: StatusManagerOptions): StatusManager {
  const { client, process } = context;
  const { clock, telemetry } = process;
  const statuses = new Map<string, PodStatus>();
  const pending = new Set<string>();
  const sending = new Map<string, Promise<void>>();

  /** Sends the newest status once. True: nothing more to send. */
  const sendOnce = async (uid: string): Promise<boolean> => {
    const status = statuses.get(uid);
    const known = apiPod(uid);
    if (!client || !status || !known) return true;
    if (isSameStatus(known.status, status)) return true;
    if (!(await sendStatus(client, known, status))) return true;
    return statuses.get(uid) === status;
  };
  const run = async (uid: string): Promise<void> => {
    while (pending.has(uid)) {
      try {
        if (await sendOnce(uid)) pending.delete(uid);
      } catch (error) {
        telemetry.log('warning', `Failed to update status for pod: ${error instanceof Error ? error.message : String(error)}`, {
          podUID: uid,
        });
        await clock.sleep(RETRY_MS);
      }
    }
    sending.delete(uid);
  };
  const push = (uid: string): Promise<void> => {
    pending.add(uid);
    let running = sending.get(uid);
    if (!running) {
      running = run(uid);
      sending.set(uid, running);
    }
    return running;
  };
  return {
    get: (uid) => statuses.get(uid),
    set(uid, status) {
      if (isSameStatus(statuses.get(uid), status)) return;
      statuses.set(uid, status);
      void push(uid);
    },
    flush: push,
    async deletePod(pod) {
      if (!client) return;
      const { name, namespace, uid } = pod.metadata;
      for (;;) {
        try {
          await client.delete(resources.pods, name, namespace, { gracePeriodSeconds: 0, ...(uid ? { preconditions: { uid } } : {}) });
          return;
        } catch (error) {
          if (error instanceof StatusError && (isNotFound(error) || isConflict(error))) return;
          telemetry.log('warning', `Failed to delete status for pod: ${error instanceof Error ? error.message : String(error)}`, {
            podUID: uid ?? '',
          });
          await clock.sleep(RETRY_MS);
        }
      }
    },
    reconcile(uid) {
      if (statuses.has(uid)) void push(uid);
    },
    forget(uid) {
      statuses.delete(uid);
      pending.delete(uid);
    },
  };
}
