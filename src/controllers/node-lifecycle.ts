/**
 * node-lifecycle-controller: a node whose kubelet has been silent for the grace period becomes Unknown, is tainted (NoSchedule
 * at once, NoExecute at the zone's rate) and its pods stop being Ready; taint-eviction does the rest.
 */
import type { Node, Pod } from '#api';
import { formatTime, isConflict, isNotFound } from '#apimachinery';
import { defineController, resources, tokenBucket, watchObjects, type TokenBucket } from '#client';
import {
  evictionRate,
  noExecuteKeyOf,
  observeNode,
  planTaints,
  readyStatusOf,
  silentConditions,
  zoneOf,
  zoneStateOf,
  type NodeHealth,
} from './node-health.ts';
import { nodeReference } from './node-reference.ts';
import type { ManagerContext, ManagerController } from './settings.ts';

interface Memory {
  readonly health: Map<string, NodeHealth>;
  /** Ready status seen last, to notice transitions. */
  readonly ready: Map<string, string>;
  readonly known: Map<string, Node>;
  readonly buckets: Map<string, { rate: number; bucket: TokenBucket }>;
}

/** Pods of a node that is no longer Ready are not Ready either: Services stop sending to them. */
async function markPodsNotReady({ client, clock, events }: ManagerContext, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) {
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status !== 'True') continue;
    events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: formatTime(clock.wallMs()) };
    try {
      await client.patch(
        resources.pods,
        pod.metadata.name,
        pod.metadata.namespace,
        'strategic',
        { status: { conditions: [condition] } },
        { subresource: 'status' },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function lifecycle(context: ManagerContext) {
  const { client, informers, clock, events, settings } = context;
  const nodes = informers.informer(resources.nodes);
  const pods = informers.informer(resources.pods);
  const leases = informers.informer(resources.leases, { namespace: 'kube-node-lease' });
  pods.addIndex('spec.nodeName', (pod) => [pod.spec?.nodeName ?? '']);
  const memory: Memory = { health: new Map(), ready: new Map(), known: new Map(), buckets: new Map() };

  const registerChanges = (): void => {
    for (const node of nodes.lister.list()) {
      const { name } = node.metadata;
      if (!memory.known.has(name))
        events.event(
          { reference: nodeReference(node) },
          'Normal',
          'RegisteredNode',
          `Node ${name} event: Registered Node ${name} in Controller`,
        );
      memory.known.set(name, node);
    }
    for (const [name, node] of memory.known) {
      if (nodes.lister.get(name)) continue;
      events.event(
        { reference: nodeReference(node) },
        'Normal',
        'RemovingNode',
        `Node ${name} event: Removing Node ${name} from Controller`,
      );
      for (const map of [memory.known, memory.health, memory.ready]) map.delete(name);
    }
  };
  /** Notices a silent node; answers the node as it is now. */
  const monitor = async (cached: Node): Promise<Node> => {
    const { name } = cached.metadata;
    const seen = observeNode(memory.health.get(name), cached, leases.lister.get(`kube-node-lease/${name}`), clock.monotonicMs());
    memory.health.set(name, seen);
    const hasReported = cached.status?.conditions?.some(({ type }) => type === 'Ready');
    const graceMs = hasReported ? settings.nodeMonitorGracePeriodMs : settings.nodeStartupGracePeriodMs;
    let node = cached;
    if (clock.monotonicMs() - seen.probedMs > graceMs) {
      const conditions = silentConditions(cached, formatTime(clock.wallMs()));
      if (conditions !== cached.status?.conditions)
        node = await client.updateStatus(resources.nodes, { ...cached, status: { ...cached.status, conditions: [...conditions] } });
    }
    const ready = readyStatusOf(node);
    const before = memory.ready.get(name);
    if (ready !== 'True' && before !== ready) {
      if (before === 'True')
        events.event({ reference: nodeReference(node) }, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
      await markPodsNotReady(context, pods.lister.byIndex('spec.nodeName', name));
    }
    memory.ready.set(name, ready);
    return node;
  };
  const mayEvict = (node: Node, all: readonly Node[]): boolean => {
    const zone = zoneOf(node);
    const zones = new Map<string, string[]>();
    for (const other of all) zones.set(zoneOf(other), [...(zones.get(zoneOf(other)) ?? []), readyStatusOf(other)]);
    const states = [...zones.values()].map(zoneStateOf);
    // Where every zone is dark it is more likely this controller that is cut off.
    if (states.length && states.every((state) => state === 'FullDisruption')) return false;
    const members = zones.get(zone) ?? [];
    const rate = evictionRate(zoneStateOf(members), members.length);
    let entry = memory.buckets.get(zone);
    if (entry?.rate !== rate) memory.buckets.set(zone, (entry = { rate, bucket: tokenBucket(rate, 1) }));
    return rate > 0 && entry!.bucket.maybeTake(clock.monotonicMs());
  };
  const taint = async (node: Node): Promise<void> => {
    const key = noExecuteKeyOf(readyStatusOf(node));
    const isNew =
      key !== undefined &&
      !node.spec?.taints?.some(
        (taint) =>
          taint.effect === 'NoExecute' &&
          (taint.key === key || taint.key === noExecuteKeyOf('False') || taint.key === noExecuteKeyOf('Unknown')),
      );
    const taints = planTaints(node, isNew && mayEvict(node, nodes.lister.list()), formatTime(clock.wallMs()));
    if (!taints) return;
    // The whole list is replaced under the version it was read at, so that nobody else's taint is lost.
    await client.patch(resources.nodes, node.metadata.name, undefined, 'merge', {
      metadata: { resourceVersion: node.metadata.resourceVersion },
      spec: { taints },
    });
  };
  return { nodes, pods, leases, registerChanges, monitor, taint };
}

/** The controller. */
export const nodeLifecycleController: ManagerController = defineController({
  name: 'node-lifecycle-controller',
  account: 'node-controller',
  workers: 8,
  build(context) {
    const { clock, settings, signal } = context;
    const { nodes, pods, leases, registerChanges, monitor, taint } = lifecycle(context);
    return {
      watches: [watchObjects(nodes), watchObjects(pods, () => []), watchObjects(leases, () => [])],
      started(queue) {
        const look = (): void => {
          registerChanges();
          for (const node of nodes.lister.list()) queue.add(node.metadata.name);
        };
        look();
        const stop = clock.every(settings.nodeMonitorPeriodMs, look);
        signal.addEventListener('abort', stop, { once: true });
      },
      async reconcile(name) {
        const node = nodes.lister.get(name);
        if (!node) return undefined;
        try {
          await taint(await monitor(node));
        } catch (error) {
          if (isNotFound(error)) return undefined;
          // The kubelet wrote meanwhile; the cache will have it.
          if (isConflict(error)) return { requeueAfterMs: 20 };
          throw error;
        }
        return undefined;
      },
    };
  },
});
