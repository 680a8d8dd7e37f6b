/** Namespaces and priority classes every cluster begins with. */
import type { Namespace, PriorityClass } from '#api';

/** default, kube-system, kube-public, kube-node-lease. */
export const systemNamespaces: readonly string[] = Object.freeze(['kube-system', 'kube-public', 'kube-node-lease', 'default']);

/** A namespace as it is made at the start. */
export function namespaceNamed(name: string): Namespace {
  return { kind: 'Namespace', apiVersion: 'v1', metadata: { name } } as Namespace;
}

function priorityClass(name: string, value: number, description: string): PriorityClass {
  return { kind: 'PriorityClass', apiVersion: 'scheduling.k8s.io/v1', metadata: { name }, value, description } as PriorityClass;
}

/** system-node-critical, system-cluster-critical. */
export const systemPriorityClasses: readonly PriorityClass[] = Object.freeze([
  priorityClass('system-node-critical', 2_000_001_000, 'Used for system critical pods that must not be moved from their current node.'),
  priorityClass(
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
]);
