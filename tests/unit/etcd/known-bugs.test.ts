/** The correctness bugs that etcd's own robustness tests list, each as the smallest thing that would show it here. What cannot happen here at all is told in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import type { etcd } from '#contracts';
import type { LogRequest } from '../../../src/etcd/requests.ts';
import { decodeState, encodeState } from '../../../src/etcd/state-image.ts';
import { StateMachine } from '../../../src/etcd/state-machine.ts';
import { WATCHER_QUEUE_MAX, WatchHub, type WatchBatch } from '../../../src/etcd/mvcc/watch-hub.ts';

const headerAt = (revision: number): etcd.ResponseHeader => ({ clusterId: '1', memberId: '2', revision, raftTerm: 1 });

/** A state machine with commands as short as the bugs are. */
function machine(state = new StateMachine()) {
  let count = 0;
  const apply = (request: object) => state.apply({ id: `${++count}`, ...request } as LogRequest, headerAt);
  return {
    state,
    apply,
    put: (key: string, value = 'v') => apply({ put: { key, value } }),
    del: (key: string) => apply({ deleteRange: { key } }),
    compact: (revision: number) => apply({ compaction: { revision } }),
  };
}

const EVERYTHING = { key: '\0', rangeEnd: '\0', noPut: false, noDelete: false } as const;

/** Everything that a watcher has to take now. */
function take(hub: WatchHub, watcher: ReturnType<WatchHub['add']>): string[] {
  const heard: string[] = [];
  for (let batch: WatchBatch | undefined; watcher.hasMore && (batch = hub.take(watcher));) {
    if (batch.kind === 'compacted') return [...heard, `compacted ${batch.compactRevision}`];
    heard.push(...batch.events.map(({ type, kv }) => `${kv.modRevision} ${type} ${kv.key}`));
  }
  return heard;
}

const watchFrom = (state: StateMachine, startRevision: number, key: string | undefined = undefined): string[] => {
  const hub = new WatchHub(state.store);
  const spec = key === undefined ? { ...EVERYTHING, startRevision } : { key, noPut: false, noDelete: false, startRevision };
  return take(
    hub,
    hub.add(spec, () => undefined),
  );
};

describe('Revision decreasing caused by a crash during compaction', () => {
  it('the revision outlives compaction and restart though no key is left', () => {
    const { state, put, del, compact } = machine();
    put('a');
    del('a');
    compact(state.store.revision);
    const restored = decodeState(encodeState(state));
    expect(restored.store.revision).toBe(3);
    expect(machine(restored).put('b').response).toMatchObject({ header: { revision: 4 } });
  });
});

describe('Watch dropping an event when compacting on a deletion', () => {
  it('whoever watches from the compacted revision on hears of the deletion made there', () => {
    const { state, put, del, compact } = machine();
    put('a');
    put('a');
    del('a');
    put('b');
    compact(4);
    expect(watchFrom(state, 4, 'a')).toEqual(['4 DELETE a']);
    expect(watchFrom(decodeState(encodeState(state)), 4, 'a')).toEqual(['4 DELETE a']);
  });
});

describe('Missing deletion on a watch opened at the revision of a compaction', () => {
  it('hears of every change of that revision, puts and deletions', () => {
    const { state, put, compact, apply } = machine();
    put('a');
    put('b');
    apply({ txn: { compare: [], success: [{ put: { key: 'c', value: '1' } }, { deleteRange: { key: 'a' } }], failure: [] } });
    put('d');
    compact(4);
    expect(watchFrom(state, 4)).toEqual(['4 PUT c', '4 DELETE a', '5 PUT d']);
    expect(watchFrom(state, 3)).toEqual(['compacted 4']);
  });
});

describe('Inconsistency when a transaction reads a compacted revision', () => {
  it('fails as a whole and alike on every member, whether it was compacted before or after a snapshot', () => {
    const one = machine();
    one.put('a');
    one.put('a');
    one.compact(3);
    const other = machine(decodeState(encodeState(one.state)));
    const txn = {
      txn: { compare: [], success: [{ put: { key: 'b', value: 'x' } }, { range: { key: 'a', revision: 2 } }], failure: [] },
    };
    for (const { apply, state } of [one, other]) {
      expect(apply(txn).error?.message).toBe('etcdserver: mvcc: required revision has been compacted');
      expect(state.store.revision).toBe(3);
    }
    expect(encodeState(one.state)).toBe(encodeState(other.state));
  });
});

describe('Duplicated watch event of a transaction', () => {
  it('come once each, whatever else is read in it', () => {
    const { state, apply } = machine();
    const hub = new WatchHub(state.store);
    const watcher = hub.add({ ...EVERYTHING, startRevision: 0 }, () => undefined);
    const put = { put: { key: 'a', value: '1' } };
    const { events } = apply({ txn: { compare: [], success: [{ range: { key: 'a' } }, put, { range: { key: 'a' } }], failure: [put] } });
    hub.publish(state.store.revision, events);
    expect(take(hub, watcher)).toEqual(['2 PUT a']);
    expect(watchFrom(state, 2)).toEqual(['2 PUT a']);
  });
});

describe('Watch events lost during starvation of a stream', () => {
  it('falls behind and catches up without losing an event, also over a compaction it has passed', () => {
    const { state, put, compact } = machine();
    const hub = new WatchHub(state.store);
    const slow = hub.add({ ...EVERYTHING, startRevision: 0 }, () => undefined);
    const quick = hub.add({ ...EVERYTHING, startRevision: 0 }, () => undefined);
    const heard: string[] = [];
    const count = WATCHER_QUEUE_MAX + 500;
    for (let at = 0; at < count; at++) {
      const { events } = put('a');
      hub.publish(state.store.revision, events);
      heard.push(...take(hub, quick));
    }
    expect(heard).toHaveLength(count);
    expect(slow.isSynced).toBe(false);
    compact(2);
    expect(take(hub, slow)).toEqual(heard);
    expect(slow.isSynced).toBe(true);
  });
});

describe('Watch of a future revision returning old events', () => {
  it('hears of nothing older, though its member gets an older state in a snapshot meanwhile', () => {
    const leader = machine();
    leader.put('a');
    const hub = new WatchHub(leader.state.store);
    const watcher = hub.add({ ...EVERYTHING, startRevision: 5 }, () => undefined);
    for (const key of ['b', 'c']) leader.put(key);
    const restored = decodeState(encodeState(leader.state));
    hub.restore(restored.store);
    expect(take(hub, watcher)).toEqual([]);
    const { put } = machine(restored);
    for (const key of ['d', 'e']) {
      const { events } = put(key);
      hub.publish(restored.store.revision, events);
    }
    expect(take(hub, watcher)).toEqual(['5 PUT d', '6 PUT e']);
  });
});

describe('Watch travelling back in time after a network partition', () => {
  it('goes on where it was when the member gets a snapshot, never back', () => {
    const leader = machine();
    for (const key of ['a', 'b', 'c', 'd']) leader.put(key);
    const behind = machine();
    const hub = new WatchHub(behind.state.store);
    const watcher = hub.add({ ...EVERYTHING, startRevision: 0 }, () => undefined);
    for (const key of ['a', 'b']) {
      const { events } = behind.put(key);
      hub.publish(behind.state.store.revision, events);
    }
    expect(take(hub, watcher)).toEqual(['2 PUT a', '3 PUT b']);
    hub.restore(decodeState(encodeState(leader.state)).store);
    expect(take(hub, watcher)).toEqual(['4 PUT c', '5 PUT d']);
  });
});
