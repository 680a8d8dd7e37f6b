/**
 * node-lifecycle-controller: a node whose kubelet has been silent for the grace period becomes Unknown, is tainted (NoSchedule
 * at once, NoExecute at the zone's rate) and its pods stop being Ready; taint-eviction does the rest.
 */
import type { Lease, Node, Pod } from '#api';
import { formatTime, isConflict, isNotFound } from '#apimachinery';
import { defineController, resources, tokenBucket, watchObjects, type Informer, type TokenBucket } from '#client';
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

/** What the controller remembers between its looks, and what it does at each. */
class NodeMonitor {
  private readonly health = new Map<string, NodeHealth>();
  /** Ready status seen last, to notice transitions. */
  private readonly ready = new Map<string, string>();
  private readonly known = new Map<string, Node>();
  private readonly buckets = new Map<string, { readonly rate: number; readonly bucket: TokenBucket }>();
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly leases: Informer<Lease>;

  constructor(private readonly context: ManagerContext) {
    const { informers } = context;
    this.nodes = informers.informer(resources.nodes);
    this.pods = informers.informer(resources.pods);
    this.leases = informers.informer(resources.leases, { namespace: 'kube-node-lease' });
    this.pods.addIndex('spec.nodeName', (pod) => [pod.spec?.nodeName ?? '']);
  }

  private tell(node: Node, reason: string, message: string): void {
    this.context.events.event({ reference: nodeReference(node) }, 'Normal', reason, message);
  }

  /** Tells of nodes that came and went. */
  registerChanges(): void {
    for (const node of this.nodes.lister.list()) {
      const { name } = node.metadata;
      if (!this.known.has(name)) this.tell(node, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
      this.known.set(name, node);
    }
    for (const [name, node] of this.known) {
      if (this.nodes.lister.get(name)) continue;
      this.tell(node, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
      for (const map of [this.known, this.health, this.ready]) map.delete(name);
    }
  }

  /** Notices a silent node; answers the node as it is now. */
  async monitor(cached: Node): Promise<Node> {
    const { clock, settings } = this.context;
    const { name } = cached.metadata;
    const seen = observeNode(this.health.get(name), cached, this.leases.lister.get(`kube-node-lease/${name}`), clock.monotonicMs());
    this.health.set(name, seen);
    const hasReported = cached.status?.conditions?.some(({ type }) => type === 'Ready');
    const graceMs = hasReported ? settings.nodeMonitorGracePeriodMs : settings.nodeStartupGracePeriodMs;
    const node = clock.monotonicMs() - seen.probedMs > graceMs ? await this.silence(cached) : cached;
    await this.noticeTransition(node);
    return node;
  }

  private async silence(node: Node): Promise<Node> {
    const { client, clock } = this.context;
    const conditions = silentConditions(node, formatTime(clock.wallMs()));
    if (conditions === node.status?.conditions) return node;
    return client.updateStatus(resources.nodes, { ...node, status: { ...node.status, conditions: [...conditions] } });
  }

  private async noticeTransition(node: Node): Promise<void> {
    const { name } = node.metadata;
    const ready = readyStatusOf(node);
    const before = this.ready.get(name);
    if (ready !== 'True' && before !== ready) {
      if (before === 'True') this.tell(node, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
      await markPodsNotReady(this.context, this.pods.lister.byIndex('spec.nodeName', name));
    }
    this.ready.set(name, ready);
  }

  /** Whether the zone's rate lets one more node be tainted NoExecute now. */
  private mayEvict(node: Node): boolean {
    const zones = new Map<string, string[]>();
    for (const other of this.nodes.lister.list()) zones.set(zoneOf(other), [...(zones.get(zoneOf(other)) ?? []), readyStatusOf(other)]);
    // Where every zone is dark it is more likely this controller that is cut off.
    if ([...zones.values()].every((members) => zoneStateOf(members) === 'FullDisruption')) return false;
    const zone = zoneOf(node);
    const members = zones.get(zone) ?? [];
    const rate = evictionRate(zoneStateOf(members), members.length);
    let entry = this.buckets.get(zone);
    if (entry?.rate !== rate) this.buckets.set(zone, (entry = { rate, bucket: tokenBucket(rate, 1) }));
    return rate > 0 && entry!.bucket.maybeTake(this.context.clock.monotonicMs());
  }

  /** Brings the node's taints in line with its conditions. */
  async taint(node: Node): Promise<void> {
    const { client, clock } = this.context;
    const evicting = [noExecuteKeyOf('False'), noExecuteKeyOf('Unknown')];
    const isTainted = node.spec?.taints?.some(({ effect, key }) => effect === 'NoExecute' && evicting.includes(key)) ?? false;
    const isNew = noExecuteKeyOf(readyStatusOf(node)) !== undefined && !isTainted;
    const taints = planTaints(node, isNew && this.mayEvict(node), formatTime(clock.wallMs()));
    if (!taints) return;
    // The whole list is replaced under the version it was read at, so that nobody else's taint is lost.
    const patch = { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints } };
    await client.patch(resources.nodes, node.metadata.name, undefined, 'merge', patch);
  }
}

/** The controller. */
export const nodeLifecycleController: ManagerController = defineController({
  name: 'node-lifecycle-controller',
  account: 'node-controller',
  workers: 8,
  build(context) {
    const { clock, settings, signal } = context;
    const monitor = new NodeMonitor(context);
    const { nodes, pods, leases } = monitor;
    return {
      watches: [watchObjects(nodes), watchObjects(pods, () => []), watchObjects(leases, () => [])],
      started(queue) {
        const look = (): void => {
          monitor.registerChanges();
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
          await monitor.taint(await monitor.monitor(node));
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
