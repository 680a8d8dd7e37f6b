import { describe, expect, test } from 'vitest';
import { applyConfiguration, recordUpdate, type StatusError, type KubeObject, type ManagedFieldsEntry } from '#apimachinery';
import { applyDefaults, fieldSchemaOf, kindOf, type Kind, type Pod } from '#api';

const configMaps = fieldSchemaOf({ schema: 'io.k8s.api.core.v1.ConfigMap' });
const pods = kindOf('v1', 'Pod') as unknown as Kind<Pod>;
const nowMs = Date.parse('2026-01-02T03:04:05Z');
const time = '2026-01-02T03:04:05Z';
const write = (manager: string, more: object = {}) => ({ manager, apiVersion: 'v1', subresource: '', nowMs, ...more });
const configMap = (data: Record<string, string>, managedFields?: ManagedFieldsEntry[]) =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'applied', namespace: 'oracle', ...(managedFields ? { managedFields } : {}) },
    data,
  }) as KubeObject & { data: Record<string, string> };
const apply = (live: KubeObject | undefined, data: Record<string, string>, manager: string, force = false) =>
  applyConfiguration(live, configMap(data), configMaps, { ...write(manager), force });
const thrown = (run: () => unknown): StatusError => {
  try {
    run();
  } catch (error) {
    return error as StatusError;
  }
  throw new Error('nothing was thrown');
};

describe('an update', () => {
  test('that creates a ConfigMap owns what it set, as recorded', () => {
    const object = configMap({ n: 'put' });
    recordUpdate(undefined, object, configMaps, write('oracle'));
    expect(object.metadata.managedFields).toEqual([
      {
        manager: 'oracle',
        operation: 'Update',
        apiVersion: 'v1',
        time,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:n': {} } },
      },
    ]);
  });

  test('that creates a pod owns its fields and the defaults, as recorded', () => {
    const object = applyDefaults(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'one', labels: { app: 'one' } },
      spec: { containers: [{ name: 'c', image: 'nginx' }] },
    } as Pod);
    recordUpdate(undefined, object, fieldSchemaOf(pods), write('oracle', { resetFields: [['status']] }));
    expect(object.metadata.managedFields?.[0]?.fieldsV1).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': {
        'f:containers': {
          'k:{"name":"c"}': {
            '.': {},
            'f:image': {},
            'f:imagePullPolicy': {},
            'f:name': {},
            'f:resources': {},
            'f:terminationMessagePath': {},
            'f:terminationMessagePolicy': {},
          },
        },
        'f:dnsPolicy': {},
        'f:enableServiceLinks': {},
        'f:restartPolicy': {},
        'f:schedulerName': {},
        'f:securityContext': {},
        'f:terminationGracePeriodSeconds': {},
      },
    });
  });

  test('takes changed fields from others and leaves untouched entries as they were encoded', () => {
    const live = apply(undefined, { k: 'alice', other: 'x' }, 'alice');
    const same = structuredClone(live) as typeof live & { data: Record<string, string> };
    recordUpdate(live, same, configMaps, write('bob'));
    expect(same.metadata.managedFields?.[0]).toBe(live.metadata.managedFields?.[0]);
    same.data['k'] = 'bob';
    recordUpdate(live, same, configMaps, write('bob'));
    expect(same.metadata.managedFields?.map((entry) => [entry.manager, entry.operation, entry.fieldsV1])).toEqual([
      ['alice', 'Apply', { 'f:data': { 'f:other': {} } }],
      ['bob', 'Update', { 'f:data': { 'f:k': {} } }],
    ]);
  });

  test('never leaves more than ten entries of updates', () => {
    let live = configMap({});
    for (let index = 0; index < 14; index++) {
      const next = configMap({ ...live.data, [`key-${index}`]: 'x' });
      recordUpdate(index ? live : undefined, next, configMaps, write(`manager-${index}`, { nowMs: nowMs + index * 1000 }));
      live = next;
    }
    expect(live.metadata.managedFields).toHaveLength(10);
    expect(live.metadata.managedFields?.some((entry) => entry.manager === 'ancient-changes')).toBe(true);
  });
});

describe('an apply', () => {
  test('owns exactly what it names, as recorded', () => {
    const object = apply(undefined, { k: 'alice' }, 'alice');
    expect(object.metadata.managedFields).toEqual([
      { manager: 'alice', operation: 'Apply', apiVersion: 'v1', time, fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:k': {} } } },
    ]);
  });

  test('that changes what another applied is refused in the recorded words, and forced takes it', () => {
    const live = apply(undefined, { k: 'alice' }, 'alice');
    const { status } = thrown(() => apply(live, { k: 'bob' }, 'bob'));
    expect(status).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "alice": .data.k',
      reason: 'Conflict',
      code: 409,
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "alice"', field: '.data.k' }] },
    });
    const forced = apply(live, { k: 'bob' }, 'bob', true) as KubeObject & { data: object };
    expect(forced.data).toEqual({ k: 'bob' });
    expect(forced.metadata.managedFields?.map((entry) => entry.manager)).toEqual(['bob']);
  });

  test('by kubectl takes over what kubectl applied from the client, and notes what it applied now', () => {
    const key = 'kubectl.kubernetes.io/last-applied-configuration';
    const live = apply(undefined, { k: 'bob', other: 'bob' }, 'bob');
    live.metadata.annotations = { [key]: JSON.stringify(configMap({ k: 'bob' })) };
    const taken = apply(live, { k: 'new' }, 'kubectl') as KubeObject & { data: object };
    expect(taken.data).toEqual({ k: 'new', other: 'bob' });
    const noted = taken.metadata.annotations?.[key] ?? '';
    expect([noted.endsWith('\n'), JSON.parse(noted)]).toEqual([true, configMap({ k: 'new' })]);
    expect(thrown(() => apply(live, { other: 'new' }, 'kubectl')).message).toContain('conflict with "bob": .data.other');
    expect(thrown(() => apply(live, { k: 'new' }, 'carol')).message).toContain('conflict with "bob": .data.k');
  });

  test('of the same value is shared without conflict', () => {
    const live = apply(undefined, { k: 'same' }, 'alice');
    expect(apply(live, { k: 'same' }, 'bob').metadata.managedFields?.map((entry) => entry.manager)).toEqual(['alice', 'bob']);
  });

  test('removes what it applied before and names no longer, unless another owns it', () => {
    const live = apply(apply(undefined, { a: '1', b: '2' }, 'alice'), { b: '2' }, 'bob');
    const next = apply(live, { c: '3' }, 'alice') as KubeObject & { data: object };
    expect(next.data).toEqual({ b: '2', c: '3' });
  });

  test('names several conflicts by manager', () => {
    const live = configMap({ a: '1', b: '2' });
    recordUpdate(undefined, live, configMaps, write('kubectl-create'));
    expect(thrown(() => apply(live, { a: 'x', b: 'y' }, 'alice')).message).toBe(
      'Apply failed with 2 conflicts: conflicts with "kubectl-create" using v1:\n- .data.a\n- .data.b',
    );
  });

  test('of a field that does not exist is refused in the recorded words', () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { nope: 1 } } as KubeObject;
    const schema = fieldSchemaOf({ schema: 'io.k8s.api.apps.v1.Deployment' });
    const { status } = thrown(() =>
      applyConfiguration(undefined, deployment, schema, { ...write('x'), apiVersion: 'apps/v1', force: false }),
    );
    expect(status.message).toBe(
      'failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.nope: field not declared in schema',
    );
    expect(status.code).toBe(500);
  });

  test('merges containers by name and keeps those of others', () => {
    const schema = fieldSchemaOf(pods);
    const pod = (...containers: object[]) =>
      ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers } }) as unknown as KubeObject;
    const options = (manager: string) => ({ ...write(manager), force: false });
    const live = applyConfiguration(
      applyConfiguration(undefined, pod({ name: 'a', image: 'x' }), schema, options('alice')),
      pod({ name: 'b', image: 'y' }),
      schema,
      options('bob'),
    );
    const next = applyConfiguration(live, pod({ name: 'c', image: 'z' }), schema, options('alice')) as unknown as Pod;
    expect(next.spec?.containers).toEqual([
      { name: 'b', image: 'y' },
      { name: 'c', image: 'z' },
    ]);
  });
});
