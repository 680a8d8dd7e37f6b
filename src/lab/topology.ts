/** What a topology costs and what it survives: the arithmetic of quorums and machines. Pure. */
import type { ClusterSpec } from './lab.ts';

/** Facts of a topology. Losses count machines of that kind off at once. */
export interface TopologyFacts {
  readonly topology: ClusterSpec['topology'];
  /** Machines in all: load balancer, control planes, etcd hosts, workers, workstation. */
  readonly machines: number;
  /** Machines beyond those of one control plane with the same workers: the price of availability. */
  readonly machinesForAvailability: number;
  readonly etcdMembers: number;
  /** Members that must agree before a write counts. */
  readonly quorum: number;
  /** Losses of machines after which the API still takes writes. */
  readonly survives: {
    readonly controlPlanes: number;
    /** Hosts of etcd members; the same machines as the control planes when stacked. */
    readonly etcdHosts: number;
    readonly workers: number;
    /** One whole zone of `zones`. */
    readonly zone: boolean;
  };
  /** Failures it does not survive, a sentence each. */
  readonly weaknesses: readonly string[];
}

/** A majority of `members`. */
export const quorumOf = (members: number): number => Math.floor(members / 2) + 1;

/** How many of `count` machines spread round-robin over `zones` stand in the fullest zone. */
const mostInOneZone = (count: number, zones: number): number => Math.ceil(count / zones);

/** What `spec` needs and survives. */
export function survives(spec: Pick<ClusterSpec, 'topology' | 'controlPlanes' | 'etcdMembers' | 'workers' | 'zones'>): TopologyFacts {
  const { topology, controlPlanes, workers, zones } = spec;
  const isStacked = topology === 'stacked';
  const members = isStacked ? controlPlanes : spec.etcdMembers;
  const quorum = quorumOf(members);
  const memberLosses = members - quorum;
  // A stacked API server knows only its own member, so both go together.
  const controlPlaneLosses = isStacked ? memberLosses : controlPlanes - 1;
  const machines = 2 + controlPlanes + (isStacked ? 0 : members) + workers;
  const zoneSurvived =
    mostInOneZone(members, zones) <= memberLosses && mostInOneZone(controlPlanes, zones) <= controlPlaneLosses && zones > 1;
  const weaknesses = [
    'The load balancer is one machine: without it workers and administrators do not reach an API server, though each control plane goes on.',
    ...(controlPlaneLosses === 0
      ? [
          isStacked && members > 1
            ? `Losing one of ${members} control planes costs the quorum of etcd.`
            : 'Losing the control plane stops every change; running pods go on.',
        ]
      : []),
    ...(!isStacked && memberLosses === 0
      ? [members === 1 ? 'Losing the etcd host stops the API.' : `Losing one of ${members} etcd hosts costs their quorum.`]
      : []),
    ...(members % 2 === 0 ? [`${members} members survive no more losses than ${members - 1}.`] : []),
    ...(zones > 1 && !zoneSurvived ? ['Losing the fullest zone costs the quorum.'] : []),
  ];
  return {
    topology,
    machines,
    machinesForAvailability: machines - (3 + workers),
    etcdMembers: members,
    quorum,
    survives: { controlPlanes: controlPlaneLosses, etcdHosts: memberLosses, workers: Math.max(0, workers - 1), zone: zoneSurvived },
    weaknesses,
  };
}
