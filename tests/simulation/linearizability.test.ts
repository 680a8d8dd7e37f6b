import { describe, expect, it } from 'vitest';
import { checkLinearizable, register, type Operation, type RegisterAction } from './linearizability.ts';
import { checkWatch, type WatchEvent } from './watch-guarantees.ts';

function put(value: number, call: number, ret?: number): Operation<RegisterAction> {
  return { key: 'k', call, ret, action: { op: 'put', value } };
}

function get(out: number | null, call: number, ret: number, key = 'k'): Operation<RegisterAction> {
  return { key, call, ret, action: { op: 'get', out } };
}

describe('the linearizability checker', () => {
  it('blames the key of a stale read, and no other', () => {
    const history = [get(null, 1, 2, 'fine'), put(1, 1, 2), put(2, 3, 4), get(1, 5, 6)];
    expect(checkLinearizable(history, register)).toMatchObject({ verdict: 'illegal', key: 'k' });
  });

  it('lets a write of unknown outcome take effect late, or never, but not before it was called', () => {
    expect(checkLinearizable([put(1, 1), get(null, 2, 3), get(1, 4, 5)], register).verdict).toBe('legal');
    expect(checkLinearizable([put(1, 1), get(null, 2, 3)], register).verdict).toBe('legal');
    expect(checkLinearizable([get(1, 1, 2), put(1, 3)], register).verdict).toBe('illegal');
    expect(checkLinearizable([put(1, 1), get(1, 2, 3), get(null, 4, 5)], register).verdict).toBe('illegal');
  });

  it('lets a failed compare-and-set fail only where the value differs', () => {
    const failed: Operation<RegisterAction> = { key: 'k', call: 3, ret: 4, action: { op: 'cas', expect: 1, value: 2, isDone: false } };
    expect(checkLinearizable([put(1, 1, 2), failed], register).verdict).toBe('illegal');
    expect(checkLinearizable([put(7, 1, 2), failed], register).verdict).toBe('legal');
  });

  it('does not pass what it had no time for', () => {
    const writes = Array.from({ length: 12 }, (_, i) => put(i, 1, 100));
    const history = [...writes, get(3, 101, 102), get(4, 103, 104)];
    expect(checkLinearizable(history, register, 50)).toMatchObject({ verdict: 'unknown', key: 'k' });
    expect(checkLinearizable(history, register)).toMatchObject({ verdict: 'illegal' });
  });
});

describe('the watch check', () => {
  const history: WatchEvent[] = [
    { rev: 2, type: 'put', key: 'a', value: '1', create: true },
    { rev: 3, type: 'put', key: 'b', value: '1', create: true },
    { rev: 3, type: 'put', key: 'c', value: '1', create: true },
    { rev: 4, type: 'delete', key: 'a' },
  ];
  const request = { prefix: '', startRevision: 2 };

  it('passes a stream that ends early, and one in a single response', () => {
    expect(checkWatch(history, request, [{ events: history.slice(0, 1) }])).toBeUndefined();
    expect(checkWatch(history, request, [{ events: history }, { progress: 9 }])).toBeUndefined();
  });

  it('names the promise that is broken', () => {
    const [a, b, c, gone] = history as [WatchEvent, WatchEvent, WatchEvent, WatchEvent];
    const found = (...responses: WatchEvent[][]): string | undefined =>
      checkWatch(
        history,
        request,
        responses.map((events) => ({ events })),
      )?.guarantee;
    expect(found([a, b], [c])).toBe('atomic');
    expect(found([a], [gone])).toBe('reliable');
    expect(found([a, a])).toBe('unique');
    expect(found([b, c])).toBe('resumable');
    expect(found([a, c, b])).toBe('ordered');
    expect(found([{ ...a, create: false }])).toBe('create');
    expect(checkWatch(history, request, [{ progress: 3 }])?.guarantee).toBe('reliable');
    expect(checkWatch(history, { prefix: 'b', startRevision: 2 }, [{ events: [a] }])?.guarantee).toBe('filter');
  });
});
