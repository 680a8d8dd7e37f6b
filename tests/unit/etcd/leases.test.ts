import { describe, expect, it } from 'vitest';
import { createEtcdCluster, memberName } from './etcd-cluster.ts';

describe('a lease', () => {
  it('takes its keys with it when it ends, all in one revision and no earlier than its TTL', async () => {
    const cluster = await createEtcdCluster(1, 'lease');
    const client = cluster.client(1);
    const lease = await cluster.settle(client.leaseGrant({ ttl: 5 }));
    expect(lease.ttl).toBe(5);
    for (const key of ['a', 'b', 'c']) await cluster.settle(client.put({ key, value: 'v', lease: lease.id }));
    await cluster.settle(client.put({ key: 'b', value: 'kept' }));
    const left = await cluster.settle(client.leaseTimeToLive({ id: lease.id, keys: true }));
    expect(left).toMatchObject({ grantedTtl: 5, keys: ['a', 'c'] });
    await cluster.simulation.run(4_500);
    expect((await cluster.settle(client.range({ key: 'a' }))).count).toBe(1);
    await cluster.simulation.run(2_000);
    const after = await cluster.settle(client.range({ key: 'a', rangeEnd: 'd' }));
    expect(after.kvs.map(({ key }) => key)).toEqual(['b']);
    expect(after.header.revision).toBe(6);
    expect((await cluster.settle(client.leaseTimeToLive({ id: lease.id }))).ttl).toBe(-1);
    await expect(cluster.settle(client.put({ key: 'a', value: 'v', lease: lease.id }))).rejects.toMatchObject({
      code: 'NotFound',
      message: 'etcdserver: requested lease not found',
    });
  });

  it('lives on while it is kept alive through any member, and ends when that stops', async () => {
    const cluster = await createEtcdCluster(3, 'keep alive');
    const leader = await cluster.leader();
    const follower = [1, 2, 3].find((at) => at !== leader)!;
    const lease = await cluster.settle(cluster.client(follower).leaseGrant({ ttl: 3 }));
    await cluster.settle(cluster.client(follower).put({ key: 'a', value: 'v', lease: lease.id }));
    const keeper = cluster.client(follower).keepLease(lease.id, lease.ttl);
    await cluster.simulation.run(20_000);
    expect((await cluster.settle(cluster.client(follower).range({ key: 'a' }))).count).toBe(1);
    keeper.stop();
    await cluster.simulation.run(6_000);
    expect((await cluster.settle(cluster.client(follower).range({ key: 'a' }))).count).toBe(0);
    expect((await cluster.settle(cluster.client(follower).leaseKeepAliveOnce({ id: lease.id }))).ttl).toBe(0);
  });

  it('gets its full TTL again from a new leader', async () => {
    const cluster = await createEtcdCluster(3, 'new leader');
    const leader = await cluster.leader();
    const others = [1, 2, 3].filter((at) => at !== leader);
    const lease = await cluster.settle(cluster.client(leader).leaseGrant({ ttl: 10 }));
    await cluster.simulation.run(8_000);
    cluster.simulation.powerOff(memberName(leader));
    await cluster.leader(...others);
    const left = await cluster.settle(cluster.client(others[0]!).leaseTimeToLive({ id: lease.id }));
    expect(left.ttl).toBeGreaterThanOrEqual(8);
    await cluster.simulation.run(13_000);
    expect((await cluster.settle(cluster.client(others[0]!).leaseTimeToLive({ id: lease.id }))).ttl).toBe(-1);
  });

  it('has a TTL of at least one and a half elections', async () => {
    const cluster = await createEtcdCluster(1, 'least');
    expect((await cluster.settle(cluster.client(1).leaseGrant({ ttl: 1 }))).ttl).toBe(2);
    await expect(cluster.settle(cluster.client(1).leaseGrant({ ttl: 9_000_000_001 }))).rejects.toThrow('etcdserver: too large lease TTL');
    await cluster.settle(cluster.client(1).leaseGrant({ ttl: 60, id: 'abc' }));
    await expect(cluster.settle(cluster.client(1).leaseGrant({ ttl: 60, id: 'abc' }))).rejects.toThrow('etcdserver: lease already exists');
  });
});
