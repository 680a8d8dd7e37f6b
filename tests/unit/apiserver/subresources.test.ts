import type { KubeletConnector } from '#apiserver';
import type { BodyChunk, Duplex, HttpRequest } from '#host';
import { beforeEach, describe, expect, it } from 'vitest';
import { settle, startLab, type Lab } from './lab/server.ts';

const pods = '/api/v1/namespaces/default/pods';
const merge = { 'content-type': 'application/merge-patch+json' };

/** Two ends of a duplex in memory. */
function duplexPair(): [Duplex, Duplex] {
  const end = (incoming: BodyChunk[], outgoing: BodyChunk[], state: { closed: boolean }): Duplex => ({
    send: async (message) => void outgoing.push(message),
    receive: async () => {
      while (incoming.length === 0 && !state.closed) await settle();
      return incoming.shift();
    },
    end: () => void (state.closed = true),
    cancel: () => void (state.closed = true),
  });
  const a: BodyChunk[] = [];
  const b: BodyChunk[] = [];
  const state = { closed: false };
  return [end(a, b, state), end(b, a, state)];
}

describe('subresources', () => {
  let lab: Lab;
  let asked: { address: string; port: number; request: HttpRequest }[];
  let kubeletEnd: Duplex;
  let refuse: string;
  beforeEach(async () => {
    asked = [];
    refuse = '';
    const [ours, theirs] = duplexPair();
    kubeletEnd = theirs;
    const kubelets: KubeletConnector = {
      async request(address, port, request) {
        asked.push({ address, port, request });
        if (refuse === 'down') throw new Error(`dial tcp ${address}:${port}: connect: connection refused`);
        return {
          status: refuse ? 400 : request.method === 'GET' ? 200 : 101,
          headers: [['content-type', 'text/plain']],
          text: async () => refuse,
          async *chunks() {
            yield 'one\n';
            yield 'two\n';
          },
          duplex: ours,
          cancel: () => undefined,
        };
      },
    };
    lab = await startLab({ kubelets });
    await lab.ask({
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts',
      body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
    });
    await lab.ask({ method: 'POST', path: '/api/v1/nodes', body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-1' } } });
    await lab.ask({
      method: 'PATCH',
      path: '/api/v1/nodes/worker-1/status',
      headers: merge,
      body: {
        status: {
          addresses: [
            { type: 'Hostname', address: 'worker-1' },
            { type: 'InternalIP', address: '10.0.0.21' },
          ],
        },
      },
    });
    const containers = [
      { name: 'a', image: 'nginx' },
      { name: 'b', image: 'busybox' },
    ];
    await lab.ask({
      method: 'POST',
      path: pods,
      body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'two' }, spec: { nodeName: 'worker-1', containers } },
    });
    await lab.ask({
      method: 'POST',
      path: pods,
      body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'free' }, spec: { containers: [{ name: 'a', image: 'nginx' }] } },
    });
  });

  it('log streams from the kubelet of the pod, and asks for a container where there are several', async () => {
    const which = await lab.ask({ path: `${pods}/two/log` });
    expect(which.json.message).toBe('a container name must be specified for pod two, choose one of: [a b]');
    const log = await lab.ask({ path: `${pods}/two/log?container=b&follow=true&tailLines=2` });
    expect(log.text).toBe('one\ntwo\n');
    expect(log.header('content-type')).toBe('text/plain');
    expect(asked[0]).toMatchObject({
      address: '10.0.0.21',
      port: 10250,
      request: { method: 'GET', path: '/containerLogs/default/two/b?follow=true&tailLines=2' },
    });
  });

  it('log passes on what the kubelet refuses with, and says when there is no kubelet', async () => {
    refuse = 'container "a" in pod "two" is waiting to start: ContainerCreating';
    expect((await lab.ask({ path: `${pods}/two/log?container=a` })).json).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message: refuse,
    });
    refuse = 'down';
    expect((await lab.ask({ path: `${pods}/two/log?container=a` })).json.message).toBe(
      'Get "https://10.0.0.21:10250/containerLogs/default/two/a": dial tcp 10.0.0.21:10250: connect: connection refused',
    );
  });

  it('exec carries channel messages both ways', async () => {
    const answer = await lab.answer({ method: 'POST', path: `${pods}/two/exec?container=a&command=sh&command=-c&stdin=true` });
    expect(answer.status).toBe(101);
    expect(asked[0]!.request.path).toBe('/exec/default/two/a?command=sh&command=-c&stdin=true');
    const [client, server] = duplexPair();
    const pumping = answer.upgrade!(server);
    await client.send(Uint8Array.of(0, 104, 105));
    expect(await kubeletEnd.receive()).toEqual(Uint8Array.of(0, 104, 105));
    await kubeletEnd.send(Uint8Array.of(1, 111, 107));
    expect(await client.receive()).toEqual(Uint8Array.of(1, 111, 107));
    client.end();
    kubeletEnd.end();
    await pumping;
  });

  it('exec of a pod without a node is refused', async () => {
    expect((await lab.ask({ method: 'POST', path: `${pods}/free/exec?command=ls` })).json.message).toBe(
      'pod free does not have a host assigned',
    );
  });

  it('eviction deletes, and knows no pod that is not there', async () => {
    const eviction = (name: string) => ({
      method: 'POST',
      path: `${pods}/${name}/eviction`,
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
    });
    expect((await lab.ask(eviction('two'))).status).toBe(201);
    expect((await lab.ask({ path: `${pods}/two` })).json.metadata.deletionTimestamp).toBeDefined();
    expect((await lab.ask(eviction('nope'))).json.message).toBe('pods "nope" not found');
  });

  it('status changes only the status, and the main resource never does', async () => {
    const patched = await lab.ask({
      method: 'PATCH',
      path: `${pods}/two/status`,
      headers: merge,
      body: { spec: { nodeName: 'other' }, status: { phase: 'Running' } },
    });
    expect(patched.json.spec.nodeName).toBe('worker-1');
    expect(patched.json.status.phase).toBe('Running');
    const main = await lab.ask({ method: 'PATCH', path: `${pods}/two`, headers: merge, body: { status: { phase: 'Failed' } } });
    expect(main.json.status.phase).toBe('Running');
  });

  it('the scale of a Deployment reads and writes its replicas', async () => {
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } };
    const body = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template },
    };
    const created = await lab.ask({ method: 'POST', path: '/apis/apps/v1/namespaces/default/deployments', body });
    expect(created.status, created.text).toBe(201);
    const scale = '/apis/apps/v1/namespaces/default/deployments/web/scale';
    expect((await lab.ask({ path: scale })).json).toMatchObject({ kind: 'Scale', spec: { replicas: 2 }, status: { selector: 'app=web' } });
    const patched = await lab.ask({ method: 'PATCH', path: scale, headers: merge, body: { spec: { replicas: 5 } } });
    expect(patched.json.spec.replicas).toBe(5);
    expect((await lab.ask({ path: '/apis/apps/v1/namespaces/default/deployments/web' })).json).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 5 },
    });
    const { metadata } = (await lab.ask({ path: '/apis/apps/v1/namespaces/default/deployments/web' })).json;
    expect(metadata.managedFields).toContainEqual(
      expect.objectContaining({ subresource: 'scale', apiVersion: 'apps/v1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }),
    );
  });

  it('a namespace empties through finalize and is then gone', async () => {
    await lab.ask({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'short' } },
    });
    const deleted = await lab.ask({ method: 'DELETE', path: '/api/v1/namespaces/short' });
    expect(deleted.json.status.phase).toBe('Terminating');
    const refused = await lab.ask({
      method: 'POST',
      path: '/api/v1/namespaces/short/configmaps',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } },
    });
    expect(refused.json.details.causes[0].reason).toBe('NamespaceTerminating');
    const finalized = { ...deleted.json, spec: { finalizers: [] } };
    expect((await lab.ask({ method: 'PUT', path: '/api/v1/namespaces/short/finalize', body: finalized })).status).toBe(200);
    // The namespace controller deletes it once more when nothing is left.
    await lab.ask({ method: 'DELETE', path: '/api/v1/namespaces/short' });
    expect((await lab.ask({ path: '/api/v1/namespaces/short' })).status).toBe(404);
  });
});
