/** kube-scheduler as a program against an API in memory. */
import { describe, expect, it } from 'vitest';
import type { EventsV1Event, Lease, Pod } from '#api';
import { kubeScheduler } from '#scheduler';
import { fakeCluster, nodeOf, podOf } from '../client/fake-api.ts';

const bound = (pod: Pod | undefined): string | undefined => pod?.spec?.nodeName;

describe('kube-scheduler', () => {
  it('takes its Lease, binds a pod to the node that fits and says so in an event', async () => {
    const { simulation, api, start } = await fakeCluster('bind');
    api.put(nodeOf('control-plane-1', { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }));
    api.put(nodeOf('worker-1'));
    api.put(podOf('web'));
    start(kubeScheduler, 'kube-scheduler', ['--bind-address=127.0.0.1', '--leader-elect=true']);
    await simulation.until(() => bound(api.get('pods', 'default/web')) !== undefined, 5_000, 'the pod is bound');
    expect(bound(api.get('pods', 'default/web'))).toBe('worker-1');
    expect(api.get<Lease>('leases', 'kube-system/kube-scheduler')?.spec?.holderIdentity).toMatch(/^m_[0-9a-f-]{36}$/);
    await simulation.until(
      () => api.list<EventsV1Event>('events').some(({ reason }) => reason === 'Scheduled'),
      5_000,
      'the event is written',
    );
    const event = api.list<EventsV1Event>('events').find(({ reason }) => reason === 'Scheduled')!;
    expect(event).toMatchObject({
      type: 'Normal',
      note: 'Successfully assigned default/web to worker-1',
      reportingController: 'default-scheduler',
      reportingInstance: 'default-scheduler-m',
      action: 'Binding',
    });
  });

  it('tells why a pod fits no node, in the words of the real scheduler, and places it once room is made', async () => {
    const { simulation, api, start } = await fakeCluster('pending');
    api.put(nodeOf('control-plane-1', { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }));
    api.put(nodeOf('worker-1'));
    api.put(nodeOf('worker-2'));
    for (const worker of ['worker-1', 'worker-2'])
      api.put({
        ...podOf(`big-${worker}`, { nodeName: worker, containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '1500m' } } }] }),
      });
    api.put(podOf('web', { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: '1' } } }] }));
    start(kubeScheduler, 'kube-scheduler');
    const condition = () => api.get<Pod>('pods', 'default/web')?.status?.conditions?.[0];
    await simulation.until(() => condition() !== undefined, 5_000, 'the condition is written');
    expect(condition()).toMatchObject({
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message:
        '0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
    });
    await simulation.run(30_000);
    expect(bound(api.get('pods', 'default/web'))).toBeUndefined();
    api.remove('pods', 'default/big-worker-2');
    await simulation.until(() => bound(api.get('pods', 'default/web')) === 'worker-2', 2_000, 'the pod is placed');
  });

  it('places 60 pods over equal nodes evenly, counting its own decisions at once', async () => {
    const { simulation, api, start } = await fakeCluster('many');
    for (const name of ['a', 'b', 'c']) api.put(nodeOf(name, {}, {}));
    for (let at = 0; at < 60; at++)
      api.put(podOf(`p${at}`, { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '100m', memory: '50Mi' } } }] }));
    start(kubeScheduler, 'kube-scheduler');
    await simulation.until(() => api.list<Pod>('pods').every((pod) => bound(pod)), 20_000, 'all pods are bound');
    for (const name of ['a', 'b', 'c']) expect(api.list<Pod>('pods').filter((pod) => bound(pod) === name).length).toBe(20);
  });

  it('preempts pods of lower priority for one of higher priority', async () => {
    const { simulation, api, start } = await fakeCluster('preempt');
    api.put(nodeOf('a'));
    const request = { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '1500m' } } }] };
    api.put(podOf('low', { ...request, nodeName: 'a', priority: 0 }));
    api.put(podOf('high', { ...request, priority: 1000 }));
    start(kubeScheduler, 'kube-scheduler');
    await simulation.until(() => bound(api.get('pods', 'default/high')) === 'a', 20_000, 'the pod has the place');
    expect(api.get('pods', 'default/low')).toBeUndefined();
    expect(api.list<EventsV1Event>('events').map(({ reason }) => reason)).toContain('Preempted');
  });

  it('ends with 1 when it could not renew its Lease for the renew deadline, so that a standby may act', async () => {
    const { simulation, api, start } = await fakeCluster('lost');
    const child = start(kubeScheduler, 'kube-scheduler');
    await simulation.until(() => api.get('leases', 'kube-system/kube-scheduler') !== undefined, 5_000, 'the lease is held');
    simulation.partition(['m'], ['api']);
    const before = simulation.nowMs;
    await simulation.until(() => child.state === 'dead', 60_000, 'the scheduler ended');
    expect((await child.exit).code).toBe(1);
    expect(simulation.nowMs - before).toBeLessThanOrEqual(12_500);
    expect(simulation.nowMs - before).toBeGreaterThanOrEqual(7_500);
  });

  it('asks for nothing but its Lease while another holds it', async () => {
    const { simulation, api, start } = await fakeCluster('standby');
    api.put(nodeOf('a'));
    api.put(podOf('web'));
    const renewed = (at: number): Lease =>
      ({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'kube-scheduler', namespace: 'kube-system' },
        spec: { holderIdentity: 'other_1', leaseDurationSeconds: 15, renewTime: new Date(at).toISOString(), leaseTransitions: 0 },
      }) as unknown as Lease;
    api.put(renewed(0));
    start(kubeScheduler, 'kube-scheduler');
    for (let round = 1; round <= 15; round++) {
      await simulation.run(2_000);
      api.put(renewed(round * 2_000));
    }
    expect(bound(api.get('pods', 'default/web'))).toBeUndefined();
    expect(api.requests.length).toBeGreaterThan(5);
    expect([...new Set(api.requests)]).toEqual(['GET /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler']);
  });

  it('ends with 0 on SIGTERM', async () => {
    const { simulation, api, start } = await fakeCluster('term');
    const child = start(kubeScheduler, 'kube-scheduler');
    await simulation.until(() => api.get('leases', 'kube-system/kube-scheduler') !== undefined, 5_000, 'the lease is held');
    child.kill('TERM');
    await simulation.until(() => child.state === 'dead', 10_000, 'the scheduler ended');
    expect((await child.exit).code).toBe(0);
  });
});
