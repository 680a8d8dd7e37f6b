/**
 * etcd alone from a seed: members on machines with nothing else, clients that read, write, compare and watch, faults drawn from the seed.
 * Checked: one leader per term, terms and commits of a life never go back, histories are linearizable, watches keep their promises,
 * members agree, acknowledged writes stay. Far faster than whole clusters, so it sees far more seeds.
 */
import type { EtcdClient } from '#etcd/client';
import type { Random } from '#host';
import { createEtcdCluster, memberName, type EtcdCluster } from '../unit/etcd/etcd-cluster.ts';
import { BrokenPromise } from './cluster-invariants.ts';
import { checkLinearizable, register, type Operation, type RegisterAction } from './linearizability.ts';
import { checkWatch, type WatchEvent, type WatchResponse } from './watch-guarantees.ts';

/** What became of a seed. */
export interface EtcdReport {
  readonly seed: string;
  readonly members: number;
  readonly labMs: number;
  readonly instants: number;
  readonly frames: number;
  readonly lostFrames: number;
  readonly crashesInWrite: number;
  readonly elections: number;
  readonly snapshots: number;
  readonly operations: number;
  readonly watched: number;
  readonly trace: string;
}

const KEYS = 4;
const LIMITS = { timeoutMs: 1_500 };
const HEAL_MS = 15_000;

interface Observed {
  readonly leaders: Map<number, string>;
  snapshots: number;
  /** Called after each telemetry of a member. */
  listen(): void;
}

/** Follows what members say of themselves; a new life or process begins with nothing said. */
function observe(cluster: EtcdCluster, members: readonly number[]): Observed {
  const heard = new WeakSet();
  const observed: Observed = {
    leaders: new Map(),
    snapshots: 0,
    listen() {
      for (const at of members) {
        const machine = cluster.simulation.machine(memberName(at));
        if (!machine || heard.has(machine)) continue;
        heard.add(machine);
        machine.onTelemetry(() => {
          for (const { message } of machine.takeTelemetry().logs) if (message.startsWith('saved snapshot')) observed.snapshots++;
          const raft = machine.recorder.components().find(({ name }) => name === 'etcd')?.facts.raft;
          if (raft?.role !== 'leader') return;
          const before = observed.leaders.get(raft.term);
          if (before !== undefined && before !== machine.name)
            throw new BrokenPromise(`${before} and ${machine.name} both led term ${raft.term}`);
          observed.leaders.set(raft.term, machine.name);
        });
      }
    },
  };
  return observed;
}

interface Clients {
  readonly history: Operation<RegisterAction>[];
  /** Every write that was acknowledged, by key and value, at its revision. */
  readonly acknowledged: { readonly key: string; readonly value: string; readonly revision: number }[];
  readonly done: Promise<unknown>;
}

/** One client's next operation; its outcome goes into the history. */
async function operate(etcd: EtcdClient, random: Random, value: string, stamp: () => number, clients: Clients): Promise<void> {
  const { history, acknowledged } = clients;
  const key = `r/${random.below(KEYS)}`;
  const call = stamp();
  const note = (action: RegisterAction, isKnown: boolean): void =>
    void history.push({ key, call, ret: isKnown ? stamp() : undefined, action });
  const kind = random.below(4);
  if (kind <= 1) {
    await etcd.put({ key, value }, LIMITS).then(
      ({ header }) => {
        note({ op: 'put', value }, true);
        acknowledged.push({ key, value, revision: header.revision });
      },
      () => note({ op: 'put', value }, false),
    );
  } else if (kind === 2) {
    // A read without an answer says nothing.
    await etcd.range({ key }, LIMITS).then(
      ({ kvs }) => note({ op: 'get', out: kvs[0]?.value ?? null }, true),
      (error: unknown) => error,
    );
  } else {
    const seen = history.findLast((operation) => operation.key === key && operation.action.op === 'put')?.action as
      { value: string } | undefined;
    const action = { op: 'cas', expect: seen?.value ?? 'never', value } as const;
    await etcd
      .txn(
        { compare: [{ key, target: 'VALUE', result: 'EQUAL', value: action.expect }], success: [{ put: { key, value } }], failure: [] },
        LIMITS,
      )
      .then(
        (answer) => {
          note({ ...action, isDone: answer.succeeded }, true);
          if (answer.succeeded) acknowledged.push({ key, value, revision: answer.header.revision });
        },
        () => note({ ...action, isDone: true }, false),
      );
  }
}

function startClients(cluster: EtcdCluster, members: readonly number[], isOn: () => boolean): Clients {
  let sequence = 0;
  // One thread, one order: what is called after another's return has the higher stamp.
  const stamp = (): number => ++sequence;
  const client = async (member: number, number: number): Promise<void> => {
    const random = cluster.simulation.random.fork(`client/${number}`);
    const etcd = cluster.client(member);
    for (let count = 0; isOn(); count++) {
      await operate(etcd, random, `${number}.${count}`, stamp, clients);
      await cluster.workstation.clock.sleep(20 + random.below(80));
    }
  };
  const clients: { -readonly [part in keyof Clients]: Clients[part] } = { history: [], acknowledged: [], done: Promise.resolve() };
  clients.done = Promise.all([...members, ...members.slice(0, 2)].map(client));
  return clients;
}

const eventOf = (event: {
  readonly type: 'PUT' | 'DELETE';
  readonly kv: { readonly key: string; readonly value: string; readonly modRevision: number; readonly version: number };
}): WatchEvent => ({
  rev: event.kv.modRevision,
  type: event.type === 'PUT' ? 'put' : 'delete',
  key: event.kv.key,
  ...(event.type === 'PUT' ? { value: event.kv.value, create: event.kv.version === 1 } : {}),
});

interface Watched {
  readonly responses: WatchResponse[];
  readonly done: Promise<unknown>;
}

/** A watch of all registers through one member, taken up again after the last revision whenever it breaks. */
function startWatch(cluster: EtcdCluster, member: number, isOn: () => boolean): Watched {
  const responses: WatchResponse[] = [];
  let next = 2;
  const follow = async (): Promise<void> => {
    const watch = await cluster.client(member).watch({ key: 'r/', rangeEnd: 'r0', startRevision: next, progressNotify: true }, LIMITS);
    for (let response = await watch.receive(); response && isOn(); response = await watch.receive()) {
      if (response.events.length > 0) {
        responses.push({ events: response.events.map(eventOf) });
        next = response.events.at(-1)!.kv.modRevision + 1;
      }
    }
    watch.cancel();
  };
  const done = (async () => {
    while (isOn()) {
      await follow().catch((error: unknown) => error);
      await cluster.workstation.clock.sleep(100);
    }
  })();
  return { responses, done };
}

interface Ordeal {
  /** Members that died in the middle of a write. */
  readonly crashesInWrite: number;
  readonly off: Set<number>;
  next(): Promise<void>;
  heal(): Promise<void>;
}

/** Faults of a seed. Members whose process was killed or whose machine was cut off the power are started again by a later step. */
function ordeal(cluster: EtcdCluster, members: readonly number[], random: Random): Ordeal {
  const { simulation } = cluster;
  const kinds = ['power', 'kill', 'partition', 'oneWay', 'freeze', 'badLink', 'slowDisk', 'heal'].filter(
    (kind) => kind === 'heal' || random.next() < 0.6,
  );
  const off = new Set<number>();
  const thaw = (): void => {
    for (const at of members) {
      simulation.machine(memberName(at))?.signal(undefined, 'CONT');
      simulation.disk(memberName(at)).setFault('none');
    }
    simulation.heal();
  };
  let crashesInWrite = 0;
  /** Most deaths come in the middle of a write, where they hurt. */
  const untilWriting = async (name: string): Promise<void> => {
    const isWriting = (): boolean => simulation.disk(name).underWayCount > 0;
    if (random.next() < 0.8) await simulation.until(isWriting, 300, 'a write').catch((error: unknown) => error);
    if (isWriting()) crashesInWrite++;
  };
  const befall: Record<string, (at: number, name: string) => unknown> = {
    power: async (at, name) => {
      off.add(at);
      await untilWriting(name);
      simulation.powerOff(name);
    },
    kill: async (at, name) => {
      off.add(at);
      await untilWriting(name);
      cluster.children.get(at)?.kill('KILL');
    },
    partition: (at, name) => simulation.partition([name], members.filter((other) => other !== at).map(memberName)),
    oneWay: (_, name) => simulation.setLink(name, memberName(members[random.below(members.length)]!), { down: true }),
    freeze: (_, name) => void simulation.machine(name)?.signal(undefined, 'STOP'),
    badLink: (_, name) =>
      simulation.setLink(name, memberName(members[random.below(members.length)]!), {
        latencyMs: random.below(200),
        jitterMs: random.below(200),
        loss: random.next() * 0.4,
      }),
    slowDisk: (_, name) => simulation.disk(name).setFault('slow'),
    heal: thaw,
  };
  return {
    off,
    get crashesInWrite() {
      return crashesInWrite;
    },
    async next() {
      const at = members[random.below(members.length)]!;
      if (off.delete(at)) await cluster.start(at);
      else await befall[kinds[random.below(kinds.length)]!]!(at, memberName(at));
    },
    async heal() {
      thaw();
      for (const at of off) await cluster.start(at);
      off.clear();
    },
  };
}

/** All members hold the same; every acknowledged write is in the history of revisions; the watches saw that history. */
async function judge(
  seed: string,
  cluster: EtcdCluster,
  members: readonly number[],
  clients: Clients,
  watches: readonly Watched[],
): Promise<void> {
  const hashes = [];
  for (const at of members) hashes.push(await cluster.settle(cluster.client(at).hashKv({})));
  const agreed = new Set(hashes.map(({ hash, hashRevision }) => `${hashRevision}/${hash}`));
  if (agreed.size !== 1) throw new BrokenPromise(`${seed}: members differ: ${[...agreed].join(', ')}`);
  const history: WatchEvent[] = [];
  const whole = await cluster.settle(cluster.client(members[0]!).watch({ key: 'r/', rangeEnd: 'r0', startRevision: 2 }));
  const last = hashes[0]!.hashRevision;
  for (let rev = 1; rev < last;) {
    const response = await cluster.settle(whole.receive());
    if (!response) throw new BrokenPromise(`${seed}: the history ended at revision ${rev}`);
    history.push(...response.events.map(eventOf));
    rev = history.at(-1)?.rev ?? last;
  }
  const made = new Set(history.map(({ rev, key, value }) => `${rev} ${key}=${value}`));
  for (const { key, value, revision } of clients.acknowledged)
    if (!made.has(`${revision} ${key}=${value}`))
      throw new BrokenPromise(`${seed}: ${key}=${value} was acknowledged at revision ${revision} and is not there`);
  for (const { responses } of watches) {
    const violation = checkWatch(history, { prefix: 'r/', startRevision: 2 }, responses);
    if (violation) throw new BrokenPromise(`${seed}: a watch was not ${violation.guarantee}: ${violation.text}`);
  }
  const { verdict, key } = checkLinearizable(clients.history, register);
  if (verdict !== 'legal') throw new BrokenPromise(`${seed}: the history of ${key} is ${verdict}`);
}

/** Runs a seed of `rounds` faults. Rejects with BrokenPromise, or with what did not happen in time. */
export async function runEtcd(seed: string, rounds = 12): Promise<EtcdReport> {
  const size = seed.length % 4 === 0 ? 5 : 3;
  const cluster = await createEtcdCluster(size, seed, ['--snapshot-count=40', '--experimental-snapshot-catchup-entries=10']);
  const { simulation } = cluster;
  const members = Array.from({ length: size }, (_, at) => at + 1);
  const observed = observe(cluster, members);
  observed.listen();
  await cluster.leader();
  let isOn = true;
  const clients = startClients(cluster, members, () => isOn);
  const watches = members.map((member) => startWatch(cluster, member, () => isOn));
  const random = simulation.random.fork('ordeal');
  const faults = ordeal(cluster, members, random);
  for (let round = 0; round < rounds; round++) {
    await faults.next();
    observed.listen();
    await simulation.run(50 + random.below(2_000));
  }
  await faults.heal();
  observed.listen();
  await simulation.run(HEAL_MS);
  isOn = false;
  await cluster.settle(clients.done, 60_000);
  await cluster.leader();
  // One write more, so that waiting watches wake up and end.
  await cluster.settle(cluster.client(members[0]!).put({ key: 'r/end', value: 'end' }, { timeoutMs: 10_000 }));
  await cluster.settle(Promise.all(watches.map(({ done }) => done)), 60_000);
  await simulation.run(2_000);
  await judge(seed, cluster, members, clients, watches);
  const { instants, frames, lostFrames } = simulation.counts;
  const { crashesInWrite } = faults;
  const watched = watches.reduce((sum, { responses }) => sum + responses.length, 0);
  return {
    seed,
    members: size,
    labMs: Math.round(simulation.nowMs),
    instants,
    frames,
    lostFrames,
    crashesInWrite,
    elections: observed.leaders.size,
    snapshots: observed.snapshots,
    operations: clients.history.length,
    watched,
    trace: simulation.trace.value,
  };
}
