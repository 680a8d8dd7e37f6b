/** pod-garbage-collector-controller: removes pods of nodes that no longer exist, terminating pods that never got a node, and ended pods beyond the threshold. */
import type { Pod } from '#api';
import { isNotFound, objectKey } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import type { ManagerController } from './settings.ts';

const PERIOD_MS = 20_000;
/** How long a node must be missing before its pods go. */
const QUARANTINE_MS = 40_000;

/** A pod to remove, and the reason its status is given where it did not end by itself. */
export interface Removal {
  readonly pod: Pod;
  readonly message?: string;
}

/** What to remove. `missingNodes` are names that have been missing for the quarantine. */
export function planRemovals(pods: readonly Pod[], missingNodes: ReadonlySet<string>, threshold: number): Removal[] {
  const removals: Removal[] = [];
  const ended = pods.filter(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
  if (threshold > 0 && ended.length > threshold) {
    const oldest = [...ended].sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1));
    for (const pod of oldest.slice(0, ended.length - threshold)) removals.push({ pod });
  }
  for (const pod of pods) {
    const nodeName = pod.spec?.nodeName;
    if (nodeName && missingNodes.has(nodeName)) removals.push({ pod, message: 'PodGC: node no longer exists' });
    else if (!nodeName && pod.metadata.deletionTimestamp) removals.push({ pod });
  }
  return removals;
}

/** The controller. */
export const podGarbageCollector: ManagerController = defineController({
  name: 'pod-garbage-collector-controller',
  account: 'pod-garbage-collector',
  workers: 1,
  build({ client, informers, clock, settings, signal }) {
    const nodes = informers.informer(resources.nodes);
    const pods = informers.informer(resources.pods);
    const missingSince = new Map<string, number>();
    const missingNodes = (): Set<string> => {
      const now = clock.monotonicMs();
      const named = new Set(pods.lister.list().flatMap((pod) => pod.spec?.nodeName ?? []));
      for (const name of [...missingSince.keys()]) if (!named.has(name) || nodes.lister.get(name)) missingSince.delete(name);
      for (const name of named) if (!nodes.lister.get(name) && !missingSince.has(name)) missingSince.set(name, now);
      return new Set([...missingSince].filter(([, ms]) => now - ms >= QUARANTINE_MS).map(([name]) => name));
    };
    const remove = async ({ pod, message }: Removal): Promise<void> => {
      const { name, namespace, uid } = pod.metadata;
      try {
        if (message && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed') {
          const condition = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message };
          await client.patch(
            resources.pods,
            name,
            namespace,
            'strategic',
            { status: { phase: 'Failed', conditions: [condition] } },
            { subresource: 'status' },
          );
        }
        await client.delete(resources.pods, name, namespace, { gracePeriodSeconds: 0, ...(uid ? { preconditions: { uid } } : {}) });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    };
    return {
      watches: [watchObjects(nodes, () => []), watchObjects(pods, () => [])],
      started(queue) {
        queue.add('gc');
        const stop = clock.every(PERIOD_MS, () => queue.add('gc'));
        signal.addEventListener('abort', stop, { once: true });
      },
      async reconcile() {
        const missing = missingNodes();
        // The cache may lag behind; only the API server's word deletes pods.
        for (const name of [...missing]) {
          const exists = await client.get(resources.nodes, name).then(
            () => true,
            (error: unknown) => {
              if (isNotFound(error)) return false;
              throw error;
            },
          );
          if (exists) missing.delete(name);
        }
        const removals = planRemovals(pods.lister.list(), missing, settings.terminatedPodThreshold);
        const seen = new Set<string>();
        for (const removal of removals) {
          if (seen.has(objectKey(removal.pod))) continue;
          seen.add(objectKey(removal.pod));
          await remove(removal);
        }
      },
    };
  },
});
