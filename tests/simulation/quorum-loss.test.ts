/** Two of three control planes are off: the stages in which a cluster that has lost its quorum fails, and how it comes back. */
import { beforeAll, describe, expect, it } from 'vitest';
import { backendsOf, everyApiServerReady, holderOf, pidsOf } from './control-plane.ts';
import { BOOT_LIMIT_MS, bootedCluster, type Student } from './student.ts';

describe('a cluster of three control planes that loses two', () => {
  let student: Student;
  let survivor: string;
  let others: string[];
  let direct: string;
  let lostMs = 0;
  const pids = new Map<string, number>();

  beforeAll(async () => {
    student = await bootedCluster('quorum', { controlPlanes: 3, workers: 1 });
    await student.sh('kubectl create configmap kept --from-literal=a=b');
    // The one that stays is the one whose scheduler is active, so that its Lease can be lost.
    survivor = await holderOf(student, 'kube-scheduler');
    others = ['control-plane-1', 'control-plane-2', 'control-plane-3'].filter((name) => name !== survivor);
    direct = `kubectl -s https://10.0.0.1${survivor.at(-1)}:6443`;
    for (const component of ['kube-scheduler', 'kube-apiserver'])
      pids.set(component, pidsOf(student.simulation.machine(survivor), component)[0]!);
    await student.powerOff(...others);
    lostMs = student.simulation.nowMs;
  }, BOOT_LIMIT_MS);

  it('first lets requests hang, then answers that etcd timed out', async () => {
    expect(await student.attempt(`${direct} create configmap lost`, 5_000)).toBeUndefined();
    const answer = await student.attempt(`${direct} create configmap lost`, 30_000);
    expect(answer).toMatchObject({ exitCode: 1 });
    expect(answer!.stderr).toContain('etcdserver: request timed out');
  });

  it('says the same at the endpoint of all: with no API server ready the load balancer leads to the one that is there', async () => {
    await student.eventually('no backend is ready', 15_000, async () => !Object.values(await backendsOf(student)).includes(true));
    const answer = await student.attempt('kubectl create configmap lost', 30_000);
    expect(answer).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('etcdserver: request timed out') as string });
  });

  it('still answers lists from cache', async () => {
    const answer = await student.attempt(`${direct} get --raw '/api/v1/nodes?resourceVersion=0'`, 10_000);
    expect(answer?.exitCode).toBe(0);
    expect((JSON.parse(answer!.stdout) as { items: unknown[] }).items).toHaveLength(4);
  });

  it('has the active scheduler lose its Lease and exit', async () => {
    await student.eventually(
      'the scheduler is gone',
      30_000,
      () => !pidsOf(student.simulation.machine(survivor), 'kube-scheduler').includes(pids.get('kube-scheduler')!),
    );
    expect(student.simulation.nowMs - lostMs).toBeGreaterThan(8_000);
  });

  it('has the kubelet kill the API server, whose liveness includes etcd, after about 80 to 90 seconds', async () => {
    await student.eventually(
      'the API server is gone',
      150_000,
      () => !pidsOf(student.simulation.machine(survivor), 'kube-apiserver').includes(pids.get('kube-apiserver')!),
    );
    expect(student.simulation.nowMs - lostMs).toBeGreaterThan(60_000);
    expect(student.simulation.nowMs - lostMs).toBeLessThan(130_000);
    await student.eventually('connections are refused', 60_000, async () => {
      const answer = await student.attempt(`${direct} get nodes`, 5_000);
      return answer?.stderr.includes(`was refused - did you specify the right host or port?`) ?? false;
    });
    await student.eventually('and so are those of the load balancer', 60_000, async () => {
      const answer = await student.attempt('kubectl get nodes', 5_000);
      return answer?.stderr === 'The connection to the server 10.0.0.10:6443 was refused - did you specify the right host or port?\n';
    });
  });

  it('is all back when the two are on again, with everything that was acknowledged', async () => {
    await student.powerOn(...others);
    // The crash loop of the survivor's API server may be at its longest back-off.
    await everyApiServerReady(student, 400_000);
    expect(await student.sh("kubectl get configmap kept -o jsonpath='{.data.a}'")).toBe('b');
    await student.eventually('a scheduler is active', 60_000, async () => (await holderOf(student, 'kube-scheduler')) !== '');
    await student.sh('kubectl create configmap after');
  });
});
