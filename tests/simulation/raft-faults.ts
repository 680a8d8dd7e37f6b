// What can go wrong in a simulated Raft cluster, how a seed chooses it, and how often the rare things happened.

import type { Config } from '#raft';

/** Rates of faults: probabilities per message, per write or per fault turn. 0 switches one off. */
export interface Faults {
  readonly drop: number;
  readonly duplicate: number;
  readonly slow: number;
  readonly partition: number;
  readonly crash: number;
  readonly pause: number;
  readonly compact: number;
  readonly reconfigure: number;
  readonly transfer: number;
}

export const noFaults: Faults = {
  drop: 0,
  duplicate: 0,
  slow: 0,
  partition: 0,
  crash: 0,
  pause: 0,
  compact: 0,
  reconfigure: 0,
  transfer: 0,
};

/** How often each rare thing happened. */
export interface Marks {
  elections: number;
  dropped: number;
  duplicated: number;
  crashes: number;
  /** Crashes while a write was under way, and those of them after which the write was not on disk. */
  crashesDuringWrite: number;
  writesLost: number;
  snapshotsRestored: number;
  /** Writes that replaced entries of an earlier leader. */
  truncations: number;
  confChanges: number;
  jointLeft: number;
  transfers: number;
  reads: number;
  partitions: number;
  pauses: number;
  /** Highest index committed. */
  committed: number;
}

export function noMarks(): Marks {
  return {
    elections: 0,
    dropped: 0,
    duplicated: 0,
    crashes: 0,
    crashesDuringWrite: 0,
    writesLost: 0,
    snapshotsRestored: 0,
    truncations: 0,
    confChanges: 0,
    jointLeft: 0,
    transfers: 0,
    reads: 0,
    partitions: 0,
    pauses: 0,
    committed: 0,
  };
}

/**
 * Swarm: each seed has its own mix, in which many faults are off; a mix of everything hides what one does alone.
 */
export function drawFaults(draw: () => number): Faults {
  const rate = (most: number): number => (draw() < 0.4 ? 0 : draw() * most);
  return {
    drop: rate(0.3),
    duplicate: rate(0.3),
    slow: rate(0.3),
    partition: rate(0.5),
    crash: rate(0.5),
    pause: rate(0.4),
    compact: rate(0.6),
    reconfigure: rate(0.5),
    transfer: rate(0.2),
  };
}

/** Settings of the core that a seed chooses. */
export type Options = Pick<Config, 'preVote' | 'checkQuorum' | 'stepDownOnRemoval' | 'maxInflight' | 'maxMessageBytes'>;

/** Small windows and messages in half of the seeds, so that flow control has something to do. */
export function drawOptions(draw: () => number): Options {
  return {
    preVote: draw() < 0.5,
    checkQuorum: draw() < 0.5,
    stepDownOnRemoval: draw() < 0.5,
    maxInflight: draw() < 0.5 ? 2 : 64,
    maxMessageBytes: draw() < 0.5 ? 40 : 10_000,
  };
}
