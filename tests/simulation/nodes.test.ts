/** Nodes that are not there: one that dies under its pods, and none at all beside the control plane. */
import { beforeAll, describe, expect, it } from 'vitest';
import { BOOT_LIMIT_MS, bootedCluster, hereDocument, isRunningAndReady, type Seen, type Student } from './student.ts';
import { processesOf } from './control-plane.ts';

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: site
spec:
  replicas: 1
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

const PODS = '/api/v1/namespaces/default/pods';

describe('a node that loses power under its pod', () => {
  let student: Student;
  let pod: Seen;
  let node = '';
  let deadMs = 0;
  const conditionOf = async (name: string): Promise<string> =>
    ((await student.read(`/api/v1/nodes/${name}`))!.status.conditions as { type: string; status: string }[]).find(
      ({ type }) => type === 'Ready',
    )!.status;

  beforeAll(async () => {
    student = await bootedCluster('dead node', { controlPlanes: 1, workers: 2 });
    await student.sh(hereDocument('site.yaml', DEPLOYMENT));
    await student.sh('kubectl apply -f site.yaml');
    await student.eventually('the pod is ready', 30_000, async () => isRunningAndReady((await student.list(PODS))[0]));
    pod = (await student.list(PODS))[0]!;
    node = pod.spec.nodeName as string;
    await student.powerOff(node);
    deadMs = student.simulation.nowMs;
  }, BOOT_LIMIT_MS);

  it('is NotReady after the grace period of about 50 seconds, with the taints of an unreachable node', async () => {
    await student.eventually('the node is not ready', 70_000, async () => (await conditionOf(node)) === 'Unknown');
    expect(student.simulation.nowMs - deadMs).toBeGreaterThan(38_000);
    expect(student.simulation.nowMs - deadMs).toBeLessThan(62_000);
    await student.eventually('the node is tainted', 10_000, async () => {
      const taints = ((await student.read(`/api/v1/nodes/${node}`))!.spec.taints ?? []) as { key: string; effect: string }[];
      return ['NoSchedule', 'NoExecute'].every((effect) =>
        taints.some((taint) => taint.key === 'node.kubernetes.io/unreachable' && taint.effect === effect),
      );
    });
    expect(await student.sh('kubectl get nodes')).toMatch(new RegExp(`^${node} +NotReady `, 'm'));
    expect((await student.read(`${PODS}/${pod.metadata.name}`))!.metadata.deletionTimestamp).toBeUndefined();
  });

  it('has its pod evicted after another 300 seconds and replaced on the other worker', async () => {
    await student.eventually(
      'the pod is being deleted',
      330_000,
      async () => (await student.read(`${PODS}/${pod.metadata.name}`))!.metadata.deletionTimestamp !== undefined,
    );
    expect(student.simulation.nowMs - deadMs).toBeGreaterThan(340_000);
    expect(student.simulation.nowMs - deadMs).toBeLessThan(370_000);
    await student.eventually('another pod is ready', 30_000, async () =>
      (await student.list(PODS)).some((other) => other.metadata.uid !== pod.metadata.uid && isRunningAndReady(other)),
    );
    expect(await student.sh('kubectl get pods')).toMatch(new RegExp(`^${pod.metadata.name} +1/1 +Terminating `, 'm'));
  });

  it('runs nothing twice when it has power again, and is Ready without the taints', async () => {
    await student.powerOn(node);
    await student.eventually('the old pod is gone', 60_000, async () => (await student.read(`${PODS}/${pod.metadata.name}`)) === undefined);
    await student.eventually('the node is ready', 60_000, async () => (await conditionOf(node)) === 'True');
    await student.eventually(
      'the node has no taints',
      15_000,
      async () => (await student.read(`/api/v1/nodes/${node}`))!.spec.taints === undefined,
    );
    expect(
      student.simulation
        .machine(node)!
        .kernel.processes()
        .filter(({ name }) => name === 'nginx'),
    ).toEqual([]);
    expect(await student.list(PODS)).toHaveLength(1);
  });

  it('keeps its containers when only the kubelet dies', async () => {
    const machine = student.simulation.machine('control-plane')!;
    const before = machine.kernel.processes().filter(({ component }) => component === 'kube-apiserver');
    machine.signal('kubelet', 'KILL');
    await student.simulation.run(5_000);
    expect(processesOf(machine, 'kubelet')).toBe(0);
    await student.sh('kubectl get nodes');
    await student.simulation.run(30_000);
    expect(processesOf(machine, 'kubelet')).toBe(1);
    expect(
      machine.kernel
        .processes()
        .filter(({ component }) => component === 'kube-apiserver')
        .map(({ pid }) => pid),
    ).toEqual(before.map(({ pid }) => pid));
  });
});

describe('a cluster without workers', () => {
  it('is ready, leaves a plain pod Pending with the words of the scheduler, and runs it once the taint is removed', async () => {
    const student = await bootedCluster('no workers', { controlPlanes: 1, workers: 0 });
    await student.sh(
      hereDocument(
        'pod.yaml',
        'apiVersion: v1\nkind: Pod\nmetadata:\n  name: lonely\nspec:\n  containers:\n  - name: web\n    image: nginx:1.27',
      ),
    );
    await student.sh('kubectl apply -f pod.yaml');
    await student.simulation.run(5_000);
    expect(await student.sh('kubectl get pods')).toMatch(/^lonely +0\/1 +Pending +0 /m);
    const text =
      '0/1 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    const condition = (await student.read(`${PODS}/lonely`))!.status.conditions.find(
      ({ type }: { type: string }) => type === 'PodScheduled',
    );
    expect(condition).toMatchObject({ status: 'False', reason: 'Unschedulable', message: text });
    expect(await student.sh('kubectl get events')).toMatch(
      /Warning +FailedScheduling +pod\/lonely +0\/1 nodes are available: 1 node\(s\) had untolerated taint/,
    );
    await student.sh(`kubectl patch node control-plane --type=json -p '[{"op":"remove","path":"/spec/taints"}]'`);
    await student.eventually('the pod is ready', 30_000, async () => isRunningAndReady(await student.read(`${PODS}/lonely`)));
  });
});
