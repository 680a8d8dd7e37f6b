/** Nothing happens for ten minutes: nobody stands for election, no Lease changes hands, nothing is started again. */
import { describe, expect, it } from 'vitest';
import { etcdLeaders, holderOf } from './control-plane.ts';
import { bootedCluster, type Student } from './student.ts';

const IDLE_MS = 600_000;
/** Real time that ten idle minutes may take on a busy machine. */
const REAL_LIMIT_MS = 600_000;

interface Rest {
  readonly leaders: readonly { readonly machine: string; readonly term: number }[];
  readonly holders: readonly string[];
  /** Times each container was started again, by pod. */
  readonly restarts: Readonly<Record<string, number>>;
}

async function restOf(student: Student): Promise<Rest> {
  const pods = await student.list('/api/v1/pods');
  return {
    leaders: await etcdLeaders(student),
    holders: [await holderOf(student, 'kube-scheduler'), await holderOf(student, 'kube-controller-manager')],
    restarts: Object.fromEntries(
      pods.map(({ metadata, status }) => [
        metadata.name,
        (status.containerStatuses as { restartCount: number }[]).reduce((sum, { restartCount }) => sum + restartCount, 0),
      ]),
    ),
  };
}

describe.each([
  ['stacked', { controlPlanes: 3, workers: 3 }],
  ['external', { topology: 'external', controlPlanes: 2, etcdMembers: 3, workers: 1 }],
] as const)('an idle cluster, %s', (name, spec) => {
  it(
    'keeps its leader, its term and every Lease for ten minutes',
    async () => {
      const student = await bootedCluster(`idle ${name}`, spec);
      const before = await restOf(student);
      expect(before.leaders).toHaveLength(1);
      await student.simulation.run(IDLE_MS);
      expect(await restOf(student)).toEqual(before);
    },
    REAL_LIMIT_MS,
  );
});
