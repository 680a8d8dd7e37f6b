import { describe, expect, it } from 'vitest';
import type { Container, Pod, Service } from '../../../src/api/index.ts';
import { notFound } from '../../../src/apimachinery/index.ts';
import type { ApiReader } from '../../../src/kubelet/context.ts';
import { ContainerConfigError, expand, makeEnvironment, serviceVariables } from '../../../src/kubelet/environment.ts';

const facts = {
  nodeName: 'worker-1',
  hostIp: '10.0.0.20',
  podIps: ['10.244.1.2'],
  allocatable: { cpuMillis: 4000, memoryBytes: 8 * 1024 ** 3, storageBytes: 0 },
};
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u', labels: { app: 'web' } },
  spec: { containers: [], serviceAccountName: 'default' },
} as unknown as Pod;
const api: ApiReader = {
  configMap: async (_namespace, name) => {
    if (name === 'missing') throw notFound({ group: '', resource: 'configmaps' }, name);
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { COLOR: 'blue', SIZE: 'big' } };
  },
  secret: async (_namespace, name) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { password: btoa('s3cret') } }),
  token: () => Promise.reject(new Error('no tokens here')),
  services: () => Promise.resolve([]),
  volumeOfClaim: () => Promise.reject(new Error('no claims here')),
  forget: () => undefined,
};
const make = (container: Partial<Container>): Promise<Record<string, string>> =>
  makeEnvironment(pod, { name: 'c', ...container }, api, facts);

describe('expansion of $(VAR)', () => {
  it.each([
    ['$(A)', 'x'],
    ['$$(A)', '$(A)'],
    ['$(B)', '$(B)'],
    ['a$(A)b$(A)', 'axbx'],
    ['$A', '$A'],
    ['100$', '100$'],
  ])('%s is %s', (text, expected) => {
    expect(expand(text, { A: 'x' })).toBe(expected);
  });
});

describe('the environment of a container', () => {
  it('takes values, fields, resources, ConfigMaps and Secrets in order', async () => {
    expect(
      await make({
        resources: { limits: { memory: '64Mi' }, requests: { cpu: '250m' } },
        envFrom: [{ prefix: 'CFG_', configMapRef: { name: 'settings' } }],
        env: [
          { name: 'FIRST', value: 'one' },
          { name: 'SECOND', value: '$(FIRST) and $(CFG_COLOR)' },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
          { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
          { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
          { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
        ],
      }),
    ).toEqual({
      CFG_COLOR: 'blue',
      CFG_SIZE: 'big',
      FIRST: 'one',
      SECOND: 'one and blue',
      NODE: 'worker-1',
      IP: '10.244.1.2',
      APP: 'web',
      MEMORY: '64',
      CPU: '250',
      PASSWORD: 's3cret',
    });
  });

  it('cannot be made when something it names is missing, unless that is optional', async () => {
    const missing = (optional: boolean) =>
      make({ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'missing', key: 'k', optional } } }] });
    await expect(missing(false)).rejects.toThrow(new ContainerConfigError('configmaps "missing" not found'));
    expect(await missing(true)).toEqual({});
    await expect(make({ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'k' } } }] })).rejects.toThrow(
      "couldn't find key k in ConfigMap default/settings",
    );
  });

  it('has the services of its namespace and the API server', () => {
    const service = (name: string, namespace: string, clusterIP: string, port: number): Service => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { clusterIP, ports: [{ port, protocol: 'TCP', name: 'https' }] },
    });
    const services = [
      service('kubernetes', 'default', '10.96.0.1', 443),
      service('my-db', 'shop', '10.96.0.7', 5432),
      service('other', 'x', '10.96.0.8', 1),
      service('none', 'shop', 'None', 1),
    ];
    expect(serviceVariables(services, 'shop', true)).toMatchObject({
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
      MY_DB_SERVICE_PORT: '5432',
      MY_DB_PORT_5432_TCP_ADDR: '10.96.0.7',
    });
    expect(Object.keys(serviceVariables(services, 'shop', false)).filter((name) => !name.startsWith('KUBERNETES'))).toEqual([]);
    expect(Object.keys(serviceVariables(services, 'shop', true)).some((name) => name.startsWith('OTHER') || name.startsWith('NONE'))).toBe(
      false,
    );
  });
});
