import { describe, expect, it } from 'vitest';
import { TestCluster } from './cluster.ts';

describe('pre-vote', () => {
  it('lets a member that was cut off come back without a new term', () => {
    const cluster = new TestCluster(3, { preVote: true }).elect(1);
    const { term } = cluster.at(1).view();
    for (let n = 0; n < 5; n++) {
      cluster.tick(3, 20);
      cluster.settle(3);
    }
    expect([cluster.role(3), cluster.at(3).view().term]).toEqual(['preCandidate', term]);
    cluster.tick(1, 1);
    cluster.settle();
    expect([cluster.role(1), cluster.role(3), cluster.at(1).view().term]).toEqual(['leader', 'follower', term]);
  });

  it('is not granted to a member whose log is behind', () => {
    const cluster = new TestCluster(3, { preVote: true }).elect(1);
    cluster.at(1).propose('x');
    cluster.settle(1, 2);
    cluster.at(3).campaign();
    cluster.settle(2, 3);
    expect(cluster.role(3)).not.toBe('leader');
    expect(cluster.at(2).view().term).toBe(cluster.at(1).view().term);
  });

  it('answers a granted request with the term asked for and a refused one with its own', () => {
    const cluster = new TestCluster(3, { preVote: true }).elect(1);
    cluster.at(3).step({ type: 'preVote', from: 2, to: 3, term: 9, index: 99, logTerm: 9, transfer: false });
    cluster.at(3).step({ type: 'preVote', from: 2, to: 3, term: 9, index: 0, logTerm: 0, transfer: false });
    const replies = cluster
      .at(3)
      .ready()
      .messages.filter(({ type }) => type === 'preVoteReply');
    expect(replies).toMatchObject([
      { granted: true, term: 9 },
      { granted: false, term: 1 },
    ]);
  });
});

describe('check-quorum', () => {
  it('makes a leader step down that hears of no majority for an election timeout', () => {
    const cluster = new TestCluster(3, { checkQuorum: true }).elect(1);
    cluster.tick(1, 10);
    expect(cluster.role(1)).toBe('leader');
    cluster.tick(1, 10);
    expect(cluster.role(1)).toBe('follower');
  });

  it('keeps followers from voting while they hear their leader', () => {
    const cluster = new TestCluster(3, { checkQuorum: true }).elect(1);
    cluster.at(3).campaign();
    cluster.settle(2, 3);
    expect([cluster.role(3), cluster.at(2).view().term]).toEqual(['candidate', 1]);
    cluster.tick(2, 10);
    cluster.at(3).campaign();
    cluster.settle(2, 3);
    expect(cluster.role(3)).toBe('leader');
  });

  it('lets a follower vote at once that was told to forget its leader', () => {
    const cluster = new TestCluster(3, { checkQuorum: true, preVote: true }).elect(1);
    cluster.at(2).forgetLeader();
    cluster.at(3).campaign();
    cluster.settle(2, 3);
    expect(cluster.role(3)).toBe('leader');
  });

  it('frees a member that is stuck with a higher term', () => {
    const cluster = new TestCluster(3, { checkQuorum: true }).elect(1);
    cluster.at(3).campaign();
    cluster.settle(3);
    expect(cluster.at(3).view().term).toBe(2);
    cluster.tick(1, 1);
    cluster.settle();
    expect([cluster.role(1), cluster.at(1).view().term]).toEqual(['follower', 2]);
  });
});

describe('a transfer of leadership', () => {
  it('hands over at once to a member that has everything, in spite of leases', () => {
    const cluster = new TestCluster(3, { checkQuorum: true, preVote: true }).elect(1);
    cluster.at(1).transferLeader(2);
    cluster.settle();
    expect([cluster.role(1), cluster.role(2)]).toEqual(['follower', 'leader']);
  });

  it('can be asked for at a follower', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(3).transferLeader(2);
    cluster.settle();
    expect(cluster.role(2)).toBe('leader');
  });

  it('brings the next leader up to date first, and takes no proposals meanwhile', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).propose('x');
    cluster.settle(1, 2);
    cluster.at(1).transferLeader(3);
    expect(cluster.at(1).propose('y')).toBe('transferring');
    cluster.settle();
    cluster.tick(1, 1);
    cluster.settle();
    expect(cluster.role(3)).toBe('leader');
    expect(cluster.dataOf(3)).toEqual(['x']);
  });

  it('waits for the last entry to be there before it tells the next leader to stand', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).propose('x');
    cluster.at(1).propose('y');
    cluster.ready(1);
    cluster.at(1).transferLeader(3);
    const told = (index: number): boolean => {
      cluster.at(1).step({ type: 'appendReply', from: 3, to: 1, term: 1, index, success: true });
      cluster.ready(1);
      return cluster.sent.some(({ type }) => type === 'timeoutNow');
    };
    expect([told(3), told(4)]).toEqual([false, true]);
  });

  it('is given up after an election timeout', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).transferLeader(3);
    cluster.settle(1, 2);
    cluster.tick(1, 10);
    expect(cluster.at(1).propose('y')).toBe('appended');
    expect(cluster.at(1).view().leadTransferee).toBe(0);
  });

  it('to a learner or to itself is ignored', () => {
    const cluster = new TestCluster(2, {}, { voters: [1], learners: [2] }).elect(1);
    cluster.at(1).transferLeader(2);
    cluster.at(1).transferLeader(1);
    expect(cluster.at(1).view().leadTransferee).toBe(0);
  });
});

describe('an election', () => {
  it('gets no vote from a member that knows the leader of that term', () => {
    const cluster = new TestCluster(3);
    cluster.at(3).step({ type: 'heartbeat', from: 1, to: 3, term: 1, commit: 1, ctx: '' });
    cluster.at(3).step({ type: 'vote', from: 2, to: 3, term: 1, index: 9, logTerm: 1, transfer: false });
    const replies = cluster
      .at(3)
      .ready()
      .messages.filter(({ type }) => type === 'voteReply');
    expect(replies).toMatchObject([{ granted: false, to: 2 }]);
    expect(cluster.at(3).view().vote).toBe(0);
  });

  it('is not started by a member with a committed change that it has not applied', () => {
    const cluster = new TestCluster(2).elect(1);
    cluster.at(1).proposeConfChange({ transition: 'auto', changes: [{ type: 'learner', id: 3 }] });
    cluster.settle(1, 2);
    const { index } = cluster.disk(2).entries(2, 4, Infinity).at(-1)!;
    const behind = cluster.hosts[1]!;
    const ready = behind.node.view();
    expect(ready.applied).toBe(index);
    const restarted = cluster.add(2, {}, ready.config);
    restarted.node.step({
      type: 'append',
      from: 1,
      to: 2,
      term: 1,
      index: 1,
      logTerm: 1,
      commit: 3,
      entries: [
        { index: 2, term: 1, kind: 'normal', data: '' },
        { index: 3, term: 1, kind: 'conf', data: '' },
      ],
    });
    restarted.node.campaign();
    expect(restarted.node.view().role).toBe('follower');
  });

  it('draws every wait from the chance that it is given, within one and two timeouts', () => {
    for (const chance of [0, 0.5, 0.999]) {
      const cluster = new TestCluster(3, { random: () => chance });
      const waits = 10 + Math.floor(chance * 10);
      expect(cluster.at(1).view().electionTimeout).toBe(waits);
      cluster.tick(1, waits - 1);
      expect(cluster.role(1)).toBe('follower');
      cluster.tick(1, 1);
      expect(cluster.role(1)).toBe('candidate');
    }
  });

  it('can be timed by hand', () => {
    const cluster = new TestCluster(3);
    cluster.at(1).setElectionTimeout(3);
    cluster.tick(1, 3);
    expect(cluster.role(1)).toBe('candidate');
  });
});
