/** The pure decisions of the controllers, by tables. */
import { describe, expect, it } from 'vitest';
import type { DaemonSet, Deployment, EndpointSlice, Node, Pod, ReplicaSet, Service } from '#api';
import { daemonTolerations, nodeShouldRun, planRollingUpdate } from '../../../src/controllers/daemonset-plan.ts';
import { fenceposts, newReplicas, planOldReplicas, planProportional } from '../../../src/controllers/deployment-plan.ts';
import { planSlices } from '../../../src/controllers/endpointslice.ts';
import { planCollection } from '../../../src/controllers/garbage-collector-plan.ts';
import { enabledControllers } from '../../../src/controllers/manager.ts';
import { evictionRate, planTaints, silentConditions, zoneStateOf } from '../../../src/controllers/node-health.ts';
import { nextCidr, parseCidr } from '../../../src/controllers/node-ipam.ts';
import { planRemovals } from '../../../src/controllers/pod-garbage-collector.ts';
import { equalIgnoringHash, podTemplateHash, safeEncode } from '../../../src/controllers/pod-template-hash.ts';
import { planReplicas } from '../../../src/controllers/replicaset.ts';
import { tolerationMs } from '../../../src/controllers/taint-eviction.ts';
import { controllers } from '#controllers';
import { nodeOf, podOf } from '../client/fake-api.ts';

const pod = (name: string, extra: object = {}, status: object = {}, metadata: object = {}): Pod =>
  ({ ...podOf(name, extra as never, { uid: name, ...metadata }), status }) as unknown as Pod;
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2025-01-01T00:00:00Z' }] };

describe('deployment arithmetic', () => {
  const deployment = (replicas: number, maxSurge: unknown, maxUnavailable: unknown) =>
    ({ spec: { replicas, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } } }) as unknown as Deployment;
  const set = (name: string, size: number, available = size, annotations: object = {}) =>
    ({
      metadata: { name, creationTimestamp: name, annotations },
      spec: { replicas: size },
      status: { availableReplicas: available },
    }) as unknown as ReplicaSet;

  it.each([
    [10, '25%', '25%', 3, 2],
    [4, '25%', '25%', 1, 1],
    [1, '25%', '25%', 1, 0],
    [3, 0, 0, 0, 1],
    [2, 5, 5, 5, 2],
  ])(
    'of %i replicas with surge %s and unavailable %s allows %i more and %i fewer',
    (replicas, surge, unavailable, maxSurge, maxUnavailable) => {
      expect(fenceposts(deployment(replicas, surge, unavailable))).toEqual({ maxSurge, maxUnavailable });
    },
  );

  it.each([
    [10, 10, 0, 2],
    [10, 12, 2, 2],
    [10, 8, 0, 4],
    [10, 0, 0, 10],
  ])('grows the new set of %i desired with %i in all from %i to %i', (desired, total, current, expected) => {
    expect(newReplicas(deployment(desired, 2, 2), [set('a', total - current), set('b', current)], current)).toBe(expected);
  });

  it.each([
    ['nothing while the new pods are not available', 10, 8, 4, 0, []],
    ['as many as may be missing', 10, 10, 0, 0, [8]],
    ['unavailable old pods first', 10, 10, 0, 0, [8], 8],
    ['all once the new ones carry the load', 10, 2, 10, 10, [0]],
  ] as const)('shrinks old sets by %s', (_name, desired, old, size, available, expected, oldAvailable: number = old) => {
    expect(
      planOldReplicas(deployment(desired, 2, 2), set('z', size, available), [set('a', old, oldAvailable)]).map(({ replicas }) => replicas),
    ).toEqual(expected);
  });

  it('shares a scaling during a rollout in proportion, what is left over to the largest', () => {
    const annotations = { 'deployment.kubernetes.io/max-replicas': '12' };
    const scaled = planProportional(deployment(20, 2, 2), [set('a', 8, 8, annotations), set('b', 4, 4, annotations)]);
    expect(Object.fromEntries(scaled.map(({ replicaset, replicas }) => [replicaset.metadata.name, replicas]))).toEqual({ a: 15, b: 7 });
  });
});

describe('template hashes', () => {
  const template = (image: string, labels: object = { app: 'a' }) =>
    ({ metadata: { labels }, spec: { containers: [{ name: 'c', image }] } }) as never;
  it('differ for templates and collisions, not for the order of fields', () => {
    expect(podTemplateHash(template('a'))).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    expect(podTemplateHash(template('a'))).not.toBe(podTemplateHash(template('b')));
    expect(podTemplateHash(template('a'))).not.toBe(podTemplateHash(template('a'), 1));
    expect(podTemplateHash({ spec: { b: 1, a: null }, metadata: {} } as never)).toBe(
      podTemplateHash({ metadata: {}, spec: { b: 1 } } as never),
    );
    expect(equalIgnoringHash(template('a', { app: 'a', 'pod-template-hash': 'x' }), template('a'))).toBe(true);
    expect(equalIgnoringHash(template('b'), template('a'))).toBe(false);
  });
  it('are the decimal digits in the alphabet of names', () => expect(safeEncode(1234567890)).toBe('56789bcdf4'));
});

describe('a replica set', () => {
  it('gives up the least useful pods first: unassigned, not ready, cheap, doubled up, young', () => {
    const set = { metadata: { name: 'r' }, spec: { replicas: 0 } } as unknown as ReplicaSet;
    const pods = [
      pod('old', { nodeName: 'a' }, ready),
      pod('young', { nodeName: 'a' }, { ...ready, conditions: [{ ...ready.conditions[0], lastTransitionTime: '2025-06-01T00:00:00Z' }] }),
      pod('alone', { nodeName: 'b' }, ready),
      pod('cheap', { nodeName: 'b' }, ready, { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } }),
      pod('unready', { nodeName: 'c' }, { phase: 'Running' }),
      pod('pending', { nodeName: 'c' }, { phase: 'Pending' }),
      pod('unassigned', {}, { phase: 'Pending' }),
    ];
    const related = pods.filter(({ metadata }) => metadata.name !== 'cheap');
    expect(planReplicas(set, pods, () => related).remove.map(({ metadata }) => metadata.name)).toEqual([
      'unassigned',
      'pending',
      'unready',
      'cheap',
      'young',
      'old',
      'alone',
    ]);
    expect(planReplicas({ ...set, spec: { ...set.spec!, replicas: 10 } }, pods, () => related)).toEqual({ create: 3, remove: [] });
  });
});

describe('node health', () => {
  const node = (ready: string, taints: object[] = [], spec: object = {}) =>
    ({ ...nodeOf('n', { taints, ...spec }), status: { conditions: [{ type: 'Ready', status: ready }] } }) as unknown as Node;
  const keys = (planned: readonly { key: string; effect: string }[] | undefined) =>
    planned?.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`);

  it.each([
    ['a ready node', node('True'), true, undefined],
    ['a node that is not ready', node('False'), true, ['not-ready:NoSchedule', 'not-ready:NoExecute']],
    ['a silent node over the rate', node('Unknown'), false, ['unreachable:NoSchedule']],
    [
      'a node that fell silent',
      node('Unknown', [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }]),
      false,
      ['unreachable:NoSchedule', 'unreachable:NoExecute'],
    ],
    [
      'a node that came back',
      node('True', [
        { key: 'own', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
      ]),
      false,
      ['own:NoSchedule'],
    ],
    ['a cordoned node', node('True', [], { unschedulable: true }), true, ['unschedulable:NoSchedule']],
  ] as const)('taints %s', (_name, given, mayEvict, expected) => expect(keys(planTaints(given, mayEvict, 'now'))).toEqual(expected));

  it('says whether a silent node ever spoke', () => {
    const conditions = silentConditions(node('True'), 'now');
    expect(conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
      'Ready Unknown NodeStatusUnknown',
      'MemoryPressure Unknown NodeStatusNeverUpdated',
      'DiskPressure Unknown NodeStatusNeverUpdated',
      'PIDPressure Unknown NodeStatusNeverUpdated',
    ]);
    const again = { ...node('True'), status: { conditions: [...conditions] } } as Node;
    expect(silentConditions(again, 'later')).toBe(again.status!.conditions);
  });

  it.each([
    [['True', 'True', 'False'], 'Normal', 0.1],
    [['False', 'False', 'True'], 'Normal', 0.1],
    [['False', 'Unknown', 'False', 'True', 'True'], 'PartialDisruption', 0],
    [['Unknown', 'False'], 'FullDisruption', 0.1],
  ] as const)('judges a zone of %j as %s', (states, state, rate) => {
    expect(zoneStateOf(states)).toBe(state);
    expect(evictionRate(state, states.length)).toBe(rate);
  });

  it.each([
    [[], 0],
    [[{ operator: 'Exists' }], undefined],
    [[{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }], 300_000],
    [
      [
        { key: 'a', operator: 'Exists', tolerationSeconds: 300 },
        { operator: 'Exists', tolerationSeconds: 20 },
      ],
      20_000,
    ],
  ])('lets a pod with tolerations %j stay %s ms', (tolerations, expected) => {
    expect(tolerationMs(pod('p', { tolerations }), [{ key: 'a', effect: 'NoExecute' }])).toBe(expected);
  });

  it('gives out the first free block and none beyond the range', () => {
    expect(nextCidr(parseCidr('10.244.0.0/16'), 24, new Set(['10.244.0.0/24', '10.244.2.0/24']))).toBe('10.244.1.0/24');
    expect(nextCidr(parseCidr('10.0.0.0/23'), 24, new Set(['10.0.0.0/24', '10.0.1.0/24']))).toBeUndefined();
    expect(() => parseCidr('10.0.0.0')).toThrow('invalid CIDR address: 10.0.0.0');
  });
});

describe('garbage', () => {
  const owned = (count: number, extra: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'x',
      ownerReferences: Array.from({ length: count }, (_u, at) => ({ apiVersion: 'v1', kind: 'A', name: `o${at}`, uid: `o${at}` })),
      ...extra,
    },
  });
  it.each([
    ['without owners stays', owned(0), [], false, { action: 'keep' }],
    ['whose owner lives stays', owned(1), ['solid'], false, { action: 'keep' }],
    ['whose owner is gone goes', owned(1), ['absent'], false, { action: 'delete', propagationPolicy: 'Background' }],
    ['with one owner of two left is unlinked from the other', owned(2), ['solid', 'absent'], false, { action: 'unlink', uids: ['o1'] }],
    [
      'with dependents whose owner waits goes in the foreground',
      owned(1),
      ['waiting'],
      true,
      { action: 'delete', propagationPolicy: 'Foreground' },
    ],
    [
      'that is to orphan keeps that policy',
      owned(1, { finalizers: ['orphan'] }),
      ['absent'],
      false,
      { action: 'delete', propagationPolicy: 'Orphan' },
    ],
    ['that is going already is left alone', owned(1, { deletionTimestamp: 'now' }), ['absent'], false, { action: 'keep' }],
  ] as const)('that %s', (_name, object, states, hasDependents, expected) => {
    expect(planCollection(object as never, ({ uid }) => states[Number(uid.slice(1))]!, hasDependents)).toEqual(expected);
  });

  it('of pods is those of missing nodes, going ones that never had a node, and the oldest ended ones', () => {
    const pods = [
      pod('a', { nodeName: 'gone' }),
      pod('b', { nodeName: 'here' }),
      pod('c', {}, {}, { deletionTimestamp: 'now' }),
      pod('d', { nodeName: 'here' }, { phase: 'Failed' }, { creationTimestamp: '1' }),
      pod('e', { nodeName: 'here' }, { phase: 'Succeeded' }, { creationTimestamp: '2' }),
    ];
    expect(planRemovals(pods, new Set(['gone']), 1).map(({ pod: { metadata }, message }) => [metadata.name, message])).toEqual([
      ['d', undefined],
      ['a', 'PodGC: node no longer exists'],
      ['c', undefined],
    ]);
  });
});

describe('endpoint slices', () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', uid: 's' },
    spec: { clusterIP: '10.96.0.1', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  } as unknown as Service;
  const backends = (count: number, from = 0) =>
    Array.from({ length: count }, (_u, at) =>
      pod(`p${from + at}`, {}, { ...ready, podIP: `10.0.${Math.floor((from + at) / 250)}.${(from + at) % 250}` }),
    );
  const named = (slices: readonly EndpointSlice[]): EndpointSlice[] =>
    slices.map((slice, at) => ({ ...slice, metadata: { ...slice.metadata, name: `s${at}` } }));

  it('hold at most 100 endpoints, and only the slice of a changed pod is written', () => {
    const first = planSlices(service, backends(230), [], () => undefined);
    expect(first.create.map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 30]);
    const existing = named(first.create);
    expect(planSlices(service, backends(230), existing, () => undefined)).toEqual({ create: [], update: [], remove: [] });
    const fewer = planSlices(
      service,
      backends(230).filter(({ metadata }) => metadata.name !== 'p150'),
      existing,
      () => undefined,
    );
    expect([fewer.create.length, fewer.update.map(({ metadata }) => metadata.name), fewer.remove]).toEqual([0, ['s1'], []]);
  });

  it('leave one empty slice for a Service without pods', () => {
    const empty = planSlices(service, [], [], () => undefined);
    expect(empty.create.map(({ endpoints, ports }) => [endpoints, ports])).toEqual([[[], []]]);
    expect(planSlices(service, [], named(empty.create), () => undefined)).toEqual({ create: [], update: [], remove: [] });
  });
});

describe('daemon pods', () => {
  const daemonset = (spec: object = {}, update: object = {}) =>
    ({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'd', namespace: 'n' },
      spec: { template: { spec: { containers: [], ...spec } }, ...update },
    }) as unknown as DaemonSet;
  it.each([
    [{}, {}, { run: true, stay: true }],
    [{ taints: [{ key: 'x', effect: 'NoSchedule' }] }, {}, { run: false, stay: true }],
    [{ taints: [{ key: 'x', effect: 'NoExecute' }] }, {}, { run: false, stay: false }],
    [
      {
        taints: [
          { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
          { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
        ],
        unschedulable: true,
      },
      {},
      { run: true, stay: true },
    ],
    [{}, { nodeSelector: { disk: 'ssd' } }, { run: false, stay: false }],
  ])('on a node with %j and a template with %j', (node, template, expected) =>
    expect(nodeShouldRun(daemonset(template), nodeOf('a', node) as never)).toEqual(expected),
  );

  it('of the host network also tolerate a missing network', () => {
    expect(daemonTolerations({ spec: { hostNetwork: true, containers: [] } } as never).map(({ key }) => key)).toContain(
      'node.kubernetes.io/network-unavailable',
    );
  });

  it('are replaced as far as maxUnavailable allows, broken ones first', () => {
    const nodes = ['a', 'b', 'c'].map((name) => nodeOf(name) as unknown as Node);
    const pods = ['a', 'b', 'c'].map((name) =>
      pod(name, { nodeName: name }, name === 'c' ? { phase: 'Running' } : ready, { labels: { 'controller-revision-hash': 'old' } }),
    );
    const names = (maxUnavailable: number) =>
      planRollingUpdate(
        daemonset({}, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable } } }),
        nodes,
        pods,
        'new',
        Date.parse('2025-02-01'),
      ).map(({ metadata }) => metadata.name);
    expect(names(1)).toEqual(['c']);
    expect(names(2)).toEqual(['c', 'a']);
  });
});

describe('--controllers', () => {
  const names = (words: string[]) => enabledControllers(controllers, words).map(({ name }) => name);
  it('takes all but what is off by default, by old names too, and leaves out what has a minus', () => {
    expect(names(['*'])).not.toContain('token-cleaner-controller');
    expect(names(['*', 'bootstrapsigner', 'tokencleaner'])).toEqual(controllers.map(({ name }) => name));
    expect(names(['*', '-nodelifecycle'])).not.toContain('node-lifecycle-controller');
    expect(names(['job'])).toEqual(['job-controller']);
    expect(names([])).toEqual(names(['*']));
  });
});
