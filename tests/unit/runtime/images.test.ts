/** Images that courses start: what they answer, what they say, and how the registries answer for those the lab does not have. */
import { describe, expect, it } from 'vitest';
import type { cri } from '../../../src/contracts/index.ts';
import { createCatalogue, genericImages, genericServer } from '../../../src/runtime/index.ts';
import { containerConfig, createBench, sandboxConfig, type Bench } from './machine.ts';

interface Started {
  readonly containerId: string;
  readonly ip: string;
  sh(command: string): Promise<string>;
  status(): Promise<cri.ContainerStatus>;
}

/** Starts a container of an image in a sandbox of its own, with a busybox beside it to ask from. */
async function start(bench: Bench, name: string, image: string, more: Partial<cri.ContainerConfig> = {}): Promise<Started> {
  for (const wanted of [image, 'busybox:1.36']) await bench.call('Image/PullImage', { image: wanted });
  const { podSandboxId } = await bench.call<cri.PodSandboxReference>('Runtime/RunPodSandbox', { config: sandboxConfig(name) });
  const run = async (config: cri.ContainerConfig): Promise<string> => {
    const { containerId } = await bench.call<cri.ContainerReference>('Runtime/CreateContainer', { podSandboxId, config });
    await bench.call('Runtime/StartContainer', { containerId });
    return containerId;
  };
  const containerId = await run({ ...containerConfig('main', image), ...more });
  const helper = await run({ ...containerConfig('helper', 'busybox:1.36'), command: ['sleep', '3600'] });
  await bench.simulation.run(5);
  const { status } = await bench.call<{ status: cri.PodSandboxStatus }>('Runtime/PodSandboxStatus', { podSandboxId });
  return {
    containerId,
    ip: status.ip,
    async sh(command) {
      const request = { containerId: helper, command: ['sh', '-c', command], timeoutSeconds: 20 };
      const { stdout, stderr } = await bench.call<cri.ExecSyncResponse>('Runtime/ExecSync', request);
      return stdout + stderr;
    },
    status: async () => (await bench.call<{ status: cri.ContainerStatus }>('Runtime/ContainerStatus', { containerId })).status,
  };
}

const logOf = async (bench: Bench, { status }: Started): Promise<string> =>
  bench.machine.files
    .readText((await status()).logPath)
    .split('\n')
    .map((line) => line.split(' ').slice(3).join(' '))
    .join('\n');

describe('images of small servers', () => {
  it('answer who they are: http-echo, hello-app in two versions, the bootcamp, whoami, echo-server', async () => {
    const bench = await createBench();
    const echo = await start(bench, 'echo', 'hashicorp/http-echo', { args: ['-text=hi there', '-listen=:5678'] });
    expect(await echo.sh('wget -qO- http://127.0.0.1:5678')).toBe('hi there\n');
    expect(await logOf(bench, echo)).toMatch(/^2026\/01\/05 09:00:\d\d \[INFO\] server is listening on :5678$/m);
    for (const version of ['1.0', '2.0']) {
      const hello = await start(bench, `hello-${version[0]}`, `gcr.io/google-samples/hello-app:${version}`);
      expect(await hello.sh('wget -qO- http://127.0.0.1:8080')).toBe(
        `Hello, world!\nVersion: ${version}.0\nHostname: hello-${version[0]}\n`,
      );
    }
    const bootcamp = await start(bench, 'boot', 'gcr.io/google-samples/kubernetes-bootcamp:v1');
    expect(await bootcamp.sh('wget -qO- http://127.0.0.1:8080')).toBe('Hello Kubernetes bootcamp! | Running on: boot | v=1\n');
    const whoami = await start(bench, 'who', 'traefik/whoami');
    expect(await whoami.sh('wget -qO- http://127.0.0.1/')).toContain(`Hostname: who\nIP: 127.0.0.1\nIP: ${whoami.ip}\nRemoteAddr: `);
    const request = await start(bench, 'request', 'kicbase/echo-server:1.0');
    expect(await request.sh('wget -qO- "http://127.0.0.1:8080/a?b=c"')).toMatch(
      /^Request served by request\n\nGET \/a\?b=c HTTP\/1\.1\n\nHost: /,
    );
  });

  it('are the conformance suite agnhost: arguments, netexec and its endpoints, a controlled end', async () => {
    const bench = await createBench();
    const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';
    const tester = await start(bench, 'tester', image, { args: ['entrypoint-tester', 'a', 'b c'] });
    expect(await logOf(bench, tester)).toBe('[/agnhost entrypoint-tester a b c]\n');
    expect(await tester.status()).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 0 });
    const other = await start(bench, 'other', image, { args: ['netexec', '--http-port=80', '--udp-port=90'] });
    const netexec = await start(bench, 'netexec', image, { args: ['netexec'] });
    expect(await netexec.sh('wget -qO- http://127.0.0.1:8080/hostName')).toBe('netexec');
    expect(await netexec.sh('wget -qO- "http://127.0.0.1:8080/echo?msg=hello"')).toBe('hello');
    expect(await netexec.sh('wget -qO- "http://127.0.0.1:8080/shell?cmd=echo%20one"')).toBe('{"output":"one\\n"}');
    for (const [protocol, port] of [
      ['http', 80],
      ['udp', 90],
    ] as const)
      expect(
        await netexec.sh(
          `wget -qO- "http://127.0.0.1:8080/dial?request=hostname&protocol=${protocol}&host=${other.ip}&port=${port}&tries=2"`,
        ),
      ).toBe('{"responses":["other","other"]}');
    await netexec.sh('wget -qO- "http://127.0.0.1:8080/exit?code=3"');
    await bench.simulation.run(100);
    expect(await netexec.status()).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 3, reason: 'Error' });
  });

  it('compute pi as the Job of the documentation does, and say hello to the world', async () => {
    const bench = await createBench();
    const pi = await start(bench, 'pi', 'perl:5.34.0', { command: ['perl'], args: ['-Mbignum=bpi', '-wle', 'print bpi(50)'] });
    await bench.simulation.run(1_000);
    expect(await logOf(bench, pi)).toBe('3.1415926535897932384626433832795028841971693993751\n');
    expect(await pi.status()).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 0 });
    const other = await start(bench, 'other', 'perl:5.34.0', { command: ['perl'], args: ['-e', 'while (1) {}'] });
    expect(await logOf(bench, other)).toContain('SIMULATED');
    expect(await other.status()).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 2 });
    const hello = await start(bench, 'hello', 'hello-world');
    expect(await logOf(bench, hello)).toContain('Hello from Docker!\n');
  });

  it('end with OOMKilled when they take more memory than their limit, and are capped to their processor limit', async () => {
    const bench = await createBench();
    const config = { command: ['stress'], args: ['--vm', '1', '--vm-bytes', '250M'], memoryLimitBytes: 100 * 1024 ** 2 };
    const killed = await start(bench, 'killed', 'polinux/stress', config);
    expect(await killed.status()).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137, reason: 'OOMKilled' });
    const fits = await start(bench, 'fits', 'polinux/stress', { ...config, memoryLimitBytes: 400 * 1024 ** 2 });
    expect((await fits.status()).state).toBe('CONTAINER_RUNNING');
    const cpu = await start(bench, 'cpu', 'vish/stress', { args: ['-cpus', '2'], cpuLimitMillis: 500 });
    const stats = async () =>
      (await bench.call<{ stats: cri.ContainerStats }>('Runtime/ContainerStats', { containerId: cpu.containerId })).stats;
    const before = (await stats()).cpuUsageNanoseconds;
    await bench.simulation.run(10_000);
    expect(((await stats()).cpuUsageNanoseconds - before) / 1e9).toBeCloseTo(5, 1);
  });
});

describe('the registries', () => {
  const catalogue = createCatalogue(genericImages, { fallback: genericServer });
  const crypto = { sha256: (text: string) => new TextEncoder().encode(text.padEnd(32)).subarray(0, 32) } as never;

  it('stand in for software the lab has no program for, and say so', () => {
    for (const reference of [
      'mysql:8.4',
      'postgres',
      'python:3.12-slim',
      'fluentd:v1.16',
      'kodekloud/webapp-color',
      'bitnami/kafka',
      'quay.io/team/app:v1',
      'ghcr.io/a/b',
    ])
      expect(catalogue.resolve(reference, crypto).image.isSimulated, reference).toBe(true);
    for (const reference of ['nginx', 'redis:7', 'ghcr.io/tabernetes/guestbook:1.0'])
      expect(catalogue.resolve(reference, crypto).image.isSimulated, reference).toBeUndefined();
  });

  it.each([
    [
      'ngnix',
      'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    ],
    ['nginx:9.99', 'docker.io/library/nginx:9.99: not found'],
    ['quay.io/team/app:nosuchtag', 'quay.io/team/app:nosuchtag: not found'],
    ['registry.k8s.io/nope:1', 'registry.k8s.io/nope:1: not found'],
    ['registry.example.com/team/app:1', 'lookup registry.example.com: no such host'],
  ])('have no %s', (reference, text) => {
    expect(() => catalogue.resolve(reference, crypto)).toThrow(text);
  });
});
