/** The decisions of the node lifecycle controller as pure functions: when a node counts as silent, its conditions, its taints, its zone's state. */
import type { Lease, Node, NodeCondition, Taint } from '#api';

/** What is remembered of a node's heartbeat, by this controller's own clock. */
export interface NodeHealth {
  /** When something of the node changed last: its lease's renew time or its conditions. */
  readonly probedMs: number;
  readonly renewTime: string | undefined;
  readonly readyHeartbeat: string | undefined;
}

/** Takes a look at the node: a newer lease or a newer heartbeat is a sign of life. */
export function observeNode(previous: NodeHealth | undefined, node: Node, lease: Lease | undefined, nowMs: number): NodeHealth {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const renewTime = lease?.spec?.renewTime as string | undefined;
  const readyHeartbeat = ready?.lastHeartbeatTime as string | undefined;
  if (!previous) return { probedMs: nowMs, renewTime, readyHeartbeat };
  const isAlive = (renewTime ?? '') > (previous.renewTime ?? '') || readyHeartbeat !== previous.readyHeartbeat;
  return isAlive ? { probedMs: nowMs, renewTime, readyHeartbeat } : previous;
}

const MONITORED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** The conditions of a silent node: all it reported becomes Unknown. The same list when nothing changes. */
export function silentConditions(node: Node, now: string): readonly NodeCondition[] {
  const current = node.status?.conditions ?? [];
  let next: NodeCondition[] = [...current];
  let changed = false;
  for (const type of MONITORED) {
    const old = current.find((condition) => condition.type === type);
    if (!old) {
      next = [
        ...next,
        {
          type,
          status: 'Unknown',
          reason: 'NodeStatusNeverUpdated',
          message: 'Kubelet never posted node status.',
          lastHeartbeatTime: node.metadata.creationTimestamp,
          lastTransitionTime: now,
        } as NodeCondition,
      ];
      changed = true;
    } else if (old.status !== 'Unknown') {
      next = next.map((condition) =>
        condition.type === type
          ? {
              ...condition,
              status: 'Unknown',
              reason: 'NodeStatusUnknown',
              message: 'Kubelet stopped posting node status.',
              lastTransitionTime: now,
            }
          : condition,
      );
      changed = true;
    }
  }
  return changed ? next : current;
}

/** Status of the Ready condition; a node that never said anything is Unknown. */
export function readyStatusOf(node: Node): string {
  return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
}

const TAINT_OF_CONDITION: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: 'node.kubernetes.io/not-ready', Unknown: 'node.kubernetes.io/unreachable' },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const CONDITION_TAINTS: ReadonlySet<string> = new Set([
  ...Object.values(TAINT_OF_CONDITION).flatMap((taints) => Object.values(taints)),
  UNSCHEDULABLE,
]);

/** Taints that evict, by the status of Ready; undefined for a ready node. */
export function noExecuteKeyOf(ready: string): string | undefined {
  return TAINT_OF_CONDITION['Ready']![ready];
}

/** The NoSchedule taints a node's conditions and spec.unschedulable ask for. */
function conditionTaints(node: Node): string[] {
  const keys: string[] = [];
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = TAINT_OF_CONDITION[type]?.[status];
    if (key) keys.push(key);
  }
  if (node.spec?.unschedulable) keys.push(UNSCHEDULABLE);
  return keys;
}

const isEvicting = (taint: Taint): boolean =>
  taint.effect === 'NoExecute' && Object.values(TAINT_OF_CONDITION['Ready']!).includes(taint.key);

/**
 * The taints a node should have: NoSchedule ones for its conditions, and the one NoExecute taint for its Ready status where
 * `mayEvict` (the zone's rate allows it now, or it is there already). Undefined where they are right.
 */
export function planTaints(node: Node, mayEvict: boolean, now: string): Taint[] | undefined {
  const current = node.spec?.taints ?? [];
  const wanted = conditionTaints(node);
  const evictKey = noExecuteKeyOf(readyStatusOf(node));
  const isTainted = current.some(isEvicting);
  const next = current.filter((taint) => {
    if (taint.effect === 'NoSchedule' && CONDITION_TAINTS.has(taint.key)) return wanted.includes(taint.key);
    return !isEvicting(taint) || taint.key === evictKey;
  });
  for (const key of wanted)
    if (!next.some((taint) => taint.key === key && taint.effect === 'NoSchedule'))
      next.push({ key, effect: 'NoSchedule', timeAdded: now } as Taint);
  if (evictKey && (mayEvict || isTainted) && !next.some((taint) => taint.key === evictKey && taint.effect === 'NoExecute'))
    next.push({ key: evictKey, effect: 'NoExecute', timeAdded: now } as Taint);
  const isSame = next.length === current.length && next.every((taint) => current.includes(taint));
  return isSame ? undefined : next;
}

/** How disturbed a zone is. */
export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption';

const UNHEALTHY_ZONE_THRESHOLD = 0.55;

/** State of a zone from the Ready status of its nodes. */
export function zoneStateOf(ready: readonly string[]): ZoneState {
  const notReady = ready.filter((status) => status !== 'True').length;
  if (ready.length > 0 && notReady === ready.length) return 'FullDisruption';
  return notReady > 2 && notReady / ready.length >= UNHEALTHY_ZONE_THRESHOLD ? 'PartialDisruption' : 'Normal';
}

const EVICTIONS_PER_SECOND = 0.1;
const SECONDARY_EVICTIONS_PER_SECOND = 0.01;
const LARGE_CLUSTER_NODES = 50;

/** Nodes a second that may be tainted NoExecute in a zone. */
export function evictionRate(state: ZoneState, zoneNodes: number): number {
  if (state !== 'PartialDisruption') return EVICTIONS_PER_SECOND;
  return zoneNodes > LARGE_CLUSTER_NODES ? SECONDARY_EVICTIONS_PER_SECOND : 0;
}

/** Key of the zone a node lies in. */
export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  return `${labels['topology.kubernetes.io/region'] ?? ''}:\u0000:${labels['topology.kubernetes.io/zone'] ?? ''}`;
}
