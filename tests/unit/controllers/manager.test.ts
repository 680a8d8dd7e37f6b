/** kube-controller-manager as a program against an API in memory: the controllers of a cluster's ground floor. */
import { describe, expect, it } from 'vitest';
import type { ConfigMap, Endpoints, EndpointSlice, Event, Namespace, Node, Pod } from '#api';
import type { Program } from '#host';
import { kubeControllerManager } from '#controllers';
import { fakeCluster, nodeOf, podOf } from '../client/fake-api.ts';

const FLAGS = [
  '--leader-elect=true',
  '--root-ca-file=/ca.crt',
  '--allocate-node-cidrs=true',
  '--cluster-cidr=10.244.0.0/16',
  '--bind-address=127.0.0.1',
  '--use-service-account-credentials=true',
];
const withCa: Program = (process) => {
  process.files.write('/ca.crt', 'PEM\n');
  return kubeControllerManager(process);
};
const namespace = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
});

async function cluster(seed: string) {
  const fake = await fakeCluster(seed);
  fake.api.put(namespace('default'));
  fake.api.put(namespace('kube-system'));
  return { ...fake, manager: () => fake.start(withCa, 'kube-controller-manager', FLAGS) };
}

describe('kube-controller-manager', () => {
  it('gives every namespace its default ServiceAccount and the cluster CA, again when they are deleted', async () => {
    const { simulation, api, manager } = await cluster('accounts');
    manager();
    await simulation.until(
      () => api.get('serviceaccounts', 'default/default') !== undefined && api.get('configmaps', 'default/kube-root-ca.crt') !== undefined,
      10_000,
      'both are there',
    );
    expect(api.get<ConfigMap>('configmaps', 'default/kube-root-ca.crt')?.data).toEqual({ 'ca.crt': 'PEM\n' });
    api.put(namespace('team'));
    await simulation.until(() => api.get('serviceaccounts', 'team/default') !== undefined, 1_000, 'the new namespace has one');
    api.remove('serviceaccounts', 'team/default');
    await simulation.until(() => api.get('serviceaccounts', 'team/default') !== undefined, 1_000, 'it is back');
  });

  it('gives each node its own block of pod addresses', async () => {
    const { simulation, api, manager } = await cluster('ipam');
    for (const name of ['a', 'b', 'c']) api.put(nodeOf(name));
    manager();
    const blocks = () => api.list<Node>('nodes').map((node) => node.spec?.podCIDR);
    await simulation.until(() => blocks().every(Boolean), 10_000, 'all nodes have one');
    expect(blocks().sort()).toEqual(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24']);
  });

  it('empties a deleted namespace, tells what is left and then finalizes it', async () => {
    const { simulation, api, manager, start } = await cluster('namespace');
    api.put(namespace('team'));
    api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'team' } });
    api.put(podOf('held', {}, { namespace: 'team', finalizers: ['example.com/hold'] }));
    manager();
    await simulation.until(() => api.get('serviceaccounts', 'team/default') !== undefined, 10_000, 'it runs');
    start(async (process) => {
      const { loadKubeconfig, resources, restClient } = await import('#client');
      const client = restClient({
        network: process.network,
        clock: process.clock,
        config: loadKubeconfig(process.files, '/kubeconfig', process.crypto),
        userAgent: 'test',
      });
      await client.delete(resources.namespaces, 'team');
      return 0;
    }, 'deleter');
    const conditionOf = (type: string) =>
      api.get<Namespace>('namespaces', 'team')?.status?.conditions?.find((condition) => condition.type === type);
    await simulation.until(() => conditionOf('NamespaceFinalizersRemaining')?.status === 'True', 10_000, 'the conditions tell');
    expect(conditionOf('NamespaceContentRemaining')?.message).toBe('Some resources are remaining: pods. has 1 resource instances');
    expect(conditionOf('NamespaceFinalizersRemaining')?.message).toBe(
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );
    api.put({ ...api.get<Pod>('pods', 'team/held')!, metadata: { ...api.get<Pod>('pods', 'team/held')!.metadata, finalizers: [] } });
    await simulation.until(() => api.get('namespaces', 'team') === undefined, 30_000, 'the namespace is gone');
    expect(api.get('configmaps', 'team/a')).toBeUndefined();
  });

  it('finds a silent node after 50 s, taints it, unreadies its pods and evicts them when their toleration is over', async () => {
    const { simulation, api, manager } = await cluster('silent');
    api.put(nodeOf('worker-1', { podCIDR: 'x' }));
    api.put(nodeOf('worker-2', { podCIDR: 'y' }));
    const tolerations = ['not-ready', 'unreachable'].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    }));
    api.put({
      ...podOf('web', { nodeName: 'worker-1', tolerations }),
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    });
    manager();
    const renew = (node: string): void =>
      void api.put({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: node, namespace: 'kube-node-lease' },
        spec: { renewTime: new Date(simulation.nowMs).toISOString() },
      });
    const step = async (seconds: number): Promise<void> => {
      for (let at = 0; at < seconds; at += 10) {
        renew('worker-2');
        await simulation.run(10_000);
      }
    };
    await step(40);
    expect(api.get<Node>('nodes', 'worker-1')?.spec?.taints ?? []).toEqual([]);
    await step(20);
    const silent = api.get<Node>('nodes', 'worker-1')!;
    expect(silent.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    expect(silent.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`)).toEqual([
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ]);
    expect(api.get<Pod>('pods', 'default/web')?.status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'False' });
    await step(280);
    expect(api.get('pods', 'default/web')).toBeDefined();
    await step(30);
    expect(api.get('pods', 'default/web')).toBeUndefined();
    const texts = api.list<Event>('events').map(({ source, reason, message }) => `${source?.component} ${reason} ${message}`);
    expect(texts).toContain('node-controller RegisteredNode Node worker-1 event: Registered Node worker-1 in Controller');
    expect(texts).toContain('node-controller NodeNotReady Node worker-1 status is now: NodeNotReady');
    expect(texts).toContain('taint-eviction-controller TaintManagerEviction Marking for deletion Pod default/web');
    expect(api.get<Node>('nodes', 'worker-2')?.spec?.taints ?? []).toEqual([]);
  });

  it('keeps Endpoints and EndpointSlices of a Service equal to its ready pods', async () => {
    const { simulation, api, manager } = await cluster('endpoints');
    api.put(nodeOf('worker-1', { podCIDR: 'x' }, { 'topology.kubernetes.io/zone': 'zone-a' }));
    api.put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
      spec: { clusterIP: '10.96.1.1', selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] },
    });
    const pod = (name: string, ip: string, ready: boolean) => ({
      ...podOf(
        name,
        {
          nodeName: 'worker-1',
          containers: [{ name: 'c', image: 'nginx', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] }],
        },
        { labels: { app: 'web' } },
      ),
      status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
    });
    api.put(pod('a', '10.244.0.2', true));
    api.put(pod('b', '10.244.0.3', false));
    manager();
    const slice = () => api.list<EndpointSlice>('endpointslices')[0];
    await simulation.until(() => slice()?.endpoints?.length === 2, 10_000, 'the slice is there');
    expect(slice()?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }]);
    expect(slice()?.endpoints?.map(({ addresses, conditions, zone }) => [addresses[0], conditions?.ready, zone])).toEqual([
      ['10.244.0.2', true, 'zone-a'],
      ['10.244.0.3', false, 'zone-a'],
    ]);
    await simulation.until(() => api.get('endpoints', 'default/web') !== undefined, 1_000, 'the Endpoints are there');
    expect(api.get<Endpoints>('endpoints', 'default/web')?.subsets).toMatchObject([
      { addresses: [{ ip: '10.244.0.2' }], notReadyAddresses: [{ ip: '10.244.0.3' }], ports: [{ name: 'http', port: 8080 }] },
    ]);
    api.remove('pods', 'default/a');
    await simulation.until(() => slice()?.endpoints?.length === 1, 1_000, 'the slice follows');
  });

  it('deletes what a deleted owner leaves, in the foreground the dependents first, and cuts orphans loose', async () => {
    const { simulation, api, manager } = await cluster('garbage');
    const owner = (name: string, finalizers: string[] = []) =>
      api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', finalizers } });
    const dependent = (name: string, of: ReturnType<typeof owner>) =>
      api.put({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name,
          namespace: 'default',
          ownerReferences: [
            { apiVersion: 'v1', kind: 'ConfigMap', name: of.metadata.name, uid: of.metadata.uid, blockOwnerDeletion: true },
          ],
        },
      });
    dependent('background', owner('one'));
    const two = owner('two', ['foregroundDeletion']);
    dependent('foreground', two);
    const three = owner('three', ['orphan']);
    dependent('orphan', three);
    manager();
    await simulation.run(10_000);
    expect(api.list('secrets').length).toBe(3);
    api.remove('configmaps', 'default/one');
    await simulation.until(() => api.get('secrets', 'default/background') === undefined, 5_000, 'the dependent is gone');
    const now = '2026-01-01T00:00:00Z';
    api.put({ ...api.get('configmaps', 'default/two')!, metadata: { ...two.metadata, deletionTimestamp: now } });
    await simulation.until(() => api.get('configmaps', 'default/two') === undefined, 5_000, 'the owner is gone');
    expect(api.get('secrets', 'default/foreground')).toBeUndefined();
    api.put({ ...api.get('configmaps', 'default/three')!, metadata: { ...three.metadata, deletionTimestamp: now } });
    await simulation.until(() => api.get('configmaps', 'default/three') === undefined, 5_000, 'the owner is gone');
    expect(api.get('secrets', 'default/orphan')?.metadata.ownerReferences).toBeUndefined();
  });
});
