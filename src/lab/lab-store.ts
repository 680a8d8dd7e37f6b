/** What the data centre remembers over a reload: the cluster's spec, which machines are on, their lives, the faults, the clock. */
import type { management } from '#contracts';
import type { PlannedMachine } from './cluster-spec.ts';
import type { ClusterSpec, DiskFault } from './lab.ts';

/** A machine's part of it. */
export interface StoredMachine {
  readonly power: 'on' | 'off';
  readonly incarnation: number;
}

/** Everything that is remembered. Plain data. */
export interface StoredLab {
  readonly format: 1;
  readonly spec: ClusterSpec;
  /** Wall clock when the cluster was created; certificates count from here. */
  readonly createdWallMs: number;
  /** The latest wall clock the lab has shown; it never goes back behind it. */
  readonly lastWallMs: number;
  readonly machines: Readonly<Record<string, StoredMachine>>;
  /** The machines there are, those added later included. Absent in labs stored before machines could be added: then the spec says it. */
  readonly plan?: readonly PlannedMachine[];
  /** Names that were taken away, and may be planned again but never switched on as what they were. */
  readonly removed?: readonly string[];
  /** Faults of links, `from>to`. */
  readonly links: Readonly<Record<string, management.LinkFault>>;
  /** Faults of disks by machine; labs stored before there were any have none. */
  readonly disks?: Readonly<Record<string, DiskFault>>;
}

/** Where it is remembered. Bodies: IndexedDB, and memory for ephemeral labs. */
export interface LabStore {
  load(): Promise<StoredLab | undefined>;
  /** Resolves when it is durable. */
  save(stored: StoredLab): Promise<void>;
}

/** A store that forgets with the page. */
export function memoryStore(): LabStore {
  let kept: StoredLab | undefined;
  return {
    load: () => Promise.resolve(kept),
    save(stored) {
      kept = stored;
      return Promise.resolve();
    },
  };
}
