/** What a lab is made from, and how a spec is completed. */
import type { management, workstation } from '#contracts';
import { DEFAULT_SPEC } from './cluster-spec.ts';
import type { ClusterSpec, Lab } from './lab.ts';
import type { LabStore } from './lab-store.ts';

/** What a lab is made from. */
export interface LabOptions {
  /** Used for a fresh cluster; a stored one keeps its own. */
  readonly spec?: Partial<ClusterSpec>;
  readonly dataCentre: management.DataCentre;
  readonly store: LabStore;
  /** Name of the stored cluster. */
  readonly cluster: string;
  readonly version: string;
  readonly storage: 'indexeddb' | 'memory';
  /** Real wall clock, milliseconds since the epoch. */
  readonly realWallMs: () => number;
  /**
   * How far in the past a fresh cluster begins. A boot runs faster than life, and clients outside the lab reckon ages by the real clock:
   * what they see must not come from the future. Default 0.
   */
  readonly headStartMs?: number;
  /** Asset name → absolute URL. */
  readonly assets?: Readonly<Record<string, string>>;
  /** `lab.fetch` over the workstation that is on; from `#lab/fetch`, which stands on the platform's Request and Response. */
  readonly fetchThrough: (workstation: () => workstation.WorkstationManagement) => Lab['fetch'];
  readonly paused?: boolean;
  readonly rate?: number;
}

/** A spec with everything that was left out taken from `base`. */
export const completeSpec = (spec: Partial<ClusterSpec>, base: ClusterSpec = DEFAULT_SPEC): ClusterSpec => ({
  ...base,
  ...spec,
  etcd: { ...base.etcd, ...spec.etcd },
});

/** Wall clock a fresh cluster begins at. */
export const freshWallMs = ({ realWallMs, headStartMs = 0 }: LabOptions): number => realWallMs() - headStartMs;

/** Rejects when a spec cannot be built, with a sentence each. */
export class InvalidSpecError extends Error {
  constructor(readonly reasons: readonly string[]) {
    super(reasons.join('; '));
    this.name = 'InvalidSpecError';
  }
}
