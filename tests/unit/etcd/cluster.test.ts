import { describe, expect, it } from 'vitest';
import type { EtcdCluster } from './etcd-cluster.ts';
import { addressOf, createEtcdCluster, memberName } from './etcd-cluster.ts';

/** Puts a value again and again until it is acknowledged: a request that went to a lost leader, or over a dead connection, is lost with it. */
async function putUntilDone(cluster: EtcdCluster, member: number, key: string, value: string): Promise<void> {
  const put = (): Promise<unknown> =>
    cluster
      .client(member)
      .put({ key, value }, { timeoutMs: 300 })
      .catch((error: unknown) => error);
  for (let attempt = 0, outcome = await cluster.settle(put()); outcome instanceof Error; attempt++, outcome = await cluster.settle(put())) {
    if (attempt > 100) throw outcome;
    await cluster.simulation.run(50);
  }
}

async function putMany(cluster: EtcdCluster, members: readonly number[], from: number, count: number): Promise<void> {
  for (let at = from; at < from + count; at++)
    await putUntilDone(cluster, members[at % members.length]!, `key/${String(at).padStart(4, '0')}`, `value ${at}`);
}

async function hashes(cluster: EtcdCluster, members: readonly number[]): Promise<number[]> {
  await cluster.simulation.run(500);
  const answers = [];
  for (const at of members) answers.push(await cluster.settle(cluster.client(at).hashKv({})));
  expect(new Set(answers.map((answer) => answer.hashRevision)).size).toBe(1);
  return answers.map((answer) => answer.hash);
}

describe('a cluster of three members', () => {
  it('elects one leader, and every member serves writes and linearizable reads', async () => {
    const cluster = await createEtcdCluster(3, 'three');
    await cluster.leader();
    for (const at of [1, 2, 3]) await cluster.settle(cluster.client(at).put({ key: 'last', value: String(at) }));
    for (const at of [1, 2, 3]) expect((await cluster.settle(cluster.client(at).range({ key: 'last' }))).kvs[0]?.value).toBe('3');
    const { members } = await cluster.settle(cluster.client(1).memberList({}));
    expect(members.map(({ name }) => name).sort()).toEqual(['etcd-1', 'etcd-2', 'etcd-3']);
    expect(members.every(({ clientUrls, isLearner }) => clientUrls.length === 1 && !isLearner)).toBe(true);
    expect(new Set(await hashes(cluster, [1, 2, 3])).size).toBe(1);
  });

  it('loses no acknowledged write when the leader loses power, and takes writes again within four election timeouts', async () => {
    const cluster = await createEtcdCluster(3, 'leader power');
    const leader = await cluster.leader();
    const others = [1, 2, 3].filter((at) => at !== leader);
    await putMany(cluster, [leader], 0, 30);
    cluster.simulation.powerOff(memberName(leader));
    const offMs = cluster.simulation.nowMs;
    await putMany(cluster, [others[0]!], 30, 1);
    expect(cluster.simulation.nowMs - offMs).toBeLessThan(4_000);
    await putMany(cluster, others, 31, 10);
    await cluster.start(leader);
    await putMany(cluster, [leader], 41, 1);
    for (const at of [1, 2, 3])
      expect((await cluster.settle(cluster.client(at).range({ key: 'key/', rangeEnd: 'key0', countOnly: true }))).count).toBe(42);
    expect(new Set(await hashes(cluster, [1, 2, 3])).size).toBe(1);
  });

  it('refuses writes and linearizable reads without a quorum, answers local reads, and heals', async () => {
    const cluster = await createEtcdCluster(3, 'quorum');
    await cluster.leader();
    await putMany(cluster, [1], 0, 3);
    cluster.simulation.powerOff('etcd-2');
    cluster.simulation.powerOff('etcd-3');
    await expect(cluster.settle(cluster.client(1).put({ key: 'x', value: 'y' }))).rejects.toThrow(/^etcdserver: request timed out/);
    await expect(cluster.settle(cluster.client(1).range({ key: 'key/0000' }))).rejects.toThrow(
      /^etcdserver: (request timed out|leader changed)/,
    );
    expect((await cluster.settle(cluster.client(1).range({ key: 'key/0000', serializable: true }))).count).toBe(1);
    expect((await cluster.settle(cluster.client(1).status({}))).errors).toContain('etcdserver: no leader');
    await cluster.start(2);
    await putMany(cluster, [1], 3, 1);
    expect((await cluster.settle(cluster.client(2).range({ key: 'key/', rangeEnd: 'key0', countOnly: true }))).count).toBe(4);
  });

  it('brings a member that was away for long up to date by a snapshot', async () => {
    const cluster = await createEtcdCluster(3, 'snapshot', ['--snapshot-count=50', '--experimental-snapshot-catchup-entries=20']);
    const leader = await cluster.leader();
    const away = [1, 2, 3].find((at) => at !== leader)!;
    await putMany(cluster, [leader], 0, 5);
    cluster.simulation.powerOff(memberName(away));
    await putMany(cluster, [leader], 5, 200);
    await cluster.start(away);
    await putMany(cluster, [away], 205, 1);
    expect(
      (await cluster.settle(cluster.client(away).range({ key: 'key/', rangeEnd: 'key0', countOnly: true, serializable: true }))).count,
    ).toBe(206);
    expect(new Set(await hashes(cluster, [1, 2, 3])).size).toBe(1);
    // The snapshot it received is what it starts from next time.
    cluster.simulation.powerOff(memberName(away));
    await cluster.start(away);
    await putMany(cluster, [away], 206, 1);
    expect(new Set(await hashes(cluster, [1, 2, 3])).size).toBe(1);
  });

  it('steps aside when a leader is cut off, and the old leader never answers a linearizable read from the past', async () => {
    const cluster = await createEtcdCluster(3, 'cut off');
    const leader = await cluster.leader();
    const others = [1, 2, 3].filter((at) => at !== leader);
    await putMany(cluster, [leader], 0, 1);
    cluster.simulation.partition([memberName(leader)], others.map(memberName));
    const stale = cluster.client(leader).range({ key: 'key/0000' }, { timeoutMs: 20_000 });
    const verdict = stale.then(
      (answer) => answer.kvs[0]?.value,
      (error: unknown) => String(error),
    );
    await putUntilDone(cluster, others[0]!, 'key/0000', 'new');
    cluster.simulation.heal();
    expect(await cluster.settle(verdict)).not.toBe('value 0');
    await cluster.simulation.run(3_000);
    expect((await cluster.settle(cluster.client(leader).range({ key: 'key/0000' }))).kvs[0]?.value).toBe('new');
  });

  it('hands leadership over when asked', async () => {
    const cluster = await createEtcdCluster(3, 'move');
    const leader = await cluster.leader();
    const target = [1, 2, 3].find((at) => at !== leader)!;
    const { header } = await cluster.settle(cluster.client(target).status({}));
    await expect(cluster.settle(cluster.client(target).moveLeader({ targetId: header.memberId }))).rejects.toThrow(
      'etcdserver: not leader',
    );
    await cluster.settle(cluster.client(leader).moveLeader({ targetId: header.memberId }));
    expect(await cluster.leader()).toBe(target);
  });
});

describe('membership', () => {
  it('adds a learner, promotes it once it has caught up, and removes a member, which stops with code 0', async () => {
    const cluster = await createEtcdCluster(3, 'membership');
    const leader = await cluster.leader();
    await putMany(cluster, [leader], 0, 20);
    await cluster.simulation.run(6_000);
    const added = await cluster.settle(cluster.client(leader).memberAdd({ peerUrls: [`http://${addressOf(4)}:2380`], isLearner: true }));
    expect(added.member.isLearner).toBe(true);
    await expect(cluster.settle(cluster.client(leader).memberPromote({ id: added.member.id }))).rejects.toThrow(
      'etcdserver: can only promote a learner member which is in sync with leader',
    );
    await cluster.start(4, cluster.flags(4, [1, 2, 3, 4], 'existing'));
    await cluster.simulation.run(5_000);
    await expect(cluster.settle(cluster.client(4).put({ key: 'a', value: 'b' }))).rejects.toThrow(
      'etcdserver: rpc not supported for learner',
    );
    expect((await cluster.settle(cluster.client(4).range({ key: 'key/', rangeEnd: 'key0', serializable: true }))).count).toBe(20);
    const follower = [1, 2, 3].find((at) => at !== leader)!;
    // Only the leader knows how far the learner is; a follower passes the question on.
    await cluster.settle(cluster.client(follower).memberPromote({ id: added.member.id }));
    await cluster.simulation.run(500);
    await putMany(cluster, [4], 20, 1);
    const { header } = await cluster.settle(cluster.client(follower).status({}));
    await cluster.simulation.run(6_000);
    await cluster.settle(cluster.client(leader).memberRemove({ id: header.memberId }));
    const exit = await cluster.settle(cluster.children.get(follower)!.exit);
    expect(exit.code).toBe(0);
    const { members } = await cluster.settle(cluster.client(leader).memberList({ linearizable: true }));
    expect(members.map(({ id }) => id)).not.toContain(header.memberId);
    await putMany(cluster, [4], 21, 1);
  });

  it('reaches a learner that was killed before its log told it of anybody: whoever sends it the log says where to answer', async () => {
    const cluster = await createEtcdCluster(3, 'killed at birth');
    const leader = await cluster.leader();
    await putMany(cluster, [leader], 0, 20);
    await cluster.simulation.run(6_000);
    await cluster.settle(cluster.client(leader).memberAdd({ peerUrls: [`http://${addressOf(4)}:2380`], isLearner: true }));
    let isDialling = false;
    cluster.simulation.onFrame((from, _to, frame) => {
      if (from === memberName(4) && JSON.stringify(frame).includes('Raft/Message')) isDialling = true;
    });
    const flags = cluster.flags(4, [1, 2, 3, 4], 'existing');
    await cluster.start(4, flags);
    // Its log is on disk and says who it is, and nothing more.
    await cluster.simulation.until(() => isDialling, 5_000, 'it dials the others');
    cluster.simulation.powerOff(memberName(4));
    await cluster.start(4, flags);
    await cluster.simulation.run(5_000);
    expect((await cluster.settle(cluster.client(4).range({ key: 'key/', rangeEnd: 'key0', serializable: true }))).count).toBe(20);
  });

  it('refuses changes that would lose the quorum', async () => {
    const cluster = await createEtcdCluster(3, 'strict');
    const leader = await cluster.leader();
    const [a, b] = [1, 2, 3].filter((at) => at !== leader) as [number, number];
    const idOf = async (at: number): Promise<string> => (await cluster.settle(cluster.client(at).status({}))).header.memberId;
    const [aId, bId] = [await idOf(a), await idOf(b)];
    await cluster.simulation.run(6_000);
    cluster.simulation.powerOff(memberName(a));
    await cluster.simulation.run(8_000);
    await expect(cluster.settle(cluster.client(leader).memberRemove({ id: bId }))).rejects.toThrow('etcdserver: unhealthy cluster');
    await expect(cluster.settle(cluster.client(leader).memberAdd({ peerUrls: [`http://${addressOf(4)}:2380`] }))).rejects.toThrow(
      'etcdserver: unhealthy cluster',
    );
    await cluster.settle(cluster.client(leader).memberRemove({ id: aId }));
    expect((await cluster.settle(cluster.client(leader).memberList({}))).members).toHaveLength(2);
    await expect(cluster.settle(cluster.client(leader).memberRemove({ id: aId }))).rejects.toThrow('etcdserver: member not found');
  });

  it('does not let a wiped member vote again under its old id', async () => {
    const cluster = await createEtcdCluster(3, 'wiped');
    await cluster.leader();
    await putMany(cluster, [1], 0, 1);
    cluster.simulation.powerOff('etcd-3');
    cluster.simulation.disk('etcd-3').wipe();
    await cluster.start(3);
    expect((await cluster.settle(cluster.children.get(3)!.exit)).code).toBe(1);
  });
});
