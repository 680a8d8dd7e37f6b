import {
  changeSimply,
  decodeConfChange,
  encodeConfChange,
  enterJoint,
  leaveJoint,
  MembershipError,
  noMembers,
  restoreMembership,
  type ConfChange,
  type MemberChange,
  type Membership,
} from '#raft';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestCluster } from './cluster.ts';

fc.configureGlobal({ seed: 20250401, numRuns: 300 });

const window = { maxInflight: 4, maxInflightBytes: 0 };
const change: fc.Arbitrary<MemberChange> = fc.record({
  type: fc.constantFrom('voter', 'learner', 'remove'),
  id: fc.integer({ min: 1, max: 6 }),
});
const plan = fc.array(fc.record({ isJoint: fc.boolean(), changes: fc.array(change, { minLength: 1, maxLength: 4 }) }), { maxLength: 12 });

function attempt(from: Membership, run: () => Membership): Membership {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(MembershipError);
    return from;
  }
}

describe('the membership', () => {
  it('always has a voter, keeps learners apart from voters, and knows the progress of members only', () => {
    fc.assert(
      fc.property(plan, (steps) => {
        let now = changeSimply(noMembers(), [{ type: 'voter', id: 1 }], 0, window);
        for (const { isJoint, changes } of steps) {
          const before = now;
          if (now.outgoing.length > 0) now = leaveJoint(now, 5, window);
          else if (isJoint) now = attempt(now, () => enterJoint(before, false, changes, 5, window));
          else now = attempt(now, () => changeSimply(before, changes, 5, window));
          expect(now.voters.length).toBeGreaterThan(0);
          const voters = new Set([...now.voters, ...now.outgoing]);
          expect(now.learners.filter((id) => voters.has(id))).toEqual([]);
          expect(now.learnersNext.every((id) => now.outgoing.includes(id) && !now.voters.includes(id))).toBe(true);
          const all = new Set([...voters, ...now.learners, ...now.learnersNext]);
          expect([...now.progress.keys()].sort()).toEqual([...all].sort());
          for (const [id, progress] of now.progress) expect(progress.isLearner).toBe(now.learners.includes(id));
          expect(restoreMembership(now, 5, window).ids).toEqual(now.ids);
        }
      }),
    );
  });

  it('comes back from the data of an entry as it went in', () => {
    const transition = fc.constantFrom<ConfChange['transition']>('auto', 'implicit', 'explicit');
    fc.assert(
      fc.property(fc.record({ transition, changes: fc.array(change) }), fc.option(fc.string(), { nil: undefined }), (made, context) => {
        const whole: ConfChange = context === undefined ? made : { ...made, context };
        expect(decodeConfChange(encodeConfChange(whole))).toEqual(whole);
      }),
    );
  });
});

describe('a cluster that changes its members', () => {
  it('brings a learner up to date, counts it for nothing, and promotes it', () => {
    const cluster = new TestCluster(1).elect(1);
    cluster.add(2, {}, { voters: [], outgoing: [], learners: [], learnersNext: [], autoLeave: false });
    cluster.disk(1).createSnapshot(2, { voters: [1], outgoing: [], learners: [2], learnersNext: [], autoLeave: false }, 'state');
    cluster.at(1).proposeConfChange({ transition: 'auto', changes: [{ type: 'learner', id: 2 }] });
    cluster.settle();
    expect(cluster.at(2).view().config).toMatchObject({ voters: [1], learners: [2] });
    cluster.at(1).propose('alone');
    cluster.settle(1);
    expect(cluster.dataOf(1)).toEqual(['alone']);
    cluster.tick(2, 50);
    expect(cluster.role(2)).toBe('follower');
    cluster.at(1).proposeConfChange({ transition: 'auto', changes: [{ type: 'voter', id: 2 }] });
    cluster.settle();
    cluster.tick(1, 1);
    cluster.settle();
    expect(cluster.at(2).view().config).toMatchObject({ voters: [1, 2], learners: [] });
  });

  it('lets one change into the log at a time: a second becomes an empty entry', () => {
    const cluster = new TestCluster(3).elect(1);
    const before = cluster.at(1).view().lastIndex;
    cluster.at(1).proposeConfChange({ transition: 'auto', changes: [{ type: 'learner', id: 4 }] });
    cluster.at(1).proposeConfChange({ transition: 'auto', changes: [{ type: 'learner', id: 5 }] });
    expect(
      cluster
        .at(1)
        .view()
        .log.filter(({ index }) => index > before)
        .map(({ kind }) => kind),
    ).toEqual(['conf', 'normal']);
  });

  it('holds a new leader to a change that it found in its log and has not applied', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).proposeConfChange({ transition: 'auto', changes: [{ type: 'learner', id: 4 }] });
    cluster.ready(1);
    for (const message of cluster.queue) if (message.to === 2) cluster.at(2).step(message);
    cluster.queue = [];
    cluster.ready(2);
    cluster.queue = [];
    cluster.at(2).campaign();
    cluster.ready(2);
    cluster.at(2).step({ type: 'voteReply', from: 3, to: 2, term: 2, granted: true });
    expect(cluster.role(2)).toBe('leader');
    cluster.at(2).proposeConfChange({ transition: 'auto', changes: [{ type: 'learner', id: 5 }] });
    expect(
      cluster
        .at(2)
        .view()
        .log.slice(-3)
        .map(({ term, kind }) => [term, kind]),
    ).toEqual([
      [1, 'conf'],
      [2, 'normal'],
      [2, 'normal'],
    ]);
  });

  it('lets changes overlap when validation is left to the application', () => {
    const cluster = new TestCluster(3, { disableConfChangeValidation: true }).elect(1);
    const before = cluster.at(1).view().lastIndex;
    cluster.at(1).proposeConfChange({ transition: 'auto', changes: [{ type: 'learner', id: 4 }] });
    cluster.at(1).proposeConfChange({ transition: 'auto', changes: [{ type: 'learner', id: 5 }] });
    expect(
      cluster
        .at(1)
        .view()
        .log.filter(({ index }) => index > before)
        .map(({ kind }) => kind),
    ).toEqual(['conf', 'conf']);
  });

  it('passes through a joint configuration and leaves it by itself', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).proposeConfChange({
      transition: 'auto',
      changes: [
        { type: 'remove', id: 2 },
        { type: 'learner', id: 3 },
      ],
    });
    cluster.settle();
    expect(cluster.at(1).view().config).toEqual({ voters: [1], outgoing: [], learners: [3], learnersNext: [], autoLeave: false });
    expect(
      cluster
        .at(1)
        .view()
        .log.filter(({ kind }) => kind === 'conf'),
    ).toHaveLength(2);
  });

  it('stays joint until told when the change is explicit', () => {
    const cluster = new TestCluster(3).elect(1);
    cluster.at(1).proposeConfChange({ transition: 'explicit', changes: [{ type: 'remove', id: 3 }] });
    cluster.settle();
    expect(cluster.at(1).view().config).toMatchObject({ voters: [1, 2], outgoing: [1, 2, 3], autoLeave: false });
    cluster.at(1).proposeConfChange({ transition: 'auto', changes: [] });
    cluster.settle();
    expect(cluster.at(1).view().config).toMatchObject({ voters: [1, 2], outgoing: [] });
  });

  it('has a removed leader step down where that is asked for, and else go on without proposals', () => {
    for (const stepDownOnRemoval of [true, false]) {
      const cluster = new TestCluster(3, { stepDownOnRemoval }).elect(1);
      cluster.at(1).proposeConfChange({ transition: 'auto', changes: [{ type: 'remove', id: 1 }] });
      cluster.settle();
      expect(cluster.role(1)).toBe(stepDownOnRemoval ? 'follower' : 'leader');
      expect(cluster.at(1).propose('late')).toBe(stepDownOnRemoval ? 'no-leader' : 'removed');
    }
  });
});
