import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { etcd } from '#contracts';
import { Lessor } from '../../../src/etcd/lease/lessor.ts';
import { applyTxn, type KeySpace } from '../../../src/etcd/mvcc/apply-kv.ts';
import { keyRange, utf8Length } from '../../../src/etcd/mvcc/key-range.ts';
import { executeRange } from '../../../src/etcd/mvcc/range-request.ts';
import { SortedKeys } from '../../../src/etcd/mvcc/sorted-keys.ts';
import { Store } from '../../../src/etcd/mvcc/store.ts';
import { checkTxnRequest } from '../../../src/etcd/mvcc/txn-check.ts';
import { decodeState, encodeState } from '../../../src/etcd/state-image.ts';
import { StateMachine } from '../../../src/etcd/state-machine.ts';

const headerAt = (revision: number): etcd.ResponseHeader => ({ clusterId: 'c', memberId: 'm', revision, raftTerm: 1 });

function write(store: Store, change: (store: Store) => void): void {
  store.beginWrite();
  change(store);
  store.endWrite();
}
const put = (store: Store, key: string, value: string): void => write(store, () => store.put(key, value, '0'));
const remove = (store: Store, key: string, end?: string): void => write(store, () => void store.deleteRange(keyRange(key, end)));
const keysOf = (kvs: readonly etcd.KeyValue[]): string => kvs.map(({ key, value }) => `${key}=${value}`).join(' ');

describe('the sorted keys', () => {
  it('agree with a sorted array whatever is added and removed', () => {
    const key = fc.integer({ min: 0, max: 3000 }).map((at) => `k${at}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 3000, minLength: 500 }), key, key, (changes, from, end) => {
        const sorted = new SortedKeys();
        const model = new Set<string>();
        for (const [isAdd, changed] of changes) {
          expect(isAdd ? sorted.add(changed) : sorted.delete(changed)).toBe(isAdd ? !model.has(changed) : model.has(changed));
          if (isAdd) model.add(changed);
          else model.delete(changed);
        }
        const wanted = [...model].sort().filter((each) => each >= from && each < end);
        expect([...sorted.range(from, end)]).toEqual(wanted);
        expect(sorted.count(from, end)).toBe(wanted.length);
        expect(sorted.size).toBe(model.size);
      }),
      { numRuns: 20 },
    );
  });

  it('take 50,000 keys in the worst order without slowing down to a crawl', () => {
    const sorted = new SortedKeys();
    for (let at = 50_000; at > 0; at--) sorted.add(`k${String(at).padStart(6, '0')}`);
    expect(sorted.count('k', undefined)).toBe(50_000);
  });
});

describe('the store', () => {
  it('answers for every revision that is not compacted, and says why not for others', () => {
    const store = new Store();
    put(store, 'a', '1');
    put(store, 'b', '1');
    put(store, 'a', '2');
    remove(store, 'b');
    put(store, 'b', '3');
    const at = (revision: number): string => keysOf(store.range(keyRange('a', 'z'), revision).kvs);
    expect([2, 3, 4, 5, 6].map(at)).toEqual(['a=1', 'a=1 b=1', 'a=2 b=1', 'a=2', 'a=2 b=3']);
    expect(store.current('b')).toMatchObject({ createRevision: 6, modRevision: 6, version: 1 });
    expect(() => at(7)).toThrow('etcdserver: mvcc: required revision is a future revision');
    store.compact(4);
    expect([4, 5, 6].map(at)).toEqual(['a=2 b=1', 'a=2', 'a=2 b=3']);
    expect(() => at(3)).toThrow('etcdserver: mvcc: required revision has been compacted');
    expect(() => store.compact(4)).toThrow('etcdserver: mvcc: required revision has been compacted');
    expect(() => store.compact(9)).toThrow('etcdserver: mvcc: required revision is a future revision');
  });

  it('gets smaller only by compaction and then defragmentation', () => {
    const store = new Store();
    for (let at = 0; at < 100; at++) put(store, 'a', 'x'.repeat(1000));
    const { size, sizeInUse } = store;
    store.compact(store.revision);
    expect(store.sizeInUse).toBeLessThan(sizeInUse / 50);
    expect(store.size).toBe(size);
    store.defragment();
    expect(store.size).toBeLessThan(size / 10);
  });

  it('agrees with a naive model that keeps every state', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd/1', 'd/2', 'd/3');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, value: fc.string({ maxLength: 3 }) }),
      fc.record({ kind: fc.constant('delete' as const), key, end: fc.option(key, { nil: undefined }) }),
      fc.record({ kind: fc.constant('compact' as const), back: fc.nat(4) }),
      fc.record({ kind: fc.constant('restart' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let state = new StateMachine();
        /** State of every key at each revision. */
        const states: Map<string, etcd.KeyValue>[] = [new Map(), new Map()];
        let compacted = -1;
        for (const each of steps) {
          const { store } = state;
          const now = new Map(states[store.revision]);
          if (each.kind === 'put') {
            const before = now.get(each.key);
            const modRevision = store.revision + 1;
            now.set(each.key, {
              key: each.key,
              value: each.value,
              createRevision: before?.createRevision ?? modRevision,
              modRevision,
              version: (before?.version ?? 0) + 1,
              lease: '0',
            });
            put(store, each.key, each.value);
            states.push(now);
          } else if (each.kind === 'delete') {
            const gone = [...now.keys()].filter((held) =>
              each.end === undefined ? held === each.key : held >= each.key && held < each.end,
            );
            for (const held of gone) now.delete(held);
            remove(store, each.key, each.end);
            if (gone.length > 0) states.push(now);
          } else if (each.kind === 'compact') {
            const revision = Math.max(1, store.revision - each.back);
            if (revision > compacted) {
              store.compact(revision);
              compacted = revision;
            }
          } else {
            const hash = store.hashAt();
            state = decodeState(encodeState(state));
            expect(state.store.hashAt()).toBe(hash);
          }
          expect(state.store.revision).toBe(states.length - 1);
          for (let revision = Math.max(1, compacted); revision < states.length; revision++) {
            const wanted = [...states[revision]!.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
            const found = state.store.range(keyRange('a', '\0'), revision);
            expect(found.kvs).toEqual(wanted);
            expect(found.count).toBe(wanted.length);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('has the same events to replay after a restart from a snapshot', () => {
    const state = new StateMachine();
    for (let at = 0; at < 20; at++) put(state.store, `k${at % 4}`, String(at));
    remove(state.store, 'k1');
    remove(state.store, 'k', 'l');
    state.store.compact(12);
    put(state.store, 'k1', 'again');
    const restored = decodeState(encodeState(state)).store;
    for (let revision = 12; revision <= state.store.revision; revision++)
      expect(restored.log.at(revision)).toEqual(state.store.log.at(revision));
    expect(encodeState(decodeState(encodeState(state)))).toBe(encodeState(state));
  });
});

describe('a range request', () => {
  const store = new Store();
  put(store, 'a', '3');
  put(store, 'b', '1');
  put(store, 'c', '2');
  put(store, 'b', '9');
  const cases: [string, etcd.RangeRequest, string, number, boolean][] = [
    ['one key', { key: 'b' }, 'b=9', 1, false],
    ['a prefix', { key: 'a', rangeEnd: 'c' }, 'a=3 b=9', 2, false],
    ['from a key on', { key: 'b', rangeEnd: '\0' }, 'b=9 c=2', 2, false],
    ['everything', { key: '\0', rangeEnd: '\0' }, 'a=3 b=9 c=2', 3, false],
    ['an empty range', { key: 'c', rangeEnd: 'a' }, '', 0, false],
    ['a limit, with the count of all', { key: 'a', rangeEnd: 'z', limit: 2 }, 'a=3 b=9', 3, true],
    ['a limit that is just enough', { key: 'a', rangeEnd: 'z', limit: 3 }, 'a=3 b=9 c=2', 3, false],
    ['the past', { key: 'a', rangeEnd: 'z', revision: 4 }, 'a=3 b=1 c=2', 3, false],
    ['descending', { key: 'a', rangeEnd: 'z', sortOrder: 'DESCEND' }, 'c=2 b=9 a=3', 3, false],
    ['by value', { key: 'a', rangeEnd: 'z', sortTarget: 'VALUE' }, 'c=2 a=3 b=9', 3, false],
    ['the newest by modification', { key: 'a', rangeEnd: 'z', sortTarget: 'MOD', sortOrder: 'DESCEND', limit: 1 }, 'b=9', 3, true],
    ['keys only', { key: 'a', rangeEnd: 'z', keysOnly: true }, 'a= b= c=', 3, false],
    ['the count only', { key: 'a', rangeEnd: 'z', countOnly: true }, '', 3, false],
    ['changed since', { key: 'a', rangeEnd: 'z', minModRevision: 4 }, 'b=9 c=2', 3, false],
    ['created until', { key: 'a', rangeEnd: 'z', maxCreateRevision: 3 }, 'a=3 b=9', 3, false],
  ];
  it.each(cases)('gives %s', (_, request, kvs, count, more) => {
    const outcome = executeRange(store, request);
    expect([keysOf(outcome.kvs), outcome.count, outcome.more]).toEqual([kvs, count, more]);
  });
});

describe('a transaction', () => {
  const run = (space: KeySpace, request: etcd.TxnRequest): etcd.TxnResponse => {
    checkTxnRequest(request);
    space.store.beginWrite();
    try {
      return applyTxn(space, request, headerAt);
    } finally {
      space.store.endWrite();
    }
  };
  const fresh = (): KeySpace => {
    const space = { store: new Store(), lessor: new Lessor() };
    put(space.store, 'a', 'x');
    put(space.store, 'a', 'y');
    return space;
  };
  const compares: [etcd.Compare, boolean][] = [
    [{ key: 'a', target: 'VALUE', result: 'EQUAL', value: 'y' }, true],
    [{ key: 'a', target: 'VALUE', result: 'NOT_EQUAL', value: 'y' }, false],
    [{ key: 'a', target: 'VERSION', result: 'EQUAL', version: 2 }, true],
    [{ key: 'a', target: 'VERSION', result: 'GREATER', version: 2 }, false],
    [{ key: 'a', target: 'CREATE', result: 'EQUAL', createRevision: 2 }, true],
    [{ key: 'a', target: 'MOD', result: 'LESS', modRevision: 4 }, true],
    [{ key: 'a', target: 'LEASE', result: 'EQUAL', lease: '0' }, true],
    [{ key: 'none', target: 'VERSION', result: 'EQUAL', version: 0 }, true],
    [{ key: 'none', target: 'MOD', result: 'EQUAL', modRevision: 0 }, true],
    [{ key: 'none', target: 'VALUE', result: 'EQUAL', value: '' }, false],
    [{ key: 'none', target: 'VALUE', result: 'NOT_EQUAL', value: 'y' }, false],
    [{ key: 'a', rangeEnd: 'z', target: 'VERSION', result: 'GREATER', version: 1 }, true],
  ];
  it.each(compares)('guarded by %j: %s', (compare, succeeded) => {
    expect(run(fresh(), { compare: [compare], success: [], failure: [] }).succeeded).toBe(succeeded);
  });

  it('changes everything in one revision, reads its own writes, and chooses nested branches beforehand', () => {
    const space = fresh();
    const response = run(space, {
      compare: [],
      success: [
        { put: { key: 'b', value: '1' } },
        { range: { key: 'b' } },
        {
          txn: {
            compare: [{ key: 'b', target: 'VERSION', result: 'EQUAL', version: 0 }],
            success: [{ put: { key: 'c', value: 'then' } }],
            failure: [{ put: { key: 'c', value: 'else' } }],
          },
        },
      ],
      failure: [],
    });
    expect(response.header.revision).toBe(4);
    expect(space.store.revision).toBe(4);
    const [, read, nested] = response.responses;
    expect(read && 'range' in read && read.range.kvs[0]?.value).toBe('1');
    expect(nested && 'txn' in nested && nested.txn.succeeded).toBe(true);
    expect(space.store.current('c')).toMatchObject({ value: 'then', modRevision: 4 });
  });

  it('that fails in its middle changes nothing', () => {
    const space = fresh();
    const request: etcd.TxnRequest = {
      compare: [],
      success: [{ put: { key: 'b', value: '1' } }, { put: { key: 'c', value: '1', lease: 'abc' } }],
      failure: [],
    };
    expect(() => run(space, request)).toThrow('etcdserver: requested lease not found');
    expect([space.store.revision, space.store.current('b')]).toEqual([3, undefined]);
  });

  const refused: [string, etcd.RequestOp[]][] = [
    ['etcdserver: duplicate key given in txn request', [{ put: { key: 'a', value: '' } }, { put: { key: 'a', value: '' } }]],
    ['etcdserver: duplicate key given in txn request', [{ deleteRange: { key: 'a', rangeEnd: 'z' } }, { put: { key: 'b', value: '' } }]],
    [
      'etcdserver: duplicate key given in txn request',
      [{ put: { key: 'b', value: '' } }, { txn: { compare: [], success: [], failure: [{ deleteRange: { key: 'a', rangeEnd: 'c' } }] } }],
    ],
    ['etcdserver: key is not provided', [{ put: { key: '', value: '' } }]],
    ['etcdserver: value is provided', [{ put: { key: 'a', value: 'x', ignoreValue: true } }]],
    ['etcdserver: lease is provided', [{ put: { key: 'a', value: 'x', ignoreLease: true, lease: 'a' } }]],
    ['etcdserver: invalid sort option', [{ range: { key: 'a', sortOrder: 'UP' as never } }]],
    ['etcdserver: too many operations in txn request', Array.from({ length: 129 }, (_, at) => ({ put: { key: String(at), value: '' } }))],
  ];
  it.each(refused)('is refused with "%s"', (text, ops) => {
    expect(() => checkTxnRequest({ compare: [], success: ops, failure: [] })).toThrow(text);
  });
});

describe('sizes', () => {
  it('count bytes of UTF-8', () => {
    for (const text of ['', 'abc', 'ä', '€uro', '😀!', 'x'.repeat(10)])
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
  });
});
