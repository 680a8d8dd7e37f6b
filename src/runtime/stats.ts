/** What a container is taken to use: what its image costs and what its processes say beside it; the limits cap both. No processor is measured. */
import type { ResourceUsage } from '#host';
import type { ContainerStats } from './cri-types.ts';
import type { ImageService } from './image-service.ts';
import type { ContainerRecord } from './records.ts';

const DEFAULT_USAGE = { cpuMillis: 1, memoryBytes: 8 * 1024 * 1024 } as const;

/** The image's own usage. */
export const usageOfImage = (images: ImageService, reference: string): ResourceUsage =>
  images.require(reference).resolved.image.usage ?? DEFAULT_USAGE;

interface Declared {
  readonly usage: ResourceUsage;
  readonly sinceMs: number;
  /** Processor time up to `sinceMs`. */
  readonly nanoseconds: number;
}

/** Usage of running containers over time. */
export interface Usages {
  /** Takes what the processes of a container say they use from now on. */
  declared(record: ContainerRecord, usage: ResourceUsage, nowMs: number): void;
  forget(id: string): void;
  stats(record: ContainerRecord, nowMs: number): ContainerStats;
}

/** Makes the usages of one containerd. */
export function createUsages(images: ImageService): Usages {
  const byContainer = new Map<string, Declared>();
  const cpuMillisOf = (record: ContainerRecord, declared: ResourceUsage | undefined): number => {
    const millis = usageOfImage(images, record.image).cpuMillis + (declared?.cpuMillis ?? 0);
    const { cpuLimitMillis } = record.config;
    // More than the quota does not run: the container is throttled.
    return cpuLimitMillis > 0 ? Math.min(millis, cpuLimitMillis) : millis;
  };
  // millis of a CPU × milliseconds = microseconds of CPU time
  const nanosecondsAt = (record: ContainerRecord, nowMs: number): number => {
    const known = byContainer.get(record.id);
    const sinceMs = known?.sinceMs ?? record.startedAt;
    return (known?.nanoseconds ?? 0) + cpuMillisOf(record, known?.usage) * Math.max(0, nowMs - sinceMs) * 1000;
  };
  return {
    declared(record, usage, nowMs) {
      byContainer.set(record.id, { usage, sinceMs: nowMs, nanoseconds: nanosecondsAt(record, nowMs) });
    },
    forget: (id) => void byContainer.delete(id),
    stats(record, nowMs) {
      const { memoryLimitBytes } = record.config;
      const memoryBytes = usageOfImage(images, record.image).memoryBytes + (byContainer.get(record.id)?.usage.memoryBytes ?? 0);
      return {
        id: record.id,
        metadata: record.config.metadata,
        labels: record.config.labels,
        timestampMs: nowMs,
        cpuUsageNanoseconds: record.state === 'CONTAINER_RUNNING' ? nanosecondsAt(record, nowMs) : 0,
        memoryWorkingSetBytes: memoryLimitBytes > 0 ? Math.min(memoryBytes, memoryLimitBytes) : memoryBytes,
        rootFsUsedBytes: 24_576,
      };
    },
  };
}
