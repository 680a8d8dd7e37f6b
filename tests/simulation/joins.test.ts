/** Machines that come to a running cluster and go from it: kubeadm join and reset, members that are learners first, replaced or removed. */
import { beforeAll, describe, expect, it } from 'vitest';
import { backendsOf, everyApiServerReady, isReadyAt, pidsOf, processesOf } from './control-plane.ts';
import { etcdctlOn, memberOf, membersAt, voterNames } from './members.ts';
import { BOOT_LIMIT_MS, bootedCluster, hereDocument, isRunningAndReady, type Student } from './student.ts';

/** Lab time within which a machine has joined. */
const JOIN_LIMIT_MS = 300_000;

const nodeNames = async (student: Student): Promise<string[]> => (await student.list('/api/v1/nodes')).map(({ metadata }) => metadata.name);

const isNodeReady = async (student: Student, name: string): Promise<boolean> =>
  ((await student.read(`/api/v1/nodes/${name}`))?.status?.conditions as { type: string; status: string }[]).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );

/** Roles that a machine's etcd told, each once for as long as it kept it. */
function watchRoles(student: Student, name: string): { readonly roles: readonly string[]; stop(): void } {
  const roles: string[] = [];
  const stop = student.lab.on('raft', ({ machine, role }) => {
    if (machine === name && roles.at(-1) !== role) roles.push(role);
  });
  return { roles, stop };
}

describe('a stacked cluster that grows from two control planes to three and shrinks again', () => {
  let student: Student;

  beforeAll(async () => {
    student = await bootedCluster('grows', { controlPlanes: 2, workers: 1 });
  }, BOOT_LIMIT_MS);

  it('takes in a third, whose etcd member is a learner first and then has a vote', async () => {
    const seen = watchRoles(student, 'control-plane-3');
    const info = await student.settle(student.lab.machines.add({ role: 'control-plane' }), JOIN_LIMIT_MS, 'a third control plane');
    expect(info).toMatchObject({ name: 'control-plane-3', roles: ['control-plane'], power: 'on' });
    await student.eventually('three voters', 60_000, async () => (await voterNames(student, 'control-plane-1')).length === 3);
    seen.stop();
    expect(seen.roles).toEqual(['learner', 'follower']);
    expect((await membersAt(student, 'control-plane-3')).map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
      'control-plane-1 started',
      'control-plane-2 started',
      'control-plane-3 started',
    ]);
  });

  it('has the third behind the load balancer, marked and tainted as a control plane', async () => {
    await student.eventually('it is ready', 60_000, () => isReadyAt(student, 'control-plane-3'));
    await student.eventually('the load balancer uses it', 15_000, async () => (await backendsOf(student))['10.0.0.13'] === true);
    const isOut = async (): Promise<boolean> => {
      const { spec } = (await student.read('/api/v1/nodes/control-plane-3'))!;
      return !spec.taints.some(({ key }: { key: string }) => key === 'node.kubernetes.io/not-ready');
    };
    await student.eventually('the taints of a node that is not ready are off', 30_000, isOut);
    const node = (await student.read('/api/v1/nodes/control-plane-3'))!;
    expect(node.metadata.labels).toMatchObject({ 'node-role.kubernetes.io/control-plane': '' });
    expect(node.spec.taints).toEqual([{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }]);
  });

  it('goes on with any one of the three off, the joined one included', async () => {
    for (const machine of ['control-plane-1', 'control-plane-3']) {
      await student.powerOff(machine);
      await student.eventually(
        'a write works',
        30_000,
        async () => (await student.attempt(`kubectl create configmap without-${machine}`, 10_000))?.exitCode === 0,
      );
      await student.powerOn(machine);
      await everyApiServerReady(student);
    }
  });

  it("refuses with etcd's words what would lose the quorum", async () => {
    await student.powerOff('control-plane-3');
    // A member counts as lost once nothing was heard of it for a while.
    await student.simulation.run(10_000);
    const healthy = await memberOf(student, 'control-plane-1', 'control-plane-2');
    const removal = await student.run(etcdctlOn('control-plane-1', `member remove ${healthy.id}`));
    expect(removal).toMatchObject({ exitCode: 1, stderr: 'Error: etcdserver: unhealthy cluster\n' });
    const addition = await student.run(etcdctlOn('control-plane-1', 'member add control-plane-4 --peer-urls=https://10.0.0.14:2380'));
    expect(addition).toMatchObject({ exitCode: 1, stderr: 'Error: etcdserver: unhealthy cluster\n' });
    const learner = await student.run(
      etcdctlOn('control-plane-1', 'member add control-plane-4 --learner --peer-urls=https://10.0.0.14:2380'),
    );
    expect(learner).toMatchObject({ exitCode: 1, stderr: 'Error: etcdserver: unhealthy cluster\n' });
    expect(await voterNames(student, 'control-plane-1')).toHaveLength(3);
    await student.powerOn('control-plane-3');
    await everyApiServerReady(student);
  });

  it('has a control plane leave with kubeadm reset: its member is removed, its pods are gone, the kubelet is stopped', async () => {
    await student.sh('kubectl drain control-plane-3 --ignore-daemonsets');
    const said = await student.sh('ssh root@control-plane-3 kubeadm reset --force', 120_000);
    expect(said).toContain('[reset] Stopping the kubelet service');
    expect(await voterNames(student, 'control-plane-1')).toEqual(['control-plane-1', 'control-plane-2']);
    const machine = student.simulation.machine('control-plane-3');
    for (const component of ['etcd', 'kube-apiserver', 'kubelet']) expect(processesOf(machine, component), component).toBe(0);
    await student.sh('kubectl delete node control-plane-3');
    await student.settle(student.lab.machines.remove('control-plane-3'));
    expect(await nodeNames(student)).toEqual(['control-plane-1', 'control-plane-2', 'worker-1']);
    await expect(student.settle(student.lab.machines.powerOn('control-plane-3'))).rejects.toThrow('control-plane-3');
    await student.sh('kubectl create configmap after-reset');
  });
});

describe('a stacked cluster of three that loses a machine for good', () => {
  let student: Student;

  beforeAll(async () => {
    student = await bootedCluster('replaces', { controlPlanes: 3, workers: 2 });
  }, BOOT_LIMIT_MS);

  it('keeps the Node and the member of a control plane that was taken away until somebody removes them', async () => {
    await student.settle(student.lab.machines.remove('control-plane-2'));
    await student.simulation.run(10_000);
    expect(await nodeNames(student)).toContain('control-plane-2');
    expect(await voterNames(student, 'control-plane-1')).toContain('control-plane-2');
    const dead = await memberOf(student, 'control-plane-1', 'control-plane-2');
    expect(await student.sh(etcdctlOn('control-plane-1', `member remove ${dead.id}`))).toMatch(
      new RegExp(`^Member ${dead.id.padStart(16)} removed from cluster [0-9a-f]{1,16}\n$`),
    );
    await student.sh('kubectl delete node control-plane-2');
    expect(await voterNames(student, 'control-plane-3')).toEqual(['control-plane-1', 'control-plane-3']);
  });

  it('takes in a new one in its place, under an id of its own', async () => {
    const before = await membersAt(student, 'control-plane-1');
    const added = await student.settle(student.lab.machines.add({ role: 'control-plane' }), JOIN_LIMIT_MS, 'the new one');
    await student.eventually('three voters', 60_000, async () => (await voterNames(student, 'control-plane-1')).length === 3);
    const member = await memberOf(student, 'control-plane-1', added.name);
    expect(before.map(({ id }) => id)).not.toContain(member.id);
    await everyApiServerReady(student);
    await student.powerOff('control-plane-1');
    await student.eventually(
      'the new one makes up the quorum',
      30_000,
      async () => (await student.attempt('kubectl create configmap quorum', 10_000))?.exitCode === 0,
    );
    await student.powerOn('control-plane-1');
    await everyApiServerReady(student);
  });

  it('stops a running member that was removed, which does not come back by itself', async () => {
    const machine = student.simulation.machine('control-plane-3')!;
    const [pid] = pidsOf(machine, 'etcd');
    const { id } = await memberOf(student, 'control-plane-1', 'control-plane-3');
    // Who is back has to be heard of for five seconds before it counts for a quorum.
    await student.simulation.run(10_000);
    const said: string[] = [];
    const stop = student.lab.on('log', (line) => {
      if (line.machine === 'control-plane-3' && line.component === 'etcd') said.push(line.message);
    });
    await student.sh(etcdctlOn('control-plane-1', `member remove ${id}`));
    await student.eventually('its process ends', 10_000, () => !pidsOf(machine, 'etcd').includes(pid!));
    stop();
    expect(said).toContain('server error');
    await student.simulation.run(60_000);
    expect(await voterNames(student, 'control-plane-1')).toHaveLength(2);
    expect(await isReadyAt(student, 'control-plane-3')).toBe(false);
    expect((await student.run('kubectl get --raw /readyz')).stdout).toBe('ok');
  });

  it('lets a removed member come back after its data are gone, as a learner that is promoted by hand', async () => {
    const onOther = (line: string): string => etcdctlOn('control-plane-1', line);
    const here = 'ssh root@control-plane-3';
    await student.sh(`${here} mv /etc/kubernetes/manifests/etcd.yaml /root/etcd.yaml`);
    await student.eventually('etcd is gone', 60_000, () => processesOf(student.simulation.machine('control-plane-3'), 'etcd') === 0);
    await student.sh(`${here} rm -rf /var/lib/etcd/member`);
    const said = await student.sh(onOther('member add control-plane-3 --learner --peer-urls=https://10.0.0.13:2380'));
    expect(said).toMatch(/^Member [ 0-9a-f]{16} added as learner to cluster [ 0-9a-f]{16}\n\nETCD_NAME="control-plane-3"\n/);
    const learnerId = /^Member +([0-9a-f]+)/.exec(said)![1]!;
    const early = await student.run(onOther(`member promote ${learnerId}`));
    expect(early).toMatchObject({
      exitCode: 1,
      stderr: 'Error: etcdserver: can only promote a learner member which is in sync with leader\n',
    });
    const initial = /ETCD_INITIAL_CLUSTER="([^"]+)"/.exec(said)![1]!;
    await student.sh(
      `${here} "sed -i -e 's#--initial-cluster=.*#--initial-cluster=${initial}#' -e '/--initial-cluster-state/d' -e 's#\\(.*\\)--name=#\\1--initial-cluster-state=existing\\n&#' /root/etcd.yaml"`,
    );
    await student.sh(`${here} mv /root/etcd.yaml /etc/kubernetes/manifests/etcd.yaml`);
    await student.eventually(
      'it can be promoted',
      400_000,
      async () => (await student.run(onOther(`member promote ${learnerId}`))).exitCode === 0,
    );
    expect(await voterNames(student, 'control-plane-1')).toHaveLength(3);
    await student.eventually('its API server is ready', 400_000, () => isReadyAt(student, 'control-plane-3'));
  });

  it('tells a member that moved: member update changes its peer address', async () => {
    const { id } = await memberOf(student, 'control-plane-1', 'control-plane-3');
    const update = (url: string): string => etcdctlOn('control-plane-1', `member update ${id} --peer-urls=${url}`);
    const [, name] = ['', 'control-plane-3'];
    const taken = (await student.sh(etcdctlOn('control-plane-1', 'member list')))
      .split('\n')
      .find((line) => !line.includes(name) && line !== '')!
      .split(', ')[3]!;
    expect(await student.run(update(taken))).toMatchObject({ exitCode: 1, stderr: 'Error: etcdserver: Peer URLs already exists\n' });
    expect(await student.sh(update('https://10.0.0.13:2380,https://10.0.0.13:2390'))).toMatch(
      new RegExp(`^Member ${id.padStart(16)} updated in cluster [ 0-9a-f]{16}\n$`),
    );
    expect(await student.sh(etcdctlOn('control-plane-1', 'member list'))).toContain('https://10.0.0.13:2380,https://10.0.0.13:2390');
  });
});

const SITE = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: site
spec:
  replicas: 2
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

describe('workers and hosts of etcd alone', () => {
  let student: Student;

  beforeAll(async () => {
    student = await bootedCluster('external grows', { topology: 'external', controlPlanes: 1, etcdMembers: 2, workers: 1 });
  }, BOOT_LIMIT_MS);

  it('takes in a third etcd host, which is no node and has a vote when it is there', async () => {
    const seen = watchRoles(student, 'etcd-3');
    const added = await student.settle(student.lab.machines.add({ role: 'etcd' }), JOIN_LIMIT_MS, 'etcd-3');
    seen.stop();
    expect(added).toMatchObject({ name: 'etcd-3', roles: ['etcd'] });
    expect(seen.roles).toEqual(['learner', 'follower']);
    expect(added.components.find(({ name }) => name === 'etcd')?.raft?.role).toBe('follower');
    expect(await voterNames(student, 'etcd-1')).toEqual(['etcd-1', 'etcd-2', 'etcd-3']);
    expect(await nodeNames(student)).not.toContain('etcd-3');
    await student.powerOff('etcd-2');
    await student.eventually(
      'two of three are a quorum',
      30_000,
      async () => (await student.attempt('kubectl create configmap two-of-three', 10_000))?.exitCode === 0,
    );
    await student.powerOn('etcd-2');
  });

  it('joins a worker, which takes pods', async () => {
    await student.settle(student.lab.machines.add({ role: 'worker' }), JOIN_LIMIT_MS, 'worker-2');
    expect(await isNodeReady(student, 'worker-2')).toBe(true);
    await student.sh('kubectl cordon worker-1');
    await student.sh(hereDocument('site.yaml', SITE));
    await student.sh('kubectl apply -f site.yaml');
    await student.eventually('both pods run on it', 60_000, async () => {
      const pods = await student.list('/api/v1/namespaces/default/pods');
      return pods.length === 2 && pods.every((pod) => isRunningAndReady(pod) && pod.spec.nodeName === 'worker-2');
    });
    await student.sh('kubectl uncordon worker-1');
  });

  it('misses a worker that was taken away: its Node is not ready, its pods go elsewhere, and deleting the Node forgets it', async () => {
    await student.settle(student.lab.machines.remove('worker-2'));
    expect((await student.lab.machines.list()).map(({ name }) => name)).not.toContain('worker-2');
    await student.eventually('its Node is not ready', 90_000, async () => !(await isNodeReady(student, 'worker-2')));
    await student.sh('kubectl delete node worker-2');
    await student.eventually('both pods run on the other', 120_000, async () => {
      const pods = await student.list('/api/v1/namespaces/default/pods');
      return pods.length === 2 && pods.every((pod) => isRunningAndReady(pod) && pod.spec.nodeName === 'worker-1');
    });
    expect(await nodeNames(student)).toEqual(['control-plane', 'worker-1']);
  });
});
