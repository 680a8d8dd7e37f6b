/** When a node is under pressure, whom it evicts first, and in which words (the kubelet's eviction manager, hard thresholds for memory and the node's disk). Pure. */
import type { Pod } from '#api';
import { podQosClass } from '#api';
import { quantityValue } from '#apimachinery';

/** What the node has and what of it is left, in bytes. */
export interface Availability {
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** What is short. */
export type Shortage = 'memory' | 'ephemeral-storage';

/** A container's usage. */
export interface ContainerUsage {
  readonly name: string;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** Why a pod is not to run here (any more). */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
  /** It ran and is ended: the condition DisruptionTarget says so. */
  readonly isDisruption?: boolean;
}

/** `memory.available<100Mi` and `nodefs.available<10%`, the kubelet's defaults. */
export const MEMORY_THRESHOLD_BYTES = 100 * 1024 * 1024;
const DISK_THRESHOLD_SHARE = 0.1;
const CRITICAL_PRIORITY = 2_000_000_000;

/** The condition each shortage sets. */
export const CONDITION_OF: Readonly<Record<Shortage, string>> = Object.freeze({
  memory: 'MemoryPressure',
  'ephemeral-storage': 'DiskPressure',
});

/** Bytes below which a node is short of something. */
export const thresholdOf = (shortage: Shortage, capacityDiskBytes: number): number =>
  shortage === 'memory' ? MEMORY_THRESHOLD_BYTES : Math.floor(capacityDiskBytes * DISK_THRESHOLD_SHARE);

/** What is short now. */
export function shortagesOf(available: Availability, capacityDiskBytes: number): Shortage[] {
  const shortages: Shortage[] = [];
  if (available.memoryBytes < MEMORY_THRESHOLD_BYTES) shortages.push('memory');
  if (available.diskBytes < thresholdOf('ephemeral-storage', capacityDiskBytes)) shortages.push('ephemeral-storage');
  return shortages;
}

/** Whether a pod is never evicted: static ones and those of the highest priorities. */
export const isCritical = (pod: Pod): boolean =>
  pod.metadata.annotations?.['kubernetes.io/config.source'] === 'file' || (pod.spec?.priority ?? 0) >= CRITICAL_PRIORITY;

const usedBy = (usage: ContainerUsage, shortage: Shortage): number => (shortage === 'memory' ? usage.memoryBytes : usage.diskBytes);

function requestOf(pod: Pod, container: string | undefined, shortage: Shortage): number {
  return (pod.spec?.containers ?? [])
    .filter(({ name }) => container === undefined || name === container)
    .reduce((sum, { resources }) => sum + quantityValue(resources?.requests?.[shortage] ?? resources?.limits?.[shortage] ?? '0'), 0);
}

/** Pods in the order in which they are evicted: beyond their requests first, then by priority, then by how far beyond. */
export function ranked<T extends { readonly pod: Pod; readonly usage: readonly ContainerUsage[] }>(
  pods: readonly T[],
  shortage: Shortage,
): T[] {
  const beyond = ({ pod, usage }: T): number =>
    usage.reduce((sum, container) => sum + usedBy(container, shortage), 0) - requestOf(pod, undefined, shortage);
  return pods
    .filter(({ pod }) => !isCritical(pod))
    .sort(
      (a, b) =>
        Number(beyond(b) > 0) - Number(beyond(a) > 0) ||
        (a.pod.spec?.priority ?? 0) - (b.pod.spec?.priority ?? 0) ||
        beyond(b) - beyond(a) ||
        (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1),
    );
}

const SUFFIXES: readonly (readonly [string, number])[] = [
  ['Gi', 1024 ** 3],
  ['Mi', 1024 ** 2],
  ['Ki', 1024],
];

/** Bytes as a quantity prints them: in the largest binary unit that divides them. */
function binaryQuantity(bytes: number): string {
  for (const [suffix, unit] of SUFFIXES) if (bytes !== 0 && bytes % unit === 0) return `${bytes / unit}${suffix}`;
  return String(bytes);
}

/** The message of an evicted pod. */
export function evictionMessage(
  pod: Pod,
  usage: readonly ContainerUsage[],
  shortage: Shortage,
  thresholdBytes: number,
  availableBytes: number,
): string {
  const roundedBytes = Math.floor(availableBytes / 1024) * 1024;
  const containers = usage
    .filter((container) => usedBy(container, shortage) > requestOf(pod, container.name, shortage))
    .map((container) => {
      const used = binaryQuantity(Math.floor(usedBy(container, shortage) / 1024) * 1024);
      const request = binaryQuantity(requestOf(pod, container.name, shortage));
      return `Container ${container.name} was using ${used}, request is ${request}, has larger consumption of ${shortage}. `;
    });
  return `The node was low on resource: ${shortage}. Threshold quantity: ${binaryQuantity(thresholdBytes)}, available: ${binaryQuantity(roundedBytes)}. ${containers.join('')}`;
}

/** Why a new pod may not start on a node with these conditions; undefined: it may. */
export function admissionRefusal(pod: Pod, conditions: readonly string[]): Rejection | undefined {
  if (!conditions.length || isCritical(pod)) return undefined;
  const isOnlyMemory = conditions.length === 1 && conditions[0] === 'MemoryPressure';
  const tolerates = pod.spec?.tolerations?.some(
    ({ key, operator }) => key === 'node.kubernetes.io/memory-pressure' || (!key && operator === 'Exists'),
  );
  if (isOnlyMemory && (podQosClass(pod.spec) !== 'BestEffort' || tolerates)) return undefined;
  return { reason: 'Evicted', message: `The node had condition: [${conditions.join(' ')}]. ` };
}
