/**
 * What must hold of a whole cluster at every moment, whatever befalls it: one etcd leader per term, commit indexes that never go back
 * in a life, one acting scheduler and one acting controller manager, each pod's container running at most once, nobody but API servers
 * connected to etcd's client port.
 */
import type { Machine } from '#host';
import { API_SERVER_CLIENT, clientsOn } from './members.ts';
import type { Student } from './student.ts';

/** Thrown when a cluster breaks a promise. */
export class BrokenPromise extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'BrokenPromise';
  }
}

/** Watches a cluster. */
export interface ClusterInvariants {
  /** Terms in which somebody was seen to lead. */
  readonly elections: number;
  readonly looks: number;
  /** Looks at every machine now; throws BrokenPromise. */
  look(): void;
}

interface RaftFacts {
  readonly term: number;
  readonly commit: number;
}

interface KnownMember {
  readonly pid: number;
  /** What its predecessor said last, and the machine still repeats until this process speaks. */
  readonly stale: RaftFacts | undefined;
  said: RaftFacts | undefined;
}

/** What the containerd of a machine has on record about a container. */
interface RecordedContainer {
  readonly id: string;
  readonly pid: number;
  readonly state: string;
  readonly config: { readonly metadata: { readonly name: string }; readonly labels: Readonly<Record<string, string>> };
}

const CONTAINERS = '/var/lib/containerd/io.containerd.grpc.v1.cri/containers';
const ELECTED = ['kube-scheduler', 'kube-controller-manager'] as const;

const must = (holds: boolean, text: () => string): void => {
  if (!holds) throw new BrokenPromise(text());
};

/** Containers whose process lives, as `pod uid/container`. */
function runningContainers(machine: Machine): string[] {
  const { files, kernel } = machine;
  if (!files.stat(CONTAINERS)) return [];
  const alive = new Set(kernel.processes().map(({ pid }) => pid));
  const running: string[] = [];
  for (const name of files.list(CONTAINERS)) {
    const text = files.readText(`${CONTAINERS}/${name}`);
    if (!text.includes('CONTAINER_RUNNING')) continue;
    const record = JSON.parse(text) as RecordedContainer;
    const { labels, metadata } = record.config;
    if (alive.has(record.pid))
      running.push(
        `${labels['io.kubernetes.pod.namespace']}/${labels['io.kubernetes.pod.name']} ${labels['io.kubernetes.pod.uid']}/${metadata.name}`,
      );
  }
  return running;
}

/** An observer of `student`'s cluster. */
export function clusterInvariants({ simulation, lab }: Student, names: readonly string[]): ClusterInvariants {
  const leaders = new Map<number, string>();
  const members = new Map<string, KnownMember>();
  /** The process that was last seen not to lead, or to begin to lead, by machine and component; facts of a dead one stay behind it. */
  const claims = new Map<string, { pid: number; wasCleared: boolean }>();
  let looks = 0;
  const processOf = (machine: Machine, component: string) => machine.kernel.processes().find((process) => process.component === component);
  const factsOf = (machine: Machine, component: string) => machine.recorder.components().find(({ name }) => name === component)?.facts;

  lab.on('raft', ({ machine, role, term }) => {
    if (role !== 'leader') return;
    const before = leaders.get(term);
    must(before === undefined || before === machine, () => `${before} and ${machine} both led etcd's term ${term}`);
    leaders.set(term, machine);
  });

  const lookAtMember = (machine: Machine): void => {
    const process = processOf(machine, 'etcd');
    const raft = factsOf(machine, 'etcd')?.raft;
    if (!process || !raft) return;
    const life = `${machine.name}/${machine.facts.bootId}`;
    let known = members.get(life);
    if (known?.pid !== process.pid) members.set(life, (known = { pid: process.pid, stale: known && raft, said: undefined }));
    const { said } = known;
    if (raft === known.stale) return;
    must(
      said === undefined || raft.commit >= said.commit,
      () => `the commit index of ${machine.name} went back from ${said!.commit} to ${raft.commit}`,
    );
    must(said === undefined || raft.term >= said.term, () => `the term of ${machine.name} went back from ${said!.term} to ${raft.term}`);
    known.said = raft;
  };
  const lookAtClients = (machine: Machine): void => {
    const stranger = clientsOn(machine).find((name) => name !== API_SERVER_CLIENT);
    must(stranger === undefined, () => `${stranger} is connected to etcd on ${machine.name}`);
  };
  const acts = (machine: Machine, component: string): boolean => {
    const process = processOf(machine, component);
    const key = `${machine.name}/${component}`;
    if (!process) {
      claims.delete(key);
      return false;
    }
    const says = factsOf(machine, component)?.leader === true;
    let claim = claims.get(key);
    // Who is first seen acts as it says: nobody has died here yet.
    if (claim?.pid !== process.pid) claims.set(key, (claim = { pid: process.pid, wasCleared: looks === 1 }));
    if (!says) claim.wasCleared = true;
    return says && claim.wasCleared && process.state === 'running' && !machine.isFrozen;
  };
  return {
    get elections() {
      return leaders.size;
    },
    get looks() {
      return looks;
    },
    look() {
      looks++;
      const on = names.flatMap((name) => simulation.machine(name) ?? []);
      for (const machine of on) {
        lookAtMember(machine);
        lookAtClients(machine);
      }
      for (const component of ELECTED) {
        const acting = on.filter((machine) => acts(machine, component)).map(({ name }) => name);
        must(acting.length <= 1, () => `${acting.join(' and ')} both act as ${component}`);
      }
      const seen = new Map<string, string>();
      for (const machine of on)
        for (const container of runningContainers(machine)) {
          const before = seen.get(container);
          must(before === undefined, () => `${container} runs on ${before} and on ${machine.name}`);
          seen.set(container, machine.name);
        }
    },
  };
}
