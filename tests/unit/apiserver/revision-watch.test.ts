import { describe, expect, it } from 'vitest';
import type { etcd } from '#contracts';
import type { Etcd } from '../../../src/apiserver/store/etcd.ts';
import { withRevisionWatch } from '../../../src/apiserver/store/revision-watch.ts';

const refuse = (): never => {
  throw new Error('not asked for here');
};

/** An etcd whose answers are given by the test, in any order. */
function handFed() {
  const open: ((revision: number) => void)[] = [];
  const range = (): Promise<etcd.RangeResponse> =>
    new Promise((resolve) =>
      open.push((revision) =>
        resolve({ header: { clusterId: '1', memberId: '1', revision, raftTerm: 2 }, kvs: [], more: false, count: 0 }),
      ),
    );
  const seen: [number, number][] = [];
  const bare: Etcd = { range, txn: refuse, watch: refuse, grantLease: refuse, compact: refuse };
  const watched = withRevisionWatch(bare, (before, now) => seen.push([before, now]));
  return { watched, open, seen };
}

describe('the watch over the revision of etcd', () => {
  it('tells once that a read answers with a revision below one seen before it was sent', async () => {
    const { watched, open, seen } = handFed();
    for (const revision of [10, 7, 6]) {
      const reading = watched.range({ key: 'a' });
      open.shift()!(revision);
      expect((await reading).header.revision).toBe(revision);
    }
    expect(seen).toEqual([[10, 7]]);
  });

  it('says nothing when answers overtake each other, or a serializable read comes from a member that is behind', async () => {
    const { watched, open, seen } = handFed();
    const early = watched.range({ key: 'a' });
    const late = watched.range({ key: 'a' });
    open[1]!(10);
    await late;
    open[0]!(9);
    await early;
    const stale = watched.range({ key: 'a', serializable: true });
    open[2]!(3);
    await stale;
    expect(seen).toEqual([]);
  });
});
