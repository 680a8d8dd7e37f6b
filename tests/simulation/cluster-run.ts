/**
 * One whole cluster from a seed: it boots, people write to it, faults befall it, the promises of cluster-invariants.ts are checked all
 * the while; then everything is healed, and what was acknowledged must be there, and the cluster must do its work again.
 */
import type { ClusterSpec } from '#lab';
import { everyApiServerReady, machinesOf } from './control-plane.ts';
import { BrokenPromise, clusterInvariants } from './cluster-invariants.ts';
import { faultSchedule, type FaultCounts } from './cluster-faults.ts';
import { atTheKeyboard, hereDocument, isRunningAndReady, READY_LIMIT_MS, type Student } from './student.ts';
import { simulatedLab } from './data-centre.ts';

/** What became of a seed. */
export interface ClusterReport {
  readonly seed: string;
  readonly labMs: number;
  readonly elections: number;
  readonly frames: number;
  readonly lostFrames: number;
  readonly crashesInWrite: number;
  readonly snapshots: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly faults: FaultCounts;
  readonly trace: string;
}

/** How long the faults last and how often something happens, in lab milliseconds. */
export interface ClusterRunOptions {
  readonly spec: Partial<ClusterSpec>;
  readonly faultsMs: number;
  /** Which faults of the seed befall, by their number; all if left out. */
  readonly keep?: readonly number[] | undefined;
}

const LOOK_EVERY_MS = 100;
/** Lab time a healed cluster may take to do its work again: the longest back-off of a crashed container is five minutes. */
const CONVERGE_LIMIT_MS = 600_000;

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: site
spec:
  replicas: 3
  selector:
    matchLabels:
      app: site
  template:
    metadata:
      labels:
        app: site
    spec:
      containers:
      - name: web
        image: nginx:1.27
`;

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

interface Writer {
  /** Name → uid of what was acknowledged. */
  readonly acknowledged: Map<string, string>;
  unknown: number;
  stop(): Promise<void>;
}

/** Somebody creates one object after the other and notes what was acknowledged. */
function startWriter({ lab, simulation }: Student): Writer {
  let isOn = true;
  const writer: Writer = { acknowledged: new Map(), unknown: 0, stop: () => ((isOn = false), done) };
  const write = async (at: number): Promise<void> => {
    const name = `write-${at}`;
    const aborter = new AbortController();
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { at: `${at}` } });
    const answer = lab.fetch(CONFIG_MAPS, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: aborter.signal,
    });
    const late = simulation.run(8_000).then(() => aborter.abort());
    try {
      const response = await answer;
      const created = JSON.parse(await response.text()) as { metadata?: { uid?: string } };
      if (response.status === 201) writer.acknowledged.set(name, created.metadata!.uid!);
      else writer.unknown++;
    } catch (error) {
      // No answer: the write may have happened, or happen yet.
      if (!(error instanceof Error)) throw error;
      writer.unknown++;
    }
    aborter.abort();
    late.catch(() => writer.unknown++);
  };
  const done = (async () => {
    for (let at = 0; isOn; at++) {
      await write(at);
      await simulation.run(150);
    }
  })();
  return writer;
}

async function checkWrites(student: Student, writer: Writer): Promise<void> {
  for (const machine of await machinesOf(student, 'control-plane')) {
    const address = (await student.lab.machines.list()).find(({ name }) => name === machine)!.address;
    const text = await student.sh(`kubectl -s https://${address}:6443 get configmaps -o json`);
    const held = new Map(
      (JSON.parse(text) as { items: { metadata: { name: string; uid: string } }[] }).items.map(({ metadata }) => [
        metadata.name,
        metadata.uid,
      ]),
    );
    for (const [name, uid] of writer.acknowledged)
      if (held.get(name) !== uid)
        throw new BrokenPromise(`${name} was acknowledged with uid ${uid}; the API server of ${machine} has ${held.get(name)}`);
  }
}

/** The cluster does its work again: nodes ready, its own pods and the students' as wanted. */
async function checkConvergence(student: Student): Promise<void> {
  await everyApiServerReady(student, CONVERGE_LIMIT_MS);
  const nodeCount = (await machinesOf(student, 'control-plane')).length + (await machinesOf(student, 'worker')).length;
  await student.eventually('every node is Ready', CONVERGE_LIMIT_MS, async () => {
    const nodes = await student.list('/api/v1/nodes');
    const isReady = (node: (typeof nodes)[number]): boolean =>
      node.status.conditions.some(({ type, status }: { type: string; status: string }) => type === 'Ready' && status === 'True');
    return nodes.length === nodeCount && nodes.every(isReady);
  });
  // A pod that was evicted, as from a node whose disk was full, stays on record as failed.
  const living = async (namespace: string): ReturnType<typeof student.list> =>
    (await student.list(`/api/v1/namespaces/${namespace}/pods`)).filter(({ status }) => status.reason !== 'Evicted');
  await student.eventually('three replicas, all ready, and nothing else', CONVERGE_LIMIT_MS, async () => {
    const pods = await living('default');
    return pods.length === 3 && pods.every(isRunningAndReady);
  });
  await student.eventually('every system pod is ready', CONVERGE_LIMIT_MS, async () => {
    const pods = await living('kube-system');
    return pods.every(isRunningAndReady);
  });
}

/** Runs a seed. Rejects with BrokenPromise, or with what did not happen in time; `onLog` hears of each fault. */
export async function runCluster(
  seed: string,
  options: ClusterRunOptions,
  onLog: (line: string) => void = () => undefined,
): Promise<ClusterReport> {
  // Small snapshots, so that they are made and sent within a short life.
  const extraArgs = { etcd: { 'snapshot-count': '150', 'experimental-snapshot-catchup-entries': '50' } };
  const site = await simulatedLab(seed, { extraArgs, ...options.spec });
  const { simulation, lab } = site;
  await site.settle(lab.ready, READY_LIMIT_MS, 'the cluster is ready');
  const student = atTheKeyboard(site);
  const names = (await lab.machines.list()).map(({ name }) => name);
  const invariants = clusterInvariants(student, names);
  let snapshots = 0;
  lab.on('log', ({ component, message }) => {
    if (component === 'etcd' && message.startsWith('saved snapshot')) snapshots++;
  });
  await student.sh(hereDocument('site.yaml', DEPLOYMENT));
  await student.sh('kubectl apply -f site.yaml');
  const random = simulation.random.fork('faults');
  const schedule = await faultSchedule(student, random, options.keep);
  const writer = startWriter(student);
  const endMs = simulation.nowMs + options.faultsMs;
  const runFor = async (ms: number): Promise<void> => {
    for (const untilMs = simulation.nowMs + ms; simulation.nowMs < untilMs; invariants.look())
      await simulation.run(Math.min(LOOK_EVERY_MS, untilMs - simulation.nowMs));
  };
  let told = 0;
  const tell = (): void => {
    for (; told < schedule.log.length; told++) onLog(schedule.log[told]!);
  };
  while (simulation.nowMs < endMs) {
    await schedule.next();
    tell();
    await runFor(200 + random.below(8_000));
  }
  await schedule.healAll();
  tell();
  await runFor(10_000);
  await student.settle(writer.stop(), 60_000, 'the writer ends');
  await checkConvergence(student);
  invariants.look();
  await checkWrites(student, writer);
  const { frames, lostFrames } = simulation.counts;
  return {
    seed,
    labMs: Math.round(simulation.nowMs),
    elections: invariants.elections,
    frames,
    lostFrames,
    crashesInWrite: schedule.crashesInWrite,
    snapshots,
    acknowledged: writer.acknowledged.size,
    unknown: writer.unknown,
    faults: schedule.counts,
    trace: simulation.trace.value,
  };
}
