/** What the scheduler knows of a node: the node, the pods on it and the sums over them (framework.NodeInfo). */
import type { Container, Node, Pod } from '#api';
import { milliValue, quantityValue } from '#apimachinery';

/** Amounts of resources: cpu in thousandths, the rest in units. */
export type Resources = Record<string, number>;

/** A node with its sums. Changed only by the cache; plugins read. */
export interface NodeInfo {
  readonly name: string;
  readonly node: Node;
  readonly pods: readonly Pod[];
  readonly requested: Resources;
  /** As `requested`, with 100m and 200 MB for containers that ask for nothing (used by scores only). */
  readonly nonZeroRequested: Resources;
  readonly allocatable: Resources;
}

const DEFAULT_MILLI_CPU = 100;
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024;

const amountOf = (name: string, quantity: string | number): number => (name === 'cpu' ? milliValue(quantity) : quantityValue(quantity));

/** Amounts of a resource list. */
export function resourcesOf(list: Readonly<Record<string, unknown>> | undefined): Resources {
  const amounts: Resources = {};
  for (const [name, quantity] of Object.entries(list ?? {})) amounts[name] = amountOf(name, quantity as string);
  return amounts;
}

function addTo(sum: Resources, more: Resources): void {
  for (const [name, amount] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + amount;
}
function maxInto(sum: Resources, other: Resources): void {
  for (const [name, amount] of Object.entries(other)) sum[name] = Math.max(sum[name] ?? 0, amount);
}

function containerRequests(container: Container, nonZero: boolean): Resources {
  const requests = resourcesOf(container.resources?.requests as Record<string, string> | undefined);
  if (nonZero) {
    requests['cpu'] ??= DEFAULT_MILLI_CPU;
    requests['memory'] ??= DEFAULT_MEMORY_BYTES;
  }
  return requests;
}

/** What a pod asks for: the sum of its containers and sidecars, or what an init container needs if that is more, and the overhead. */
export function podRequests(pod: Pod, nonZero = false): Resources {
  const sum: Resources = {};
  for (const container of pod.spec?.containers ?? []) addTo(sum, containerRequests(container as Container, nonZero));
  const sidecars: Resources = {};
  const initPeak: Resources = {};
  for (const container of pod.spec?.initContainers ?? []) {
    const requests = containerRequests(container as Container, nonZero);
    const needed: Resources = { ...sidecars };
    addTo(needed, requests);
    maxInto(initPeak, needed);
    if (container.restartPolicy === 'Always') addTo(sidecars, requests);
  }
  addTo(sum, sidecars);
  maxInto(sum, initPeak);
  addTo(sum, resourcesOf(pod.spec?.overhead as Record<string, string> | undefined));
  return sum;
}

/** What one pod adds to the sums of its node. */
export interface PodSums {
  readonly requested: Resources;
  readonly nonZeroRequested: Resources;
}

/** Sums of one pod. */
export function podSums(pod: Pod): PodSums {
  return { requested: podRequests(pod), nonZeroRequested: podRequests(pod, true) };
}

/** A node and its pods with fresh sums. `sumsOf` may remember what a pod asks for. */
export function nodeInfoOf(node: Node, pods: readonly Pod[], sumsOf: (pod: Pod) => PodSums = podSums): NodeInfo {
  const requested: Resources = {};
  const nonZeroRequested: Resources = {};
  for (const pod of pods) {
    const sums = sumsOf(pod);
    addTo(requested, sums.requested);
    addTo(nonZeroRequested, sums.nonZeroRequested);
  }
  return {
    name: node.metadata.name,
    node,
    pods,
    requested,
    nonZeroRequested,
    allocatable: resourcesOf(node.status?.allocatable as Record<string, string> | undefined),
  };
}
