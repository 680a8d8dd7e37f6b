/** Classes that objects name or get: the overhead and nodes of a RuntimeClass, the default IngressClass. */
import { beforeEach, describe, expect, it } from 'vitest';
import { startLab, type Lab, type Told } from './lab/server.ts';

const post = (lab: Lab, path: string, body: object): Promise<Told> => lab.ask({ method: 'POST', path, body });
const pods = '/api/v1/namespaces/default/pods';
const pod = (spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
});

describe('classes', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
    await post(lab, '/api/v1/namespaces/default/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default' },
    });
  });

  it('give a pod the overhead and the nodes of its RuntimeClass, which must be there', async () => {
    const missing = await post(lab, pods, pod({ runtimeClassName: 'gvisor' }));
    expect(missing.json.message).toBe('pods "web" is forbidden: pod rejected: RuntimeClass "gvisor" not found');
    await post(lab, '/apis/node.k8s.io/v1/runtimeclasses', {
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: { name: 'gvisor' },
      handler: 'runsc',
      overhead: { podFixed: { cpu: '100m' } },
      scheduling: { nodeSelector: { sandbox: 'gvisor' } },
    });
    const conflict = await post(lab, pods, pod({ runtimeClassName: 'gvisor', nodeSelector: { sandbox: 'other' } }));
    expect(conflict.json.message).toMatch(/pod rejected: conflict: runtimeClass.scheduling.nodeSelector\[sandbox\] = gvisor/);
    const { json } = await post(lab, pods, pod({ runtimeClassName: 'gvisor' }));
    expect([json.spec.overhead, json.spec.nodeSelector]).toEqual([{ cpu: '100m' }, { sandbox: 'gvisor' }]);
    const alone = await post(lab, pods, { ...pod({ overhead: { cpu: '1' } }), metadata: { name: 'alone' } });
    expect(alone.json.message).toContain('Pod Overhead set without corresponding RuntimeClass defined Overhead');
  });

  it('give an Ingress without a class the default one', async () => {
    await post(lab, '/apis/networking.k8s.io/v1/ingressclasses', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'nginx', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
      spec: { controller: 'k8s.io/ingress-nginx' },
    });
    const defaultBackend = { service: { name: 'web', port: { number: 80 } } };
    const { json } = await post(lab, '/apis/networking.k8s.io/v1/namespaces/default/ingresses', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'web' },
      spec: { defaultBackend },
    });
    expect(json.spec.ingressClassName).toBe('nginx');
  });
});
