/** What a topology costs and survives: machines, quorum arithmetic, and what each loss takes away, in sentences. Pure; nothing of it is measured. */
import type { ClusterSpec } from '#lab';

/** What etcd's members can do without. Quorum is more than half of all members, also of those that are off. */
export interface QuorumFacts {
  readonly members: number;
  readonly quorum: number;
  readonly mayLose: number;
}

/** A loss and what follows from it. `isSurvived`: kubectl goes on. */
export interface Loss {
  readonly of: string;
  readonly isSurvived: boolean;
  readonly effect: string;
}

type Shape = Pick<ClusterSpec, 'topology' | 'controlPlanes' | 'etcdMembers' | 'workers'>;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Members of etcd, in either topology. */
export const memberCount = ({ topology, controlPlanes, etcdMembers }: Shape): number =>
  topology === 'stacked' ? controlPlanes : etcdMembers;

/** Quorum of a number of members. */
export function quorumFacts(members: number): QuorumFacts {
  const quorum = Math.floor(members / 2) + 1;
  return { members, quorum, mayLose: members - quorum };
}

/** Machines of the cluster itself, in parts; the workstation is not counted. */
export function machineCosts(shape: Shape): { readonly all: number; readonly parts: string } {
  const { topology, controlPlanes, etcdMembers, workers } = shape;
  const hosts = topology === 'external' ? etcdMembers : 0;
  const parts = [
    '1 load balancer',
    counted(controlPlanes, 'control plane'),
    ...(hosts > 0 ? [counted(hosts, 'etcd host')] : []),
    counted(workers, 'worker'),
  ];
  return { all: 1 + controlPlanes + hosts + workers, parts: parts.join(', ') };
}

/** Why an even number of members buys nothing; undefined for an odd one. */
export function evenNotice(shape: Shape): string | undefined {
  const members = memberCount(shape);
  if (members % 2 === 1) return undefined;
  const { quorum, mayLose } = quorumFacts(members);
  return `${members} etcd members may lose ${mayLose}, just as ${members - 1} may: their quorum is ${quorum}. The even one costs a machine and adds one more that can fail.`;
}

const PODS_GO_ON = 'Pods run on and reach each other';

function ofControlPlane(shape: Shape): Loss {
  const { topology, controlPlanes } = shape;
  const quorum = quorumFacts(memberCount(shape));
  const keepsQuorum = topology === 'external' || quorum.mayLose >= 1;
  const isSurvived = controlPlanes > 1 && keepsQuorum;
  const taken = topology === 'stacked' ? 'an API server and an etcd member' : 'an API server; etcd is not touched';
  if (isSurvived)
    return {
      of: 'one control plane',
      isSurvived,
      effect: `Takes ${taken}. The load balancer sends requests to the ${controlPlanes === 2 ? 'other one' : `other ${controlPlanes - 1}`}; if it held the scheduler's or the controllers' lease, a standby takes over within about 15\u00a0s.`,
    };
  const why =
    controlPlanes > 1
      ? `Leaves ${quorum.members - 1} of ${quorum.members} members, less than the quorum of ${quorum.quorum}`
      : 'It is the only one';
  return {
    of: 'one control plane',
    isSurvived,
    effect: `${why}: kubectl gets no answer and nothing is scheduled or repaired. ${PODS_GO_ON}.`,
  };
}

function ofEtcdHost(shape: Shape): Loss {
  const { members, quorum, mayLose } = quorumFacts(shape.etcdMembers);
  const isSurvived = mayLose >= 1;
  return {
    of: 'one etcd host',
    isSurvived,
    effect: isSurvived
      ? `Leaves ${members - 1} of ${members} members; ${quorum} are enough. If it led, the others elect a leader within one or two seconds.`
      : `Leaves ${members - 1} of ${members} members, less than the quorum of ${quorum}: no write and no consistent read. ${PODS_GO_ON}.`,
  };
}

/** What each kind of loss costs. */
export function losses(shape: Shape): readonly Loss[] {
  const { workers } = shape;
  const { mayLose } = quorumFacts(memberCount(shape));
  return [
    ofControlPlane(shape),
    ...(shape.topology === 'external' ? [ofEtcdHost(shape)] : []),
    {
      of: `more than ${counted(mayLose, 'etcd member')}`,
      isSurvived: false,
      effect: `No quorum: nothing can be written, and the API server refuses what needs etcd. ${PODS_GO_ON}, and nothing stored is lost.`,
    },
    ...(workers > 0
      ? [
          {
            of: 'one worker',
            isSurvived: true,
            effect:
              workers > 1
                ? 'Its node is NotReady after about 50\u00a0s, its pods leave the Services then, and are made anew on other nodes after another 300\u00a0s.'
                : 'It is the only one: its pods end, and new ones stay Pending.',
          },
        ]
      : []),
    {
      of: 'the load balancer',
      isSurvived: false,
      effect: `There is one. kubectl and the kubelets cannot reach the API through it; the control plane and etcd go on among themselves. ${PODS_GO_ON}.`,
    },
  ];
}
