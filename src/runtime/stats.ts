/** What a container is taken to use. No CPU is measured in the lab: each image says what one container of it costs, and a limit caps it. */
import type { ContainerStats } from './cri-types.ts';
import type { ImageService } from './image-service.ts';
import type { ContainerRecord } from './records.ts';

const DEFAULT_USAGE = { cpuMillis: 1, memoryBytes: 8 * 1024 * 1024 } as const;

/** Stats of a container that runs; CPU time grows evenly since its start. */
export function statsOf(record: ContainerRecord, images: ImageService, nowMs: number): ContainerStats {
  const usage = images.require(record.image).resolved.image.usage ?? DEFAULT_USAGE;
  const { cpuLimitMillis, memoryLimitBytes } = record.config;
  const cpuMillis = cpuLimitMillis > 0 ? Math.min(usage.cpuMillis, cpuLimitMillis) : usage.cpuMillis;
  const runMs = record.state === 'CONTAINER_RUNNING' ? nowMs - record.startedAt : 0;
  return {
    id: record.id,
    metadata: record.config.metadata,
    labels: record.config.labels,
    timestampMs: nowMs,
    // millis of a CPU × milliseconds = microseconds of CPU time
    cpuUsageNanoseconds: cpuMillis * runMs * 1000,
    memoryWorkingSetBytes: memoryLimitBytes > 0 ? Math.min(usage.memoryBytes, memoryLimitBytes) : usage.memoryBytes,
    rootFsUsedBytes: 24_576,
  };
}
