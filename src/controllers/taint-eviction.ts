/** taint-eviction-controller: pods that do not tolerate a NoExecute taint of their node are deleted, at once or when their tolerationSeconds are over. */
import type { Pod, Taint } from '#api';
import { isNotFound, objectKey } from '#apimachinery';
import { defineController, resources, toleratesTaint, watchObjects } from '#client';
import type { ManagerController } from './settings.ts';

/** How long a pod may stay on a node with these NoExecute taints: undefined for ever, 0 not at all, milliseconds else. */
export function tolerationMs(pod: Pod, taints: readonly Taint[]): number | undefined {
  let leastMs: number | undefined;
  for (const taint of taints) {
    const tolerating = (pod.spec?.tolerations ?? []).filter((toleration) => toleratesTaint(toleration, taint));
    if (!tolerating.length) return 0;
    for (const { tolerationSeconds } of tolerating) {
      if (tolerationSeconds !== undefined && tolerationSeconds !== null)
        leastMs = Math.min(leastMs ?? Infinity, Math.max(0, tolerationSeconds) * 1000);
    }
  }
  return leastMs;
}

/** The controller. Keys are those of pods. */
export const taintEvictionController: ManagerController = defineController({
  name: 'taint-eviction-controller',
  account: 'node-controller',
  eventSource: 'taint-eviction-controller',
  workers: 8,
  build({ client, informers, clock, events, telemetry }) {
    const nodes = informers.informer(resources.nodes);
    const pods = informers.informer(resources.pods);
    pods.addIndex('spec.nodeName', (pod) => [pod.spec?.nodeName ?? '']);
    const evictions = telemetry.metrics.counter(
      'taint_eviction_controller_pod_deletions_total',
      'Total number of Pods deleted by TaintEvictionController since its start.',
    );
    /** When a pod was first seen on a node with such taints. */
    const since = new Map<string, { uid: string | undefined; ms: number }>();
    const evict = async (pod: Pod): Promise<void> => {
      const { name, namespace, uid } = pod.metadata;
      events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${objectKey(pod)}`);
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
      };
      try {
        await client.patch(
          resources.pods,
          name,
          namespace,
          'strategic',
          { metadata: { uid }, status: { conditions: [condition] } },
          { subresource: 'status' },
        );
        await client.delete(resources.pods, name, namespace, uid ? { preconditions: { uid } } : {});
        evictions.add();
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    };
    return {
      watches: [
        watchObjects(pods),
        watchObjects(nodes, (node, old) =>
          JSON.stringify(node.spec?.taints) === JSON.stringify(old?.spec?.taints) && old
            ? []
            : pods.lister.byIndex('spec.nodeName', node.metadata.name).map(objectKey),
        ),
      ],
      async reconcile(key) {
        const pod = pods.lister.get(key);
        const node = pod?.spec?.nodeName ? nodes.lister.get(pod.spec.nodeName) : undefined;
        const taints = (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
        const first = since.get(key);
        if (!pod || pod.metadata.deletionTimestamp || !taints.length) {
          since.delete(key);
          if (pod && first?.uid === pod.metadata.uid && first && !pod.metadata.deletionTimestamp)
            events.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
          return undefined;
        }
        const allowedMs = tolerationMs(pod, taints);
        if (allowedMs === undefined) return undefined;
        const now = clock.monotonicMs();
        const start = first?.uid === pod.metadata.uid && first ? first.ms : now;
        since.set(key, { uid: pod.metadata.uid, ms: start });
        if (start + allowedMs > now) return { requeueAfterMs: start + allowedMs - now };
        await evict(pod);
        return undefined;
      },
    };
  },
});
