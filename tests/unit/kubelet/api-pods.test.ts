import { describe, expect, it } from 'vitest';
import { kubelet } from '../../../src/kubelet/kubelet.ts';
import { createBench, type Bench } from '../runtime/machine.ts';
import { fakeApi, type FakeApi, type Loose } from './api-server.ts';

const CONFIG = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: /etc/kubernetes/manifests
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
`;
const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:8080"}}]
users: [{name: u, user: {}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`;

async function setUp(): Promise<{ bench: Bench; api: FakeApi }> {
  const bench = await createBench();
  const api = fakeApi();
  const { files } = bench.machine;
  for (const directory of ['/etc/kubernetes/manifests', '/var/lib/kubelet']) files.makeDirectory(directory, { recursive: true });
  files.write('/var/lib/kubelet/config.yaml', CONFIG);
  files.write('/etc/kubernetes/kubelet.conf', KUBECONFIG);
  bench.machine.spawn(api.program, { name: 'api' });
  bench.machine.spawn(kubelet, {
    name: 'kubelet',
    component: 'kubelet',
    privileged: true,
    argv: ['--config=/var/lib/kubelet/config.yaml', '--kubeconfig=/etc/kubernetes/kubelet.conf'],
  });
  await bench.simulation.run(3_000);
  return { bench, api };
}

const pod = (name: string, spec: object, metadata: object = {}): Loose => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...metadata },
  spec: {
    nodeName: 'worker-1',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    enableServiceLinks: true,
    serviceAccountName: 'default',
    ...spec,
  },
  status: { phase: 'Pending', qosClass: 'BestEffort' },
});
const statusOf = (api: FakeApi, name: string): Loose => api.get('pods', name, 'default')?.['status'];
const conditions = (api: FakeApi, name: string): Record<string, string> =>
  Object.fromEntries(
    statusOf(api, name).conditions.map((condition: { type: string; status: string; reason?: string }) => [
      condition.type,
      condition.reason ? `${condition.status} ${condition.reason}` : condition.status,
    ]),
  );

describe('a kubelet with an API server', () => {
  it('registers its node with conditions, capacity and a Lease it renews', async () => {
    const { bench, api } = await setUp();
    const node = api.get('nodes', 'worker-1')!;
    expect(node.metadata).toMatchObject({ labels: { 'kubernetes.io/hostname': 'worker-1', 'kubernetes.io/os': 'linux' } });
    expect(
      node['status'].conditions.map(
        (condition: { type: string; status: string; reason: string }) => `${condition.type} ${condition.status} ${condition.reason}`,
      ),
    ).toEqual([
      'MemoryPressure False KubeletHasSufficientMemory',
      'DiskPressure False KubeletHasNoDiskPressure',
      'PIDPressure False KubeletHasSufficientPID',
      'Ready True KubeletReady',
    ]);
    expect(node['status'].capacity).toMatchObject({ cpu: '4', pods: '110' });
    const renewed = (): string => api.get('leases', 'worker-1', 'kube-node-lease')!['spec'].renewTime;
    const before = renewed();
    await bench.simulation.run(20_000);
    expect(Date.parse(renewed()) - Date.parse(before)).toBeGreaterThanOrEqual(10_000);
    expect(api.events()).toEqual(
      expect.arrayContaining(['Starting: Starting kubelet.', 'NodeReady: Node worker-1 status is now: NodeReady']),
    );
  });

  it('runs a pod and reports it as a real kubelet does', async () => {
    const { bench, api } = await setUp();
    api.put('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'page', namespace: 'default' },
      data: { 'index.html': 'from a ConfigMap' },
    });
    api.put(
      'pods',
      pod('web', {
        containers: [
          {
            name: 'nginx',
            image: 'nginx',
            env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
            volumeMounts: [{ name: 'page', mountPath: '/usr/share/nginx/html', readOnly: true }],
          },
        ],
        volumes: [{ name: 'page', configMap: { name: 'page' } }],
      }),
    );
    await bench.simulation.run(5_000);
    const status = statusOf(api, 'web');
    expect(status).toMatchObject({
      phase: 'Running',
      podIP: '10.244.1.2',
      podIPs: [{ ip: '10.244.1.2' }],
      hostIP: '10.0.0.20',
      qosClass: 'BestEffort',
    });
    expect(conditions(api, 'web')).toEqual({
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    });
    expect(status.containerStatuses).toEqual([
      {
        containerID: expect.stringMatching(/^containerd:\/\/[0-9a-f]{64}$/),
        image: 'docker.io/library/nginx:latest',
        imageID: expect.stringMatching(/^docker\.io\/library\/nginx@sha256:/),
        lastState: {},
        name: 'nginx',
        ready: true,
        resources: {},
        restartCount: 0,
        started: true,
        state: { running: { startedAt: expect.stringMatching(/^2026-01-05T09:00:\d\dZ$/) } },
        volumeMounts: [{ mountPath: '/usr/share/nginx/html', name: 'page', readOnly: true, recursiveReadOnly: 'Disabled' }],
      },
    ]);
    const events = api.events().filter((event) => !event.includes('Node'));
    expect(events.map((event) => event.replace(/in \d+ms \(\d+ms/, 'in 254ms (254ms'))).toEqual([
      'Starting: Starting kubelet.',
      'Pulling: Pulling image "nginx"',
      'Pulled: Successfully pulled image "nginx" in 254ms (254ms including waiting). Image size: 72406859 bytes.',
      'Created: Created container: nginx',
      'Started: Started container nginx',
    ]);
  });

  it('completes a pod that is not to be restarted', async () => {
    const { bench, api } = await setUp();
    api.put(
      'pods',
      pod('box', { restartPolicy: 'Never', containers: [{ name: 'box', image: 'busybox', args: ['sh', '-c', 'echo hello world'] }] }),
    );
    await bench.simulation.run(10_000);
    expect(statusOf(api, 'box')).toMatchObject({
      phase: 'Succeeded',
      podIP: '10.244.1.2',
      containerStatuses: [{ ready: false, started: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
    });
    expect(conditions(api, 'box')).toEqual({
      PodReadyToStartContainers: 'False',
      Initialized: 'True PodCompleted',
      Ready: 'False PodCompleted',
      ContainersReady: 'False PodCompleted',
      PodScheduled: 'True',
    });
  });

  it('backs off from a container that crashes', async () => {
    const { bench, api } = await setUp();
    api.put(
      'pods',
      pod('bad', { containers: [{ name: 'bad', image: 'busybox', imagePullPolicy: 'IfNotPresent', args: ['sh', '-c', 'exit 1'] }] }),
    );
    await bench.simulation.run(8_000);
    const [container] = statusOf(api, 'bad').containerStatuses;
    expect(container).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
      state: { waiting: { reason: 'CrashLoopBackOff' } },
    });
    expect(container.state.waiting.message).toMatch(/^back-off 10s restarting failed container=bad pod=bad_default\(uid-\d+\)$/);
    expect(statusOf(api, 'bad').phase).toBe('Running');
    await bench.simulation.run(8_000);
    expect(statusOf(api, 'bad').containerStatuses[0].restartCount).toBe(2);
    expect(api.events().some((event) => event.startsWith('BackOff: Back-off restarting failed container bad in pod bad_default('))).toBe(
      true,
    );
  });

  it('tells an image that cannot be pulled and backs off', async () => {
    const { bench, api } = await setUp();
    api.put('pods', pod('nope', { containers: [{ name: 'nope', image: 'nope' }] }));
    await bench.simulation.run(2_000);
    expect(statusOf(api, 'nope').containerStatuses[0].state.waiting.reason).toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
    await bench.simulation.run(5_000);
    const text =
      'failed to pull and unpack image "docker.io/library/nope:latest": failed to resolve reference "docker.io/library/nope:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed';
    expect(api.events()).toEqual(expect.arrayContaining([`Failed: Failed to pull image "nope": ${text}`, 'Failed: Error: ErrImagePull']));
    expect(statusOf(api, 'nope').phase).toBe('Pending');
    expect(conditions(api, 'nope')['Ready']).toBe('False ContainersNotReady');
  });

  it('ends a pod that is deleted and then takes it out of the API', async () => {
    const { bench, api } = await setUp();
    api.put('pods', pod('web', { containers: [{ name: 'nginx', image: 'nginx' }] }));
    await bench.simulation.run(5_000);
    const running = api.get('pods', 'web', 'default')!;
    api.put('pods', {
      ...running,
      metadata: { ...running.metadata, deletionTimestamp: '2026-01-05T09:00:40Z', deletionGracePeriodSeconds: 30 },
    });
    await bench.simulation.run(5_000);
    expect(api.get('pods', 'web', 'default')).toBeUndefined();
    expect(bench.machine.kernel.processes().map((info) => info.name)).not.toContain('nginx');
    expect(api.events()).toContain('Killing: Stopping container nginx');
    expect(bench.machine.files.stat('/var/lib/kubelet/pods/' + running.metadata.uid)).toBeUndefined();
  });

  it('runs init containers one after the other before the others', async () => {
    const { bench, api } = await setUp();
    const share = { volumeMounts: [{ name: 'share', mountPath: '/share' }] };
    api.put(
      'pods',
      pod('steps', {
        volumes: [{ name: 'share', emptyDir: {} }],
        initContainers: [
          { name: 'one', image: 'busybox', args: ['sh', '-c', 'sleep 2; echo one >> /share/steps'], ...share },
          { name: 'two', image: 'busybox', args: ['sh', '-c', 'sleep 2; echo two >> /share/steps'], ...share },
        ],
        containers: [{ name: 'main', image: 'busybox', args: ['sh', '-c', 'cat /share/steps; sleep 3600'], ...share }],
      }),
    );
    await bench.simulation.run(2_500);
    expect(statusOf(api, 'steps')).toMatchObject({
      phase: 'Pending',
      containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
    });
    expect(conditions(api, 'steps')['Initialized']).toBe('False ContainersNotInitialized');
    await bench.simulation.run(10_000);
    expect(statusOf(api, 'steps')).toMatchObject({ phase: 'Running', initContainerStatuses: [{ ready: true }, { ready: true }] });
    const uid = api.get('pods', 'steps', 'default')!.metadata.uid;
    expect(bench.machine.files.readText(`/var/log/pods/default_steps_${uid}/main/0.log`)).toMatch(/stdout F one\n.*stdout F two\n$/);
  });

  it('shows a static pod by a mirror that carries its status', async () => {
    const { bench, api } = await setUp();
    bench.machine.files.write(
      '/etc/kubernetes/manifests/web.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: default}\nspec:\n  containers: [{name: nginx, image: nginx}]\n',
    );
    await bench.simulation.run(6_000);
    const mirror = api.get('pods', 'web-worker-1', 'default')!;
    const annotations = mirror.metadata['annotations'] as Record<string, string>;
    expect(annotations['kubernetes.io/config.source']).toBe('file');
    expect(annotations['kubernetes.io/config.mirror']).toBe(annotations['kubernetes.io/config.hash']);
    expect(mirror.metadata['ownerReferences']).toEqual([expect.objectContaining({ kind: 'Node', name: 'worker-1', controller: true })]);
    expect(mirror['status'].phase).toBe('Running');
    bench.machine.files.remove('/etc/kubernetes/manifests/web.yaml');
    await bench.simulation.run(40_000);
    expect(api.get('pods', 'web-worker-1', 'default')).toBeUndefined();
  });

  it('is not ready without a network, and says why', async () => {
    const { bench, api } = await setUp();
    bench.machine.files.remove('/etc/cni/net.d/10-bridge.conflist');
    await bench.simulation.run(15_000);
    const ready = (): Loose =>
      api.get('nodes', 'worker-1')!['status'].conditions.find((condition: { type: string }) => condition.type === 'Ready');
    expect(ready()).toMatchObject({
      status: 'False',
      reason: 'KubeletNotReady',
      message:
        'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
    });
  });

  it('goes quiet when nothing happens', async () => {
    const { bench, api } = await setUp();
    api.put('pods', pod('web', { containers: [{ name: 'nginx', image: 'nginx' }] }));
    await bench.simulation.run(10_000);
    const version = (): string => api.get('pods', 'web', 'default')!.metadata.resourceVersion!;
    const before = version();
    await bench.simulation.run(120_000);
    expect(version()).toBe(before);
  });
});
