import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/host/pure-crypto.ts';
import { createHttpClient, seededRandom, type HttpClient, type Identity } from '../../../src/host/index.ts';
import { createClusterPki, issue } from '../../../src/kubeadm/index.ts';
import { kubelet } from '../../../src/kubelet/kubelet.ts';
import { address, createBench, type Bench } from '../runtime/machine.ts';

const crypto = createCrypto(seededRandom('server'));
const nowMs = Date.UTC(2026, 0, 5, 9);
const pki = createClusterPki(crypto, nowMs);
const client = (commonName: string): Identity => issue(crypto, nowMs, pki.ca, { commonName, usages: ['client auth'] });

async function setUp(): Promise<{ bench: Bench; as: (identity: Identity | undefined) => HttpClient }> {
  const bench = await createBench();
  const { files } = bench.machine;
  for (const directory of ['/etc/kubernetes/manifests', '/etc/kubernetes/pki', '/var/lib/kubelet'])
    files.makeDirectory(directory, { recursive: true });
  files.write('/etc/kubernetes/pki/ca.crt', crypto.certificatesToPem([pki.ca.certificate]));
  files.write(
    '/var/lib/kubelet/config.yaml',
    'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nstaticPodPath: /etc/kubernetes/manifests\nauthentication: {x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}}\n',
  );
  files.write(
    '/etc/kubernetes/manifests/box.yaml',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: box, namespace: default}\nspec:\n  containers:\n  - {name: box, image: busybox, args: [sh, -c, "for i in 1 2 3 4 5; do echo line $i; done; while true; do sleep 10; echo more; done"]}\n',
  );
  bench.machine.spawn(kubelet, {
    name: 'kubelet',
    component: 'kubelet',
    privileged: true,
    argv: ['--config=/var/lib/kubelet/config.yaml'],
  });
  await bench.simulation.run(5_000);
  const as = (identity: Identity | undefined): HttpClient =>
    createHttpClient(bench.process.network, bench.process.clock, {
      address,
      port: 10250,
      insecureSkipVerify: true,
      ...(identity ? { identity } : {}),
    });
  return { bench, as };
}
const get = async (bench: Bench, http: HttpClient, path: string): Promise<{ status: number; text: string }> => {
  const response = await bench.simulation.settle(http.request({ method: 'GET', path, headers: [] }), 5_000, path);
  return { status: response.status, text: await bench.simulation.settle(response.text(), 5_000, path) };
};
const ADMIN = client('kube-apiserver-kubelet-client');
const LOGS = '/containerLogs/default/box-worker-1/box';

describe("the kubelet's API", () => {
  it('answers only those it knows', async () => {
    const { bench, as } = await setUp();
    expect(await get(bench, as(undefined), '/pods')).toEqual({ status: 401, text: 'Unauthorized' });
    expect(await get(bench, as(client('system:kube-scheduler')), '/pods')).toEqual({
      status: 403,
      text: 'Forbidden (user=system:kube-scheduler, verb=get, resource=nodes, subresource(s)=[proxy])',
    });
    expect((await get(bench, as(ADMIN), '/healthz')).text).toBe('ok');
    expect(JSON.parse((await get(bench, as(ADMIN), '/pods')).text).items[0].metadata.name).toBe('box-worker-1');
  });

  it.each([
    ['', 'line 1\nline 2\nline 3\nline 4\nline 5\n'],
    ['?tailLines=2', 'line 4\nline 5\n'],
    ['?tailLines=0', ''],
    ['?limitBytes=9', 'line 1\nli'],
  ])('serves logs%s', async (query, text) => {
    const { bench, as } = await setUp();
    expect(await get(bench, as(ADMIN), LOGS + query)).toEqual({ status: 200, text });
  });

  it('serves logs with their times, and says what it does not have', async () => {
    const { bench, as } = await setUp();
    expect((await get(bench, as(ADMIN), `${LOGS}?timestamps=true&tailLines=1`)).text).toMatch(/^2026-01-05T09:00:\d\d\.\d{9}Z line 5\n$/);
    expect(await get(bench, as(ADMIN), `${LOGS}?previous=true`)).toEqual({
      status: 400,
      text: 'previous terminated container "box" in pod "box-worker-1" not found\n',
    });
    expect((await get(bench, as(ADMIN), '/containerLogs/default/nope/box')).status).toBe(404);
  });

  it('follows a log as it grows', async () => {
    const { bench, as } = await setUp();
    const response = await bench.simulation.settle(
      as(ADMIN).request({ method: 'GET', path: `${LOGS}?follow=true&tailLines=1`, headers: [] }),
      5_000,
      'logs -f',
    );
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.chunks()) text += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
    })();
    const ended = expect(reading).rejects.toThrow('cancelled');
    await bench.simulation.run(12_000);
    expect(text).toBe('line 5\nmore\n');
    response.cancel();
    await ended;
  });

  it('runs commands over channel messages and ends with their status', async () => {
    const { bench, as } = await setUp();
    const path = '/exec/default/box-worker-1/box?command=sh&command=-c&command=cat%3B%20exit%203&input=1&output=1&error=1';
    const response = await bench.simulation.settle(
      as(ADMIN).request({ method: 'POST', path, headers: [['upgrade', 'websocket']] }),
      5_000,
      'exec',
    );
    expect(response.status).toBe(101);
    const session = async (): Promise<[string, unknown]> => {
      const encoder = new TextEncoder();
      await response.duplex.send(Uint8Array.of(0, ...encoder.encode('hello')));
      await response.duplex.send(Uint8Array.of(255, 0));
      let output = '';
      for (let message = await response.duplex.receive(); message; message = await response.duplex.receive()) {
        const bytes = message as Uint8Array;
        const payload = new TextDecoder().decode(bytes.subarray(1));
        if (bytes[0] === 1) output += payload;
        if (bytes[0] === 3) return [output, JSON.parse(payload)];
      }
      return [output, undefined];
    };
    const [output, status] = await bench.simulation.settle(session(), 10_000, 'session');
    expect(output).toBe('hello');
    expect(status).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  it('tells what pods use', async () => {
    const { bench, as } = await setUp();
    const summary = JSON.parse((await get(bench, as(ADMIN), '/stats/summary')).text);
    expect(summary.pods[0]).toMatchObject({
      podRef: { name: 'box-worker-1' },
      containers: [{ name: 'box', memory: { workingSetBytes: 786_432 } }],
    });
    expect((await get(bench, as(ADMIN), '/metrics/resource')).text).toContain(
      'container_memory_working_set_bytes{container="box",namespace="default",pod="box-worker-1"} 786432',
    );
  });
});
