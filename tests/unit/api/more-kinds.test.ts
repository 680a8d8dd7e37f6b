import { describe, expect, test } from 'vitest';
import type { KubeObject } from '#apimachinery';
import {
  applyDefaults,
  beforeCreate,
  beforeUpdate,
  decodeObject,
  kindOf,
  nextTime,
  parseSchedule,
  tableOf,
  type StrategyContext,
} from '#api';

/** A body whose fields a test sets freely. */
type Loose = ReturnType<typeof JSON.parse>;
const nowMs = Date.parse('2026-01-02T03:04:05Z');
const context: StrategyContext = { nowMs, newUid: () => 'uid-1', randomSuffix: (length) => 'x'.repeat(length) };

function create(apiVersion: string, name: string, body: object): { object: Loose; errors: string[] } {
  const kind = kindOf(apiVersion, name)!;
  const { object } = decodeObject(kind, { apiVersion, kind: name, ...body });
  applyDefaults(kind, object);
  if (kind.scope === 'Namespaced') object.metadata.namespace = 'default';
  return { object, errors: beforeCreate(kind, object, context).map(({ field, message }) => `${field}: ${message}`) };
}
function change(apiVersion: string, name: string, body: object, patch: (object: Loose) => void, status?: object): string[] {
  const kind = kindOf(apiVersion, name)!;
  const { object, errors } = create(apiVersion, name, body);
  expect(errors).toEqual([]);
  const old = { ...structuredClone(object), ...(status ? { status } : {}) };
  patch(object);
  return beforeUpdate(kind, object, old, context).map(({ field, message }) => `${field}: ${message.split('\n')[0]}`);
}
const cells = (apiVersion: string, name: string, object: object): unknown[] =>
  tableOf(kindOf(apiVersion, name)!, [object as KubeObject], {}, nowMs).rows[0]!.cells;

const next = (schedule: string, after: string): string | undefined => {
  const found = parseSchedule(schedule).schedule;
  const ms = found && nextTime(found, Date.parse(after));
  return ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 19);
};

describe('a schedule in cron form', () => {
  test.each([
    ['*/5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00'],
    ['*/5 * * * *', '2026-01-01T23:57:30Z', '2026-01-02T00:00:00'],
    ['0 9-17/4 * * mon-fri', '2026-01-02T13:30:00Z', '2026-01-02T17:00:00'],
    ['0 9 * * 1', '2026-01-02T13:30:00Z', '2026-01-05T09:00:00'],
    ['30 6 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T06:30:00'],
    // Either day is enough when both are given.
    ['0 0 13 * fri', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00'],
    ['@monthly', '2026-01-31T00:00:00Z', '2026-02-01T00:00:00'],
    ['@every 90s', '2026-01-01T00:00:10Z', '2026-01-01T00:01:40'],
  ])('%s comes after %s at %s', (schedule, after, at) => {
    expect(next(schedule, after)).toBe(at);
  });
  test('that no day fits never comes', () => {
    expect(next('0 0 31 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
  });
  test.each([
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['61 * * * *', 'end of range (61) above maximum (59): 61'],
    ['* * 5-3 * *', 'beginning of range (5) beyond end of range (3): 5-3'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['@often', 'unrecognized descriptor: @often'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ])('%s is refused: %s', (schedule, error) => {
    expect(parseSchedule(schedule).error).toBe(error);
  });
});

describe('volumes and claims', () => {
  const volume = {
    metadata: { name: 'pv' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
  };
  const claim = { metadata: { name: 'pvc' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };

  test('a volume says everything that is wrong with it', () => {
    expect(create('v1', 'PersistentVolume', { metadata: { name: 'pv' }, spec: { accessModes: ['Sometimes'] } }).errors).toEqual([
      'spec.accessModes: Unsupported value: "Sometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      'spec.capacity: Required value',
      'spec.capacity: Unsupported value: core.ResourceList(nil): supported values: "storage"',
      'spec: Required value: must specify a volume type',
    ]);
  });
  test('a volume is retained by default, and what it lies on never changes', () => {
    expect(create('v1', 'PersistentVolume', volume).object.spec).toMatchObject({
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
    });
    expect(change('v1', 'PersistentVolume', volume, (object) => (object.spec.hostPath.path = '/other'))).toEqual([
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
    ]);
  });
  test('a bound claim may grow and not shrink', () => {
    const bound = { phase: 'Bound', capacity: { storage: '1Gi' } };
    const resize = (storage: string): string[] =>
      change('v1', 'PersistentVolumeClaim', claim, (object) => (object.spec.resources.requests.storage = storage), bound);
    expect(resize('2Gi')).toEqual([]);
    expect(resize('500Mi')).toEqual(['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity']);
  });
  test('the binder may name the volume of a claim, and nobody may change its access modes', () => {
    expect(change('v1', 'PersistentVolumeClaim', claim, (object) => (object.spec.volumeName = 'pv'))).toEqual([]);
    expect(change('v1', 'PersistentVolumeClaim', claim, (object) => (object.spec.accessModes = ['ReadWriteMany']))).toEqual([
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    ]);
  });
});

describe('workloads of other kinds', () => {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'busybox' }] } };
  test('a StatefulSet changes in the fields it may change in', () => {
    const set = { metadata: { name: 'db' }, spec: { serviceName: 'db', selector: { matchLabels: { app: 'a' } }, template } };
    expect(change('apps/v1', 'StatefulSet', set, (object) => (object.spec.replicas = 3))).toEqual([]);
    expect(change('apps/v1', 'StatefulSet', set, (object) => (object.spec.serviceName = 'x'))).toEqual([
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ]);
  });
  test('a ReplicationController takes its selector and labels from its template', () => {
    const { object } = create('v1', 'ReplicationController', { metadata: { name: 'rc' }, spec: { template } });
    expect(object).toMatchObject({ metadata: { labels: { app: 'a' } }, spec: { replicas: 1, selector: { app: 'a' } } });
  });
  test('an autoscaler counts from one, and what version 1 says of the processor is a metric of version 2', () => {
    const target = { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' };
    expect(
      create('autoscaling/v2', 'HorizontalPodAutoscaler', { metadata: { name: 'h' }, spec: { maxReplicas: 0, scaleTargetRef: target } })
        .errors,
    ).toEqual([
      'spec.maxReplicas: Invalid value: 0: must be greater than 0',
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    ]);
    const old = { metadata: { name: 'h' }, spec: { maxReplicas: 3, scaleTargetRef: target, targetCPUUtilizationPercentage: 50 } };
    const { object, errors } = create('autoscaling/v1', 'HorizontalPodAutoscaler', old);
    expect(errors).toEqual([]);
    expect(cells('autoscaling/v1', 'HorizontalPodAutoscaler', object).slice(0, 3)).toEqual(['h', 'Deployment/web', 'cpu: <unknown>/50%']);
  });
});

describe('limits of a namespace', () => {
  test('a quota shows what is used of what is allowed, limits apart', () => {
    const quota = {
      metadata: { name: 'q' },
      status: {
        hard: { pods: '4', 'limits.cpu': '2', 'requests.cpu': '1' },
        used: { pods: '1', 'limits.cpu': '500m', 'requests.cpu': '0' },
      },
    };
    expect(cells('v1', 'ResourceQuota', quota).slice(0, 3)).toEqual(['q', 'pods: 1/4, requests.cpu: 0/1', 'limits.cpu: 500m/2']);
  });
  test('the most a container may have is its default, and that its default request', () => {
    const { object, errors } = create('v1', 'LimitRange', {
      metadata: { name: 'l' },
      spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { memory: '64Mi' } }] },
    });
    expect(errors).toEqual([]);
    expect(object.spec.limits[0]).toMatchObject({ default: { cpu: '1' }, defaultRequest: { cpu: '1', memory: '64Mi' } });
  });
});
