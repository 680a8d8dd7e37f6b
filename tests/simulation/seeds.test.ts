/** A few seeds of each kind on every run of the tests; `npm run sim` runs as many as one likes. */
import { describe, expect, it } from 'vitest';
import { runCluster } from './cluster-run.ts';
import { runEtcd } from './etcd-run.ts';

/** Real time that one seed may take on a busy machine. */
const SEED_LIMIT_MS = 300_000;

describe('whole clusters under faults keep their promises and converge', () => {
  it.each([1, 2])(
    'three stacked control planes, seed %i',
    async (seed) => {
      const report = await runCluster(`stacked ${seed}`, { spec: { controlPlanes: 3, workers: 2 }, faultsMs: 30_000 });
      expect(report.acknowledged).toBeGreaterThan(0);
    },
    SEED_LIMIT_MS,
  );

  it(
    'three external members under two control planes, seed 3',
    async () => {
      const report = await runCluster('external 3', {
        spec: { topology: 'external', controlPlanes: 2, etcdMembers: 3, workers: 2 },
        faultsMs: 30_000,
      });
      expect(report.acknowledged).toBeGreaterThan(0);
    },
    SEED_LIMIT_MS,
  );
});

describe('etcd alone under faults keeps its promises', () => {
  it.each([1, 2, 3, 10])(
    'seed %i',
    async (seed) => {
      const report = await runEtcd(`etcd ${seed}`);
      expect(report.operations).toBeGreaterThan(100);
      expect(report.watched).toBeGreaterThan(100);
    },
    SEED_LIMIT_MS,
  );

  it(
    'and lives the same life again with the same seed',
    async () => {
      const [one, other] = [await runEtcd('twice', 5), await runEtcd('twice', 5)];
      expect(other).toEqual(one);
    },
    SEED_LIMIT_MS,
  );
});
