import { describe, expect, it } from 'vitest';
import type { etcd } from '#contracts';
import { createEtcdClient, type EtcdWatch } from '#etcd/client';
import { checkWatch, type WatchEvent, type WatchResponse } from '../../simulation/watch-guarantees.ts';
import { createEtcdCluster, memberName, type EtcdCluster } from './etcd-cluster.ts';

/** Takes what a watch gives, without waiting for more. */
function collect(watch: EtcdWatch): { readonly responses: etcd.WatchResponse[]; error: unknown } {
  const seen: { responses: etcd.WatchResponse[]; error: unknown } = { responses: [], error: undefined };
  const next = (): void => {
    watch.receive().then(
      (response) => {
        if (!response) return;
        seen.responses.push(response);
        next();
      },
      (error: unknown) => (seen.error = error),
    );
  };
  next();
  return seen;
}

const events = (responses: readonly etcd.WatchResponse[]): string[] =>
  responses.flatMap((response) => response.events.map(({ type, kv }) => `${kv.modRevision} ${type} ${kv.key}=${kv.value}`));

async function open(
  cluster: EtcdCluster,
  request: etcd.WatchCreateRequest,
  member = 1,
): Promise<{ watch: EtcdWatch; responses: etcd.WatchResponse[]; seen: { error: unknown } }> {
  const watch = await cluster.settle(cluster.client(member).watch(request));
  const seen = collect(watch);
  return { watch, responses: seen.responses, seen };
}

describe('a watch', () => {
  it('tells of changes from now on, filtered, with what was there before, all of a revision together', async () => {
    const cluster = await createEtcdCluster(1, 'watch');
    const client = cluster.client(1);
    await cluster.settle(client.put({ key: 'a/1', value: 'old' }));
    const all = await open(cluster, { key: 'a/', rangeEnd: 'a0', prevKv: true });
    const deletions = await open(cluster, { key: 'a/', rangeEnd: 'a0', filters: ['NOPUT'] });
    const single = await open(cluster, { key: 'b' });
    await cluster.settle(
      client.txn({
        compare: [],
        success: [{ put: { key: 'a/1', value: 'new' } }, { put: { key: 'a/2', value: 'x' } }, { put: { key: 'b', value: 'y' } }],
        failure: [],
      }),
    );
    await cluster.settle(client.deleteRange({ key: 'a/', rangeEnd: 'a0' }));
    await cluster.simulation.run(100);
    expect(all.responses.every((response) => new Set(response.events.map(({ kv }) => kv.modRevision)).size >= 1)).toBe(true);
    expect(events(all.responses)).toEqual(['3 PUT a/1=new', '3 PUT a/2=x', '4 DELETE a/1=', '4 DELETE a/2=']);
    expect(all.responses.flatMap((response) => response.events.map(({ prevKv }) => prevKv?.value))).toEqual(['old', undefined, 'new', 'x']);
    expect(events(deletions.responses)).toEqual(['4 DELETE a/1=', '4 DELETE a/2=']);
    expect(events(single.responses)).toEqual(['3 PUT b=y']);
  });

  it('begins in the past, and is cancelled with the compact revision if that past is gone', async () => {
    const cluster = await createEtcdCluster(1, 'watch past');
    const client = cluster.client(1);
    for (let at = 0; at < 10; at++) await cluster.settle(client.put({ key: 'a', value: String(at) }));
    await cluster.settle(client.deleteRange({ key: 'a' }));
    const past = await open(cluster, { key: 'a', startRevision: 9 });
    await cluster.simulation.run(100);
    expect(events(past.responses)).toEqual(['9 PUT a=7', '10 PUT a=8', '11 PUT a=9', '12 DELETE a=']);
    await cluster.settle(client.compact({ revision: 12 }));
    const atCompaction = await open(cluster, { key: 'a', startRevision: 12 });
    const tooOld = await open(cluster, { key: 'a', startRevision: 11 });
    await cluster.simulation.run(100);
    expect(events(atCompaction.responses)).toEqual(['12 DELETE a=']);
    expect(tooOld.seen.error).toMatchObject({ code: 'OutOfRange', message: 'etcdserver: mvcc: required revision has been compacted' });
    expect(tooOld.watch.compactRevision).toBe(12);
  });

  it('on a future revision hears nothing older', async () => {
    const cluster = await createEtcdCluster(1, 'watch future');
    const client = cluster.client(1);
    const future = await open(cluster, { key: 'a', startRevision: 5 });
    for (let at = 0; at < 6; at++) await cluster.settle(client.put({ key: 'a', value: String(at) }));
    await cluster.simulation.run(100);
    expect(events(future.responses)).toEqual(['5 PUT a=3', '6 PUT a=4', '7 PUT a=5']);
  });

  it('marks progress after everything before it, on request and by itself', async () => {
    const cluster = await createEtcdCluster(1, 'progress', ['--experimental-watch-progress-notify-interval=5s']);
    const client = cluster.client(1);
    const watch = await open(cluster, { key: 'a', progressNotify: true });
    await cluster.settle(client.put({ key: 'b', value: 'elsewhere' }));
    await cluster.settle(watch.watch.requestProgress());
    await cluster.simulation.run(100);
    expect(watch.responses.map(({ header, events: list }) => [header.revision, list.length])).toEqual([[2, 0]]);
    await cluster.simulation.run(11_000);
    expect(watch.responses.length).toBeGreaterThanOrEqual(2);
  });

  it('ends with an error when the machine of its server goes silent, so that its owner can go elsewhere', async () => {
    const cluster = await createEtcdCluster(3, 'silent');
    const leader = await cluster.leader();
    const { network, clock, random } = cluster.workstation;
    const client = createEtcdClient({
      network,
      clock,
      random,
      endpoints: [`http://10.0.0.${10 + leader}:2379`],
      keepAliveMs: 2_000,
      keepAliveTimeoutMs: 1_000,
      dialTimeoutMs: 1_000,
    });
    const seen = collect(await cluster.settle(client.watch({ key: 'a' })));
    await cluster.simulation.run(10_000);
    expect(seen.error).toBeUndefined();
    cluster.simulation.powerOff(memberName(leader));
    await cluster.simulation.run(4_000);
    expect(seen.error).toMatchObject({ code: 'Unavailable' });
  });

  it('that requires a leader ends when its member has been without one for long; another lives on', async () => {
    const cluster = await createEtcdCluster(3, 'requires');
    await cluster.leader();
    const requiring = collect(await cluster.settle(cluster.client(1).watch({ key: 'a' }, { requireLeader: true })));
    const patient = await open(cluster, { key: 'a' });
    cluster.simulation.partition(['etcd-1'], ['etcd-2', 'etcd-3']);
    await cluster.simulation.run(10_000);
    expect(requiring.error).toMatchObject({ code: 'Unavailable', message: 'etcdserver: no leader' });
    cluster.simulation.heal();
    await cluster.simulation.run(3_000);
    await cluster.settle(cluster.client(2).put({ key: 'a', value: '1' }));
    await cluster.simulation.run(500);
    expect(patient.seen.error).toBeUndefined();
    expect(events(patient.responses)).toEqual(['2 PUT a=1']);
  });

  it('that nobody reads holds no memory at the server and loses nothing', async () => {
    const cluster = await createEtcdCluster(1, 'slow');
    const client = cluster.client(1);
    const watch = await cluster.settle(client.watch({ key: 'k', rangeEnd: 'l' }));
    const count = 3_000;
    for (let at = 0; at < count; at += 100) {
      await cluster.settle(Promise.all(Array.from({ length: 100 }, (_, offset) => client.put({ key: `k${at + offset}`, value: 'v' }))));
    }
    const seen = collect(watch);
    await cluster.simulation.run(2_000);
    const revisions = seen.responses.flatMap((response) => response.events.map(({ kv }) => kv.modRevision));
    expect(revisions).toEqual(Array.from({ length: count }, (_, at) => at + 2));
  });

  it('keeps every promise at every member while leaders are lost, members sleep and get snapshots', async () => {
    const cluster = await createEtcdCluster(3, 'watch promises', ['--snapshot-count=60', '--experimental-snapshot-catchup-entries=10']);
    const { simulation } = cluster;
    await cluster.leader();
    const random = simulation.random.fork('workload');
    const streams = await Promise.all(
      [1, 2, 3].map(async (at) => ({ at, stream: await open(cluster, { key: 'k/', rangeEnd: 'k0', prevKv: true }, at) })),
    );
    const history = await open(cluster, { key: 'k/', rangeEnd: 'k0' }, 1);
    for (let round = 0; round < 6; round++) {
      const victim = 2 + (round % 2);
      simulation.partition([memberName(victim)], [1, 2, 3].filter((at) => at !== victim).map(memberName));
      for (let at = 0; at < 40; at++) {
        const key = `k/${random.below(6)}`;
        const call: Promise<unknown> =
          random.next() < 0.2
            ? cluster.client(1).deleteRange({ key }, { timeoutMs: 300 })
            : cluster.client(1).put({ key, value: `${round}.${at}` }, { timeoutMs: 300 });
        // Whether it took effect shows in the history; here it only has to be over.
        await cluster.settle(call.catch((error: unknown) => error));
      }
      simulation.heal();
      await simulation.run(4_000);
    }
    for (const { stream } of streams) await cluster.settle(stream.watch.requestProgress());
    await simulation.run(3_000);
    const past = await open(cluster, { key: 'k/', rangeEnd: 'k0', startRevision: 2 }, 2);
    await simulation.run(1_000);
    const plain = (responses: readonly etcd.WatchResponse[]): WatchResponse[] =>
      responses.map((response) =>
        response.events.length === 0
          ? { progress: response.header.revision }
          : {
              events: response.events.map(({ type, kv }): WatchEvent =>
                type === 'PUT'
                  ? { rev: kv.modRevision, type: 'put', key: kv.key, value: kv.value, create: kv.version === 1 }
                  : { rev: kv.modRevision, type: 'delete', key: kv.key },
              ),
            },
      );
    const truth = plain(past.responses).flatMap((response) => ('events' in response ? response.events : []));
    expect(truth.length).toBeGreaterThan(100);
    for (const { stream } of [...streams, { stream: history }]) {
      expect(stream.seen.error).toBeUndefined();
      expect(checkWatch(truth, { prefix: 'k/', startRevision: 2 }, plain(stream.responses))).toBeUndefined();
      expect(events(stream.responses)).toHaveLength(truth.length);
    }
  });
});
