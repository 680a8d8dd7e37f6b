/** Which hairlines a frame between two machines is drawn along, and in which direction: what goes to an API server goes by way of the load balancer. Pure. */
import type { MachineInfo } from '#lab';

/** One hairline of the way. `isBack`: against the direction that its path is drawn in. */
export interface Leg {
  readonly link: string;
  readonly isBack: boolean;
}

/** The members of etcd in the order of the map, and what each machine is. */
export interface Places {
  readonly machines: ReadonlyMap<string, MachineInfo>;
  readonly members: readonly string[];
}

type Spoke = 'workstation' | 'worker' | 'backend';

/** The hairline between a machine and the load balancer, by the machine's role; `isOut`: it is drawn from the load balancer to the machine. */
const SPOKES: Readonly<Record<string, { readonly spoke: Spoke; readonly isOut: boolean }>> = {
  workstation: { spoke: 'workstation', isOut: false },
  worker: { spoke: 'worker', isOut: true },
  'control-plane': { spoke: 'backend', isOut: true },
};

const linkName = (spoke: Spoke, machine: string): string => (spoke === 'workstation' ? 'workstation' : `${spoke}/${machine}`);

/** From member to member, by way of those between them, as the lines are. */
function alongPeers(from: number, to: number, members: readonly string[]): Leg[] {
  const isBack = from > to;
  const [low, high] = isBack ? [to, from] : [from, to];
  const legs = members.slice(low, high).map((name, index) => ({ link: `peer/${name}/${members[low + index + 1] ?? ''}`, isBack }));
  return isBack ? legs.reverse() : legs;
}

/** The way from one machine to another; empty where no line is drawn between them. */
export function legsBetween(from: string, to: string, { machines, members }: Places): readonly Leg[] {
  const role = (name: string): string => machines.get(name)?.roles[0] ?? '';
  const [first, last] = [members.indexOf(from), members.indexOf(to)];
  if (first >= 0 && last >= 0) return alongPeers(first, last, members);
  const spokeOf = (name: string, isTowards: boolean): Leg | undefined => {
    const found = SPOKES[role(name)];
    return found && { link: linkName(found.spoke, name), isBack: found.isOut === isTowards };
  };
  const isBalancer = (name: string): boolean => role(name) === 'load-balancer';
  const ends = [isBalancer(from) ? undefined : spokeOf(from, true), isBalancer(to) ? undefined : spokeOf(to, false)];
  // Pods of two workers talk over the data centre's network, not by way of the load balancer.
  const hasServer = [from, to].some((name) => isBalancer(name) || role(name) === 'control-plane');
  return hasServer ? ends.filter((leg) => leg !== undefined) : [];
}
