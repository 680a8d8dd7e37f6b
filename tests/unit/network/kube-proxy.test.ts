/** kube-proxy: the rules it plans, and the program against an API in memory. */
import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Service } from '#api';
import { createHttpClient, type Process, type ServiceRule } from '#host';
import { kubeProxy, planServiceRules } from '#network';
import { fakeCluster, kubeconfigOf, nodeOf } from '../client/fake-api.ts';

const serviceOf = (spec: Record<string, unknown>, name = 'web') =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
  }) as unknown as Service;
const endpoint = (address: string, nodeName: string, conditions: object = { ready: true, serving: true, terminating: false }) => ({
  addresses: [address],
  nodeName,
  conditions,
});
const sliceOf = (endpoints: object[], service = 'web') =>
  ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints,
  }) as unknown as EndpointSlice;
const plan = (service: Service, slices: EndpointSlice[]): ServiceRule[] => planServiceRules([service], () => slices, 'n1');
const both = [sliceOf([endpoint('10.244.1.2', 'n1'), endpoint('10.244.2.2', 'n2')])];

describe('service rules', () => {
  it('send the cluster address to every ready endpoint', () => {
    expect(plan(serviceOf({}), both)).toEqual([
      {
        address: '10.96.0.7',
        port: 80,
        protocol: 'TCP',
        backends: [
          { address: '10.244.1.2', port: 8080 },
          { address: '10.244.2.2', port: 8080 },
        ],
        withoutBackends: 'reject',
        affinityMs: 0,
        comment: 'default/web:http',
      },
    ]);
  });

  it.each([
    ['headless', { clusterIP: 'None' }],
    ['ExternalName', { type: 'ExternalName', clusterIP: '' }],
  ])('leave %s Services alone', (_name, spec) => expect(plan(serviceOf(spec), both)).toEqual([]));

  it('refuse where a Service has no endpoints, and use terminating ones that still serve before they do', () => {
    expect(plan(serviceOf({}), [])[0]).toMatchObject({ backends: [], withoutBackends: 'reject' });
    const going = [
      sliceOf([
        endpoint('10.244.1.2', 'n1', { ready: false, serving: true, terminating: true }),
        endpoint('10.244.1.3', 'n1', { ready: false, serving: false, terminating: false }),
      ]),
    ];
    expect(plan(serviceOf({}), going)[0]?.backends).toEqual([{ address: '10.244.1.2', port: 8080 }]);
  });

  it('open node ports on any address, only to local pods under the Local policy, and drop where those are missing', () => {
    const spec = {
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      ports: [{ name: 'http', port: 80, nodePort: 30080, protocol: 'TCP' }],
    };
    expect(plan(serviceOf(spec), both)[1]).toMatchObject({
      address: 'node',
      port: 30080,
      backends: [{ address: '10.244.1.2', port: 8080 }],
    });
    expect(plan(serviceOf(spec), [sliceOf([endpoint('10.244.2.2', 'n2')])])[1]).toMatchObject({ backends: [], withoutBackends: 'drop' });
  });

  it('keep a client at its backend for the affinity time', () => {
    expect(plan(serviceOf({ sessionAffinity: 'ClientIP' }), both)[0]?.affinityMs).toBe(10_800_000);
  });
});

describe('kube-proxy', () => {
  it('keeps the rules of its kernel equal to the Services, at most once a second, and answers on its health port', async () => {
    const { simulation, machine, api, start } = await fakeCluster('proxy');
    api.put(nodeOf('m'));
    api.put(serviceOf({}));
    api.put(sliceOf([endpoint('10.244.1.2', 'm')]));
    let process: Process | undefined;
    const child = start(
      (given) => {
        process = given;
        given.files.write(
          '/config.conf',
          'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclientConnection:\n  kubeconfig: /kubeconfig\niptables:\n  minSyncPeriod: 0s\n',
        );
        given.files.write('/kubeconfig', kubeconfigOf('10.0.0.1'));
        return kubeProxy(given);
      },
      'kube-proxy',
      ['--config=/config.conf', '--hostname-override=m'],
    );
    const rules = () => process?.kernel?.serviceRules() ?? [];
    await simulation.until(() => rules().length === 1, 5_000, 'the rule is written');
    expect(rules()[0]?.backends).toEqual([{ address: '10.244.1.2', port: 8080 }]);
    api.put(serviceOf({ clusterIP: '10.96.0.8' }, 'other'));
    await simulation.until(() => rules().length === 2, 1_500, 'the second rule is written');
    api.remove('services', 'default/web');
    await simulation.run(2_000);
    expect(rules().map(({ address }) => address)).toEqual(['10.96.0.8']);
    const health = createHttpClient(process!.network, process!.clock, { address: '127.0.0.1', port: 10256 });
    const answer = await simulation.settle(health.request({ method: 'GET', path: '/healthz', headers: [] }), 1_000, 'health');
    expect([answer.status, JSON.parse(await simulation.settle(answer.text(), 1_000, 'body')).nodeEligible]).toEqual([200, true]);
    const metrics = createHttpClient(process!.network, process!.clock, { address: '127.0.0.1', port: 10249 });
    const text = await simulation.settle(
      metrics.request({ method: 'GET', path: '/metrics', headers: [] }).then((response) => response.text()),
      1_000,
      'metrics',
    );
    expect(text).toContain('kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"}');
    child.kill('TERM');
    await simulation.until(() => child.state === 'dead', 1_000, 'it ends');
    expect((await child.exit).code).toBe(0);
    expect(machine).toBeDefined();
  });
});
