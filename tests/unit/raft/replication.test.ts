import { create, emptyConf, LOCAL_APPEND, LOCAL_APPLY, MemoryStorage, type Message, type StorageWork } from '#raft';
import { describe, expect, it } from 'vitest';
import { TestCluster } from './cluster.ts';

describe('replication', () => {
  it('sends plain data: every message survives a structured clone and JSON', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).propose('x');
    cluster.at(2).readIndex('r');
    cluster.at(2).propose('forwarded');
    cluster.settle();
    expect(cluster.sent.length).toBeGreaterThan(10);
    for (const message of cluster.sent) {
      expect(structuredClone(message)).toEqual(message);
      expect(JSON.parse(JSON.stringify(message))).toEqual(message);
    }
    expect(cluster.dataOf(3)).toEqual(['x', 'forwarded']);
  });

  it('passes proposals on, or refuses them where forwarding is off or no leader is known', () => {
    expect(new TestCluster(3).at(1).propose('x')).toBe('no-leader');
    expect(new TestCluster(3).elect(1).at(2).propose('x')).toBe('forwarded');
    expect(new TestCluster(3, { disableProposalForwarding: true }).elect(1).at(2).propose('x')).toBe('not-forwarded');
  });

  it('drops proposals when too much is uncommitted, and takes them again when it is applied', () => {
    const cluster = new TestCluster(3, { maxUncommittedSize: 10 }).elect(1);
    expect(cluster.at(1).propose('a'.repeat(50))).toBe('appended');
    expect(cluster.at(1).propose('b')).toBe('uncommitted-limit');
    expect(cluster.at(1).propose('')).toBe('appended');
    cluster.settle();
    expect(cluster.at(1).propose('b')).toBe('appended');
  });

  it('keeps no more appends under way than the window, and splits entries by message size', () => {
    const cluster = new TestCluster(3, { maxInflight: 2, maxMessageBytes: 1 }).elect(1);
    for (let n = 0; n < 6; n++) cluster.at(1).propose(`p${n}`);
    const appends = cluster
      .at(1)
      .ready()
      .messages.filter((m) => m.type === 'append' && m.to === 2 && m.entries.length > 0);
    expect(appends).toHaveLength(2);
    expect(appends.every((m) => m.type === 'append' && m.entries.length === 1)).toBe(true);
  });

  it('hands out committed entries by size, and the rest after advance', () => {
    const cluster = new TestCluster(1, { maxCommittedSizePerReady: 30 }).elect(1);
    for (let n = 0; n < 5; n++) cluster.at(1).propose('x'.repeat(20));
    cluster.ready(1);
    const sizes: number[] = [];
    while (cluster.at(1).hasReady()) {
      const ready = cluster.at(1).ready();
      sizes.push(ready.committedEntries.length);
      cluster.at(1).advance();
    }
    expect(sizes.reduce((a, b) => a + b)).toBe(5);
    expect(Math.max(...sizes)).toBe(1);
  });

  it('probes a peer that was reported unreachable, and goes on when it answers', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).reportUnreachable(2);
    expect(cluster.at(1).view().progress.get(2)!.mode).toBe('probe');
    cluster.tick(1, 1);
    cluster.settle();
    expect(cluster.at(1).view().progress.get(2)!.mode).toBe('replicate');
  });

  it('sends a snapshot to a peer behind the log, waits for the word on it, and tries again after a failure', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).propose('x');
    cluster.settle(1, 2);
    const { applied, config } = cluster.at(1).view();
    cluster.disk(1).createSnapshot(applied, config, 'state');
    cluster.disk(1).compact(applied);
    cluster.tick(1, 1);
    // The answer to the heartbeat calls for a snapshot, which is lost.
    cluster.settle(1, 3);
    expect(cluster.sent.some(({ type }) => type === 'snapshot')).toBe(true);
    expect(cluster.at(3).view()).toMatchObject({ commit: applied, firstIndex: applied + 1 });

    const lost = new TestCluster(3).elect(1);
    lost.at(1).propose('x');
    lost.settle(1, 2);
    lost.disk(1).createSnapshot(applied, config, 'state');
    lost.disk(1).compact(applied);
    lost.tick(1, 1);
    lost.at(1).step({ type: 'heartbeatReply', from: 3, to: 1, term: 1, ctx: '' });
    // The window of appends to 3 is open, but what it lacks is compacted once the leader has to probe.
    lost.at(1).reportUnreachable(3);
    lost.at(1).step({ type: 'heartbeatReply', from: 3, to: 1, term: 1, ctx: '' });
    lost.settle(1, 2);
    expect(lost.at(1).view().progress.get(3)!.mode).toBe('snapshot');
    lost.at(1).reportSnapshot(3, 'failed');
    expect(lost.at(1).view().progress.get(3)!).toMatchObject({ mode: 'probe', appendsPaused: true, next: 3 });
  });

  it('sends no snapshot to a peer that has been silent', () => {
    const cluster = new TestCluster(3, { checkQuorum: true }).elect(1);
    cluster.at(1).propose('x');
    cluster.settle(1, 2);
    cluster.at(1).reportUnreachable(3);
    const { applied, config } = cluster.at(1).view();
    cluster.disk(1).createSnapshot(applied, config, '');
    cluster.disk(1).compact(applied);
    for (let round = 0; round < 2; round++) {
      cluster.tick(1, 10);
      cluster.settle(1, 2);
    }
    cluster.at(1).propose('y');
    cluster.settle(1, 2);
    expect(cluster.at(1).view().progress.get(3)!).toMatchObject({ mode: 'probe', recentActive: false });
    cluster.at(1).step({ type: 'heartbeatReply', from: 3, to: 1, term: 1, ctx: '' });
    expect(cluster.at(1).view().progress.get(3)!.mode).toBe('snapshot');
  });

  it('takes a snapshot only where it brings something new', () => {
    const cluster = new TestCluster(3).elect(1);
    for (const data of ['x', 'y', 'z']) cluster.at(1).propose(data);
    cluster.settle();
    const conf = cluster.at(3).view().config;
    cluster.disk(3).createSnapshot(4, conf, '');
    cluster.disk(3).compact(4);
    const before = cluster.at(3).view().log;
    // Older than what is committed: the answer says how far this member is.
    cluster.at(3).step({ type: 'snapshot', from: 1, to: 3, term: 1, snapshot: { index: 3, term: 1, conf, data: '' } });
    expect(cluster.at(3).ready()).toMatchObject({ snapshot: undefined, messages: [{ type: 'appendReply', index: 5, success: true }] });
    cluster.at(3).advance();
    // Newer, but the log has all of it: it is only committed.
    const more = [6, 7].map((index) => ({ index, term: 1, kind: 'normal' as const, data: `e${index}` }));
    cluster.at(3).step({ type: 'append', from: 1, to: 3, term: 1, index: 5, logTerm: 1, commit: 5, entries: more });
    cluster.ready(3);
    cluster.at(3).step({ type: 'snapshot', from: 1, to: 3, term: 1, snapshot: { index: 6, term: 1, conf, data: '' } });
    expect(cluster.at(3).ready().snapshot).toBeUndefined();
    expect(cluster.at(3).view()).toMatchObject({ commit: 6, firstIndex: 5, lastIndex: 7, log: [...before, ...more] });
  });

  it('refuses a snapshot of a cluster that it does not belong to', () => {
    const cluster = new TestCluster(3).elect(1);
    const conf = { ...emptyConf, voters: [1, 2] };
    cluster.at(3).step({ type: 'snapshot', from: 1, to: 3, term: 1, snapshot: { index: 9, term: 1, conf, data: '' } });
    expect(cluster.at(3).view().commit).toBe(2);
  });

  it('refuses answers of strangers', () => {
    const cluster = new TestCluster(3).elect(1);
    expect(cluster.at(1).step({ type: 'appendReply', from: 9, to: 1, term: 1, index: 5, success: true })).toBe('not-a-peer');
    expect(cluster.at(1).step({ type: 'storageAppendReply', from: 2, to: 1, term: 1, index: 5, logTerm: 1, snapshot: undefined })).toBe(
      'not-a-peer',
    );
  });
});

describe('a read', () => {
  it('waits for a round of heartbeats that confirms the leader', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).readIndex('a');
    cluster.settle(1);
    expect(cluster.hosts[0]!.reads).toEqual([]);
    cluster.tick(1, 1);
    cluster.settle(1, 2);
    expect(cluster.hosts[0]!.reads).toEqual([{ index: 2, ctx: 'a' }]);
  });

  it('is proven by an answer to a later one, but not the other way round', () => {
    const cluster = new TestCluster(3).elect(1);
    const confirm = (ctx: string): string[] => {
      cluster.at(1).step({ type: 'heartbeatReply', from: 2, to: 1, term: 1, ctx });
      if (cluster.at(1).hasReady()) cluster.ready(1);
      return cluster.hosts[0]!.reads.map((read) => read.ctx);
    };
    for (const ctx of ['a', 'b', 'c', 'd']) cluster.at(1).readIndex(ctx);
    expect(confirm('a')).toEqual(['a']);
    expect(confirm('c')).toEqual(['a', 'b', 'c']);
    expect(confirm('c')).toEqual(['a', 'b', 'c']);
    expect(confirm('d')).toEqual(['a', 'b', 'c', 'd']);
  });

  it("asked for at a follower is answered there, with the leader's commit index", () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).propose('x');
    cluster.settle();
    cluster.at(3).readIndex('b');
    cluster.settle();
    expect(cluster.hosts[2]!.reads).toEqual([{ index: 3, ctx: 'b' }]);
  });

  it('at a new leader waits until an entry of its own term is committed', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(2).campaign();
    cluster.ready(2);
    cluster.queue = [];
    cluster.at(2).step({ type: 'voteReply', from: 3, to: 2, term: 2, granted: true });
    cluster.at(2).readIndex('c');
    cluster.settle(2);
    expect(cluster.sent.some((m) => m.type === 'heartbeat' && m.ctx === 'c')).toBe(false);
    cluster.tick(2, 1);
    cluster.settle();
    expect(cluster.hosts[1]!.reads).toEqual([{ index: 3, ctx: 'c' }]);
  });

  it('by lease is answered at once, which is why it is off', () => {
    const cluster = new TestCluster(3, { readOnly: 'lease', checkQuorum: true }).elect(1);
    cluster.at(1).readIndex('d');
    cluster.settle(1);
    expect(cluster.hosts[0]!.reads).toEqual([{ index: 2, ctx: 'd' }]);
  });

  it('in a cluster of one needs nobody', () => {
    const cluster = new TestCluster(1).elect(1);
    cluster.at(1).readIndex('e');
    cluster.settle();
    expect(cluster.hosts[0]!.reads).toEqual([{ index: 2, ctx: 'e' }]);
  });
});

describe('a Ready', () => {
  it('asks for a durable write for terms, votes and entries, not for a mere commit', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(2).step({ type: 'heartbeat', from: 1, to: 2, term: 1, commit: 2, ctx: '' });
    cluster.settle();
    cluster.at(1).propose('x');
    cluster.ready(1);
    const [toTwo] = cluster.queue.filter(({ to }) => to === 2);
    cluster.at(2).step(toTwo!);
    const written = cluster.at(2).ready();
    expect(written).toMatchObject({ mustSync: true });
    cluster.disk(2).append(written.entries);
    cluster.at(2).advance();
    cluster.at(2).step({ type: 'append', from: 1, to: 2, term: 1, index: 3, logTerm: 1, commit: 3, entries: [] });
    expect(cluster.at(2).ready()).toMatchObject({ mustSync: false, hardState: { commit: 3 } });
  });

  it('holds votes and acknowledgements back until the write that they promise is out', () => {
    const cluster = new TestCluster(3);
    cluster.at(2).step({ type: 'vote', from: 1, to: 2, term: 1, index: 1, logTerm: 1, transfer: false });
    const first = cluster.at(2).ready();
    expect(first).toMatchObject({ hardState: { term: 1, vote: 1 }, messages: [{ type: 'voteReply', granted: true }] });
    cluster.at(2).step({
      type: 'append',
      from: 1,
      to: 2,
      term: 1,
      index: 1,
      logTerm: 1,
      commit: 1,
      entries: [{ index: 2, term: 1, kind: 'normal', data: '' }],
    });
    expect(first.messages).toHaveLength(1);
    cluster.at(2).advance();
    expect(cluster.at(2).ready()).toMatchObject({ entries: [{ index: 2 }], messages: [{ type: 'appendReply', index: 2 }] });
  });

  it('comes in pairs with advance', () => {
    const cluster = new TestCluster(1);
    cluster.at(1).campaign();
    expect(() => cluster.at(1).advance()).toThrow('advance() without a ready()');
    cluster.at(1).ready();
    expect(() => cluster.at(1).ready()).toThrow('before advance()');
  });

  it('with asynchronous storage writes carries its work as messages, and commits once they are answered', () => {
    const disk = new MemoryStorage({ index: 1, term: 1, conf: { ...emptyConf, voters: [1] }, data: '' });
    const node = create({ id: 1, electionTick: 10, heartbeatTick: 1, random: () => 0, asyncStorageWrites: true }, disk);
    const seen: string[] = [];
    node.campaign();
    while (node.hasReady()) {
      const work: StorageWork[] = [];
      for (const message of node.ready().messages) {
        expect([LOCAL_APPEND, LOCAL_APPLY]).toContain(message.to);
        work.push(message as StorageWork);
      }
      for (const item of work) {
        seen.push(item.type);
        if (item.type === 'storageAppend') disk.append(item.entries);
        item.replies.forEach((reply: Message) => node.step(reply));
      }
    }
    expect(node.view()).toMatchObject({ role: 'leader', commit: 2, applied: 2 });
    expect(seen).toEqual(['storageAppend', 'storageAppend', 'storageAppend', 'storageApply']);
    expect(() => node.advance()).toThrow('no advance()');
  });
});

describe('a configuration', () => {
  it('that cannot work is refused', () => {
    const start = (config: object): unknown =>
      create({ id: 1, electionTick: 10, heartbeatTick: 1, random: () => 0, ...config }, new MemoryStorage());
    expect(() => start({ id: 0 })).toThrow('member id');
    expect(() => start({ electionTick: 1 })).toThrow('election tick');
    expect(() => start({ heartbeatTick: 0 })).toThrow('heartbeat tick');
    expect(() => start({ readOnly: 'lease' })).toThrow('checkQuorum');
    expect(() => start({ maxInflight: 0 })).toThrow('under way');
  });
});
