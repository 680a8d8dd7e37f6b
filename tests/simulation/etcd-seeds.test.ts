/** Many seeds of etcd alone on every run of the tests, and that they reach what is rare; `npm run sim` runs as many as one likes. */
import { describe, expect, it } from 'vitest';
import { runEtcdCore } from './etcd-core/etcd-simulation.ts';
import { addMarks, MARKS, noMarks } from './etcd-core/marks.ts';

const SEEDS = 2_000;
const SEEDS_PER_TEST = 250;
/** Real time that they may take on a busy machine. */
const LIMIT_MS = 300_000;

describe('etcd under a swarm of faults keeps every promise and heals', () => {
  const sum = noMarks();

  it.each(Array.from({ length: SEEDS / SEEDS_PER_TEST }, (_, at) => at * SEEDS_PER_TEST + 1))(
    `${SEEDS_PER_TEST} seeds from %i`,
    async (first) => {
      for (let seed = first; seed < first + SEEDS_PER_TEST; seed++) {
        const { marks } = await runEtcdCore(`etcd ${seed}`).catch((error: unknown) => {
          throw new Error(`seed ${seed}: npm run sim -- --topology etcd --seed ${seed}`, { cause: error });
        });
        addMarks(sum, marks);
      }
    },
    LIMIT_MS,
  );

  it('and every rare thing happened in some of them', () => {
    expect(MARKS.filter((mark) => sum[mark] === 0)).toEqual([]);
  });
});

describe('a seed of etcd', () => {
  it('lives the same life again, fault by fault', async () => {
    for (const seed of ['etcd 5', 'etcd 11']) {
      const [one, other] = [await runEtcdCore(seed), await runEtcdCore(seed)];
      expect(other).toEqual(one);
      expect((await runEtcdCore(seed, { keep: [] })).trace).not.toBe(one.trace);
    }
  });
});
