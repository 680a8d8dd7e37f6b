import { describe, expect, it } from 'vitest';
import { checkLinearizable, register, type Operation, type RegisterAction } from '../../simulation/linearizability.ts';
import { createEtcdCluster, memberName, type EtcdCluster } from './etcd-cluster.ts';

interface Write {
  readonly key: string;
  readonly value: string;
  revision: number | undefined;
}

/** Clients write unique values to unique keys through all members, as fast as answers come, for as long as `isOn`. */
function writers(
  cluster: EtcdCluster,
  members: readonly number[],
  isOn: () => boolean,
): { readonly writes: Write[]; readonly done: Promise<unknown> } {
  const writes: Write[] = [];
  const write = async (member: number): Promise<void> => {
    for (let at = 0; isOn(); at++) {
      const attempt: Write = { key: `w/${member}/${at}`, value: `${member}.${at}`, revision: undefined };
      writes.push(attempt);
      try {
        attempt.revision = (
          await cluster.client(member).put({ key: attempt.key, value: attempt.value }, { timeoutMs: 800 })
        ).header.revision;
      } catch (error) {
        // Whether it took effect is not known; it may not be acknowledged.
        attempt.revision = error instanceof Error ? undefined : 0;
      }
      await cluster.workstation.clock.sleep(100);
    }
  };
  return { writes, done: Promise.all(members.map(write)) };
}

/** Clients that read, write and compare-and-set a few keys at once, each through its own member; what they saw is a history. */
function registerClients(
  cluster: EtcdCluster,
  members: readonly number[],
  isOn: () => boolean,
): { readonly history: Operation<RegisterAction>[]; readonly done: Promise<unknown> } {
  const history: Operation<RegisterAction>[] = [];
  const limits = { timeoutMs: 800 };
  const client = async (member: number): Promise<void> => {
    const random = cluster.simulation.random.fork(`registers/${member}`);
    const etcd = cluster.client(member);
    for (let at = 0; isOn(); at++) {
      const key = `r/${random.below(4)}`;
      const value = `${member}.${at}`;
      const call = history.length * 2 + cluster.simulation.nowMs * 1_000;
      const note = (action: RegisterAction, isKnown: boolean): void =>
        void history.push({ key, call, ret: isKnown ? cluster.simulation.nowMs * 1_000 + history.length * 2 + 1 : undefined, action });
      const kind = random.below(3);
      if (kind === 0) {
        await etcd.put({ key, value }, limits).then(
          () => note({ op: 'put', value }, true),
          () => note({ op: 'put', value }, false),
        );
      } else if (kind === 1) {
        // A read that failed saw nothing, so it says nothing.
        await etcd.range({ key }, limits).then(
          (answer) => note({ op: 'get', out: answer.kvs[0]?.value ?? null }, true),
          (error: unknown) => error,
        );
      } else {
        const expect = history.findLast((seen) => seen.key === key && seen.action.op === 'put')?.action as { value: string } | undefined;
        const action = { op: 'cas', expect: expect?.value ?? 'never', value } as const;
        const guarded = etcd.txn(
          { compare: [{ key, target: 'VALUE', result: 'EQUAL', value: action.expect }], success: [{ put: { key, value } }], failure: [] },
          limits,
        );
        await guarded.then(
          (answer) => note({ ...action, isDone: answer.succeeded }, true),
          () => note({ ...action, isDone: true }, false),
        );
      }
      await cluster.workstation.clock.sleep(60 + random.below(60));
    }
  };
  return { history, done: Promise.all(members.map(client)) };
}

/** No link and no disk has a fault, and nobody is frozen. */
function healAll({ simulation }: EtcdCluster): void {
  simulation.heal();
  for (const at of [1, 2, 3]) {
    simulation.machine(memberName(at))?.signal(undefined, 'CONT');
    simulation.disk(memberName(at)).setFault('none');
  }
}

/** Members lose power, freeze, have slow disks and are cut off at random, while clients write; then all is healed and everything acknowledged must be there. */
async function ordeal(seed: string, rounds: number): Promise<{ acknowledged: number; operations: number; powerCuts: number }> {
  const cluster = await createEtcdCluster(3, seed, ['--snapshot-count=40', '--experimental-snapshot-catchup-entries=10']);
  const { simulation } = cluster;
  const random = simulation.random.fork('ordeal');
  await cluster.leader();
  let isOn = true;
  const { writes, done: written } = writers(cluster, [1, 2, 3], () => isOn);
  const { history, done: registered } = registerClients(cluster, [1, 2, 3, 1], () => isOn);
  const done = Promise.all([written, registered]);
  const off = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const victim = 1 + random.below(3);
    const name = memberName(victim);
    const kind = random.below(6);
    if (off.has(victim)) {
      off.delete(victim);
      await cluster.start(victim);
    } else if (kind === 0) {
      off.add(victim);
      simulation.powerOff(name);
    } else if (kind === 1) {
      simulation.partition([name], [1, 2, 3].filter((at) => at !== victim).map(memberName));
    } else if (kind === 2) {
      simulation.machine(name)?.signal(undefined, 'STOP');
    } else if (kind === 3) {
      // A slow disk leaves much under way when the power goes.
      simulation.disk(name).setFault('slow');
    } else if (kind === 4) {
      // The whole data centre goes dark, and comes back at once.
      for (const at of [1, 2, 3]) if (!off.has(at)) simulation.powerOff(memberName(at));
      for (const at of [1, 2, 3]) if (!off.has(at)) await cluster.start(at);
    } else {
      healAll(cluster);
    }
    await simulation.run(100 + random.below(2_500));
  }
  healAll(cluster);
  for (const at of off) await cluster.start(at);
  isOn = false;
  await cluster.settle(done, 120_000);
  await simulation.run(12_000);
  await cluster.leader();
  const hashes = [];
  for (const at of [1, 2, 3]) hashes.push(await cluster.settle(cluster.client(at).hashKv({})));
  expect(new Set(hashes.map(({ hash, hashRevision }) => `${hashRevision}/${hash}`)).size, seed).toBe(1);
  const read = await cluster.settle(cluster.client(1).range({ key: 'w/', rangeEnd: 'w0' }));
  const held = new Map(read.kvs.map((kv) => [kv.key, kv]));
  const acknowledged = writes.filter(({ revision }) => revision !== undefined);
  for (const { key, value, revision } of acknowledged)
    expect(held.get(key), `${seed}: ${key}`).toMatchObject({ value, modRevision: revision, version: 1 });
  const verdict = checkLinearizable(history, register);
  expect(verdict.verdict, `${seed}: ${verdict.key}`).toBe('legal');
  return { acknowledged: acknowledged.length, operations: history.length, powerCuts: simulation.counts.powerCuts };
}

describe('a cluster whose members lose power, freeze and are cut off', () => {
  it('keeps every acknowledged write at its revision, all members agree, and histories are linearizable', async () => {
    for (const seed of ['ordeal 1', 'ordeal 2', 'ordeal 3']) {
      const { acknowledged } = await ordeal(seed, 20);
      expect(acknowledged).toBeGreaterThan(10);
    }
  }, 90_000);

  it('lives the same life again with the same seed', async () => {
    const lives = [];
    for (let life = 0; life < 2; life++) lives.push(await ordeal('twice', 12));
    expect(lives[0]).toEqual(lives[1]);
  }, 60_000);
});
