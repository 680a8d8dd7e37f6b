import { describe, expect, it } from 'vitest';
import { RaftClusterSimulation } from './raft-cluster.ts';
import type { Marks } from './raft-faults.ts';

const seeds = 400;
const eventsPerSeed = 3000;

describe('a Raft cluster under faults', () => {
  it('keeps every promise of the paper, and comes back when the faults end', () => {
    const total: Partial<Marks> = {};
    for (let seed = 1; seed <= seeds; seed++) {
      const simulation = new RaftClusterSimulation(seed);
      try {
        simulation.run(eventsPerSeed);
        expect(simulation.healAndConverge(60_000), `seed ${seed} does not converge`).toBe(true);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
      for (const [mark, count] of Object.entries(simulation.marks) as [keyof Marks, number][]) total[mark] = (total[mark] ?? 0) + count;
    }
    for (const [mark, count] of Object.entries(total))
      expect(count, `${mark} is rare: ${JSON.stringify(total)}`).toBeGreaterThanOrEqual(100);
  });

  it('replays a seed to the same trace', () => {
    for (const seed of [3, 77]) {
      const [once, again] = [1, 2].map(() => new RaftClusterSimulation(seed).run(3000));
      expect(again).toEqual(once);
      expect(new RaftClusterSimulation(seed + 1).run(3000).trace).not.toBe(once!.trace);
    }
  });
});
