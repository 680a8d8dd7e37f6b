/**
 * `npm run sim`: many seeds, faults on, promises checked. A seed that fails is made smaller and told with the line that replays it;
 * the exit code is then 1.
 * --seeds N (10)  --seed S (first seed, or the one to replay)  --topology stacked|external|etcd|etcd-machines|raft (the first three by turns)
 * --events N (of etcd alone, under faults: 2000)  --faults-ms N (of whole clusters: 60000)  --keep 0,3 (only these faults of a seed)
 * --no-shrink  --stop-at-failure  --verbose (a line per seed, and what befalls it)
 */
import { parseArgs } from 'node:util';
import { runCluster } from './cluster-run.ts';
import { runEtcd } from './etcd-run.ts';
import { EVENTS_PER_SEED, runEtcdCore } from './etcd-core/etcd-simulation.ts';
import { faultText } from './etcd-core/faults.ts';
import { addMarks, MARKS, noMarks } from './etcd-core/marks.ts';
import { RaftClusterSimulation } from './raft-cluster.ts';
import { shrink } from './shrink.ts';

const TOPOLOGIES = ['stacked', 'external', 'etcd', 'etcd-machines', 'raft'] as const;
type Topology = (typeof TOPOLOGIES)[number];
const BY_TURNS = TOPOLOGIES.slice(0, 3);

const SPECS = {
  stacked: { controlPlanes: 3, workers: 3 },
  external: { topology: 'external', controlPlanes: 2, etcdMembers: 3, workers: 3 },
} as const;

/** Events that a healed Raft cluster may need to agree again. */
const HEAL_EVENTS = 60_000;
/** Seeds of etcd alone are told in one line for so many. */
const SEEDS_PER_LINE = 500;
/** Runs that making a failure smaller may take: of a whole cluster each takes many seconds. */
const SHRINK_RUNS = { etcd: 200, cluster: 12 } as const;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    seed: { type: 'string' },
    topology: { type: 'string' },
    events: { type: 'string', default: String(EVENTS_PER_SEED) },
    'faults-ms': { type: 'string', default: '60000' },
    keep: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
    'stop-at-failure': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

/** What the command line asks for; says what is wrong with it and ends otherwise. */
function wanted() {
  const fail = (text: string): never => {
    console.error(text);
    process.exit(2);
  };
  const { topology } = values;
  if (topology !== undefined && !(TOPOLOGIES as readonly string[]).includes(topology))
    fail(`There is no topology ${topology}. Topologies: ${TOPOLOGIES.join(', ')}`);
  const first = Number(values.seed ?? '1');
  const count = values.seed !== undefined && !process.argv.includes('--seeds') ? 1 : Number(values.seeds);
  const [events, faultsMs] = [Number(values.events), Number(values['faults-ms'])];
  const keep = values.keep
    ?.split(',')
    .filter((text) => text !== '')
    .map(Number);
  if (![first, count, events, faultsMs, ...(keep ?? [])].every(Number.isInteger) || count < 1)
    fail('--seed, --seeds, --events, --faults-ms and --keep take whole numbers');
  return { topology: topology as Topology | undefined, first, count, events, faultsMs, keep };
}

const asked = wanted();
const isToldSingly = values.verbose || asked.count <= 50;

/** A run as it is told and summed up. */
interface Outcome {
  readonly events: number;
  readonly sums: Readonly<Record<string, number>>;
  readonly text: string;
  /** What befell, a line each. */
  readonly faults: readonly string[];
}

const marks = noMarks();

async function run(topology: Topology, seed: number, keep: readonly number[] | undefined, isTrial: boolean): Promise<Outcome> {
  const name = `${topology} ${seed}`;
  if (topology === 'etcd') {
    const report = await runEtcdCore(name, { events: asked.events, keep });
    if (!isTrial) addMarks(marks, report.marks);
    const { events, labMs, calls, trace } = report;
    const sums = {
      elections: report.marks.elections,
      'frames dropped': report.marks['message lost'],
      'crashes during a write': report.marks['crash during a write'],
      snapshots: report.marks['own snapshot saved'],
    };
    const text = `${(labMs / 1000).toFixed(0)} lab s, ${events} events, ${calls} calls, ${report.faults.length} faults, trace ${trace}`;
    return { events, sums, text, faults: report.faults.map(faultText) };
  }
  if (topology === 'raft') {
    const simulation = new RaftClusterSimulation(seed);
    const { trace, marks: happened } = simulation.run(asked.events);
    if (!simulation.healAndConverge(HEAL_EVENTS)) throw new Error(`not healed within ${HEAL_EVENTS} events: ${simulation.describe()}`);
    return { events: simulation.events, sums: { ...happened }, text: `${simulation.events} events, trace ${trace}`, faults: [] };
  }
  if (topology === 'etcd-machines') {
    const { labMs, elections, lostFrames, crashesInWrite, snapshots, operations, frames, instants, trace } = await runEtcd(`etcd ${seed}`);
    const sums = { elections, 'frames dropped': lostFrames, 'crashes during a write': crashesInWrite, snapshots };
    const text = `${(labMs / 1000).toFixed(0)} lab s, ${operations} operations, trace ${trace}`;
    return { events: frames + instants, sums, text, faults: [] };
  }
  const lines: string[] = [];
  const report = await runCluster(name, { spec: SPECS[topology], faultsMs: asked.faultsMs, keep }, (line) => {
    lines.push(line);
    if (values.verbose && !isTrial) console.log(`      ${line}`);
  });
  const { labMs, elections, lostFrames, crashesInWrite, snapshots, acknowledged, frames, trace } = report;
  const sums = { elections, 'frames dropped': lostFrames, 'crashes during a write': crashesInWrite, snapshots, ...report.faults };
  const text = `${(labMs / 1000).toFixed(0)} lab s, ${acknowledged} writes acknowledged, ${elections} elections, trace ${trace}`;
  return { events: frames, sums, text, faults: lines };
}

/** How many faults a failing seed has; as far as is known they are numbered from 0. */
const MOST_FAULTS = { etcd: 24, cluster: 40 } as const;

/** Makes a failing seed smaller and tells which faults are left. */
async function tellSmaller(topology: Topology, seed: number): Promise<void> {
  if (values['no-shrink'] || topology === 'etcd-machines' || topology === 'raft') return;
  const kind = topology === 'etcd' ? 'etcd' : 'cluster';
  const fails = (keep: readonly number[]): Promise<boolean> =>
    run(topology, seed, keep, true).then(
      () => false,
      () => true,
    );
  const all = asked.keep ?? Array.from({ length: MOST_FAULTS[kind] }, (_, at) => at);
  const kept = (await shrink(all.length, (places) => fails(places.map((place) => all[place]!)), SHRINK_RUNS[kind])).map(
    (place) => all[place]!,
  );
  console.log(`     smaller: npm run sim -- --topology ${topology} --seed ${seed} --keep ${kept.join() || '-1'} --verbose`);
}

const sums: Record<string, number> = {};
let failed = 0;
let events = 0;
const startMs = performance.now();
const seconds = (sinceMs: number): number => (performance.now() - sinceMs) / 1000;
for (let seed = asked.first; seed < asked.first + asked.count; seed++) {
  const topology = asked.topology ?? BY_TURNS[seed % BY_TURNS.length]!;
  const seedMs = performance.now();
  try {
    const outcome = await run(topology, seed, asked.keep, false);
    events += outcome.events;
    for (const [name, count] of Object.entries(outcome.sums)) sums[name] = (sums[name] ?? 0) + count;
    const perSecond = (outcome.events / seconds(seedMs)).toFixed(0);
    if (isToldSingly) console.log(`ok   ${topology} ${seed}: ${seconds(seedMs).toFixed(2)} s, ${perSecond} events/s, ${outcome.text}`);
    if (values.verbose && topology === 'etcd') for (const line of outcome.faults) console.log(`      ${line}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${topology} ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    console.log(`     replay: npm run sim -- --topology ${topology} --seed ${seed} --verbose`);
    await tellSmaller(topology, seed);
    if (values['stop-at-failure']) break;
  }
  const done = seed - asked.first + 1;
  if (!isToldSingly && done % SEEDS_PER_LINE === 0) console.log(`${done} seeds, ${failed} failed, ${seconds(startMs).toFixed(0)} s`);
}
if (marks.elections > 0) {
  console.log('How often each rare thing happened in etcd alone:');
  for (const mark of MARKS) console.log(`${String(marks[mark]).padStart(9)}  ${mark}`);
}
const told = Object.entries(sums).map(([name, count]) => `${count} ${name}`);
const took = seconds(startMs);
console.log(
  `${asked.count} seeds, ${failed} failed, ${took.toFixed(0)} s, ${((took / asked.count) * 1000).toFixed(0)} ms each, ${(events / took).toFixed(0)} events/s: ${told.join(', ')}`,
);
process.exit(failed > 0 ? 1 : 0);
