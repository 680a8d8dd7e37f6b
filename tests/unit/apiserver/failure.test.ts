import { describe, expect, it } from 'vitest';
import { createManualClock } from './lab/manual-clock.ts';
import { createMemoryEtcd, type MemoryEtcd } from './lab/memory-etcd.ts';
import { settle, startLab } from './lab/server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, more: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more } });

describe('without etcd', () => {
  it('fails writes and consistent reads with the words of etcd, and goes on answering from its caches', async () => {
    const lab = await startLab();
    await lab.ask({ method: 'POST', path: maps, body: configMap('a') });
    const watch = await lab.watch({ path: `${maps}?watch=1&resourceVersion=0` });
    lab.etcd.isDown = true;
    const write = await lab.ask({ method: 'POST', path: maps, body: configMap('b') });
    expect([write.status, write.json.message]).toEqual([500, 'etcdserver: request timed out']);
    expect((await lab.ask({ path: maps })).status).toBe(500);
    expect((await lab.ask({ path: `${maps}?resourceVersion=0` })).json.items).toHaveLength(1);
    expect(watch.isOver).toBe(false);
    // Its check of etcd looks at most once a second.
    await lab.clock.advance(1_000);
    const ready = await lab.ask({ path: '/readyz?verbose' });
    expect(ready.status).toBe(500);
    expect(ready.text).toContain('[-]etcd failed: reason withheld\n');
    expect((await lab.ask({ path: '/livez' })).status).toBe(500);
    expect((await lab.ask({ path: '/livez/ping' })).status).toBe(200);
    lab.etcd.isDown = false;
    expect((await lab.ask({ method: 'POST', path: maps, body: configMap('b') })).status).toBe(201);
    await lab.clock.advance(1_000);
    expect((await lab.ask({ path: '/readyz' })).text).toBe('ok');
  });

  it('is not ready before its caches are filled and its hooks are done', async () => {
    const clock = createManualClock();
    const etcd = createMemoryEtcd(clock);
    etcd.isDown = true;
    const lab = await startLab({ clock, etcd, started: false });
    const started = lab.server.start();
    await clock.advance(3_000);
    expect((await lab.ask({ path: '/readyz/informer-sync' })).status).toBe(500);
    expect((await lab.ask({ path: '/readyz/poststarthook/rbac/bootstrap-roles' })).status).toBe(500);
    etcd.isDown = false;
    await clock.advance(3_000);
    await started;
    expect((await lab.ask({ path: '/readyz' })).status).toBe(200);
  });

  it('ends a request that takes longer than a minute', async () => {
    const lab = await startLab();
    lab.etcd.range = () => new Promise(() => undefined);
    const waiting = lab.ask({ path: `${maps}/a` });
    await lab.clock.advance(60_000);
    expect((await waiting).json).toMatchObject({
      code: 504,
      reason: 'Timeout',
      message: 'Timeout: request did not complete within the allotted timeout',
    });
  });
});

describe('the watch cache', () => {
  it('goes on after its etcd watch broke, without losing or repeating an event', async () => {
    const lab = await startLab();
    const watch = await lab.watch({ path: `${maps}?watch=1` });
    await lab.ask({ method: 'POST', path: maps, body: configMap('a') });
    lab.etcd.breakWatches();
    await lab.ask({ method: 'POST', path: maps, body: configMap('b') });
    await lab.clock.advance(1_000);
    await lab.ask({ method: 'POST', path: maps, body: configMap('c') });
    await settle();
    expect(watch.events.map((event) => event.object.metadata.name)).toEqual(['a', 'b', 'c']);
  });

  it('lists anew and ends its watchers when etcd has compacted what it missed', async () => {
    const lab = await startLab();
    await lab.ask({ method: 'POST', path: maps, body: configMap('a') });
    const watch = await lab.watch({ path: `${maps}?watch=1` });
    lab.etcd.breakWatches();
    await lab.ask({ method: 'DELETE', path: `${maps}/a` });
    await lab.ask({ method: 'POST', path: maps, body: configMap('b') });
    await lab.etcd.compact(lab.etcd.revision);
    await lab.clock.advance(5_000);
    expect(watch.isOver).toBe(true);
    expect(
      (await lab.ask({ path: `${maps}?resourceVersion=0` })).json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ).toEqual(['b']);
    const old = await lab.watch({ path: `${maps}?watch=1&resourceVersion=${watch.events[0].object.metadata.resourceVersion}` });
    expect(old.events[0]).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  });

  it('gives every plain watcher the same string, and bookmarks to those who asked', async () => {
    const lab = await startLab();
    const version = (await lab.ask({ path: maps })).json.metadata.resourceVersion;
    const [first, second] = await Promise.all(
      [0, 1].map(() => lab.watch({ path: `${maps}?watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=${version}` })),
    );
    await lab.ask({ method: 'POST', path: '/api/v1/namespaces/kube-system/configmaps', body: configMap('elsewhere') });
    await lab.clock.advance(61_000);
    expect(first!.events).toEqual(second!.events);
    expect(first!.events).toHaveLength(1);
    expect(first!.events[0].type).toBe('BOOKMARK');
    expect(Number(first!.events[0].object.metadata.resourceVersion)).toBeGreaterThan(Number(version));
    await lab.clock.advance(240_000);
    expect(first!.isOver).toBe(true);
  });

  it('reads the store once per list request, however many objects there are', async () => {
    const lab = await startLab();
    for (let n = 0; n < 20; n++) await lab.ask({ method: 'POST', path: maps, body: configMap(`m-${n}`) });
    lab.etcd.calls.length = 0;
    await lab.ask({ path: maps });
    expect(lab.etcd.calls).toEqual(['range compact_rev_key']);
    lab.etcd.calls.length = 0;
    await lab.ask({ path: `${maps}?resourceVersion=0` });
    expect(lab.etcd.calls).toEqual([]);
  });
});

describe('several API servers on one etcd', () => {
  it('both stand in the kubernetes EndpointSlice until one dies', async () => {
    const clock = createManualClock();
    const etcd = createMemoryEtcd(clock);
    const first = await startLab({ clock, etcd, seed: 'a', config: { advertiseAddress: '10.0.0.11', hostname: 'control-plane-1' } });
    const secondEtcd: MemoryEtcd = Object.create(etcd) as MemoryEtcd;
    await startLab({ clock, etcd: secondEtcd, seed: 'b', config: { advertiseAddress: '10.0.0.12', hostname: 'control-plane-2' } });
    const addresses = async (): Promise<string[]> => {
      const { json } = await first.ask({ path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes' });
      return json.endpoints.map((endpoint: { addresses: string[] }) => endpoint.addresses[0]);
    };
    await clock.advance(11_000);
    expect(await addresses()).toEqual(['10.0.0.11', '10.0.0.12']);
    // Dead, not stopped: nobody takes it out, its key just ends.
    const gone = (): Promise<never> => Promise.reject(new Error('gone'));
    Object.assign(secondEtcd, { txn: gone, range: gone, grantLease: gone });
    await clock.advance(10_000);
    expect(await addresses()).toEqual(['10.0.0.11', '10.0.0.12']);
    await clock.advance(15_000);
    expect(await addresses()).toEqual(['10.0.0.11']);
  });

  it('never give out the same cluster IP or node port', async () => {
    const clock = createManualClock();
    const etcd = createMemoryEtcd(clock);
    const config = { serviceClusterIpRange: '10.96.0.0/28', serviceNodePortRange: [30000, 30011] as const };
    const labs = [await startLab({ clock, etcd, seed: 'same', config }), await startLab({ clock, etcd, seed: 'same', config })];
    const services = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        labs[n % 2]!.ask({
          method: 'POST',
          path: '/api/v1/namespaces/default/services',
          body: { apiVersion: 'v1', kind: 'Service', metadata: { name: `s-${n}` }, spec: { type: 'NodePort', ports: [{ port: 80 }] } },
        }),
      ),
    );
    expect(services.map((each) => each.status)).toEqual(services.map(() => 201));
    expect(new Set(services.map((each) => each.json.spec.clusterIP)).size).toBe(12);
    expect(new Set(services.map((each) => each.json.spec.ports[0].nodePort)).size).toBe(12);
    await labs[0]!.ask({ method: 'DELETE', path: '/api/v1/namespaces/default/services/s-0' });
    const again = await labs[1]!.ask({
      method: 'POST',
      path: '/api/v1/namespaces/default/services',
      body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'again' }, spec: { type: 'NodePort', ports: [{ port: 80 }] } },
    });
    expect(again.json.spec.ports[0].nodePort).toBe(services[0]!.json.spec.ports[0].nodePort);
  });
});
