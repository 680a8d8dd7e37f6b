import { describe, expect, it } from 'vitest';
import { createHttpClient } from '../../../src/host/index.ts';
import { kubelet } from '../../../src/kubelet/kubelet.ts';
import { createBench, type Bench } from '../runtime/machine.ts';

const manifest = (image: string, more = ''): string => `apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: kube-system
spec:
  containers:
  - name: nginx
    image: ${image}
${more}`;

const CONFIG = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: /etc/kubernetes/manifests
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
`;

async function startKubelet(bench: Bench, text?: string): Promise<void> {
  const { files } = bench.machine;
  files.makeDirectory('/etc/kubernetes/manifests', { recursive: true });
  files.makeDirectory('/var/lib/kubelet', { recursive: true });
  files.write('/var/lib/kubelet/config.yaml', CONFIG);
  if (text) files.write('/etc/kubernetes/manifests/web.yaml', text);
  bench.machine.spawn(kubelet, {
    name: 'kubelet',
    component: 'kubelet',
    privileged: true,
    argv: ['--config=/var/lib/kubelet/config.yaml'],
  });
  await bench.simulation.run(5_000);
}
const running = (bench: Bench, name: string): number => bench.machine.kernel.processes().filter((info) => info.name === name).length;
const nginxPid = (bench: Bench): number | undefined => bench.machine.kernel.processes().find((info) => info.name === 'nginx')?.pid;

describe('a kubelet without API server', () => {
  it('runs the pods of its manifests and serves them', async () => {
    const bench = await createBench();
    await startKubelet(bench, manifest('nginx:1.27'));
    expect(running(bench, 'nginx')).toBe(1);
    const client = createHttpClient(bench.process.network, bench.process.clock, { address: '10.244.1.2', port: 80 });
    const response = await bench.simulation.settle(client.request({ method: 'GET', path: '/', headers: [] }), 5_000, 'GET');
    expect(response.status).toBe(200);
    const health = createHttpClient(bench.process.network, bench.process.clock, { address: '127.0.0.1', port: 10248 });
    expect((await bench.simulation.settle(health.request({ method: 'GET', path: '/healthz', headers: [] }), 5_000, 'healthz')).status).toBe(
      200,
    );
  });

  it('neither restarts nor doubles what runs when it is started again', async () => {
    const bench = await createBench();
    await startKubelet(bench, manifest('nginx:1.27'));
    const pid = nginxPid(bench);
    bench.machine.signal('kubelet', 'KILL');
    await bench.simulation.run(5_000);
    expect(nginxPid(bench)).toBe(pid);
    await startKubelet(bench);
    expect(nginxPid(bench)).toBe(pid);
    expect(running(bench, 'pause')).toBe(1);
  });

  it('starts everything once after a power cut', async () => {
    const bench = await createBench();
    await startKubelet(bench, manifest('nginx:1.27'));
    await bench.simulation.run(60_000);
    bench.simulation.powerOff('worker-1');
    await bench.start();
    await startKubelet(bench);
    expect(running(bench, 'nginx')).toBe(1);
    expect(running(bench, 'pause')).toBe(1);
    const { containers } = await bench.call<{ containers: { state: string; metadata: { attempt: number } }[] }>(
      'Runtime/ListContainers',
      {},
    );
    expect(
      containers.filter((container) => container.state === 'CONTAINER_RUNNING').map((container) => container.metadata.attempt),
    ).toEqual([1]);
  });

  it('ends a pod whose manifest is moved away and runs it again when it comes back', async () => {
    const bench = await createBench();
    await startKubelet(bench, manifest('nginx:1.27'));
    const { files } = bench.machine;
    files.rename('/etc/kubernetes/manifests/web.yaml', '/etc/kubernetes/web.yaml');
    await bench.simulation.run(40_000);
    expect(running(bench, 'nginx') + running(bench, 'pause')).toBe(0);
    files.rename('/etc/kubernetes/web.yaml', '/etc/kubernetes/manifests/web.yaml');
    await bench.simulation.run(10_000);
    expect(running(bench, 'nginx')).toBe(1);
  });

  it('replaces a pod whose manifest is edited', async () => {
    const bench = await createBench();
    await startKubelet(bench, manifest('nginx:1.27'));
    bench.machine.files.write('/etc/kubernetes/manifests/web.yaml', manifest('nginx:1.28'));
    await bench.simulation.run(60_000);
    expect(running(bench, 'nginx')).toBe(1);
    const { containers } = await bench.call<{ containers: { image: string }[] }>('Runtime/ListContainers', {});
    expect(containers.map((container) => container.image)).toEqual(['docker.io/library/nginx:1.28']);
  });

  it('restarts a container that dies, the second time after ten seconds', async () => {
    const bench = await createBench();
    await startKubelet(bench, manifest('nginx:1.27'));
    await bench.simulation.run(60_000);
    const first = nginxPid(bench)!;
    bench.machine.kernel.signal(first, 'KILL');
    await bench.simulation.run(1_000);
    const second = nginxPid(bench)!;
    expect(second).not.toBe(first);
    bench.machine.kernel.signal(second, 'KILL');
    await bench.simulation.run(9_000);
    expect(nginxPid(bench)).toBeUndefined();
    await bench.simulation.run(2_000);
    expect(running(bench, 'nginx')).toBe(1);
  });

  it('kills and restarts a container whose liveness probe fails', async () => {
    const bench = await createBench();
    await startKubelet(
      bench,
      manifest(
        'nginx:1.27',
        '    livenessProbe:\n      httpGet: {path: /gone, port: 80}\n      periodSeconds: 1\n      failureThreshold: 3\n',
      ),
    );
    await bench.simulation.run(6_000);
    const { containers } = await bench.call<{ containers: { metadata: { attempt: number } }[] }>('Runtime/ListContainers', {});
    expect(Math.max(...containers.map((container) => container.metadata.attempt))).toBeGreaterThan(0);
  });
});
