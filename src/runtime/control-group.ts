/** The control group of a container (cgroup v2 with memory.oom.group, as the kubelet sets it): what its processes say they use, and the end of all of them beyond the memory limit. */
import type { Accounting, ResourceUsage } from '#host';

/** What a group is made of. */
export interface ControlGroupOptions {
  /** 0: none. */
  readonly memoryLimitBytes: number;
  /** What the container's image is taken to use beside what its processes say. */
  readonly baseMemoryBytes: number;
  /** The sum has changed. */
  readonly onUsage: (usage: ResourceUsage) => void;
  /** The group has gone beyond its limit; called once. */
  readonly onOutOfMemory: () => void;
}

/** Makes the group of one container. */
export function createControlGroup({ memoryLimitBytes, baseMemoryBytes, onUsage, onOutOfMemory }: ControlGroupOptions): Accounting {
  const byProcess = new Map<number, ResourceUsage>();
  let isOver = false;
  return {
    used(pid, usage) {
      if (!usage && !byProcess.has(pid)) return;
      if (usage) byProcess.set(pid, usage);
      else byProcess.delete(pid);
      const sum = { cpuMillis: 0, memoryBytes: 0 };
      for (const { cpuMillis, memoryBytes } of byProcess.values()) {
        sum.cpuMillis += cpuMillis;
        sum.memoryBytes += memoryBytes;
      }
      onUsage(sum);
      if (isOver || memoryLimitBytes === 0 || sum.memoryBytes === 0 || sum.memoryBytes + baseMemoryBytes <= memoryLimitBytes) return;
      isOver = true;
      onOutOfMemory();
    },
  };
}
