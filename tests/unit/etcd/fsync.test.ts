/** How the log reaches the disk: many entries with one write, and what becomes of a member that is told not to wait for it. */
import { describe, expect, it } from 'vitest';
import { createHttpClient } from '#host';
import { addressOf, createEtcdCluster, memberName, type EtcdCluster } from './etcd-cluster.ts';

async function fsyncs(cluster: EtcdCluster): Promise<number> {
  const { network, clock } = cluster.workstation;
  const client = createHttpClient(network, clock, { address: addressOf(1), port: 2381 });
  const reading = client.request({ method: 'GET', path: '/metrics', headers: [] }).then((answer) => answer.text());
  const text = await cluster.settle(reading);
  return Number(/^etcd_disk_wal_fsync_duration_seconds_count (\d+)$/m.exec(text)![1]);
}

const count = async (cluster: EtcdCluster): Promise<number> =>
  (await cluster.settle(cluster.client(1).range({ key: 'key/', rangeEnd: 'key0', countOnly: true }))).count;

async function putMany(cluster: EtcdCluster, amount: number): Promise<void> {
  for (let at = 0; at < amount; at++) await cluster.settle(cluster.client(1).put({ key: `key/${at}`, value: 'v' }));
}

async function powerCycle(cluster: EtcdCluster): Promise<void> {
  cluster.simulation.powerOff(memberName(1));
  await cluster.start(1);
  await cluster.leader();
  // The first call may meet the connection of the life before.
  await cluster.settle(
    cluster
      .client(1)
      .range({ key: 'a' })
      .catch((error: unknown) => error),
  );
  await cluster.simulation.run(500);
}

describe('the log of a member', () => {
  it.each([1, 3])('takes all waiting entries with one write: 64 puts in flight need a few (%i members)', async (members) => {
    const cluster = await createEtcdCluster(members, `group commit ${members}`);
    const leader = await cluster.leader();
    const client = cluster.client(leader);
    await cluster.settle(client.put({ key: 'warm', value: 'up' }));
    const before = await fsyncs(cluster);
    const puts = 640;
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < puts) await client.put({ key: `key/${next++}`, value: 'x'.repeat(1_024) });
    };
    await cluster.settle(Promise.all(Array.from({ length: 64 }, worker)));
    const writes = (await fsyncs(cluster)) - before;
    expect(writes).toBeGreaterThanOrEqual(puts / 64);
    expect(puts / writes).toBeGreaterThan(16);
  });
});

describe('a member with --unsafe-no-fsync', () => {
  it('acknowledges at once, loses the last seconds to a power cut, and keeps what is older', async () => {
    const cluster = await createEtcdCluster(1, 'no fsync', ['--unsafe-no-fsync']);
    await cluster.leader();
    await putMany(cluster, 10);
    await cluster.simulation.run(8_000);
    for (let at = 10; at < 20; at++) await cluster.settle(cluster.client(1).put({ key: `key/${at}`, value: 'v' }));
    expect(await count(cluster)).toBe(20);
    await powerCycle(cluster);
    expect(await count(cluster)).toBe(10);
  });

  it('loses nothing when only its process dies', async () => {
    const cluster = await createEtcdCluster(1, 'no fsync kill', ['--unsafe-no-fsync']);
    await cluster.leader();
    await putMany(cluster, 10);
    cluster.children.get(1)!.kill('KILL');
    await cluster.simulation.run(100);
    await cluster.start(1);
    await cluster.leader();
    await cluster.settle(
      cluster
        .client(1)
        .range({ key: 'a' })
        .catch((error: unknown) => error),
    );
    expect(await count(cluster)).toBe(10);
  });

  it('is what the switch does: without it nothing that was acknowledged is lost', async () => {
    const cluster = await createEtcdCluster(1, 'fsync');
    await cluster.leader();
    await putMany(cluster, 10);
    await powerCycle(cluster);
    expect(await count(cluster)).toBe(10);
  });
});
