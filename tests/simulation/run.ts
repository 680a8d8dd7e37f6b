/**
 * `npm run sim`: many seeds, faults on, promises checked.
 * --seeds N (10)  --seed S (first seed, or the one to replay)  --topology stacked|external|etcd (all three by turns)  --faults-ms N (60000)  --verbose
 * A seed that fails is told with the line that replays it; the exit code is then 1.
 */
import { parseArgs } from 'node:util';
import { runCluster, type ClusterReport } from './cluster-run.ts';
import { runEtcd, type EtcdReport } from './etcd-run.ts';

const TOPOLOGIES = ['stacked', 'external', 'etcd'] as const;
type Topology = (typeof TOPOLOGIES)[number];
type Report = ClusterReport | EtcdReport;

const SPECS = {
  stacked: { controlPlanes: 3, workers: 3 },
  external: { topology: 'external', controlPlanes: 2, etcdMembers: 3, workers: 3 },
} as const;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    seed: { type: 'string' },
    topology: { type: 'string' },
    'faults-ms': { type: 'string', default: '60000' },
    verbose: { type: 'boolean', default: false },
  },
});
if (values.topology !== undefined && !(TOPOLOGIES as readonly string[]).includes(values.topology)) {
  console.error(`There is no topology ${values.topology}. Topologies: ${TOPOLOGIES.join(', ')}`);
  process.exit(2);
}
const first = Number(values.seed ?? '1');
const count = values.seed !== undefined && !process.argv.includes('--seeds') ? 1 : Number(values.seeds);
if (!Number.isInteger(first) || !(count >= 1)) {
  console.error('--seed and --seeds are whole numbers');
  process.exit(2);
}

const run = (topology: Topology, seed: number): Promise<Report> => {
  if (topology === 'etcd') return runEtcd(`etcd ${seed}`);
  const onLog = values.verbose ? (line: string): void => console.log(`      ${line}`) : undefined;
  return runCluster(`${topology} ${seed}`, { spec: SPECS[topology], faultsMs: Number(values['faults-ms']) }, onLog);
};

const described = (report: Report): string => {
  const { labMs, elections, lostFrames, crashesInWrite, snapshots } = report;
  const work = 'acknowledged' in report ? `${report.acknowledged} writes acknowledged` : `${report.operations} operations`;
  return `${(labMs / 1000).toFixed(0)} lab s, ${elections} elections, ${lostFrames} frames dropped, ${crashesInWrite} crashes during a write, ${snapshots} snapshots, ${work}, trace ${report.trace}`;
};

const sums = { seeds: 0, failed: 0, elections: 0, lostFrames: 0, crashesInWrite: 0, snapshots: 0, realMs: 0 };
for (let seed = first; seed < first + count; seed++) {
  const topology = (values.topology as Topology | undefined) ?? TOPOLOGIES[seed % TOPOLOGIES.length]!;
  const startMs = performance.now();
  try {
    const report = await run(topology, seed);
    for (const sum of ['elections', 'lostFrames', 'crashesInWrite', 'snapshots'] as const) sums[sum] += report[sum];
    console.log(`ok   ${topology} ${seed}: ${((performance.now() - startMs) / 1000).toFixed(1)} s for ${described(report)}`);
  } catch (error) {
    sums.failed++;
    console.log(
      `FAIL ${topology} ${seed}: ${error instanceof Error ? error.message : String(error)}\n     replay: npm run sim -- --topology ${topology} --seed ${seed} --verbose`,
    );
  }
  sums.seeds++;
  sums.realMs += performance.now() - startMs;
}
console.log(
  `${sums.seeds} seeds, ${sums.failed} failed, ${(sums.realMs / sums.seeds / 1000).toFixed(1)} s each: ${sums.elections} elections, ${sums.lostFrames} frames dropped, ${sums.crashesInWrite} crashes during a write, ${sums.snapshots} snapshots`,
);
process.exit(sums.failed > 0 ? 1 : 0);
