/** The work queue, back-off, the store and the rules of leases. */
import { describe, expect, it } from 'vitest';
import type { Lease, Pod } from '#api';
import {
  backOff,
  createStore,
  matchesNodeAffinity,
  planLease,
  resourcePath,
  resources,
  tokenBucket,
  toleratesTaint,
  findUntoleratedTaint,
  workQueue,
} from '#client';
import { seededRandom, type Clock } from '#host';
import { nodeOf, podOf } from './fake-api.ts';

/** A clock turned by hand. */
function handClock(): Clock & { turn(ms: number): void } {
  let now = 0;
  let timers: { atMs: number; run: () => void }[] = [];
  const after = (ms: number, run: () => void): (() => void) => {
    const timer = { atMs: now + ms, run };
    timers.push(timer);
    return () => (timers = timers.filter((other) => other !== timer));
  };
  return {
    monotonicMs: () => now,
    wallMs: () => now,
    after,
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    every: (ms, tick) => {
      const again = (): void => {
        tick();
        stop = after(ms, again);
      };
      let stop = after(ms, again);
      return () => stop();
    },
    turn(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = timers.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs);
        if (!next) break;
        now = next.atMs;
        timers = timers.filter((other) => other !== next);
        next.run();
      }
      now = end;
    },
  };
}

describe('a work queue', () => {
  it('hands out a key once, however often it was added, and again when it changed in work', async () => {
    const queue = workQueue({ name: 'q', clock: handClock() });
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect([await queue.get(), await queue.get(), queue.length]).toEqual(['a', 'b', 0]);
    queue.add('a');
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(await queue.get()).toBe('a');
    queue.done('b');
    expect(queue.length).toBe(0);
  });

  it('brings a failing key back after 5 ms, 10 ms, 20 ms … until it is forgotten', () => {
    const clock = handClock();
    const queue = workQueue({ name: 'q', clock });
    const delays: number[] = [];
    for (let failure = 0; failure < 4; failure++) {
      queue.addRateLimited('a');
      let ms = 0;
      while (queue.length === 0) {
        clock.turn(1);
        ms++;
      }
      delays.push(ms);
      void queue.get();
      queue.done('a');
    }
    expect(delays).toEqual([5, 10, 20, 40]);
    expect(queue.numRequeues('a')).toBe(4);
    queue.forget('a');
    expect(queue.numRequeues('a')).toBe(0);
  });

  it('keeps the earliest of several waits and gives workers undefined once shut down', async () => {
    const clock = handClock();
    const queue = workQueue({ name: 'q', clock });
    queue.addAfter('a', 100);
    queue.addAfter('a', 10);
    queue.addAfter('a', 50);
    clock.turn(10);
    expect(await queue.get()).toBe('a');
    queue.done('a');
    clock.turn(200);
    expect(queue.length).toBe(0);
    const waiting = queue.get();
    queue.shutDown();
    expect(await waiting).toBeUndefined();
    queue.add('b');
    expect(await queue.get()).toBeUndefined();
  });
});

describe('back-off and buckets', () => {
  it('grow to their bound, jitter only upwards, and start over', () => {
    const delay = backOff({ initialMs: 100, maxMs: 350, jitter: 0.5 }, seededRandom('x'));
    for (const base of [100, 200, 350, 350]) {
      const ms = delay.next();
      expect(ms).toBeGreaterThanOrEqual(base);
      expect(ms).toBeLessThanOrEqual(base * 1.5);
    }
    delay.reset();
    expect(delay.next()).toBeLessThanOrEqual(150);
  });

  it('let a burst through and then one at a time', () => {
    const bucket = tokenBucket(2, 3);
    expect([0, 0, 0, 0, 500, 600].map((nowMs) => bucket.maybeTake(nowMs))).toEqual([true, true, true, false, true, false]);
  });
});

describe('a store', () => {
  it('finds by index what it holds now, not what it held', () => {
    const store = createStore<Pod>();
    store.addIndex('node', (pod) => [pod.spec?.nodeName ?? '']);
    const pod = (name: string, nodeName: string) => podOf(name, { nodeName }) as unknown as Pod;
    store.put(pod('a', 'n1'));
    store.put(pod('b', 'n1'));
    store.put(pod('a', 'n2'));
    expect(store.byIndex('node', 'n1').map(({ metadata }) => metadata.name)).toEqual(['b']);
    store.remove('default/b');
    expect(store.byIndex('node', 'n1')).toEqual([]);
    expect(store.inNamespace('default').length).toBe(1);
    expect(() => store.byIndex('nothing', '')).toThrow('Index with name nothing does not exist');
  });
});

describe('a lease', () => {
  const held = (holderIdentity: string, extra: object = {}) =>
    ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'x' },
      spec: { holderIdentity, leaseDurationSeconds: 15, leaseTransitions: 4, acquireTime: '2025-01-01T00:00:00.000000Z', ...extra },
    }) as unknown as Lease;
  it.each([
    ['nobody ever held is taken', undefined, 0, { holderIdentity: 'me', leaseTransitions: 0 }],
    ['another holds and renewed lately is left alone', held('you'), 14_999, undefined],
    ['another did not renew for its duration is taken over', held('you'), 15_000, { holderIdentity: 'me', leaseTransitions: 5 }],
    ['another gave up is taken at once', held(''), 0, { holderIdentity: 'me', leaseTransitions: 5 }],
    [
      'one holds oneself is renewed, its start kept',
      held('me'),
      99_999,
      { holderIdentity: 'me', leaseTransitions: 4, acquireTime: '2025-01-01T00:00:00.000000Z' },
    ],
  ] as const)('that %s', (_name, lease, ageMs, expected) => {
    const plan = planLease(lease, 'me', 15_000, ageMs, 1000);
    if (expected) expect(plan).toMatchObject(expected);
    else expect(plan).toBeUndefined();
  });
});

describe('paths, affinity and tolerations', () => {
  it('address objects and subresources with their queries', () => {
    expect(resourcePath(resources.pods as never, 'team', 'x', 'log', { follow: true, container: undefined, tailLines: 0 })).toBe(
      '/api/v1/namespaces/team/pods/x/log?follow=true&tailLines=0',
    );
    expect(resourcePath(resources.deployments as never, undefined)).toBe('/apis/apps/v1/deployments');
  });

  it.each([
    [{ nodeSelector: { disk: 'ssd' } }, true],
    [{ nodeSelector: { disk: 'hdd' } }, false],
    [required({ key: 'cores', operator: 'Gt', values: ['4'] }), true],
    [required({ key: 'cores', operator: 'Lt', values: ['4'] }), false],
    [required({ key: 'gpu', operator: 'DoesNotExist' }), true],
    [required({ key: 'disk', operator: 'NotIn', values: ['ssd'] }), false],
  ])('judge node affinity %j', (spec, expected) => {
    expect(matchesNodeAffinity(podOf('x', spec) as unknown as Pod, nodeOf('n', {}, { disk: 'ssd', cores: '8' }) as never)).toBe(expected);
  });

  it.each([
    [{ key: 'a', operator: 'Equal', value: '1', effect: 'NoSchedule' }, true],
    [{ key: 'a', value: '1' }, true],
    [{ key: 'a', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ key: 'a', value: '2' }, false],
    [{ key: 'a', operator: 'Exists', effect: 'NoExecute' }, false],
    [{ operator: 'Equal' }, false],
  ] as const)('judge toleration %j', (toleration, expected) => {
    const taint = { key: 'a', value: '1', effect: 'NoSchedule' } as const;
    expect(toleratesTaint(toleration, taint)).toBe(expected);
    expect(findUntoleratedTaint([taint], [toleration], ['NoSchedule'])).toBe(expected ? undefined : taint);
  });
});

function required(expression: object): Record<string, unknown> {
  return {
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
    },
  };
}
