import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { podsByNode } from '../../../src/ui/map/pods-by-node.ts';
import { Beat, SHOWN_EVERY_MS } from '../../../src/ui/state/beat.ts';
import { createFrameBatch, createPacedBatch, createSharedBatches } from '../../../src/ui/state/frame-batch.ts';
import { readJsonLines } from '../../../src/ui/state/json-lines.ts';
import { podStatusWord, readyText, tileName, type ContainerStatus, type PodObject } from '../../../src/ui/state/objects.ts';
import { Terminals, TERMINALS_MAX } from '../../../src/ui/state/terminals.svelte.ts';
import { WatchedList } from '../../../src/ui/state/watched-list.svelte.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const bodyOf = (...chunks: Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

async function all(body: ReadableStream<Uint8Array>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of readJsonLines(body)) values.push(value);
  return values;
}

describe('JSON lines', () => {
  test('come whole however they were cut, also inside a letter', async () => {
    const text = bytes('{"a":"ü"}\n\n{"b":2}\n{"c":3}');
    for (let cut = 0; cut <= text.length; cut++)
      expect(await all(bodyOf(text.slice(0, cut), text.slice(cut)))).toEqual([{ a: 'ü' }, { b: 2 }, { c: 3 }]);
  });

  test('that are none are an error', async () => {
    await expect(all(bodyOf(bytes('{"a":1}\nnonsense\n')))).rejects.toThrow(SyntaxError);
  });

  test('hang up when their reader leaves', async () => {
    const cancel = vi.fn();
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytes('{}\n{}\n')), cancel });
    for await (const value of readJsonLines(body)) {
      expect(value).toEqual({});
      break;
    }
    expect(cancel).toHaveBeenCalledOnce();
  });
});

test('a burst of events is one update in the next frame', () => {
  const frames: (() => void)[] = [];
  const flush = vi.fn();
  const batch = createFrameBatch(
    flush,
    (callback) => frames.push(callback),
    (handle) => void frames.splice(handle - 1, 1),
  );
  batch.request();
  batch.request();
  expect(frames).toHaveLength(1);
  frames.shift()?.();
  expect(flush).toHaveBeenCalledOnce();
  batch.request();
  batch.cancel();
  expect(frames).toHaveLength(0);
});

describe('what the cluster tells', () => {
  const frames: (() => void)[] = [];
  let beat: Beat;
  const pass = (ms: number): void => {
    vi.advanceTimersByTime(ms);
    frames.splice(0).forEach((frame) => frame());
  };
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    beat = new Beat();
    vi.stubGlobal('document', { hidden: false });
    vi.stubGlobal('requestAnimationFrame', (callback: () => void) => frames.push(callback));
    vi.stubGlobal('cancelAnimationFrame', () => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('is shown once a beat at most, by all its sources at the same one', () => {
    const shown: string[] = [];
    const machines = createPacedBatch(beat, () => shown.push('machines'));
    const pods = createPacedBatch(beat, () => shown.push('pods'));
    pass(30);
    machines.request();
    machines.request();
    pass(40);
    pods.request();
    expect(shown).toEqual([]);
    pass(SHOWN_EVERY_MS);
    expect(shown.toSorted()).toEqual(['machines', 'pods']);
    pass(10 * SHOWN_EVERY_MS);
    expect(shown).toHaveLength(2);
  });

  test('is shown in one task, as far as that takes no long one', () => {
    const now = performance.now.bind(performance);
    let workedMs = 0;
    const everyFour = (): number => 4 * SHOWN_EVERY_MS;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + workedMs);
    const shown: string[] = [];
    beat.at(4 * SHOWN_EVERY_MS, () => shown.push('clock'));
    createPacedBatch(beat, () => shown.push('leases'), everyFour).request();
    createPacedBatch(
      beat,
      () => {
        shown.push('pods');
        workedMs += 20;
      },
      everyFour,
    ).request();
    createPacedBatch(beat, () => shown.push('machines'), everyFour).request();
    vi.advanceTimersToNextTimer();
    expect(shown).toEqual(['clock', 'leases', 'pods']);
    vi.advanceTimersToNextTimer();
    expect(shown).toEqual(['clock', 'leases', 'pods', 'machines']);
  });

  test('waits for what it is shown with, and is shown once', () => {
    const shown: string[] = [];
    const shared = createSharedBatches();
    const leases = shared.batch(() => shown.push('leases'));
    const figures = shared.batch(() => shown.push('figures'));
    const forgotten = shared.batch(() => shown.push('forgotten'));
    for (const batch of [leases, figures, forgotten, leases]) batch.request();
    forgotten.cancel();
    pass(10 * SHOWN_EVERY_MS);
    expect(shown).toEqual([]);
    shared.show();
    shared.show();
    expect(shown).toEqual(['leases', 'figures']);
  });

  test('is shown although what was due with it failed', () => {
    const shown: string[] = [];
    beat.at(SHOWN_EVERY_MS, () => {
      throw new Error('nothing to show');
    });
    beat.at(SHOWN_EVERY_MS, () => shown.push('machines'));
    expect(() => pass(SHOWN_EVERY_MS)).toThrow('nothing to show');
    pass(1);
    expect(shown).toEqual(['machines']);
  });

  test('waits in a hidden page for the frame it is seen in', () => {
    vi.stubGlobal('document', { hidden: true });
    const flush = vi.fn();
    const batch = createPacedBatch(beat, flush);
    batch.request();
    vi.advanceTimersByTime(10 * SHOWN_EVERY_MS);
    expect(flush).not.toHaveBeenCalled();
    pass(0);
    expect(flush).toHaveBeenCalledOnce();
  });

  test('is forgotten when nobody wants it any more', () => {
    const flush = vi.fn();
    const batch = createPacedBatch(beat, flush);
    batch.request();
    batch.cancel();
    pass(10 * SHOWN_EVERY_MS);
    expect(flush).not.toHaveBeenCalled();
  });
});

describe('the STATUS of a pod', () => {
  const container = (state: ContainerStatus['state'], ready = false): ContainerStatus => ({ name: 'a', ready, restartCount: 0, state });
  const pod = (phase: string, ...containerStatuses: ContainerStatus[]): PodObject => ({
    metadata: { name: 'web-7f9c6d5b8-2mxkq', namespace: 'default', ownerReferences: [{ kind: 'ReplicaSet', name: 'web-7f9c6d5b8' }] },
    spec: { containers: [{ name: 'a' }, { name: 'b' }] },
    status: { phase, containerStatuses },
  });

  test.each([
    ['Pending', pod('Pending')],
    ['ContainerCreating', pod('Pending', container({ waiting: { reason: 'ContainerCreating' } }))],
    ['CrashLoopBackOff', pod('Running', container({ running: {} }, true), container({ waiting: { reason: 'CrashLoopBackOff' } }))],
    ['Completed', pod('Succeeded', container({ terminated: { exitCode: 0, reason: 'Completed' } }))],
    ['ExitCode:3', pod('Failed', container({ terminated: { exitCode: 3 } }))],
    ['Running', pod('Running', container({ terminated: { exitCode: 0, reason: 'Completed' } }), container({ running: {} }, true))],
    ['Running', pod('Running', container({ running: {} }, true))],
    ['Terminating', { ...pod('Running'), metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } }],
  ])('is %s', (word, object) => {
    expect(podStatusWord(object)).toBe(word);
  });

  test('comes with the ready containers, and a small name by its maker', () => {
    expect(readyText(pod('Running', container({ running: {} }, true)))).toBe('1/2');
    expect(tileName(pod('Running'))).toBe('web');
    expect(tileName({ ...pod('Running'), metadata: { name: 'bare' } })).toBe('bare');
  });
});

test('pods are drawn on their node in the order of names; mirrors of static pods are not, because their components are', () => {
  const pod = (name: string, nodeName?: string, annotations?: Record<string, string>): PodObject => ({
    metadata: { name, namespace: 'default', annotations },
    spec: { nodeName, containers: [] },
  });
  const mirror = pod('etcd-control-plane', 'control-plane', { 'kubernetes.io/config.mirror': 'abc' });
  const groups = podsByNode([pod('p10', 'worker-1'), pod('p2', 'worker-1'), pod('waiting'), mirror]);
  expect([...groups].map(([node, pods]) => [node, ...pods.map(({ metadata }) => metadata.name)])).toEqual([
    ['worker-1', 'p2', 'p10'],
    ['', 'waiting'],
  ]);
});

describe('a watched list', () => {
  beforeEach(() => {
    vi.stubGlobal('document', { hidden: false });
    vi.stubGlobal('requestAnimationFrame', vi.fn());
    vi.stubGlobal('cancelAnimationFrame', vi.fn());
  });
  afterEach(() => vi.unstubAllGlobals());
  const item = (name: string, resourceVersion: string) => ({ metadata: { name, namespace: 'default', resourceVersion } });
  const list = (version: string, ...items: unknown[]) => Response.json({ metadata: { resourceVersion: version }, items });

  test('lists, watches from there, lists again after 410, and says when nobody answers', async () => {
    const asked: string[] = [];
    const watching: ReadableStreamDefaultController<Uint8Array>[] = [];
    let isAway = false;
    let lists = 0;
    const fetch = (input: string | URL | Request): Promise<Response> => {
      asked.push(String(input));
      if (isAway) return Promise.reject(new TypeError('connection refused'));
      if (String(input).includes('watch=1'))
        return Promise.resolve(new Response(new ReadableStream({ start: (controller) => void watching.push(controller) })));
      return Promise.resolve(++lists === 1 ? list('5', item('a', '3'), item('b', '4')) : list('9', item('b', '4')));
    };
    const pods = new WatchedList('/api/v1/pods', { batched: (flush) => createPacedBatch(new Beat(), flush) });
    pods.start(fetch);
    await vi.waitFor(() => expect(asked.at(-1)).toContain('resourceVersion=5'));
    const tell = (type: string, object: unknown): void => watching.at(-1)?.enqueue(bytes(`${JSON.stringify({ type, object })}\n`));
    tell('ADDED', item('c', '6'));
    tell('DELETED', item('b', '7'));
    tell('BOOKMARK', { metadata: { resourceVersion: '8' } });
    await vi.waitFor(() => expect([...pods.items.keys()]).toEqual(['default/a', 'default/c']));
    watching.at(-1)?.close();
    await vi.waitFor(() => expect(asked.at(-1)).toContain('resourceVersion=8'));
    tell('ERROR', { code: 410, message: 'too old resource version', metadata: {} });
    await vi.waitFor(() => expect(asked.at(-1)).toContain('resourceVersion=9'));
    await vi.waitFor(() => expect([...pods.items.keys()]).toEqual(['default/b']));
    isAway = true;
    watching.at(-1)?.error(new TypeError('connection reset'));
    await vi.waitFor(() => expect(pods.state).toBe('broken'));
    expect(pods.problem).toBe('connection reset');
    expect([...pods.items.keys()]).toEqual(['default/b']);
    isAway = false;
    const before = asked.length;
    pods.nudge(true);
    await vi.waitFor(() => expect(pods.state).toBe('watching'));
    expect(asked.length).toBeGreaterThan(before);
    pods.stop();
  });
});

test('terminals: the last tab stays, more than the limit are not opened, lines are handed out once', () => {
  const terminals = new Terminals();
  terminals.close(1);
  expect(terminals.tabs).toHaveLength(1);
  for (let extra = 0; extra < 10; extra++) terminals.add();
  expect(terminals.tabs).toHaveLength(TERMINALS_MAX);
  terminals.close(terminals.shown);
  expect(terminals.tabs.some(({ id }) => id === terminals.shown)).toBe(true);
  terminals.waitingLines = ['kubectl get pods'];
  expect([terminals.takeLines(), terminals.takeLines()]).toEqual([['kubectl get pods'], []]);
});
