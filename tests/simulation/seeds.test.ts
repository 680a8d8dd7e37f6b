/** A few seeds of whole clusters on every run of the tests; `npm run sim` runs as many as one likes. Of etcd alone: `etcd-seeds.test.ts`. */
import { describe, expect, it } from 'vitest';
import { runCluster } from './cluster-run.ts';
import { runEtcd } from './etcd-run.ts';

/** Real time that one seed may take on a busy machine. */
const SEED_LIMIT_MS = 300_000;

describe('whole clusters under faults keep their promises and converge', () => {
  const specs = {
    stacked: { controlPlanes: 3, workers: 2 },
    external: { topology: 'external', controlPlanes: 2, etcdMembers: 3, workers: 2 },
  } as const;

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'seed %i',
    async (seed) => {
      const topology = seed % 2 === 1 ? 'stacked' : 'external';
      const report = await runCluster(`${topology} ${seed}`, { spec: specs[topology], faultsMs: 30_000 });
      expect(report.acknowledged).toBeGreaterThan(0);
    },
    SEED_LIMIT_MS,
  );
});

describe('etcd as a program, on machines with real wires', () => {
  it.each([1, 2, 3, 10])(
    'keeps its promises under faults, seed %i',
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
