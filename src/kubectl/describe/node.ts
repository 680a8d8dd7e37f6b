/** kubectl describe node: conditions, capacity, the pods on it and what they ask for. */
import { addQuantity, ageOf, formatQuantity, parseQuantity, zeroQuantity, type Quantity } from '#apimachinery';
import type { Lease, Node, Pod } from '#api';
import { isNotFound } from '../discovery.ts';
import type { Description } from './description.ts';
import { longTime, writeEvents, type DescriptionWriter } from './writer.ts';

type Amounts = Readonly<Record<string, string | number>>;
type Totals = Map<string, Quantity>;

function addTo(totals: Totals, amounts: Amounts | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    const quantity = parseQuantity(amount);
    const known = totals.get(name);
    totals.set(name, known ? addQuantity(known, quantity) : quantity);
  }
}

/** What a pod asks for: the sum of its containers, or its greediest init container where that is more, and its overhead. */
function podTotals(pod: Pod, field: 'requests' | 'limits'): Totals {
  const totals: Totals = new Map();
  for (const { resources } of pod.spec?.containers ?? []) addTo(totals, resources?.[field] as Amounts | undefined);
  for (const { resources, restartPolicy } of pod.spec?.initContainers ?? []) {
    if (restartPolicy === 'Always') addTo(totals, resources?.[field] as Amounts | undefined);
    else {
      for (const [name, amount] of Object.entries((resources?.[field] ?? {}) as Amounts)) {
        const quantity = parseQuantity(amount);
        const known = totals.get(name);
        if (!known || known.nanos < quantity.nanos) totals.set(name, quantity);
      }
    }
  }
  if (field === 'requests' || totals.size > 0) addTo(totals, pod.spec?.overhead as Amounts | undefined);
  return totals;
}

function share(amount: Quantity, of: string | number | undefined): number {
  const whole = of === undefined ? 0n : parseQuantity(of).nanos;
  return whole === 0n ? 0 : Number((amount.nanos * 100n) / whole);
}

function writePods(writer: DescriptionWriter, pods: readonly Pod[], allocatable: Amounts, nowMs: number): void {
  writer.line(0, `Non-terminated Pods:\t(${pods.length} in total)`);
  writer.line(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge');
  writer.line(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---');
  const sums = { requests: new Map() as Totals, limits: new Map() as Totals };
  for (const pod of pods) {
    const cells = (['cpu', 'memory'] as const).flatMap((name) =>
      (['requests', 'limits'] as const).map((field) => {
        const amount = podTotals(pod, field).get(name) ?? zeroQuantity;
        return `${formatQuantity(amount)} (${share(amount, allocatable[name])}%)`;
      }),
    );
    for (const field of ['requests', 'limits'] as const) {
      for (const [name, amount] of podTotals(pod, field)) {
        const known = sums[field].get(name);
        sums[field].set(name, known ? addQuantity(known, amount) : amount);
      }
    }
    writer.line(
      1,
      `${pod.metadata.namespace ?? ''}\t${pod.metadata.name}\t\t${cells.join('\t')}\t${ageOf(pod.metadata.creationTimestamp, nowMs)}`,
    );
  }
  writer.line(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)');
  writer.line(1, 'Resource\tRequests\tLimits');
  writer.line(1, '--------\t--------\t------');
  const first = ['cpu', 'memory', 'ephemeral-storage'];
  const others = Object.keys(allocatable)
    .filter((name) => !first.includes(name) && name !== 'pods')
    .sort();
  for (const name of [...first, ...others]) {
    const isCounted = name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-');
    const cells = (['requests', 'limits'] as const).map((field) => {
      const amount = sums[field].get(name) ?? zeroQuantity;
      return isCounted ? `${formatQuantity(amount)} (${share(amount, allocatable[name])}%)` : formatQuantity(amount);
    });
    writer.line(1, `${name}\t${cells.join('\t')}`);
  }
}

function writeAmounts(writer: DescriptionWriter, label: string, amounts: Amounts | undefined): void {
  const names = Object.keys(amounts ?? {}).sort();
  if (names.length === 0) return;
  writer.line(0, `${label}:`);
  for (const name of names) writer.line(1, `${name}:\t${amounts![name]!}`);
}

function writeSystem(writer: DescriptionWriter, node: Node): void {
  const info = node.status?.nodeInfo;
  writer.line(0, 'System Info:');
  writer.line(1, `Machine ID:\t${info?.machineID ?? ''}`);
  writer.line(1, `System UUID:\t${info?.systemUUID ?? ''}`);
  writer.line(1, `Boot ID:\t${info?.bootID ?? ''}`);
  writer.line(1, `Kernel Version:\t${info?.kernelVersion ?? ''}`);
  writer.line(1, `OS Image:\t${info?.osImage ?? ''}`);
  writer.line(1, `Operating System:\t${info?.operatingSystem ?? ''}`);
  writer.line(1, `Architecture:\t${info?.architecture ?? ''}`);
  writer.line(1, `Container Runtime Version:\t${info?.containerRuntimeVersion ?? ''}`);
  writer.line(1, `Kubelet Version:\t${info?.kubeletVersion ?? ''}`);
  writer.line(1, `Kube-Proxy Version:\t${info?.kubeProxyVersion ?? ''}`);
  if (node.spec?.podCIDR) writer.line(0, `PodCIDR:\t${node.spec.podCIDR}`);
  if (node.spec?.podCIDRs?.length) writer.line(0, `PodCIDRs:\t${node.spec.podCIDRs.join(',')}`);
  if (node.spec?.providerID) writer.line(0, `ProviderID:\t${node.spec.providerID}`);
}

function writeConditions(writer: DescriptionWriter, node: Node): void {
  if (!node.status?.conditions?.length) return;
  writer.line(
    0,
    'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n  ----\t------\t-----------------\t------------------\t------\t-------',
  );
  for (const { type, status, lastHeartbeatTime, lastTransitionTime, reason, message } of node.status.conditions) {
    writer.line(
      1,
      `${type} \t${status} \t${longTime(lastHeartbeatTime)} \t${longTime(lastTransitionTime)} \t${reason ?? ''} \t${message ?? ''}`,
    );
  }
}

/** Roles of a node's labels, sorted. */
export function rolesOf(node: Node): string {
  const prefix = 'node-role.kubernetes.io/';
  const labels = node.metadata.labels ?? {};
  const roles = Object.keys(labels).flatMap((name) =>
    name.startsWith(prefix) && name !== prefix
      ? [name.slice(prefix.length)]
      : name === 'kubernetes.io/role' && labels[name]
        ? [labels[name]]
        : [],
  );
  return roles.sort().join(',') || '<none>';
}

/** The description of a node. */
export const describeNode: Description<Node> = async (writer, node, { session, events, nowMs }) => {
  const { metadata, spec, status } = node;
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Roles:\t${rolesOf(node)}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  const taints = (spec?.taints ?? []).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`).sort();
  if (taints.length === 0) writer.line(0, 'Taints:\t<none>');
  taints.forEach((taint, at) => writer.line(0, `${at === 0 ? 'Taints:' : ''}\t${taint}`));
  writer.line(0, `Unschedulable:\t${spec?.unschedulable ?? false}`);
  try {
    const lease = await session.json<Lease>({
      method: 'GET',
      path: `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${metadata.name}`,
    });
    writer.line(0, 'Lease:');
    writer.line(1, `HolderIdentity:\t${lease.spec?.holderIdentity ?? '<unset>'}`);
    writer.line(1, `AcquireTime:\t${lease.spec?.acquireTime ? longTime(lease.spec.acquireTime) : '<unset>'}`);
    writer.line(1, `RenewTime:\t${lease.spec?.renewTime ? longTime(lease.spec.renewTime) : '<unset>'}`);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    writer.line(0, `Lease:\tFailed to get lease: ${(error as Error).message}`);
  }
  writeConditions(writer, node);
  writer.line(0, 'Addresses:');
  for (const { type, address } of status?.addresses ?? []) writer.line(1, `${type}:\t${address}`);
  writeAmounts(writer, 'Capacity', status?.capacity as Amounts | undefined);
  writeAmounts(writer, 'Allocatable', status?.allocatable as Amounts | undefined);
  writeSystem(writer, node);
  const fieldSelector = `spec.nodeName=${metadata.name},status.phase!=Succeeded,status.phase!=Failed`;
  const pods = await session.json<{ items: Pod[] }>({ method: 'GET', path: '/api/v1/pods', query: { fieldSelector, limit: 500 } });
  writePods(writer, pods.items, (status?.allocatable ?? status?.capacity ?? {}) as Amounts, nowMs);
  writeEvents(writer, events, nowMs);
};
