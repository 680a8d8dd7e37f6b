import { describe, expect, it } from 'vitest';
import type { cri } from '../../../src/contracts/index.ts';
import { createHttpClient } from '../../../src/host/index.ts';
import { containerConfig, createBench, sandboxConfig, type Bench } from './machine.ts';

async function runNginx(bench: Bench): Promise<{ podSandboxId: string; containerId: string }> {
  await bench.call('Image/PullImage', { image: 'nginx' });
  const { podSandboxId } = await bench.call<cri.PodSandboxReference>('Runtime/RunPodSandbox', { config: sandboxConfig('web') });
  const { containerId } = await bench.call<cri.ContainerReference>('Runtime/CreateContainer', {
    podSandboxId,
    config: containerConfig('nginx', 'nginx'),
  });
  await bench.call('Runtime/StartContainer', { containerId });
  await bench.simulation.run(5);
  return { podSandboxId, containerId };
}
const statusOf = async (bench: Bench, containerId: string): Promise<cri.ContainerStatus> =>
  (await bench.call<{ status: cri.ContainerStatus }>('Runtime/ContainerStatus', { containerId })).status;

describe('containerd', () => {
  it('runs nginx in a sandbox with an address of the node range, and writes its log in the CRI format', async () => {
    const bench = await createBench();
    const { podSandboxId, containerId } = await runNginx(bench);
    const { status: sandbox } = await bench.call<{ status: cri.PodSandboxStatus }>('Runtime/PodSandboxStatus', { podSandboxId });
    expect(sandbox).toMatchObject({ state: 'SANDBOX_READY', ip: '10.244.1.2' });
    const client = createHttpClient(bench.process.network, bench.process.clock, { address: sandbox.ip, port: 80 });
    const response = await bench.simulation.settle(
      client.request({ method: 'GET', path: '/', headers: [['user-agent', 'curl/8.5.0']] }),
      5_000,
      'GET /',
    );
    expect(response.status).toBe(200);
    expect(await bench.simulation.settle(response.text(), 1_000, 'body')).toContain('<title>Welcome to nginx!</title>');
    const missing = await bench.simulation.settle(client.request({ method: 'GET', path: '/nope', headers: [] }), 5_000, 'GET /nope');
    expect(missing.status).toBe(404);
    const status = await statusOf(bench, containerId);
    expect(status).toMatchObject({ state: 'CONTAINER_RUNNING', image: 'docker.io/library/nginx:latest' });
    expect(status.imageRef).toMatch(/^docker\.io\/library\/nginx@sha256:[0-9a-f]{64}$/);
    expect(status.logPath).toBe('/var/log/pods/default_web_uid-web/nginx/0.log');
    const log = bench.machine.files.readText(status.logPath).trimEnd().split('\n');
    expect(log[0]).toMatch(/^2026-01-05T09:00:\d\d\.\d{9}Z stdout F \/docker-entrypoint\.sh: Configuration complete; ready for start up$/);
    expect(log[1]).toMatch(/ stdout F [\d.]+ - - \[05\/Jan\/2026:09:00:\d\d \+0000\] "GET \/ HTTP\/1\.1" 200 \d+ "-" "curl\/8\.5\.0" "-"$/);
    expect(log.some((line) => / stderr F .*\[error\].*open\(\) "\/usr\/share\/nginx\/html\/nope" failed/.test(line))).toBe(true);
  });

  it('leaves containers running while it is away and finds them again', async () => {
    const bench = await createBench();
    const { containerId } = await runNginx(bench);
    const before = await statusOf(bench, containerId);
    bench.machine.signal('containerd', 'KILL');
    await bench.simulation.run(1_000);
    expect(bench.machine.kernel.processes().map((info) => info.name)).toContain('nginx');
    await bench.start();
    expect(await statusOf(bench, containerId)).toEqual(before);
    await bench.call('Runtime/StopContainer', { containerId, timeoutSeconds: 30 });
    expect(await statusOf(bench, containerId)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 0, reason: 'Completed' });
  });

  it('says that everything has ended after a power cut, and keeps what was pulled', async () => {
    const bench = await createBench();
    const { containerId, podSandboxId } = await runNginx(bench);
    await bench.simulation.run(10_000);
    bench.simulation.powerOff('worker-1');
    await bench.simulation.run(1_000);
    await bench.start();
    expect(await statusOf(bench, containerId)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 255 });
    const { status } = await bench.call<{ status: cri.PodSandboxStatus }>('Runtime/PodSandboxStatus', { podSandboxId });
    expect(status.state).toBe('SANDBOX_NOTREADY');
    const { images } = await bench.call<{ images: cri.Image[] }>('Image/ListImages', {});
    expect(images.flatMap((image) => image.repoTags).sort()).toEqual(['docker.io/library/nginx:latest', 'registry.k8s.io/pause:3.10']);
  });

  it('removes a sandbox with its containers, its namespace and its address', async () => {
    const bench = await createBench();
    const { podSandboxId } = await runNginx(bench);
    const processes = (): string[] =>
      bench.machine.kernel
        .processes()
        .map((info) => info.name)
        .sort();
    await bench.call('Runtime/RemovePodSandbox', { podSandboxId });
    expect(processes()).toEqual(['containerd', 'test']);
    expect(bench.machine.kernel.namespaces.list().map((namespace) => namespace.name)).not.toContain('cni-uid-web-0');
    expect((await bench.call<{ containers: unknown[] }>('Runtime/ListContainers', {})).containers).toEqual([]);
    expect(bench.machine.files.list('/var/lib/cni/networks/cbr0')).toEqual(['last_reserved_ip.0']);
  });

  it.each([
    [
      'nope',
      'failed to pull and unpack image "docker.io/library/nope:latest": failed to resolve reference "docker.io/library/nope:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    ],
    [
      'nginx:1.161',
      'failed to pull and unpack image "docker.io/library/nginx:1.161": failed to resolve reference "docker.io/library/nginx:1.161": docker.io/library/nginx:1.161: not found',
    ],
  ])('refuses to pull %s as a registry does', async (image, message) => {
    const bench = await createBench();
    await expect(bench.call('Image/PullImage', { image })).rejects.toThrow(message);
  });

  it('tells a command that is not in the image as runc does and ends the container with 128', async () => {
    const bench = await createBench();
    await bench.call('Image/PullImage', { image: 'nginx' });
    const { podSandboxId } = await bench.call<cri.PodSandboxReference>('Runtime/RunPodSandbox', { config: sandboxConfig('bad') });
    const { containerId } = await bench.call<cri.ContainerReference>('Runtime/CreateContainer', {
      podSandboxId,
      config: containerConfig('bad', 'nginx', { command: ['nonsense'] }),
    });
    await expect(bench.call('Runtime/StartContainer', { containerId })).rejects.toThrow(
      'exec: "nonsense": executable file not found in $PATH',
    );
    expect(await statusOf(bench, containerId)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 128, reason: 'StartError' });
  });
});
