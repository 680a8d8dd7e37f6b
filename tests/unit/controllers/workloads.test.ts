/** Workload controllers in kube-controller-manager against an API in memory; a stand-in kubelet makes pods ready. */
import { describe, expect, it } from 'vitest';
import type { ControllerRevision, DaemonSet, Deployment, Event, Job, Pod, ReplicaSet } from '#api';
import { kubeControllerManager } from '#controllers';
import { fakeCluster, nodeOf, type FakeApi } from '../client/fake-api.ts';

const template = (image: string, labels: Record<string, string> = { app: 'web' }) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image }] },
});
const deploymentOf = (image: string, replicas: number, extra: Record<string, unknown> = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: template(image),
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    progressDeadlineSeconds: 600,
    revisionHistoryLimit: 10,
    ...extra,
  },
});

/** Makes every living pod Running and Ready. */
function kubelet(api: FakeApi, now: number): void {
  for (const pod of api.list<Pod>('pods')) {
    if (pod.status?.phase || pod.metadata.deletionTimestamp) continue;
    api.put({
      ...pod,
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: new Date(now).toISOString() }] },
    });
  }
}

async function cluster(seed: string) {
  const fake = await fakeCluster(seed);
  fake.start(kubeControllerManager, 'kube-controller-manager', [
    '--controllers=replicaset-controller,deployment-controller,daemonset-controller,job-controller',
  ]);
  const settle = async (seconds: number): Promise<void> => {
    for (let at = 0; at < seconds; at++) {
      await fake.simulation.run(1_000);
      kubelet(fake.api, fake.simulation.nowMs);
    }
  };
  await settle(5);
  return { ...fake, settle };
}
const update = (api: FakeApi, plural: string, change: (spec: Record<string, unknown>) => Record<string, unknown>): void => {
  const object = api.get(plural, 'default/web')!;
  api.put({ ...object, spec: change(object.spec!) });
};

describe('the deployment controller', () => {
  it('makes a ReplicaSet of the template and tells of it in the real words', async () => {
    const { api, settle } = await cluster('deploy');
    api.put(deploymentOf('nginx:1', 3));
    await settle(5);
    const [replicaset] = api.list<ReplicaSet>('replicasets');
    expect(replicaset!.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5,10}$/);
    expect(replicaset!.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    });
    const deployment = api.get<Deployment>('deployments', 'default/web')!;
    expect(deployment.metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
    expect(deployment.status).toMatchObject({ replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 });
    expect(deployment.status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]).sort()).toEqual([
      ['Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.'],
      ['Progressing', 'True', 'NewReplicaSetAvailable', `ReplicaSet "${replicaset!.metadata.name}" has successfully progressed.`],
    ]);
    const texts = api.list<Event>('events').map(({ source, reason, message }) => `${source?.component} ${reason} ${message}`);
    expect(texts).toContain(`deployment-controller ScalingReplicaSet Scaled up replica set ${replicaset!.metadata.name} from 0 to 3`);
    expect(texts.filter((text) => text.startsWith('replicaset-controller SuccessfulCreate Created pod: web-')).length).toBe(3);
  });

  it('rolls a new image out without ever having too few or too many pods, and back to the old ReplicaSet', async () => {
    const { api, simulation, settle } = await cluster('roll');
    api.put(deploymentOf('nginx:1', 4));
    await settle(5);
    update(api, 'deployments', (spec) => ({ ...spec, template: template('nginx:2') }));
    const ready = () => api.list<Pod>('pods').filter(({ status }) => status?.phase === 'Running').length;
    const images = () => [...new Set(api.list<Pod>('pods').map(({ spec }) => spec!.containers[0]!.image))];
    for (let at = 0; at < 40 && !(images().length === 1 && images()[0] === 'nginx:2' && ready() === 4); at++) {
      await simulation.run(200);
      expect(ready()).toBeGreaterThanOrEqual(3);
      expect(api.list('pods').length).toBeLessThanOrEqual(5);
      kubelet(api, simulation.nowMs);
    }
    await settle(3);
    expect(images()).toEqual(['nginx:2']);
    expect(api.get<Deployment>('deployments', 'default/web')?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
    update(api, 'deployments', (spec) => ({ ...spec, template: template('nginx:1') }));
    await settle(12);
    expect(images()).toEqual(['nginx:1']);
    expect(api.list('replicasets').length).toBe(2);
    const active = api.list<ReplicaSet>('replicasets').find(({ spec }) => spec?.replicas === 4)!;
    expect(active.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });

  it('stops a rollout whose new pods never become ready, keeping what is available', async () => {
    const { api, simulation } = await cluster('stuck');
    api.put(deploymentOf('nginx:1', 4));
    for (let at = 0; at < 5; at++) {
      await simulation.run(1_000);
      kubelet(api, simulation.nowMs);
    }
    update(api, 'deployments', (spec) => ({ ...spec, template: template('nginx:broken'), progressDeadlineSeconds: 60 }));
    await simulation.run(90_000);
    expect(api.list<Pod>('pods').filter(({ status }) => status?.phase === 'Running').length).toBe(3);
    expect(api.get<Deployment>('deployments', 'default/web')?.status?.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject(
      { status: 'False', reason: 'ProgressDeadlineExceeded' },
    );
  });

  it('scales down by deleting, and replaces a deleted pod', async () => {
    const { api, settle } = await cluster('scale');
    api.put(deploymentOf('nginx:1', 5));
    await settle(5);
    update(api, 'deployments', (spec) => ({ ...spec, replicas: 2 }));
    await settle(3);
    expect(api.list('pods').length).toBe(2);
    const victim = api.list<Pod>('pods')[0]!;
    api.remove('pods', `default/${victim.metadata.name}`);
    await settle(2);
    expect(api.list('pods').length).toBe(2);
    expect(api.get('pods', `default/${victim.metadata.name}`)).toBeUndefined();
  });
});

describe('the daemonset controller', () => {
  it('runs one pod on every node that should have one, also on nodes that come later, and replaces old ones', async () => {
    const { api, settle } = await cluster('daemon');
    api.put(nodeOf('a'));
    api.put(nodeOf('b', { taints: [{ key: 'special', effect: 'NoSchedule' }] }));
    api.put({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: template('agent:1'),
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      },
    });
    await settle(3);
    api.put(nodeOf('c'));
    await settle(3);
    const targets = () =>
      api
        .list<Pod>('pods')
        .map(
          (pod) =>
            pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]
              ?.values?.[0],
        )
        .sort();
    expect(targets()).toEqual(['a', 'c']);
    expect(api.get<DaemonSet>('daemonsets', 'default/web')?.status).toMatchObject({
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      numberReady: 2,
      numberAvailable: 2,
      updatedNumberScheduled: 2,
      numberMisscheduled: 0,
    });
    update(api, 'daemonsets', (spec) => ({ ...spec, template: template('agent:2') }));
    await settle(6);
    expect(api.list<Pod>('pods').map(({ spec }) => spec!.containers[0]!.image)).toEqual(['agent:2', 'agent:2']);
    expect(targets()).toEqual(['a', 'c']);
    expect(api.list<ControllerRevision>('controllerrevisions').map(({ revision }) => revision)).toEqual([1, 2]);
  });
});

describe('the job controller', () => {
  const jobOf = (extra: Record<string, unknown>) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      completions: 2,
      parallelism: 1,
      backoffLimit: 1,
      selector: { matchLabels: { 'batch.kubernetes.io/job-name': 'web' } },
      template: {
        metadata: { labels: { 'batch.kubernetes.io/job-name': 'web' } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] },
      },
      ...extra,
    },
  });
  const end = (api: FakeApi, phase: string): void => {
    for (const pod of api.list<Pod>('pods')) if (pod.status?.phase === 'Running') api.put({ ...pod, status: { phase: phase as 'Failed' } });
  };

  it('counts each success once and completes', async () => {
    const { api, settle } = await cluster('job');
    api.put(jobOf({}));
    await settle(2);
    expect(api.get<Job>('jobs', 'default/web')?.status).toMatchObject({ active: 1, ready: 1 });
    end(api, 'Succeeded');
    await settle(3);
    end(api, 'Succeeded');
    await settle(3);
    const { status } = api.get<Job>('jobs', 'default/web')!;
    expect(status).toMatchObject({ succeeded: 2, uncountedTerminatedPods: {} });
    expect(status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason])).toEqual([
      ['SuccessCriteriaMet', 'True', 'CompletionsReached'],
      ['Complete', 'True', 'CompletionsReached'],
    ]);
    expect(api.list<Pod>('pods').flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
    expect(api.list<Event>('events').map(({ reason, message }) => `${reason}: ${message}`)).toContain('Completed: Job completed');
  });

  it('tries again with back-off and fails beyond the limit', async () => {
    const { api, settle } = await cluster('job-fails');
    api.put(jobOf({}));
    await settle(2);
    end(api, 'Failed');
    await settle(4);
    expect(api.list('pods').length).toBe(1);
    await settle(10);
    expect(api.list('pods').length).toBe(2);
    end(api, 'Failed');
    await settle(3);
    const { status } = api.get<Job>('jobs', 'default/web')!;
    expect(status?.failed).toBe(2);
    expect(status?.conditions?.at(-1)).toMatchObject({
      type: 'Failed',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    });
    expect(api.list<Event>('events').map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).toContain(
      'Warning BackoffLimitExceeded: Job has reached the specified backoff limit',
    );
  });
});
