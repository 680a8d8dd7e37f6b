/** The scheduler's plugins and queue by tables: what each rejects in which words, how it scores, and what wakes a waiting pod. */
import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '#api';
import { createStore } from '#client';
import { seededRandom, type Clock } from '#host';
import { plugins } from '#scheduler';
import { schedulerCache } from '../../../src/scheduler/cache.ts';
import type { CycleState, Handle } from '../../../src/scheduler/framework.ts';
import { fitMessage } from '../../../src/scheduler/fit-message.ts';
import { nodeInfoOf, podRequests, type NodeInfo } from '../../../src/scheduler/node-info.ts';
import { bestCandidate } from '../../../src/scheduler/plugins/default-preemption.ts';
import { balancedScore } from '../../../src/scheduler/plugins/node-resources-balanced-allocation.ts';
import { createProfile, type Profile } from '../../../src/scheduler/profile.ts';
import { backOffMs, schedulingQueue, type SchedulingQueue } from '../../../src/scheduler/queue.ts';
import { selectHost } from '../../../src/scheduler/scheduling-cycle.ts';
import { nodeOf, podOf } from '../client/fake-api.ts';

const pod = (spec: object = {}, metadata: object = {}): Pod => podOf('p', spec as never, metadata as never) as unknown as Pod;
const info = (node: object, ...pods: Pod[]): NodeInfo => nodeInfoOf(node as Node, pods);
const profileOf = (nodes: readonly NodeInfo[], claims: object = createStore()): Profile => {
  const handle = {
    nodes: () => nodes,
    services: createStore(),
    replicasets: createStore(),
    storage: { claims, volumes: createStore(), classes: createStore(), untilClaims: () => Promise.resolve(true) },
    preempted: () => undefined,
  } as unknown as Handle;
  return createProfile('default-scheduler', plugins, handle);
};
const rejection = (given: Pod, ...nodes: NodeInfo[]) => {
  const outcome = profileOf(nodes).filter(new Map(), given, nodes);
  return outcome.feasible.length ? undefined : fitMessage(nodes.length, outcome.rejected, outcome.preFilterMessage);
};
const scoresOf = (given: Pod, plugin: string, ...nodes: NodeInfo[]) => {
  const profile = profileOf(nodes);
  const state: CycleState = new Map();
  profile.filter(state, given, nodes);
  return profile.score(state, given, nodes).map(({ byPlugin }) => byPlugin[plugin]);
};
const requests = (cpu: string, memory = '0') => ({ containers: [{ name: 'c', image: 'x', resources: { requests: { cpu, memory } } }] });
const spread = (whenUnsatisfiable: string) => ({
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable, labelSelector: { matchLabels: { app: 'a' } } }],
});
const term = { labelSelector: { matchLabels: { app: 'a' } }, topologyKey: 'zone' };
const labelled = pod({ nodeName: 'a' }, { name: 'other', labels: { app: 'a' } });

describe('filters', () => {
  it.each([
    ['fit', pod(), [info(nodeOf('a'))], undefined],
    ['NodeName', pod({ nodeName: 'b' }), [info(nodeOf('a'))], "0/1 nodes are available: 1 node(s) didn't match the requested node name."],
    ['NodeUnschedulable', pod(), [info(nodeOf('a', { unschedulable: true }))], '0/1 nodes are available: 1 node(s) were unschedulable.'],
    [
      'TaintToleration',
      pod(),
      [info(nodeOf('a', { taints: [{ key: 'k', value: 'v', effect: 'NoExecute' }] }))],
      '0/1 nodes are available: 1 node(s) had untolerated taint {k: v}.',
    ],
    ['a soft taint', pod(), [info(nodeOf('a', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }))], undefined],
    [
      'NodeAffinity',
      pod({ nodeSelector: { disk: 'ssd' } }),
      [info(nodeOf('a')), info(nodeOf('b'))],
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
    ],
    [
      'NodeResourcesFit',
      pod(requests('3', '8Gi')),
      [info(nodeOf('a'))],
      '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.',
    ],
    [
      'an unknown resource',
      pod({ containers: [{ name: 'c', image: 'x', resources: { requests: { 'nvidia.com/gpu': '1' } } }] }),
      [info(nodeOf('a'))],
      '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.',
    ],
    [
      'NodePorts',
      pod({ containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }] }),
      [
        info(
          nodeOf('a'),
          pod({ containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }] }] }),
        ),
      ],
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    ],
    [
      'PodTopologySpread',
      pod(spread('DoNotSchedule'), { labels: { app: 'a' } }),
      [info(nodeOf('a', {}, { zone: '1' }), labelled), info(nodeOf('b', { unschedulable: true }, { zone: '2' }))],
      "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable.",
    ],
    [
      'PodTopologySpread without label',
      pod(spread('DoNotSchedule')),
      [info(nodeOf('a'))],
      "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).",
    ],
    [
      'pod affinity',
      pod({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }),
      [info(nodeOf('a', {}, { zone: '1' }))],
      "0/1 nodes are available: 1 node(s) didn't match pod affinity rules.",
    ],
    [
      'pod affinity to itself',
      pod({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }, { labels: { app: 'a' } }),
      [info(nodeOf('a', {}, { zone: '1' }))],
      undefined,
    ],
    [
      'pod anti-affinity',
      pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }),
      [info(nodeOf('a', {}, { zone: '1' }), labelled)],
      "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
    ],
    [
      'anti-affinity of others',
      pod({}, { labels: { app: 'a' } }),
      [
        info(
          nodeOf('a', {}, { zone: '1' }),
          pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }),
        ),
      ],
      "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
    ],
  ])('%s', (_name, given, nodes, expected) => expect(rejection(given, ...nodes)).toBe(expected));

  it('look only at the node a DaemonSet pod is meant for', () => {
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['b'] }];
    const given = pod({
      ...requests('9'),
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } } },
    });
    expect(rejection(given, info(nodeOf('a')), info(nodeOf('b')))).toBe(
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    );
  });
});

describe('scores', () => {
  const half = pod(requests('1', '2Gi'), { name: 'half' });
  it.each([
    ['NodeResourcesFit', pod(requests('500m', '1Gi')), [info(nodeOf('a')), info(nodeOf('b'), half)], [75, 25]],
    ['NodeResourcesBalancedAllocation', pod(requests('1')), [info(nodeOf('a')), info(nodeOf('b'), pod(requests('0', '2Gi')))], [75, 100]],
    ['TaintToleration', pod(), [info(nodeOf('a')), info(nodeOf('b', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }))], [300, 0]],
    [
      'NodeAffinity',
      pod({
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 5, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } },
            ],
          },
        },
      }),
      [info(nodeOf('a', {}, { disk: 'x' })), info(nodeOf('b'))],
      [200, 0],
    ],
    [
      'PodTopologySpread',
      pod(spread('ScheduleAnyway'), { labels: { app: 'a' } }),
      [info(nodeOf('a', {}, { zone: '1' }), labelled), info(nodeOf('b', {}, { zone: '2' }))],
      [0, 200],
    ],
    [
      'InterPodAffinity',
      pod({ affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] } } }),
      [info(nodeOf('a', {}, { zone: '1' }), labelled), info(nodeOf('b', {}, { zone: '2' }))],
      [0, 200],
    ],
  ])('of %s', (plugin, given, nodes, expected) => expect(scoresOf(given, plugin, ...nodes)).toEqual(expected));

  it('of images count size and how many nodes hold them', () => {
    const image = { names: ['docker.io/library/nginx:latest'], sizeBytes: 500 * 1024 * 1024 };
    const holding = { ...nodeOf('a'), status: { ...nodeOf('a').status, images: [image] } };
    const [held, bare] = scoresOf(pod(), 'ImageLocality', info(holding), info(nodeOf('b')));
    expect(bare).toBe(0);
    expect(held).toBe(23);
  });

  it('of balance are highest for equal shares', () => {
    expect([balancedScore([0.5, 0.5]), balancedScore([1, 0]), balancedScore([0.2, 0.6]), balancedScore([])]).toEqual([100, 50, 80, 100]);
  });

  it('choose among equals with the same chance each', () => {
    const random = seededRandom('host');
    const counts: Record<string, number> = { a: 0, b: 0, c: 0, d: 0 };
    const scores = ['a', 'b', 'c', 'd'].map((name) => ({ name, total: name === 'd' ? 1 : 5, byPlugin: {} }));
    for (let at = 0; at < 3000; at++) counts[selectHost(scores, random)]!++;
    expect(counts['d']).toBe(0);
    for (const name of ['a', 'b', 'c']) expect(counts[name]).toBeGreaterThan(900);
  });
});

describe('sums', () => {
  it('of a pod take the larger of its containers with sidecars and of any init container', () => {
    const container = (cpu: string, extra: object = {}) => ({ name: 'c', image: 'x', resources: { requests: { cpu } }, ...extra });
    const given = pod({
      containers: [container('100m'), container('200m')],
      initContainers: [container('50m', { restartPolicy: 'Always' }), container('400m'), container('10m')],
      overhead: { cpu: '5m' },
    });
    expect(podRequests(given)).toEqual({ cpu: 455 });
    expect(podRequests(pod(), true)).toEqual({ cpu: 100, memory: 200 * 1024 * 1024 });
  });

  it('of the cache follow assumptions, their end and the end of pods', () => {
    const cache = schedulerCache();
    cache.setNode(nodeOf('a') as unknown as Node);
    const cpu = (): number => cache.nodes()[0]?.requested['cpu'] ?? 0;
    const given = pod({ ...requests('500m'), nodeName: 'a' });
    cache.assume(given, 'a');
    expect([cpu(), cache.isAssumed(given)]).toEqual([500, true]);
    expect(() => cache.assume(given, 'a')).toThrow("is in the cache, so can't be assumed");
    cache.forget(given);
    expect(cpu()).toBe(0);
    cache.assume(given, 'a');
    cache.setPod(given);
    expect([cpu(), cache.isAssumed(given)]).toEqual([500, false]);
    cache.setPod({ ...given, status: { phase: 'Succeeded' } } as Pod);
    expect(cpu()).toBe(0);
  });
});

describe('preemption', () => {
  it('hurts the least important pods', () => {
    const victims = (...priorities: number[]) => ({
      node: info(nodeOf(priorities.join('-'))),
      victims: priorities.map((priority) => pod({ priority })),
    });
    expect(bestCandidate([victims(5), victims(1, 1), victims(1)])?.node.name).toBe('1');
    expect(bestCandidate([victims(3, 2), victims(3, 1)])?.node.name).toBe('3-1');
    expect(bestCandidate([])).toBeUndefined();
  });
});

describe('the scheduling queue', () => {
  const setup = () => {
    let now = 0;
    const timers: { atMs: number; run: () => void }[] = [];
    const clock = {
      monotonicMs: () => now,
      after: (ms: number, run: () => void) => (timers.push({ atMs: now + ms, run }), () => undefined),
      every: () => () => undefined,
    } as unknown as Clock;
    const turn = (ms: number): void => {
      now += ms;
      for (const timer of timers.splice(0).sort((a, b) => a.atMs - b.atMs)) {
        if (timer.atMs <= now) timer.run();
        else timers.push(timer);
      }
    };
    const profile = profileOf([]);
    const queue: SchedulingQueue = schedulingQueue({
      clock,
      compare: (a, b) => profile.compare(a, b),
      preEnqueue: (given) => profile.preEnqueue(given),
      interestsOf: (plugin) => profile.interestsOf(plugin),
    });
    return { queue, turn };
  };
  const named = (name: string, spec: object = {}) => pod(spec, { name });
  const fail = async (queue: SchedulingQueue, plugin: string): Promise<void> =>
    queue.addUnschedulable((await queue.pop())!, new Set([plugin]));

  it('gives pods of higher priority first, of equal priority the older', () => {
    const { queue, turn } = setup();
    queue.add(named('a'));
    turn(1);
    queue.add(named('b'));
    queue.add(named('c', { priority: 10 }));
    expect(queue.waiting.active).toEqual(['default/c', 'default/a', 'default/b']);
  });

  it('holds a gated pod until its gates are gone', () => {
    const { queue } = setup();
    const gated = named('a', { schedulingGates: [{ name: 'g' }] });
    queue.add(gated);
    expect(queue.waiting.active).toEqual([]);
    queue.update(named('a'), gated);
    expect(queue.waiting.active).toEqual(['default/a']);
  });

  it('wakes a pod only by an event that may help it, and not before its back-off is over', async () => {
    const { queue, turn } = setup();
    queue.add(named('a', requests('1')));
    await fail(queue, 'NodeResourcesFit');
    const small = { ...nodeOf('small'), status: { allocatable: { cpu: '100m', pods: '1' } } } as unknown as Node;
    queue.moveOn({ resource: 'Node', action: 'Add', object: small });
    expect(queue.waiting.unschedulable).toEqual(['default/a']);
    queue.moveOn({ resource: 'Node', action: 'Add', object: nodeOf('big') as unknown as Node });
    expect(queue.waiting).toEqual({ active: [], backoff: ['default/a'], unschedulable: [] });
    turn(1_000);
    expect(queue.waiting.active).toEqual(['default/a']);
  });

  it('does not lose an event that came while the pod was in its cycle', async () => {
    const { queue } = setup();
    queue.add(named('a'));
    const queued = (await queue.pop())!;
    queue.moveOn({ resource: 'AssignedPod', action: 'Delete', object: named('b') });
    queue.addUnschedulable(queued, new Set(['NodeResourcesFit']));
    expect(queue.waiting.backoff).toEqual(['default/a']);
  });

  it('backs off 1, 2, 4, 8, 10 seconds', () =>
    expect([0, 1, 2, 3, 4, 5, 9].map(backOffMs)).toEqual([0, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]));
});
