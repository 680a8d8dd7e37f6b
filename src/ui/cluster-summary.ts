/** The cluster in a few sentences, made from what machines and nodes say. Pure. */
import type { ClusterSpec, ComponentInfo, MachineInfo, MachineRole } from '#lab';
import { conditionHolds, type NodeObject } from './state/objects.ts';
import { componentWords, lookOf } from './state-words.ts';
import type { Told } from './timeline.ts';

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** `3 control planes, stacked etcd, 3 workers`. */
export function topologyText(spec: ClusterSpec): string {
  const etcd = spec.topology === 'stacked' ? 'stacked etcd' : counted(spec.etcdMembers, 'etcd host');
  return `${counted(spec.controlPlanes, 'control plane')}, ${etcd}, ${counted(spec.workers, 'worker')}`;
}

/** The components that a machine of a role has when all is well, in the order of the map. */
export function expectedComponents(roles: readonly MachineRole[], topology: ClusterSpec['topology']): readonly string[] {
  const agents = ['kubelet', 'containerd'];
  if (roles.includes('control-plane')) {
    const etcd = topology === 'stacked' ? ['etcd'] : [];
    return ['kube-apiserver', 'kube-scheduler', 'kube-controller-manager', ...etcd, ...agents];
  }
  if (roles.includes('etcd')) return ['etcd', ...agents];
  return roles.includes('worker') ? agents : [];
}

/** Lives of pods and containers stand beside the components, as `pod/…` and `container/…`; the API tells of those. */
export function ownComponents(machine: MachineInfo): readonly ComponentInfo[] {
  return machine.components.filter(({ name }) => !name.includes('/'));
}

/** A component of a machine by name. */
export function componentOf(machine: MachineInfo | undefined, name: string): ComponentInfo | undefined {
  return machine?.components.find((component) => component.name === name);
}

/** Whether a machine has power and does something. */
export function isUp(machine: MachineInfo): boolean {
  return machine.power === 'on' && (machine.state === 'running' || machine.state === 'booting');
}

/** Whether a machine tells the same as before but for figures, which move all the time: indexes, counts, countdowns. */
export function differsOnlyInFigures(before: MachineInfo | undefined, after: MachineInfo): boolean {
  if (before?.state !== after.state || before.components.length !== after.components.length) return false;
  return after.components.every(({ name, state, leader, raft }, at) => {
    const old = before.components[at]!;
    return (
      name === old.name && state === old.state && leader === old.leader && raft?.role === old.raft?.role && raft?.term === old.raft?.term
    );
  });
}

/** The etcd leader of the newest term among members that run. */
export function etcdLeader(machines: Iterable<MachineInfo>): { readonly machine: string; readonly term: number } | undefined {
  let leader: { machine: string; term: number } | undefined;
  for (const machine of machines) {
    const etcd = componentOf(machine, 'etcd');
    if (!isUp(machine) || etcd?.raft?.role !== 'leader' || lookOf(etcd.state).tone !== 'serving') continue;
    if (!leader || etcd.raft.term > leader.term) leader = { machine: machine.name, term: etcd.raft.term };
  }
  return leader;
}

/** API servers that serve, of all: what the load balancer can choose from, in its own words where it tells. */
export function healthyBackends(machines: Iterable<MachineInfo>): { readonly healthy: number; readonly all: number } {
  let healthy = 0;
  let all = 0;
  for (const machine of machines) {
    const told = machine.roles.includes('load-balancer') && isUp(machine) ? componentOf(machine, 'load-balancer')?.facts : undefined;
    if (typeof told?.healthy === 'number' && typeof told.total === 'number') return { healthy: told.healthy, all: told.total };
    if (!machine.roles.includes('control-plane')) continue;
    all++;
    const apiserver = componentOf(machine, 'kube-apiserver');
    if (isUp(machine) && apiserver && lookOf(apiserver.state).tone === 'serving') healthy++;
  }
  return { healthy, all };
}

/** Nodes that are Ready, of all. */
export function readyNodes(nodes: Iterable<NodeObject>): { readonly ready: number; readonly all: number } {
  let ready = 0;
  let all = 0;
  for (const node of nodes) {
    all++;
    if (conditionHolds(node.status?.conditions, 'Ready')) ready++;
  }
  return { ready, all };
}

/** Names of the nodes that are Ready. */
export function readyNodeNames(nodes: Iterable<NodeObject>): ReadonlySet<string> {
  const ready = [...nodes].filter(({ status }) => conditionHolds(status?.conditions, 'Ready'));
  return new Set(ready.map(({ metadata }) => metadata.name));
}

/** What is out of order, a few words each: machines off, down or frozen, components frozen or failed. */
export function faultsOf(machines: Iterable<MachineInfo>): string[] {
  const faults: string[] = [];
  for (const machine of machines) {
    if (machine.state === 'off' || machine.state === 'down' || machine.state === 'frozen') {
      faults.push(`${machine.name} is ${machine.state}`);
      continue;
    }
    for (const component of ownComponents(machine)) {
      const { tone, word } = lookOf(component.state);
      if (tone === 'failed' || tone === 'frozen') faults.push(`${component.name} on ${machine.name}: ${word}`);
    }
  }
  return faults;
}

/** What a booting cluster still waits for, in the order in which things come up. */
export function bootWaits(machines: readonly MachineInfo[], topology: ClusterSpec['topology'], nodes: readonly NodeObject[]): string[] {
  const waits: string[] = [];
  for (const machine of machines.filter(({ power }) => power === 'on')) {
    if (machine.state !== 'running') {
      waits.push(`${machine.name} (${machine.state})`);
      continue;
    }
    const missing = expectedComponents(machine.roles, topology).find(
      (name) => lookOf(componentOf(machine, name)?.state ?? 'absent').tone !== 'serving',
    );
    if (missing) waits.push(`${missing} on ${machine.name} (${lookOf(componentOf(machine, missing)?.state ?? 'absent').word})`);
  }
  if (waits.length > 0) return waits;
  const unready = nodes
    .filter((node) => !conditionHolds(node.status?.conditions, 'Ready'))
    .map((node) => `node ${node.metadata.name} to be Ready`);
  return unready.length > 0 ? unready : ['nodes, add-ons and kubectl'];
}

/** What changed on a machine, in sentences for the list of what happened. */
export function happenings(before: MachineInfo | undefined, after: MachineInfo): Told[] {
  if (!before) return [];
  const told: Told[] = [];
  const tell = (lane: Told['lane'], text: string): void => void told.push({ lane, text });
  const isFault = [before.state, after.state].some((state) => state !== 'running' && state !== 'booting');
  if (before.state !== after.state) tell(isFault ? 'fault' : 'component', `${after.name} is ${lookOf(after.state).word}`);
  if (after.power === 'off') return told;
  for (const component of ownComponents(after)) {
    const old = componentOf(before, component.name);
    const look = lookOf(component.state);
    if (lookOf(old?.state ?? 'absent').word !== look.word && (old || look.tone !== 'serving'))
      tell('component', `${component.name} on ${after.name} is ${look.word}`);
    else if (component.raft && component.raft.role !== old?.raft?.role && component.raft.role === 'leader')
      tell('election', `etcd on ${after.name} is elected leader of term ${component.raft.term}`);
    else if (component.raft === undefined && old && component.leader === true && old.leader !== true)
      tell('election', `${component.name} on ${after.name} is ${componentWords(component)}: it holds the lease`);
  }
  return told;
}
