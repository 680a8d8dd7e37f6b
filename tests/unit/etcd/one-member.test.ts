import { describe, expect, it } from 'vitest';
import { createEtcdCluster } from './etcd-cluster.ts';

describe('a cluster of one member', () => {
  it('serves puts, reads and deletes, each change one revision', async () => {
    const cluster = await createEtcdCluster(1, 'one');
    const client = cluster.client(1);
    const put = await cluster.settle(client.put({ key: 'a', value: '1' }));
    const again = await cluster.settle(client.put({ key: 'a', value: '2', prevKv: true }));
    expect(again.header.revision).toBe(put.header.revision + 1);
    expect(again.prevKv?.value).toBe('1');
    const read = await cluster.settle(client.range({ key: 'a' }));
    expect(read.kvs).toEqual([
      { key: 'a', value: '2', createRevision: put.header.revision, modRevision: again.header.revision, version: 2, lease: '0' },
    ]);
    const gone = await cluster.settle(client.deleteRange({ key: 'a' }));
    expect(gone.deleted).toBe(1);
    expect((await cluster.settle(client.range({ key: 'a' }))).count).toBe(0);
  });

  it('has everything back after a power cut', async () => {
    const cluster = await createEtcdCluster(1, 'power cut');
    for (let at = 0; at < 20; at++) await cluster.settle(cluster.client(1).put({ key: `k${at}`, value: String(at) }));
    cluster.simulation.powerOff('etcd-1');
    await cluster.start(1);
    const read = await cluster.settle(cluster.client(1).range({ key: 'k', rangeEnd: 'l' }));
    expect(read.count).toBe(20);
    expect(read.header.revision).toBe(21);
  });

  it('shows what it is, and that its space is used up', async () => {
    const cluster = await createEtcdCluster(1, 'shown');
    const state = (): string | undefined =>
      cluster.simulation
        .machine('etcd-1')!
        .takeTelemetry()
        .components.find(({ name }) => name === 'etcd')?.state;
    const { header } = await cluster.settle(cluster.client(1).put({ key: 'a', value: '1' }));
    expect(state()).toBe('serving.leader');
    await cluster.settle(cluster.client(1).alarm({ action: 'ACTIVATE', memberId: header.memberId, alarm: 'NOSPACE' }));
    await cluster.simulation.run(200);
    expect(state()).toBe('no-space');
    await cluster.settle(cluster.client(1).alarm({ action: 'DEACTIVATE' }));
    await cluster.simulation.run(200);
    expect(state()).toBe('serving.leader');
  });
});
