/** Quotas and limit ranges at the API server: what is filled in, what is refused, what is booked. */
import { describe, expect, it } from 'vitest';
import { startLab, type Lab, type Told } from './lab/server.ts';

const podOf = (name: string, resources?: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'busybox', ...(resources ? { resources } : {}) }] },
});
const at = (plural: string): string => `/api/v1/namespaces/default/${plural}`;
const create = (lab: Lab, plural: string, body: object): Promise<Told> => lab.ask({ method: 'POST', path: at(plural), body });

async function labWith(plural: string, body: object): Promise<Lab> {
  const lab = await startLab();
  await create(lab, 'serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
  expect((await create(lab, plural, body)).status).toBe(201);
  return lab;
}

describe('a LimitRange', () => {
  const range = {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'l' },
    spec: { limits: [{ type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m' }, max: { cpu: '1' } }] },
  };
  it('gives containers what they do not say, and notes it', async () => {
    const lab = await labWith('limitranges', range);
    const { json } = await create(lab, 'pods', podOf('a'));
    expect(json.spec.containers[0].resources).toEqual({ requests: { cpu: '100m' }, limits: { cpu: '500m' } });
    expect(json.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    );
  });
  it('refuses more than its most', async () => {
    const lab = await labWith('limitranges', range);
    const { status, json } = await create(lab, 'pods', podOf('a', { limits: { cpu: '2' }, requests: { cpu: '1' } }));
    expect([status, json.message]).toEqual([403, 'pods "a" is forbidden: maximum cpu usage per Container is 1, but limit is 2']);
  });
});

describe('a ResourceQuota', () => {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard: { pods: '1', 'requests.cpu': '1' } } };
  /** The controller's part: what is allowed and used at first. */
  async function labWithQuota(): Promise<Lab> {
    const lab = await labWith('resourcequotas', quota);
    const status = { hard: quota.spec.hard, used: { pods: '0', 'requests.cpu': '0' } };
    const path = `${at('resourcequotas')}/q/status`;
    const told = await lab.ask({ method: 'PATCH', path, body: { status }, headers: { 'content-type': 'application/merge-patch+json' } });
    expect(told.status).toBe(200);
    return lab;
  }
  it('books what it lets through and refuses what would pass it', async () => {
    const lab = await labWithQuota();
    expect((await create(lab, 'pods', podOf('a', { requests: { cpu: '250m' } }))).status).toBe(201);
    expect((await lab.ask({ path: `${at('resourcequotas')}/q` })).json.status.used).toEqual({ pods: '1', 'requests.cpu': '250m' });
    const { status, json } = await create(lab, 'pods', podOf('b', { requests: { cpu: '250m' } }));
    expect([status, json.message]).toEqual([
      403,
      'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
    ]);
  });
  it('asks for the amounts it counts', async () => {
    const lab = await labWithQuota();
    const { status, json } = await create(lab, 'pods', podOf('a'));
    expect([status, json.message]).toEqual([403, 'pods "a" is forbidden: failed quota: q: must specify requests.cpu for: c']);
  });
  it('books nothing in a dry run', async () => {
    const lab = await labWithQuota();
    const path = `${at('pods')}?dryRun=All`;
    expect((await lab.ask({ method: 'POST', path, body: podOf('a', { requests: { cpu: '1' } }) })).status).toBe(201);
    expect((await lab.ask({ path: `${at('resourcequotas')}/q` })).json.status.used.pods).toBe('0');
  });
});

describe('claims', () => {
  it('get the default class, and a finalizer that keeps them while they are used', async () => {
    const lab = await startLab();
    const path = '/apis/storage.k8s.io/v1/storageclasses';
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const storageClass = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'standard', annotations },
      provisioner: 'x/y',
    };
    expect((await lab.ask({ method: 'POST', path, body: storageClass })).status).toBe(201);
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    const { json } = await create(lab, 'persistentvolumeclaims', claim);
    expect(json.spec.storageClassName).toBe('standard');
    expect(json.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  });
});
