import { describe, expect, test } from 'vitest';
import type { KubeObject } from '#apimachinery';
import {
  allVerbs,
  applyDefaults,
  beforeCreate,
  beforeUpdate,
  collectionPath,
  decodeObject,
  kindByWord,
  kindOf,
  kinds,
  selectableFieldOf,
  storageKey,
  storagePrefixOf,
  tableOf,
  warningsFor,
  type Kind,
  type StrategyContext,
} from '#api';
import { schemaNamed } from '../../../src/api/schema/compile.ts';
import facts from '../../../src/api/schema/facts.json' with { type: 'json' };
import type { SchemaNode } from '../../../src/api/schema/schema-node.ts';

/** A body whose fields a test sets freely. */
type Loose = ReturnType<typeof JSON.parse>;
const nowMs = Date.parse('2026-01-02T03:04:05Z');
const context: StrategyContext = { nowMs, newUid: () => 'uid-1', randomSuffix: (length) => 'x'.repeat(length) };
const kindNamed = (apiVersion: string, name: string): Kind => {
  const kind = kindOf(apiVersion, name);
  if (!kind) throw new Error(`no kind ${name}`);
  return kind;
};
function create(apiVersion: string, name: string, body: object): { object: KubeObject & Record<string, Loose>; errors: string[] } {
  const kind = kindNamed(apiVersion, name);
  const { object } = decodeObject(kind, { apiVersion, kind: name, ...body });
  applyDefaults(kind, object);
  const errors = beforeCreate(kind, object, context).map((error) => `${error.field}: ${error.message}`);
  return { object, errors };
}
function change(apiVersion: string, name: string, body: object, patch: (object: Loose) => void): string[] {
  const { object, errors } = create(apiVersion, name, body);
  expect(errors).toEqual([]);
  const next = structuredClone(object);
  patch(next);
  return beforeUpdate(kindNamed(apiVersion, name), next, object, context).map((error) => `${error.field}: ${error.message}`);
}
function cells(apiVersion: string, name: string, object: object): unknown[] {
  const kind = kindNamed(apiVersion, name);
  return tableOf(kind, [{ apiVersion, kind: name, ...object } as KubeObject], {}, nowMs).rows[0]?.cells ?? [];
}

describe('the registry', () => {
  test('holds each kind once, with a schema, a name column and a storage place', () => {
    const names = kinds.map((kind) => `${kind.group}/${kind.version}/${kind.plural}`);
    expect(new Set(names).size).toBe(names.length);
    for (const kind of kinds) {
      if (kind.verbs.includes('create')) expect(kind.storagePrefix).toMatch(/^\/registry\//);
      else expect(kind.storagePrefix).toBe('');
      expect(kind.columns.some((column) => column.format === 'name')).toBe(true);
      expect(() => applyDefaults(kind, { apiVersion: 'v1', kind: kind.kind, metadata: { name: 'x' } })).not.toThrow();
      expect(kind.verbs.every((verb) => allVerbs.includes(verb))).toBe(true);
    }
  });
  test.each([
    ['po', 'Pod'],
    ['Pods', 'Pod'],
    ['deploy', 'Deployment'],
    ['deployments.apps', 'Deployment'],
    ['deployments.v1.apps', 'Deployment'],
    ['ep', 'Endpoints'],
    ['ev', 'Event'],
    ['sa', 'ServiceAccount'],
    ['node', 'Node'],
  ])('finds %s', (word, name) => {
    expect(kindByWord(word)?.kind).toBe(name);
  });
  test('knows the paths and keys of a real cluster', () => {
    expect(storageKey(kindNamed('v1', 'Node'), 'worker-1')).toBe('/registry/minions/worker-1');
    expect(storageKey(kindNamed('v1', 'Service'), 'web', 'default')).toBe('/registry/services/specs/default/web');
    expect(storagePrefixOf(kindNamed('v1', 'Pod'), 'default')).toBe('/registry/pods/default/');
    expect(collectionPath(kindNamed('apps/v1', 'Deployment'), 'default')).toBe('/apis/apps/v1/namespaces/default/deployments');
    expect(kindByWord('gizmo')).toBeUndefined();
  });
});

describe('namespaces', () => {
  test('are born active with the kubernetes finalizer and their name as a label', () => {
    const { object, errors } = create('v1', 'Namespace', { metadata: { name: 'oracle' } });
    expect(errors).toEqual([]);
    expect(object).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'oracle' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });
  test('have names of one label', () => {
    expect(create('v1', 'Namespace', { metadata: { name: 'Team_B' } }).errors[0]).toMatch(
      /^metadata.name: Invalid value: "Team_B": a lowercase RFC 1123 label must/,
    );
  });
});

describe('deployments', () => {
  const body = (spec: object = {}) => ({
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1.27' }] } },
      ...spec,
    },
  });
  test('get the defaults of a real API server', () => {
    const { object, errors } = create('apps/v1', 'Deployment', body());
    expect(errors).toEqual([]);
    expect(object['spec']).toEqual({
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' }, creationTimestamp: null },
        spec: {
          containers: [
            {
              name: 'c',
              image: 'nginx:1.27',
              resources: {},
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
              imagePullPolicy: 'IfNotPresent',
            },
          ],
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          dnsPolicy: 'ClusterFirst',
          securityContext: {},
          schedulerName: 'default-scheduler',
        },
      },
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
  });
  test('are refused in the recorded words', () => {
    expect(create('apps/v1', 'Deployment', body({ selector: { matchLabels: { app: 'a' } } })).errors).toEqual([
      'spec.template.metadata.labels: Invalid value: map[string]string{"app":"web"}: `selector` does not match template `labels`',
    ]);
    expect(change('apps/v1', 'Deployment', body(), (object) => (object.spec.selector.matchLabels = { app: 'x' }))).toEqual([
      'spec.template.metadata.labels: Invalid value: map[string]string{"app":"web"}: `selector` does not match template `labels`',
      'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"x"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
    ]);
    expect(change('apps/v1', 'Deployment', body(), (object) => (object.spec.replicas = -2))).toEqual([
      'spec.replicas: Invalid value: -2: must be greater than or equal to 0',
    ]);
    expect(change('apps/v1', 'Deployment', body(), (object) => (object.spec.strategy.type = 'Recreate'))).toEqual([
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ]);
  });
  test('are shown as recorded', () => {
    const status = { readyReplicas: 3, updatedReplicas: 3, availableReplicas: 3 };
    expect(cells('apps/v1', 'Deployment', { ...body({ replicas: 3 }), status })).toEqual([
      'web',
      '3/3',
      3,
      3,
      '<unknown>',
      'c',
      'nginx:1.27',
      'app=web',
    ]);
  });
});

describe('jobs', () => {
  const body = (restartPolicy?: string) => ({
    metadata: { name: 'job', namespace: 'default' },
    spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }], ...(restartPolicy ? { restartPolicy } : {}) } } },
  });
  test('must not restart always, in the recorded words', () => {
    expect(create('batch/v1', 'Job', body()).errors).toEqual([
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ]);
  });
  test('get a selector of their own', () => {
    const { object, errors } = create('batch/v1', 'Job', body('Never'));
    expect(errors).toEqual([]);
    expect(object['spec'].selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': 'uid-1' } });
    expect(object['spec'].template.metadata.labels['job-name']).toBe('job');
    expect(cells('batch/v1', 'Job', { ...object, status: { startTime: '2026-01-02T03:04:00Z', succeeded: 0 } }).slice(0, 5)).toEqual([
      'job',
      'Running',
      '0/1',
      '5s',
      '0s',
    ]);
  });
});

describe('services', () => {
  const body = (spec: object) => ({ metadata: { name: 'web', namespace: 'default' }, spec });
  test('get their defaults and are shown with ports and selector', () => {
    const { object, errors } = create('v1', 'Service', body({ selector: { app: 'web' }, ports: [{ port: 80 }] }));
    expect(errors).toEqual([]);
    expect(object['spec']).toMatchObject({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    });
    expect(cells('v1', 'Service', { ...object, spec: { ...object['spec'], clusterIP: '10.96.0.7' } })).toEqual([
      'web',
      'ClusterIP',
      '10.96.0.7',
      '<none>',
      '80/TCP',
      '0s',
      'app=web',
    ]);
  });
  test('need names for several ports and keep their address', () => {
    expect(create('v1', 'Service', body({ ports: [{ port: 80 }, { port: 81 }] })).errors).toEqual([
      'spec.ports[0].name: Required value',
      'spec.ports[1].name: Required value',
    ]);
    expect(
      change('v1', 'Service', body({ clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ port: 80 }] }), (object) =>
        Object.assign(object.spec, { clusterIP: '10.96.99.99', clusterIPs: ['10.96.99.99'] }),
      ),
    ).toEqual(['spec.clusterIPs[0]: Invalid value: []string{"10.96.99.99"}: may not change once set']);
  });
});

describe('configuration', () => {
  test('of more than a mebibyte is refused in the recorded words', () => {
    expect(
      create('v1', 'ConfigMap', { metadata: { name: 'big', namespace: 'default' }, data: { a: 'x'.repeat(1024 * 1024 + 1) } }).errors,
    ).toEqual(['[]: Too long: may not be more than 1048576 bytes']);
  });
  test('secrets take text, need the keys of their type and keep it', () => {
    const secret = create('v1', 'Secret', { metadata: { name: 's', namespace: 'default' }, stringData: { a: 'é' } });
    expect(secret.object).toMatchObject({ type: 'Opaque', data: { a: 'w6k=' } });
    expect(secret.object['stringData']).toBeUndefined();
    expect(create('v1', 'Secret', { metadata: { name: 's', namespace: 'default' }, type: 'kubernetes.io/ssh-auth' }).errors).toEqual([
      'data[ssh-privatekey]: Required value',
    ]);
    expect(
      change('v1', 'Secret', { metadata: { name: 's', namespace: 'default' } }, (object) => (object.type = 'kubernetes.io/tls')),
    ).toEqual([
      'type: Invalid value: "kubernetes.io/tls": field is immutable',
      'data[tls.crt]: Required value',
      'data[tls.key]: Required value',
    ]);
  });
});

describe('nodes, events and roles', () => {
  test('nodes are shown with roles, version and addresses as recorded', () => {
    const nodeInfo = { kubeletVersion: 'v1.33.0', osImage: 'Debian', kernelVersion: '6.8', containerRuntimeVersion: 'containerd://2.1.1' };
    const object = {
      metadata: { name: 'control-plane', labels: { 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: { conditions: [{ type: 'Ready', status: 'True' }], addresses: [{ type: 'InternalIP', address: '10.0.0.11' }], nodeInfo },
    };
    expect(cells('v1', 'Node', object)).toEqual([
      'control-plane',
      'Ready,SchedulingDisabled',
      'control-plane',
      '<unknown>',
      'v1.33.0',
      '10.0.0.11',
      '<none>',
      'Debian',
      '6.8',
      'containerd://2.1.1',
    ]);
  });
  test('an event of the newer group is stored as the older one and read back', () => {
    const kind = kindNamed('events.k8s.io/v1', 'Event');
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'e', namespace: 'default' },
      eventTime: '2026-01-02T03:04:05.000000Z',
      reportingController: 'scheduler',
      reportingInstance: 'a',
      action: 'Bind',
      reason: 'Scheduled',
      regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
      note: 'hello',
      type: 'Normal',
    };
    const stored = kind.storedForm?.toStored(event) as KubeObject;
    expect(stored).toMatchObject({ apiVersion: 'v1', involvedObject: { name: 'p' }, message: 'hello', reportingComponent: 'scheduler' });
    expect(kind.storedForm?.fromStored(stored)).toMatchObject(event);
    expect(selectableFieldOf(kindNamed('v1', 'Event'), stored, 'involvedObject.name')).toBe('p');
  });
  test('bindings get API groups, show their subjects and never change their role', () => {
    const body = {
      metadata: { name: 'b', namespace: 'default' },
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'User', name: 'eve' },
        { kind: 'ServiceAccount', name: 'sa', namespace: 'ns' },
      ],
    };
    const { object, errors } = create('rbac.authorization.k8s.io/v1', 'RoleBinding', body);
    expect(errors).toEqual([]);
    expect(cells('rbac.authorization.k8s.io/v1', 'RoleBinding', object)).toEqual(['b', 'Role/r', '0s', 'eve', '', 'ns/sa']);
    expect(change('rbac.authorization.k8s.io/v1', 'RoleBinding', body, (next) => (next.roleRef.name = 'other'))[0]).toBe(
      'roleRef: Invalid value: rbac.RoleRef{APIGroup:"rbac.authorization.k8s.io", Kind:"Role", Name:"other"}: cannot change roleRef',
    );
  });
  test('pods with hidden variables and old node labels are warned about', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { nodeSelector: { 'beta.kubernetes.io/os': 'linux' }, containers: [{ name: 'c', env: [{ name: 'A' }, { name: 'A' }] }] },
    } as KubeObject;
    expect(warningsFor(kindNamed('v1', 'Pod'), pod)).toEqual([
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ]);
  });
});

test('every schema that the facts name can be compiled, to the last field', () => {
  const seen = new Set<string>();
  const visit = (node: SchemaNode | undefined): void => {
    if (!node || (node.structName && seen.has(node.structName))) return;
    if (node.structName) seen.add(node.structName);
    for (const field of node.fields.values()) visit(field);
    visit(node.items);
    visit(node.values);
  };
  for (const name of Object.keys(facts.schemas)) visit(schemaNamed(name));
  expect(seen.size).toBeGreaterThan(400);
});
