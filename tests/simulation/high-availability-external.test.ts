/** Two control planes, three etcd hosts of their own, three workers: one machine of each kind may be off at once. */
import { beforeAll, describe, expect, it } from 'vitest';
import { etcdLeaders, everyApiServerReady, isReadyAt } from './control-plane.ts';
import { BOOT_LIMIT_MS, bootedCluster, type Student } from './student.ts';

describe('two control planes on three external etcd members', () => {
  let student: Student;

  beforeAll(async () => {
    student = await bootedCluster('external', { topology: 'external', controlPlanes: 2, etcdMembers: 3, workers: 3 });
  }, BOOT_LIMIT_MS);

  it('has its members on hosts of their own, which are not nodes', async () => {
    const [leader] = await etcdLeaders(student);
    expect(leader!.machine).toMatch(/^etcd-[123]$/);
    const nodes = (await student.list('/api/v1/nodes')).map(({ metadata }) => metadata.name);
    expect(nodes).toEqual(['control-plane-1', 'control-plane-2', 'worker-1', 'worker-2', 'worker-3']);
  });

  it('goes on at kubectl with one control plane, one etcd host and one worker off at once', async () => {
    const [leader] = await etcdLeaders(student);
    await student.powerOff('control-plane-1', leader!.machine, 'worker-3');
    // Calls that the API server had sent, or sends, to the dead etcd host fail when TCP gives it up (10 s); all others are answered by then.
    const failures: string[] = [];
    const tookMs = await student.eventually('a write works', 30_000, async () => {
      const answer = await student.attempt('kubectl create configmap without', 11_000);
      if (answer?.exitCode !== 0) failures.push(answer?.stderr ?? 'no answer');
      return answer?.exitCode === 0;
    });
    expect(tookMs).toBeLessThanOrEqual(12_000);
    for (const failure of failures)
      expect(failure).toMatch(
        /etcdserver: request timed out|rpc error: code = Unavailable desc = error reading from server: read: connection timed out|connection reset by peer/,
      );
    for (let at = 0; at < 20; at++) {
      await student.simulation.run(1_000);
      await student.attempt(`kubectl create configmap later-${at}`, 10_000);
    }
    // From then on nothing waits for it any more.
    const startMs = student.simulation.nowMs;
    for (let at = 0; at < 10; at++) await student.sh(`kubectl create configmap settled-${at}`);
    expect(student.simulation.nowMs - startMs).toBeLessThanOrEqual(1_000);
    expect(await isReadyAt(student, 'control-plane-2')).toBe(true);
    await student.powerOn('control-plane-1', leader!.machine, 'worker-3');
    await everyApiServerReady(student);
    expect((await student.list('/api/v1/namespaces/default/configmaps')).map(({ metadata }) => metadata.name)).toContain('without');
  });

  it('keeps every API server ready when any one etcd host is off', async () => {
    for (const machine of ['etcd-1', 'etcd-2', 'etcd-3']) {
      await student.powerOff(machine);
      await student.simulation.run(10_000);
      await everyApiServerReady(student, 15_000);
      await student.powerOn(machine);
      await student.eventually('all members agree on a leader', 60_000, async () => {
        const members = (await student.lab.machines.list()).flatMap(({ components }) => components.filter(({ name }) => name === 'etcd'));
        return (
          members.length === 3 &&
          members.filter(({ raft }) => raft?.role === 'leader').length === 1 &&
          new Set(members.map(({ raft }) => raft?.term)).size === 1
        );
      });
    }
  });

  it.each([5_000, 30_000])('takes writes again within five seconds after every etcd host was without power for %i ms', async (offMs) => {
    const hosts = ['etcd-1', 'etcd-2', 'etcd-3'];
    await everyApiServerReady(student);
    await student.powerOff(...hosts);
    await student.simulation.run(offMs);
    await student.powerOn(...hosts);
    const tookMs = await student.eventually('a write works', 30_000, async () => {
      const answer = await student.attempt(`kubectl --request-timeout=1s create configmap after-${offMs}`, 2_000);
      // The answer to a write that was done may have come too late.
      return answer?.exitCode === 0 || (answer?.stderr.includes('already exists') ?? false);
    });
    expect(tookMs).toBeLessThanOrEqual(5_000);
  });
});
