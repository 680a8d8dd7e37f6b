/** The life of an etcd member: recovery from its disk, its place in the membership, its Raft role, and the ways it can end. */
import { setup } from 'xstate';

/** What happens to a member. */
export type EtcdMemberEvent =
  | { type: 'RECOVERED' } // log and snapshot are read
  | { type: 'JOIN' } // it starts with the cluster it was told of
  | { type: 'LEARNER' }
  | { type: 'FOLLOWER' }
  | { type: 'PRE_CANDIDATE' }
  | { type: 'CANDIDATE' }
  | { type: 'LEADER' }
  | { type: 'REMOVED' } // a configuration change took it out of the cluster
  | { type: 'CORRUPT' } // a checksum does not fit, or its hash differs from the others'
  | { type: 'NO_SPACE' }
  | { type: 'DISARM' }
  | { type: 'STOP' };

const roles = {
  LEARNER: '.learner',
  FOLLOWER: '.follower',
  PRE_CANDIDATE: '.pre-candidate',
  CANDIDATE: '.candidate',
  LEADER: '.leader',
} as const;

/** States: stopped, recovering, joining, serving.{learner, follower, pre-candidate, candidate, leader}, no-space, removed, corrupt. */
export const etcdMemberMachine = setup({ types: { events: {} as EtcdMemberEvent } }).createMachine({
  id: 'etcd-member',
  initial: 'recovering',
  states: {
    recovering: { on: { RECOVERED: 'joining' } },
    joining: {
      on: {
        LEARNER: 'serving.learner',
        FOLLOWER: 'serving.follower',
        PRE_CANDIDATE: 'serving.pre-candidate',
        CANDIDATE: 'serving.candidate',
        LEADER: 'serving.leader',
      },
    },
    serving: {
      initial: 'follower',
      states: { learner: {}, follower: {}, 'pre-candidate': {}, candidate: {}, leader: {} },
      on: { ...roles, NO_SPACE: 'no-space' },
    },
    // The NOSPACE alarm refuses writes until it is disarmed; reads and deletes go on.
    'no-space': { on: { DISARM: 'serving' } },
    removed: {},
    corrupt: {},
    stopped: { on: { JOIN: 'recovering' } },
  },
  on: { REMOVED: '.removed', CORRUPT: '.corrupt', STOP: '.stopped' },
});
