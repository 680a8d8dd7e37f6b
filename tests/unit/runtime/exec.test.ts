import { describe, expect, it } from 'vitest';
import type { cri } from '../../../src/contracts/index.ts';
import { containerConfig, createBench, sandboxConfig, type Bench } from './machine.ts';

async function run(bench: Bench, config: cri.ContainerConfig): Promise<string> {
  await bench.call('Image/PullImage', { image: config.image });
  const { podSandboxId } = await bench.call<cri.PodSandboxReference>('Runtime/RunPodSandbox', {
    config: sandboxConfig(config.metadata.name),
  });
  const { containerId } = await bench.call<cri.ContainerReference>('Runtime/CreateContainer', { podSandboxId, config });
  await bench.call('Runtime/StartContainer', { containerId });
  return containerId;
}
const execSync = (bench: Bench, containerId: string, command: string[], timeoutSeconds = 0): Promise<cri.ExecSyncResponse> =>
  bench.call<cri.ExecSyncResponse>('Runtime/ExecSync', { containerId, command, timeoutSeconds });

describe('a busybox container', () => {
  it('writes what its command says and ends with its code', async () => {
    const bench = await createBench();
    const id = await run(bench, containerConfig('box', 'busybox', { args: ['sh', '-c', 'echo hello world; echo oops >&2; exit 3'] }));
    await bench.simulation.run(1_000);
    const { status } = await bench.call<{ status: cri.ContainerStatus }>('Runtime/ContainerStatus', { containerId: id });
    expect(status).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 3, reason: 'Error' });
    const lines = bench.machine.files
      .readText(status.logPath)
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').slice(1).join(' '));
    expect(lines.sort()).toEqual(['stderr F oops', 'stdout F hello world']);
  });

  it('runs commands beside its main process, in its own file system and with its environment', async () => {
    const bench = await createBench();
    const id = await run(bench, containerConfig('box', 'busybox', { command: ['sleep', '3600'], env: [{ key: 'COLOR', value: 'blue' }] }));
    expect(await execSync(bench, id, ['sh', '-c', 'echo $COLOR; hostname; cat /etc/resolv.conf'])).toEqual({
      stdout: 'blue\nbox\nsearch default.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
      stderr: '',
      exitCode: 0,
    });
    expect((await execSync(bench, id, ['sh', '-c', 'exit 7'])).exitCode).toBe(7);
    await expect(execSync(bench, id, ['nope'])).rejects.toThrow('exec: "nope": executable file not found in $PATH');
  });

  it('ends a command that takes longer than it may', async () => {
    const bench = await createBench();
    const id = await run(bench, containerConfig('box', 'busybox', { command: ['sleep', '3600'] }));
    await expect(execSync(bench, id, ['sleep', '60'], 1)).rejects.toThrow('timeout 1s exceeded');
    await bench.simulation.run(100);
    expect(bench.machine.kernel.processes().filter((info) => info.name === 'sleep')).toHaveLength(1);
  });

  it('carries input and output of an interactive command', async () => {
    const bench = await createBench();
    const id = await run(bench, containerConfig('box', 'busybox', { command: ['sleep', '3600'] }));
    const session = async (): Promise<string> => {
      const stream = await bench.cri.stream<cri.ExecMessage, cri.ExecRequest | cri.ExecMessage>('Runtime/Exec', { timeoutMs: Infinity });
      await stream.send({ containerId: id, command: ['cat'], stdin: true, stdout: true, stderr: true, tty: false });
      await stream.send({ stdin: new TextEncoder().encode('one two') });
      await stream.send({ stdinEnd: true });
      let text = '';
      for (let message = await stream.receive(); message; message = await stream.receive()) {
        if ('stdout' in message) text += new TextDecoder().decode(message.stdout);
        if ('exitCode' in message) return `${text} ${message.exitCode}`;
      }
      return text;
    };
    expect(await bench.simulation.settle(session(), 10_000, 'exec')).toBe('one two 0');
  });

  it('shares a directory of the machine with another container', async () => {
    const bench = await createBench();
    bench.machine.files.makeDirectory('/data', { recursive: true });
    const mounts = [{ containerPath: '/shared', hostPath: '/data', readOnly: false }];
    const writer = await run(bench, containerConfig('writer', 'busybox', { command: ['sleep', '3600'], mounts }));
    const reader = await run(
      bench,
      containerConfig('reader', 'busybox', { command: ['sleep', '3600'], mounts: [{ ...mounts[0]!, readOnly: true }] }),
    );
    expect((await execSync(bench, writer, ['sh', '-c', 'echo from writer > /shared/note'])).exitCode).toBe(0);
    expect((await execSync(bench, reader, ['cat', '/shared/note'])).stdout).toBe('from writer\n');
    expect((await execSync(bench, reader, ['sh', '-c', 'echo no > /shared/note'])).exitCode).not.toBe(0);
  });

  it('is killed when it does not end within its grace period', async () => {
    const bench = await createBench();
    const id = await run(bench, containerConfig('box', 'busybox', { args: ['sh', '-c', "trap '' TERM; sleep 3600; sleep 3600"] }));
    await bench.simulation.run(100);
    await bench.call('Runtime/StopContainer', { containerId: id, timeoutSeconds: 3 });
    const { status } = await bench.call<{ status: cri.ContainerStatus }>('Runtime/ContainerStatus', { containerId: id });
    expect(status).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 });
  });
});
