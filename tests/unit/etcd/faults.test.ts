import { describe, expect, it } from 'vitest';
import { createEtcdCluster, memberName, type EtcdCluster } from './etcd-cluster.ts';

interface Write {
  readonly key: string;
  readonly value: string;
  revision: number | undefined;
}

/** Clients write unique values to unique keys through all members, as fast as answers come, for as long as `isOn`. */
function writers(cluster: EtcdCluster, members: readonly number[], isOn: () => boolean): { readonly writes: Write[]; readonly done: Promise<unknown> } {
  const writes: Write[] = [];
  const write = async (member: number): Promise<void> => {
    for (let at = 0; isOn(); at++) {
      const attempt: Write = { key: `w/${member}/${at}`, value: `${member}.${at}`, revision: undefined };
      writes.push(attempt);
      try {
        attempt.revision = (await cluster.client(member).put({ key: attempt.key, value: attempt.value }, { timeoutMs: 800 })).header.revision;
      } catch (error) {
        // Whether it took effect is not known; it may not be acknowledged.
        attempt.revision = error instanceof Error ? undefined : 0;
      }
      await cluster.workstation.clock.sleep(20);
    }
  };
  return { writes, done: Promise.all(members.map(write)) };
}

/** Members lose power, freeze and are cut off at random, while clients write; then all is healed and everything acknowledged must be there. */
async function ordeal(seed: string, rounds: number): Promise<{ acknowledged: number; powerCuts: number }> {
  const cluster = await createEtcdCluster(3, seed, ['--snapshot-count=40', '--experimental-snapshot-catchup-entries=10']);
  const { simulation } = cluster;
  const random = simulation.random.fork('ordeal');
  await cluster.leader();
  let isOn = true;
  const { writes, done } = writers(cluster, [1, 2, 3], () => isOn);
  const off = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const victim = 1 + random.below(3);
    const name = memberName(victim);
    const kind = random.below(4);
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
    } else {
      simulation.heal();
      for (const at of [1, 2, 3]) simulation.machine(memberName(at))?.signal(undefined, 'CONT');
    }
    await simulation.run(100 + random.below(2_500));
  }
  simulation.heal();
  for (const at of [1, 2, 3]) simulation.machine(memberName(at))?.signal(undefined, 'CONT');
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
  for (const { key, value, revision } of acknowledged) expect(held.get(key), `${seed}: ${key}`).toMatchObject({ value, modRevision: revision, version: 1 });
  return { acknowledged: acknowledged.length, powerCuts: simulation.counts.powerCuts };
}

describe('a cluster whose members lose power, freeze and are cut off', () => {
  it('keeps every acknowledged write at its revision, and all members agree', async () => {
    for (const seed of ['ordeal 1', 'ordeal 2', 'ordeal 3', 'ordeal 4']) {
      const { acknowledged } = await ordeal(seed, 25);
      expect(acknowledged).toBeGreaterThan(50);
    }
  });

  it('lives the same life again with the same seed', async () => {
    const lives = [];
    for (let life = 0; life < 2; life++) lives.push(await ordeal('twice', 12));
    expect(lives[0]).toEqual(lives[1]);
  });
});
