import { kinds } from '#api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeStored } from '../../../src/apiserver/store/codec.ts';
import { settle, startLab, type Lab } from './lab/server.ts';

const pod = (name: string, more: object = {}, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...more },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
});
const pods = '/api/v1/namespaces/default/pods';
const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: object = { a: '1' }, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data,
});

describe('objects', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
    await lab.ask({
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts',
      body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
    });
  });

  // Cached objects are shared by all requests: none may have changed one.
  afterEach(async () => {
    await settle();
    for (const kind of kinds) {
      if (!kind.storagePrefix) continue;
      for (const version of lab.server.core.caches.of(kind).list()) {
        expect(version.object).toEqual(decodeStored(kind, lab.etcd.value(version.key)!, version.revision));
      }
    }
  });

  it('creates a pod with defaults, admission and managed fields, and stores it under its real key', async () => {
    const created = await lab.ask({ method: 'POST', path: pods, body: pod('one', { labels: { app: 'one' } }) });
    expect(created.status, created.text).toBe(201);
    expect(created.json.spec).toMatchObject({
      serviceAccountName: 'default',
      priority: 0,
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
    });
    expect(created.json.spec.tolerations).toHaveLength(2);
    expect(created.json.spec.volumes[0].name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(created.json.metadata.managedFields[0]).toMatchObject({ manager: 'oracle', operation: 'Update' });
    expect(created.json.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
    expect(lab.etcd.keys()).toContain('/registry/pods/default/one');
    const stored = JSON.parse(lab.etcd.value('/registry/pods/default/one')!);
    expect(stored.metadata.resourceVersion).toBeUndefined();
    const got = await lab.ask({ path: `${pods}/one` });
    expect(got.json.metadata.resourceVersion).toBe(String(lab.etcd.revision));
    expect(got.json).toEqual(created.json);
  });

  it('refuses the same name twice', async () => {
    await lab.ask({ method: 'POST', path: pods, body: pod('one') });
    const again = await lab.ask({ method: 'POST', path: pods, body: pod('one') });
    expect(again.status).toBe(409);
    expect(again.json.message).toBe('pods "one" already exists');
  });

  it('lists from the cache what was just written', async () => {
    await lab.ask({ method: 'POST', path: maps, body: configMap('a') });
    await lab.ask({ method: 'POST', path: maps, body: configMap('b', {}, { labels: { x: 'y' } }) });
    const list = await lab.ask({ path: maps });
    expect(list.json.kind).toBe('ConfigMapList');
    expect(list.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['a', 'b']);
    expect(list.json.items[0].kind).toBeUndefined();
    const selected = await lab.ask({ path: `${maps}?labelSelector=x%3Dy` });
    expect(selected.json.items).toHaveLength(1);
  });

  it('pages through a list with continue tokens at one revision', async () => {
    for (const name of ['a', 'b', 'c']) await lab.ask({ method: 'POST', path: maps, body: configMap(name) });
    const first = await lab.ask({ path: `${maps}?limit=2` });
    expect(first.json.metadata.remainingItemCount).toBe(1);
    await lab.ask({ method: 'POST', path: maps, body: configMap('d') });
    const second = await lab.ask({ path: `${maps}?limit=2&continue=${first.json.metadata.continue}` });
    expect(second.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['c']);
    expect(second.json.metadata.resourceVersion).toBe(first.json.metadata.resourceVersion);
  });

  it('streams changes to watchers, and a deletion to one whose selector the object leaves', async () => {
    const all = await lab.watch({ path: `${maps}?watch=1` });
    const some = await lab.watch({ path: `${maps}?watch=1&labelSelector=x%3Dy` });
    await lab.ask({ method: 'POST', path: maps, body: configMap('a', {}, { labels: { x: 'y' } }) });
    await lab.ask({
      method: 'PATCH',
      path: `${maps}/a`,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { labels: { x: 'z' } } },
    });
    await lab.ask({ method: 'DELETE', path: `${maps}/a` });
    await settle();
    expect(all.events.map((event) => event.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    expect(some.events.map((event) => event.type)).toEqual(['ADDED', 'DELETED']);
    expect(some.events[1].object.metadata.labels).toEqual({ x: 'y' });
    expect(some.events[1].object.metadata.resourceVersion).toBe(all.events[1].object.metadata.resourceVersion);
  });

  it('starts a watch in the past and refuses one that is too old', async () => {
    const list = await lab.ask({ path: maps });
    await lab.ask({ method: 'POST', path: maps, body: configMap('a') });
    const late = await lab.watch({ path: `${maps}?watch=1&resourceVersion=${list.json.metadata.resourceVersion}` });
    expect(late.events.map((event) => event.type)).toEqual(['ADDED']);
  });

  it('answers 409 to an update made from an old version', async () => {
    const created = await lab.ask({ method: 'POST', path: maps, body: configMap('a') });
    await lab.ask({ method: 'PUT', path: `${maps}/a`, body: { ...created.json, data: { a: '2' } } });
    const stale = await lab.ask({ method: 'PUT', path: `${maps}/a`, body: { ...created.json, data: { a: '3' } } });
    expect(stale.status).toBe(409);
    expect(stale.json.message).toBe(
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  it('does not write an update that changes nothing', async () => {
    const created = await lab.ask({ method: 'POST', path: maps, body: configMap('a') });
    const again = await lab.ask({ method: 'PUT', path: `${maps}/a`, body: configMap('a') });
    expect(again.status).toBe(200);
    expect(again.json.metadata.resourceVersion).toBe(created.json.metadata.resourceVersion);
  });

  it('keeps an object with finalizers until the last one is gone', async () => {
    await lab.ask({ method: 'POST', path: maps, body: configMap('held', {}, { finalizers: ['example.com/hold'] }) });
    const deleted = await lab.ask({ method: 'DELETE', path: `${maps}/held` });
    expect(deleted.json.metadata.deletionGracePeriodSeconds).toBe(0);
    await lab.ask({
      method: 'PATCH',
      path: `${maps}/held`,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { finalizers: null } },
    });
    expect((await lab.ask({ path: `${maps}/held` })).status).toBe(404);
  });

  it('binds a pod once, lets it end gracefully, and removes it when its kubelet says so', async () => {
    await lab.ask({ method: 'POST', path: pods, body: pod('one') });
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'one' }, target: { kind: 'Node', name: 'worker-1' } };
    const bound = await lab.ask({ method: 'POST', path: `${pods}/one/binding`, body: binding });
    expect(bound.json).toEqual({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
    const again = await lab.ask({ method: 'POST', path: `${pods}/one/binding`, body: binding });
    expect(again.json.message).toBe('Operation cannot be fulfilled on pods/binding "one": pod one is already assigned to node "worker-1"');
    const deleted = await lab.ask({ method: 'DELETE', path: `${pods}/one` });
    expect(deleted.json.metadata.deletionGracePeriodSeconds).toBe(30);
    expect((await lab.ask({ path: `${pods}/one` })).status).toBe(200);
    await lab.ask({ method: 'DELETE', path: `${pods}/one?gracePeriodSeconds=0` });
    expect((await lab.ask({ path: `${pods}/one` })).status).toBe(404);
  });
});
