import { describe, expect, it } from 'vitest';
import { raftIdOf } from '../../../src/etcd/membership.ts';
import { readWal } from '../../../src/etcd/wal.ts';
import { createEtcdCluster, memberName } from './etcd-cluster.ts';

describe('a vote', () => {
  it('is durable: a quorum of the disks holds the term and the vote that made the leader', async () => {
    const cluster = await createEtcdCluster(3, 'votes');
    const leader = await cluster.leader();
    const { header } = await cluster.settle(cluster.client(leader).status({}));
    let votes = 0;
    for (const at of [1, 2, 3]) {
      const name = memberName(at);
      const pointer = cluster.simulation.machine(name)!.files.readText('/var/lib/etcd/member/wal/0000000000000000-0000000000000000.wal');
      // Only the batches that hold no entries yet: later ones carry the vote along in any case.
      const batches = await cluster.settle(cluster.simulation.disk(name).disk.log(`${pointer.trim()}.wal`).read());
      const first = batches.findIndex(
        (batch) => (JSON.parse(batch.meta) as { hardState: { term: number } }).hardState.term === header.raftTerm,
      );
      expect(batches[first]?.entries).toEqual([]);
      const upTo = batches.slice(0, first + 1);
      const { hardState } = await readWal({
        append: () => Promise.resolve(),
        compactTo: () => Promise.resolve(),
        read: () => Promise.resolve(upTo),
      });
      if (hardState.vote === raftIdOf(header.memberId)) votes++;
    }
    expect(votes).toBeGreaterThanOrEqual(2);
  });
});
