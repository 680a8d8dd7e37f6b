/** What a server registers of itself: APIServices, flow schemas and priority levels, and the headers that name them. */
import { describe, expect, it } from 'vitest';
import { startLab, type Told } from './lab/server.ts';

const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
const flow = '/apis/flowcontrol.apiserver.k8s.io/v1';
const flowOf = (told: Told): string | undefined => told.header('x-kubernetes-pf-flowschema-uid');

describe('the aggregator', () => {
  it('keeps a local, available APIService of every group and version but its own', async () => {
    const lab = await startLab();
    const { json } = await lab.ask({ path: apiServices });
    const names = json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    expect(names).toContain('v1.');
    expect(names).toContain('v2.autoscaling');
    expect(names).not.toContain('v1.apiregistration.k8s.io');
    const { json: apps } = await lab.ask({ path: `${apiServices}/v1.apps` });
    expect(apps.metadata.labels).toEqual({ 'kube-aggregator.kubernetes.io/automanaged': 'onstart' });
    expect(apps.spec).toEqual({ group: 'apps', version: 'v1', groupPriorityMinimum: 17800, versionPriority: 15 });
    expect(apps.status.conditions[0]).toMatchObject({ type: 'Available', status: 'True', reason: 'Local' });
    expect((await lab.ask({ path: '/readyz/autoregister-completion' })).text).toBe('ok');
  });

  it('adds one for the group of a definition and takes it away with it', async () => {
    const lab = await startLab();
    const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
    const spec = { group: 'example.com', scope: 'Cluster', names: { plural: 'things', kind: 'Thing' }, versions };
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const body = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec,
    };
    await lab.ask({ method: 'POST', path, body });
    await lab.clock.advance(1_000);
    const { json } = await lab.ask({ path: `${apiServices}/v1.example.com` });
    expect([json.spec.groupPriorityMinimum, json.spec.versionPriority]).toEqual([1000, 100]);
    await lab.ask({ method: 'DELETE', path: `${path}/things.example.com` });
    await lab.clock.advance(10_000);
    expect((await lab.ask({ path: `${apiServices}/v1.example.com` })).status).toBe(404);
  });
});

describe('flow schemas', () => {
  it('are there from the start, and answers name the one of the request', async () => {
    const lab = await startLab();
    const { json } = await lab.ask({ path: `${flow}/flowschemas` });
    expect(json.items).toHaveLength(13);
    const uidOf = (name: string): string =>
      json.items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === name).metadata.uid;
    expect(flowOf(await lab.ask({ path: '/version' }))).toBe(uidOf('exempt'));
    const node = { name: 'system:node:worker-1', groups: ['system:nodes', 'system:authenticated'] };
    expect(flowOf(await lab.ask({ path: '/api/v1/nodes/worker-1', as: node }))).toBe(uidOf('system-node-high'));
    expect(flowOf(await lab.ask({ path: '/api/v1/pods', as: node }))).toBe(uidOf('system-nodes'));
    const scheduler = { name: 'system:kube-scheduler', groups: ['system:authenticated'] };
    expect(flowOf(await lab.ask({ path: '/api/v1/pods', as: scheduler }))).toBe(uidOf('kube-scheduler'));
    expect(flowOf(await lab.ask({ path: '/readyz', as: null }))).toBe(uidOf('probes'));
    const told = await lab.ask({ path: '/api/v1/pods', as: { name: 'student', groups: ['students', 'system:authenticated'] } });
    expect(flowOf(told)).toBe(uidOf('global-default'));
    const level = await lab.ask({ path: `${flow}/prioritylevelconfigurations/global-default` });
    expect(told.header('x-kubernetes-pf-prioritylevel-uid')).toBe(level.json.metadata.uid);
  });
});
