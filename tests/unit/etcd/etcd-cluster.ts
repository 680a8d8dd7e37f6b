/** A cluster of etcd members on simulated machines, with plain-text ports, and a client on a machine of its own. */
import { createEtcdClient, type EtcdClient } from '#etcd/client';
import { etcd } from '#etcd';
import type { etcd as etcdWire } from '#contracts';
import type { Child, Process } from '#host';
import { createSimulation, type Simulation } from '#host/simulated';

export const addressOf = (at: number): string => `10.0.0.${10 + at}`;
export const memberName = (at: number): string => `etcd-${at}`;

export interface EtcdCluster {
  readonly simulation: Simulation;
  /** Process of the client's machine. */
  readonly workstation: Process;
  readonly children: Map<number, Child>;
  /** Starts the etcd process on machine `at`, which is powered on if it is off. */
  start(at: number, flags?: readonly string[]): Promise<void>;
  /** The flags member `at` is started with. */
  flags(at: number, initial: readonly number[], state?: 'new' | 'existing'): string[];
  client(...members: number[]): EtcdClient;
  /** Runs until the promise has settled. */
  settle<T>(promise: Promise<T>, limitMs?: number): Promise<T>;
  /** Number of the member that leads, as the members themselves say; waits for one. */
  leader(...members: number[]): Promise<number>;
}

const isStatus = (answer: unknown): answer is etcdWire.StatusResponse =>
  typeof answer === 'object' && answer !== null && 'leader' in answer;

const turn = (run: () => void): void => void setImmediate(run);

export async function createEtcdCluster(size: number, seed: string, extraFlags: readonly string[] = []): Promise<EtcdCluster> {
  const simulation = createSimulation({ seed, turn });
  const initial = Array.from({ length: size }, (_, at) => at + 1);
  const children = new Map<number, Child>();
  const machine = await simulation.powerOn({ name: 'workstation', address: '10.0.0.9', zone: 'a' });
  const workstation = await new Promise<Process>((resolve) => {
    machine.spawn(
      (process) => {
        resolve(process);
        return new Promise(() => undefined);
      },
      { name: 'client' },
    );
  });
  const clients = new Map<string, EtcdClient>();
  const cluster: EtcdCluster = {
    simulation,
    workstation,
    children,
    flags: (at, members, state = 'new') => [
      `--name=${memberName(at)}`,
      '--data-dir=/var/lib/etcd',
      `--initial-advertise-peer-urls=http://${addressOf(at)}:2380`,
      `--listen-peer-urls=http://${addressOf(at)}:2380`,
      `--listen-client-urls=http://127.0.0.1:2379,http://${addressOf(at)}:2379`,
      `--advertise-client-urls=http://${addressOf(at)}:2379`,
      `--initial-cluster=${members.map((member) => `${memberName(member)}=http://${addressOf(member)}:2380`).join(',')}`,
      `--initial-cluster-state=${state}`,
      '--listen-metrics-urls=http://0.0.0.0:2381',
      ...extraFlags,
    ],
    async start(at, flags = cluster.flags(at, initial)) {
      const name = memberName(at);
      const host = simulation.machine(name) ?? (await simulation.powerOn({ name, address: addressOf(at), zone: 'a' }));
      children.set(at, host.spawn(etcd, { name: 'etcd', argv: flags, component: 'etcd' }));
    },
    client(...members) {
      const key = members.join();
      const present = clients.get(key);
      if (present) return present;
      const { network, clock, random } = workstation;
      const made = createEtcdClient({
        network,
        clock,
        random: random.fork(key),
        endpoints: members.map((member) => `http://${addressOf(member)}:2379`),
        dialTimeoutMs: 2_000,
      });
      clients.set(key, made);
      return made;
    },
    settle: (promise, limitMs = 60_000) => simulation.settle(promise, limitMs, 'the call ends'),
    async leader(...members) {
      for (;;) {
        for (const at of members.length > 0 ? members : initial) {
          const status = await cluster.settle(
            cluster
              .client(at)
              .status({}, { timeoutMs: 3_000 })
              .catch((error: unknown) => error),
          );
          if (isStatus(status) && status.leader !== '0' && status.leader === status.header.memberId) return at;
        }
        await simulation.run(200);
      }
    },
  };
  for (const at of initial) await cluster.start(at);
  return cluster;
}
