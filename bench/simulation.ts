/** How fast whole clusters, etcd alone and the consensus core are simulated, and what a fresh boot takes. */
import type { ClusterSpec } from '#lab';
import { simulatedLab } from '../tests/simulation/data-centre.ts';
import { runEtcdCore } from '../tests/simulation/etcd-core/etcd-simulation.ts';
import { runEtcd } from '../tests/simulation/etcd-run.ts';
import { RaftClusterSimulation } from '../tests/simulation/raft-cluster.ts';
import { atTheKeyboard, hereDocument, READY_LIMIT_MS, type Student } from '../tests/simulation/student.ts';

/** Figures by their name, which ends in the unit. */
export type Figures = Readonly<Record<string, number>>;

/** A benchmark: one run of it; `at` counts the runs and seeds them. */
export interface Benchmark {
  readonly name: string;
  run(at: number): Promise<Figures> | Figures;
}

const IDLE_MS = 60_000;
const LOAD_MS = 30_000;
const LOAD_REPLICAS = 20;
/** After boot, until what a boot leaves to do is done. */
const SETTLING_MS = 20_000;

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: load
spec:
  replicas: ${LOAD_REPLICAS}
  selector:
    matchLabels:
      app: load
  template:
    metadata:
      labels:
        app: load
    spec:
      containers:
      - name: web
        image: nginx:1.27
`;

/** Processor seconds that this process has used: what a core could do that had nothing else to do. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Seconds of real time that `work` takes. */
async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1_000;
}

/** A Deployment is rolled out and objects are written all the while. */
async function load(student: Student): Promise<void> {
  await student.sh(hereDocument('load.yaml', DEPLOYMENT));
  await student.sh('kubectl apply -f load.yaml');
  const endMs = student.simulation.nowMs + LOAD_MS;
  for (let at = 0; student.simulation.nowMs < endMs; at++) {
    await student.sh(`kubectl create configmap load-${at}`);
    await student.simulation.run(200);
  }
}

async function clusterFigures(spec: Partial<ClusterSpec>, at: number): Promise<Figures> {
  const startMs = performance.now();
  const site = await simulatedLab(`bench ${at}`, spec);
  const { simulation } = site;
  await site.settle(site.lab.ready, READY_LIMIT_MS, 'the cluster is ready');
  const bootSeconds = (performance.now() - startMs) / 1_000;
  const bootLabMs = simulation.nowMs;
  const idleSeconds = await secondsOf(() => simulation.run(IDLE_MS));
  const before = { ...simulation.counts, nowMs: simulation.nowMs };
  const loadSeconds = await secondsOf(() => load(atTheKeyboard(site)));
  return {
    'fresh boot to ready, lab s': bootLabMs / 1_000,
    'fresh boot to ready, real s': bootSeconds,
    'idle, lab s per s': IDLE_MS / 1_000 / idleSeconds,
    'under load, lab s per s': (simulation.nowMs - before.nowMs) / 1_000 / loadSeconds,
    'under load, frames per s': (simulation.counts.frames - before.frames) / loadSeconds,
  };
}

async function etcdFigures(at: number): Promise<Figures> {
  const startMs = performance.now();
  const { labMs, frames, instants, operations } = await runEtcd(`bench ${at}`);
  const seconds = (performance.now() - startMs) / 1_000;
  return {
    'lab s per s': labMs / 1_000 / seconds,
    'events (frames and instants) per s': (frames + instants) / seconds,
    'client operations per s': operations / seconds,
    'seeds per minute': 60 / seconds,
  };
}

/** Processor time of a whole cluster, all its machines in one thread, until a Deployment of so many pods is Ready. */
async function deploymentFigures(pods: number, spec: Partial<ClusterSpec>, at: number): Promise<Figures> {
  const site = await simulatedLab(`deployment ${pods} ${at}`, spec);
  await site.settle(site.lab.ready, READY_LIMIT_MS, 'the cluster is ready');
  await site.simulation.run(SETTLING_MS);
  const student = atTheKeyboard(site);
  const before = process.cpuUsage();
  const startMs = site.simulation.nowMs;
  await student.sh(`kubectl create deployment bench --image=nginx:1.27 --replicas=${pods}`);
  await student.eventually('every pod is ready', READY_LIMIT_MS, async () => {
    const deployment = await student.read('/apis/apps/v1/namespaces/default/deployments/bench');
    return deployment?.status?.readyReplicas === pods;
  });
  const { user, system } = process.cpuUsage(before);
  return {
    'until Ready, processor s': (user + system) / 1e6,
    'until Ready, processor ms per pod': (user + system) / 1e3 / pods,
    'until Ready, lab s': (site.simulation.nowMs - startMs) / 1_000,
  };
}

const ETCD_SEEDS = 50;

/** The real members on one virtual time, with the checks after every event and the judgement of the histories. */
async function etcdCoreFigures(at: number): Promise<Figures> {
  const [startMs, startSeconds] = [performance.now(), processorSeconds()];
  let events = 0;
  for (let seed = 0; seed < ETCD_SEEDS; seed++) events += (await runEtcdCore(`bench ${at}/${seed}`)).events;
  const seconds = (performance.now() - startMs) / 1_000;
  return {
    'events per s, everything checked': events / seconds,
    'events per s of processor time': events / (processorSeconds() - startSeconds),
    'seeds per minute': (60 * ETCD_SEEDS) / seconds,
  };
}

const RAFT_EVENTS = 200_000;

function raftFigures(at: number): Figures {
  const simulation = new RaftClusterSimulation(1_000 + at);
  const [startMs, startSeconds] = [performance.now(), processorSeconds()];
  const { events } = simulation.run(RAFT_EVENTS);
  return {
    'events per s, invariants checked': events / ((performance.now() - startMs) / 1_000),
    'events per s of processor time': events / (processorSeconds() - startSeconds),
  };
}

/** In the order in which they are printed. */
export const simulationBenchmarks: readonly Benchmark[] = [
  { name: 'raft core of etcd, five members under faults', run: raftFigures },
  { name: 'etcd alone, members and clients under faults', run: etcdCoreFigures },
  { name: 'etcd alone as programs on machines, over wires', run: etcdFigures },
  { name: 'cluster 1+1 in simulation', run: (at) => clusterFigures({ controlPlanes: 1, workers: 1 }, at) },
  { name: 'cluster 3+3 in simulation', run: (at) => clusterFigures({ controlPlanes: 3, workers: 3 }, at) },
  { name: 'deployment of 100 pods in simulation', run: (at) => deploymentFigures(100, { controlPlanes: 3, workers: 3 }, at) },
  // A node takes 110 pods.
  { name: 'deployment of 500 pods in simulation', run: (at) => deploymentFigures(500, { controlPlanes: 3, workers: 5 }, at) },
];
