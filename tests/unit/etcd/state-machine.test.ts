import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { etcd } from '#contracts';
import type { LogRequest } from '../../../src/etcd/requests.ts';
import { decodeState, encodeState, SnapshotCorruptError } from '../../../src/etcd/state-image.ts';
import { StateMachine } from '../../../src/etcd/state-machine.ts';

const headerAt = (revision: number): etcd.ResponseHeader => ({ clusterId: 'c', memberId: 'm', revision, raftTerm: 1 });

const key = fc.constantFrom('a', 'b', 'c', 'd');
const lease = fc.constantFrom('0', '1', '2');
const request: fc.Arbitrary<LogRequest> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ id: fc.constant('x'), put: fc.record({ key, value: fc.string(), lease, prevKv: fc.boolean() }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ id: fc.constant('x'), deleteRange: fc.record({ key, rangeEnd: fc.option(key, { nil: undefined }) }) }),
  },
  { weight: 2, arbitrary: fc.record({ id: fc.constant('x'), leaseGrant: fc.record({ id: lease, ttl: fc.integer({ min: 2, max: 60 }) }) }) },
  { weight: 1, arbitrary: fc.record({ id: fc.constant('x'), leaseRevoke: fc.record({ id: lease }) }) },
  { weight: 1, arbitrary: fc.record({ id: fc.constant('x'), compaction: fc.record({ revision: fc.nat(40) }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      id: fc.constant('x'),
      alarm: fc.record({
        action: fc.constantFrom('ACTIVATE' as const, 'DEACTIVATE' as const, 'DEACTIVATE' as const),
        memberId: fc.constant('m'),
        alarm: fc.constant('NOSPACE' as const),
      }),
    }),
  },
);

describe('applying', () => {
  it('is deterministic: equal commands give equal outcomes and texts, through a snapshot too', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), fc.nat(60), (requests, cutAt) => {
        const one = new StateMachine();
        let other = new StateMachine();
        requests.forEach((each, at) => {
          if (at === cutAt) other = decodeState(encodeState(other));
          const before = one.store.revision;
          const outcome = one.apply(each, headerAt);
          expect(other.apply(JSON.parse(JSON.stringify(each)) as LogRequest, headerAt)).toEqual(outcome);
          expect(one.store.revision - before).toBe(outcome.events.length > 0 ? 1 : 0);
        });
        expect(encodeState(other)).toBe(encodeState(one));
        expect(other.store.hashAt()).toBe(one.store.hashAt());
      }),
      { numRuns: 200 },
    );
  });

  it('of a revoke deletes the keys of the lease, sorted, in one revision', () => {
    const state = new StateMachine();
    state.apply({ id: '', leaseGrant: { id: 'f', ttl: 9 } }, headerAt);
    for (const each of ['b', 'a', 'c']) state.apply({ id: '', put: { key: each, value: '', lease: 'f' } }, headerAt);
    state.apply({ id: '', put: { key: 'c', value: '' } }, headerAt);
    const { events } = state.apply({ id: '', leaseRevoke: { id: 'f' } }, headerAt);
    expect(events.map(({ type, kv }) => [type, kv.key, kv.modRevision])).toEqual([
      ['DELETE', 'a', 6],
      ['DELETE', 'b', 6],
    ]);
  });

  it('while the space is used up refuses what grows, and takes deletions, compactions and the disarming', () => {
    const state = new StateMachine();
    state.apply({ id: '', put: { key: 'a', value: '1' } }, headerAt);
    state.apply({ id: '', alarm: { action: 'ACTIVATE', memberId: 'm', alarm: 'NOSPACE' } }, headerAt);
    const error = (each: LogRequest): string | undefined => state.apply(each, headerAt).error?.message;
    expect(error({ id: '', put: { key: 'b', value: '' } })).toBe('etcdserver: mvcc: database space exceeded');
    expect(error({ id: '', txn: { compare: [], success: [{ put: { key: 'b', value: '' } }], failure: [] } })).toBe(
      'etcdserver: mvcc: database space exceeded',
    );
    expect(error({ id: '', leaseGrant: { id: '1', ttl: 9 } })).toBe('etcdserver: mvcc: database space exceeded');
    expect(error({ id: '', deleteRange: { key: 'a' } })).toBeUndefined();
    expect(error({ id: '', compaction: { revision: 3 } })).toBeUndefined();
    expect(error({ id: '', alarm: { action: 'DEACTIVATE', memberId: 'm', alarm: 'NOSPACE' } })).toBeUndefined();
    expect(error({ id: '', put: { key: 'b', value: '' } })).toBeUndefined();
  });
});

describe('a snapshot', () => {
  it('whose text was changed is refused', () => {
    const state = new StateMachine();
    state.apply({ id: '', put: { key: 'a', value: 'precious' } }, headerAt);
    const text = encodeState(state);
    expect(() => decodeState(text.replace('precious', 'precioUs'))).toThrow(SnapshotCorruptError);
    expect(() => decodeState(text.slice(0, -5))).toThrow(SnapshotCorruptError);
  });
});
