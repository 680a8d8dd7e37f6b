/** Three control planes with etcd on the same machines, three workers: what each failure does and does not do. */
import { beforeAll, describe, expect, it } from 'vitest';
import { backendsOf, etcdLeaders, everyApiServerReady, holderOf, isReadyAt, machinesOf, pidsOf, processesOf } from './control-plane.ts';
import { BOOT_LIMIT_MS, bootedCluster, hereDocument, isRunningAndReady, type Student } from './student.ts';

const MANIFESTS = '/etc/kubernetes/manifests';

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: site
spec:
  replicas: 3
  selector:
    matchLabels:
      app: site
  template:
    metadata:
      labels:
        app: site
    spec:
      containers:
      - name: web
        image: nginx:1.27
`;

describe('three stacked control planes and three workers', () => {
  let student: Student;
  let controlPlanes: string[];

  beforeAll(async () => {
    student = await bootedCluster('stacked', { controlPlanes: 3, workers: 3 });
    controlPlanes = await machinesOf(student, 'control-plane');
  }, BOOT_LIMIT_MS);

  /** Writes through kubectl and the load balancer until one write works; gives how long that took. */
  const untilAWriteWorks = (name: string): Promise<number> =>
    student.eventually(
      `kubectl creates ${name}`,
      30_000,
      async () => (await student.attempt(`kubectl create configmap ${name}`, 10_000))?.exitCode === 0,
    );

  it('has one etcd leader, one active scheduler and one active controller manager', async () => {
    expect(await etcdLeaders(student)).toHaveLength(1);
    const active = (await student.lab.machines.list()).flatMap(({ components }) =>
      components.filter(({ leader }) => leader).map(({ name }) => name),
    );
    expect(active.filter((name) => name !== 'etcd').sort()).toEqual(['kube-controller-manager', 'kube-scheduler']);
    expect((await student.sh('kubectl get nodes')).match(/ Ready /g)).toHaveLength(6);
  });

  it('goes on at kubectl while any one machine is off, and heals when it is on again', async () => {
    for (const machine of [...controlPlanes, 'worker-1']) {
      await student.powerOff(machine);
      // Through the connection the page keeps, which the load balancer ends when its API server is gone.
      const nodes = async (): Promise<boolean> => (await student.list('/api/v1/nodes')).length === 6;
      expect(await student.eventually('the page reads', 60_000, nodes), machine).toBeLessThanOrEqual(5_000);
      expect(await untilAWriteWorks(`without-${machine}`), machine).toBeLessThanOrEqual(15_000);
      await student.powerOn(machine);
      await everyApiServerReady(student);
    }
    const members = (await student.lab.machines.list()).flatMap(({ components }) => components.filter(({ name }) => name === 'etcd'));
    expect(members.map(({ raft }) => raft?.role).sort()).toEqual(['follower', 'follower', 'leader']);
    const names = (await student.list('/api/v1/namespaces/default/configmaps')).map(({ metadata }) => metadata.name);
    for (const machine of controlPlanes) expect(names).toContain(`without-${machine}`);
  });

  it('loses only the API server beside it when one etcd is dead, and the load balancer avoids that one', async () => {
    const [first, second, third] = controlPlanes as [string, string, string];
    const { files } = student.simulation.machine(second)!;
    files.rename(`${MANIFESTS}/etcd.yaml`, '/root-etcd.yaml');
    await student.eventually('etcd is gone', 60_000, () => processesOf(student.simulation.machine(second), 'etcd') === 0);
    await student.eventually('its API server is not ready', 30_000, async () => !(await isReadyAt(student, second)));
    expect([await isReadyAt(student, first), await isReadyAt(student, third)]).toEqual([true, true]);
    await student.eventually('the load balancer knows', 15_000, async () => (await backendsOf(student))['10.0.0.12'] === false);
    expect(await backendsOf(student)).toEqual({ '10.0.0.11': true, '10.0.0.12': false, '10.0.0.13': true });
    for (let line = 0; line < 5; line++) await student.sh('kubectl get nodes');
    files.rename('/root-etcd.yaml', `${MANIFESTS}/etcd.yaml`);
    await everyApiServerReady(student, 400_000);
    await student.eventually('the load balancer uses it again', 15_000, async () =>
      Object.values(await backendsOf(student)).every(Boolean),
    );
  });

  it('hands over to a standby when the active scheduler or controller manager is killed', async () => {
    for (const component of ['kube-scheduler', 'kube-controller-manager']) {
      const before = await holderOf(student, component);
      // The kubelet starts it again at once; without it the Lease goes to another machine.
      await student.lab.machines.freeze(before, 'kubelet');
      await student.lab.machines.kill(before, component);
      await student.eventually(`another ${component} holds the Lease`, 40_000, async () => (await holderOf(student, component)) !== before);
      await student.lab.machines.thaw(before, 'kubelet');
      await student.eventually(
        `${component} runs again as standby`,
        400_000,
        () => processesOf(student.simulation.machine(before), component) === 1,
      );
    }
    await student.sh(hereDocument('site.yaml', DEPLOYMENT));
    await student.sh('kubectl apply -f site.yaml');
    await student.eventually(
      'three pods are ready',
      60_000,
      async () => (await student.list('/api/v1/namespaces/default/pods')).filter(isRunningAndReady).length === 3,
    );
  });

  it('has a frozen controller manager exit when it thaws, and nothing is done twice', async () => {
    const before = await holderOf(student, 'kube-controller-manager');
    const machine = student.simulation.machine(before)!;
    const [pid] = pidsOf(machine, 'kube-controller-manager');
    await student.lab.machines.freeze(before, 'kube-controller-manager');
    await student.sh('kubectl scale deployment site --replicas=5');
    await student.eventually('a standby acts', 40_000, async () => (await holderOf(student, 'kube-controller-manager')) !== before);
    await student.eventually('five pods', 20_000, async () => (await student.list('/api/v1/namespaces/default/pods')).length === 5);
    const pods = (await student.list('/api/v1/namespaces/default/pods')).map(({ metadata }) => metadata.uid).sort();
    await student.lab.machines.thaw(before, 'kube-controller-manager');
    await student.eventually('the thawed one is gone', 15_000, () => !pidsOf(machine, 'kube-controller-manager').includes(pid!));
    await student.simulation.run(30_000);
    expect((await student.list('/api/v1/namespaces/default/pods')).map(({ metadata }) => metadata.uid).sort()).toEqual(pods);
    expect(await holderOf(student, 'kube-controller-manager')).not.toBe(before);
  });

  it('stops a component whose manifest is moved away, removes its mirror pod, and starts it when it is moved back', async () => {
    const [first] = controlPlanes as [string];
    const { files } = student.simulation.machine(first)!;
    const mirror = `/api/v1/namespaces/kube-system/pods/kube-scheduler-${first}`;
    const uid = (await student.read(mirror))!.metadata.uid;
    files.rename(`${MANIFESTS}/kube-scheduler.yaml`, '/kube-scheduler.yaml');
    await student.eventually('the mirror pod is gone', 60_000, async () => (await student.read(mirror)) === undefined);
    await student.eventually('the process is gone', 5_000, () => processesOf(student.simulation.machine(first), 'kube-scheduler') === 0);
    files.rename('/kube-scheduler.yaml', `${MANIFESTS}/kube-scheduler.yaml`);
    await student.eventually('the mirror pod is back', 60_000, async () => (await student.read(mirror))?.status?.phase === 'Running');
    expect((await student.read(mirror))!.metadata.uid).not.toBe(uid);
    await student.eventually('the process is back', 5_000, () => processesOf(student.simulation.machine(first), 'kube-scheduler') === 1);
  });
});
