/** Machines whose clocks are wrong: certificates that are not valid yet or no longer, leases that do not care. */
import { beforeAll, describe, expect, it } from 'vitest';
import { holderOf } from './control-plane.ts';
import { BOOT_LIMIT_MS, bootedCluster, type Student } from './student.ts';

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;

describe('a machine whose clock is wrong', () => {
  let student: Student;
  const skew = (name: string, ms: number): Promise<void> => student.settle(student.lab.machines.skew(name, ms));
  const isReady = async (name: string): Promise<boolean> =>
    ((await student.read(`/api/v1/nodes/${name}`))?.status?.conditions as { type: string; status: string }[]).some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );

  beforeAll(async () => {
    student = await bootedCluster('skew', { controlPlanes: 3, workers: 1 });
  }, BOOT_LIMIT_MS);

  it('finds certificates not valid yet when it is behind, expired when it is far ahead, and neither once it is right again', async () => {
    await skew('workstation', -YEAR_MS);
    const behind = await student.run('kubectl get nodes');
    expect(behind.exitCode).toBe(1);
    expect(behind.stderr).toMatch(
      /Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2025-01-05T\S+Z is before 20\d\d-\S+Z/,
    );
    await skew('workstation', 2 * YEAR_MS);
    const ahead = await student.run('kubectl get nodes');
    expect(ahead.stderr).toMatch(/x509: certificate has expired or is not yet valid: current time 2028-01-05T\S+Z is after 2027-\S+Z/);
    await skew('workstation', 0);
    expect((await student.run('kubectl get nodes')).exitCode).toBe(0);
  });

  it('is served or refused by the clock of who checks: an API server far ahead takes no client certificate', async () => {
    await skew('control-plane-2', 2 * YEAR_MS);
    const answer = await student.run('kubectl -s https://10.0.0.12:6443 get nodes');
    expect(answer.exitCode).toBe(1);
    expect(answer.stderr).toContain('error: You must be logged in to the server (Unauthorized)');
    await skew('control-plane-2', 0);
    expect(await student.run('kubectl -s https://10.0.0.12:6443 get nodes')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('keeps its Lease and its Node ready though it is ten minutes ahead, because those who wait count by their own clocks', async () => {
    const holder = await holderOf(student, 'kube-scheduler');
    await skew(holder, 10 * MINUTE_MS);
    await skew('worker-1', -10 * MINUTE_MS);
    await student.simulation.run(2 * MINUTE_MS);
    expect(await holderOf(student, 'kube-scheduler')).toBe(holder);
    expect(await isReady('worker-1')).toBe(true);
    const lease = await student.read('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/worker-1');
    const renewed = Date.parse(lease!.spec.renewTime as string);
    expect(student.lab.time.now - renewed).toBeGreaterThan(9 * MINUTE_MS);
    await skew(holder, 0);
    await skew('worker-1', 0);
  });

  it('leaves etcd leases and elections alone, which count by no wall clock', async () => {
    const terms = async (): Promise<(number | undefined)[]> =>
      (await student.lab.machines.list()).flatMap(({ components }) =>
        components.filter(({ name }) => name === 'etcd').map(({ raft }) => raft?.term),
      );
    const before = await terms();
    for (const [at, name] of ['control-plane-1', 'control-plane-2', 'control-plane-3'].entries())
      await skew(name, (at - 1) * 30 * MINUTE_MS);
    await student.simulation.run(MINUTE_MS);
    expect(await terms()).toEqual(before);
    await student.sh('kubectl create configmap skewed');
    for (const name of ['control-plane-1', 'control-plane-2', 'control-plane-3']) await skew(name, 0);
  });
});
