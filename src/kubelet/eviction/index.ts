/** The eviction manager: looks at memory and disk every ten seconds, sets the node's pressure conditions, and evicts one pod at a time until there is room. */
import type { Pod } from '#api';
import { DiskError } from '#host';
import type { KubeletContext } from '../context.ts';
import { LABEL_CONTAINER_NAME, LABEL_POD_UID } from '../cri-client.ts';
import { systemMemoryBytes } from '../stats.ts';
import {
  admissionRefusal,
  CONDITION_OF,
  evictionMessage,
  ranked,
  shortagesOf,
  thresholdOf,
  type Availability,
  type ContainerUsage,
  type Rejection,
  type Shortage,
} from './thresholds.ts';

/** What the manager stands on. */
export interface EvictionOptions {
  readonly context: KubeletContext;
  /** Pods of the node that have not ended. */
  readonly activePods: () => readonly Pod[];
  /** Ends a pod for good. */
  readonly evict: (pod: Pod, rejection: Rejection) => void;
  /** The conditions have changed. */
  readonly onChange: () => void;
}

/** The eviction manager of a kubelet. */
export interface Eviction {
  start(): void;
  /** Conditions of pressure in force: `MemoryPressure`, `DiskPressure`. */
  conditions(): readonly string[];
  /** Why a new pod may not start; undefined: it may. */
  refusal(pod: Pod): Rejection | undefined;
}

const MONITORING_INTERVAL_MS = 10_000;
/** How long a condition stays after the shortage is over (evictionPressureTransitionPeriod). */
const TRANSITION_MS = 300_000;
const DISK_FREE_SHARE = 0.8;

/** Makes the manager. */
export function createEviction({ context, activePods, evict, onChange }: EvictionOptions): Eviction {
  const { process, cri, recorder, settings } = context;
  const { clock, telemetry, disk } = process;
  const facts = process.kernel!.facts;
  const probe = disk.records('kubelet-room');
  const lastShortMs = new Map<Shortage, number>();
  let conditions: readonly string[] = [];
  const nodeSubject = { reference: { kind: 'Node', name: settings.nodeName, uid: settings.nodeName, apiVersion: 'v1' } };

  /** A disk tells how full it is only by refusing to write. */
  const hasRoom = async (): Promise<boolean> => {
    try {
      await probe.put({ room: '' });
      return true;
    } catch (error) {
      if (error instanceof DiskError && error.code === 'full') return false;
      throw error;
    }
  };
  const look = async (): Promise<{ available: Availability; usageOf: (pod: Pod) => ContainerUsage[] }> => {
    const stats = await cri.listStats();
    const used = stats.reduce((sum, { memoryWorkingSetBytes }) => sum + memoryWorkingSetBytes, systemMemoryBytes);
    const diskBytes = (await hasRoom()) ? Math.floor(facts.storageBytes * DISK_FREE_SHARE) : 0;
    return {
      available: { memoryBytes: facts.memoryBytes - used, diskBytes },
      usageOf: (pod) =>
        stats
          .filter(({ labels }) => labels[LABEL_POD_UID] === pod.metadata.uid)
          .map((stat) => ({
            name: stat.labels[LABEL_CONTAINER_NAME] ?? '',
            memoryBytes: stat.memoryWorkingSetBytes,
            diskBytes: stat.rootFsUsedBytes,
          })),
    };
  };
  const setConditions = (shortages: readonly Shortage[]): void => {
    const now = clock.monotonicMs();
    for (const shortage of shortages) lastShortMs.set(shortage, now);
    for (const [shortage, atMs] of lastShortMs) if (now - atMs >= TRANSITION_MS) lastShortMs.delete(shortage);
    const next = [...lastShortMs.keys()].map((shortage) => CONDITION_OF[shortage]).sort();
    if (next.join() === conditions.join()) return;
    conditions = next;
    onChange();
  };
  const synchronize = async (): Promise<void> => {
    const { available, usageOf } = await look();
    const shortages = shortagesOf(available, facts.storageBytes);
    setConditions(shortages);
    const [shortage] = shortages;
    if (!shortage) return;
    recorder.event(nodeSubject, 'Warning', 'EvictionThresholdMet', `Attempting to reclaim ${shortage}`);
    const [first] = ranked(
      activePods().map((pod) => ({ pod, usage: usageOf(pod) })),
      shortage,
    );
    if (!first) return telemetry.log('error', 'Eviction manager: unable to evict any pods from the node');
    const availableBytes = shortage === 'memory' ? available.memoryBytes : available.diskBytes;
    const message = evictionMessage(
      first.pod,
      first.usage,
      shortage,
      thresholdOf(shortage, facts.storageBytes),
      Math.max(0, availableBytes),
    );
    recorder.event(first.pod, 'Warning', 'Evicted', message);
    evict(first.pod, { reason: 'Evicted', message, isDisruption: true });
  };
  return {
    conditions: () => conditions,
    refusal: (pod) => admissionRefusal(pod, conditions),
    start() {
      let isBusy = false;
      clock.every(MONITORING_INTERVAL_MS, () => {
        if (isBusy) return;
        isBusy = true;
        synchronize()
          .catch((error: unknown) =>
            telemetry.log(
              'error',
              `Eviction manager: failed to get summary stats: ${error instanceof Error ? error.message : String(error)}`,
            ),
          )
          .finally(() => (isBusy = false));
      });
    },
  };
}
