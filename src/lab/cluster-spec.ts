/** What a cluster is made of: defaults, limits, and the machines that follow from it, with names, addresses and zones. */
import type { ClusterSpec, MachineRole } from './lab.ts';

/** The smallest cluster: one control plane, one worker, stacked etcd. */
export const DEFAULT_SPEC: ClusterSpec = {
  topology: 'stacked',
  controlPlanes: 1,
  workers: 1,
  etcdMembers: 3,
  addons: [],
  proxyMode: 'iptables',
  runtime: 'containerd',
  cloudProvider: 'none',
  extraArgs: {},
  etcd: { heartbeatMs: 100, electionMs: 1_000, quotaBytes: 2 * 1024 ** 3 },
  zones: 3,
  seed: 1,
};

/** Machines one tab is asked to carry at the most. */
export const MAX_MACHINES = 30;

/** A machine of the plan. */
export interface PlannedMachine {
  readonly name: string;
  readonly role: MachineRole;
  readonly address: string;
  readonly zone: string;
  /** Added to the running cluster, which it joins at its first boot. */
  readonly joins?: true;
  /** `kubeadm join …`, for machines of the cluster that join. */
  readonly joinCommand?: string;
}

const within = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

/** What is wrong with a spec, a sentence each; empty when nothing is. */
export function whySpecInvalid(spec: ClusterSpec): string[] {
  const wrong: string[] = [];
  if (spec.topology !== 'stacked' && spec.topology !== 'external')
    wrong.push(`topology: ${JSON.stringify(spec.topology)} is neither "stacked" nor "external"`);
  if (!within(spec.controlPlanes, 1, 5)) wrong.push(`controlPlanes: ${JSON.stringify(spec.controlPlanes)} is not a number from 1 to 5`);
  if (!within(spec.workers, 0, MAX_MACHINES))
    wrong.push(`workers: ${JSON.stringify(spec.workers)} is not a number from 0 to ${MAX_MACHINES}`);
  if (spec.topology === 'external' && !within(spec.etcdMembers, 1, 5))
    wrong.push(`etcdMembers: ${JSON.stringify(spec.etcdMembers)} is not a number from 1 to 5`);
  if (!within(spec.zones, 1, 9)) wrong.push(`zones: ${JSON.stringify(spec.zones)} is not a number from 1 to 9`);
  if (!Number.isInteger(spec.seed)) wrong.push(`seed: ${JSON.stringify(spec.seed)} is not a whole number`);
  if (wrong.length === 0 && planMachines(spec).length > MAX_MACHINES)
    wrong.push(`a lab of ${planMachines(spec).length} machines is more than the ${MAX_MACHINES} that one tab carries`);
  return wrong;
}

/** Remarks on a spec that works but teaches something: even member counts. */
export function noticesOf(spec: ClusterSpec): string[] {
  const members = spec.topology === 'external' ? spec.etcdMembers : spec.controlPlanes;
  if (members % 2 === 1) return [];
  const survives = Math.floor((members - 1) / 2);
  return [
    `${members} etcd members survive the loss of ${survives}, no more than ${members - 1} do: the quorum of ${members} is ${Math.floor(members / 2) + 1}. Odd numbers are the better buy.`,
  ];
}

/** The machines of a spec: load balancer, control planes, etcd hosts, workers, workstation. Addresses are 10.0.0.x. */
export function planMachines(spec: ClusterSpec): PlannedMachine[] {
  const zone = (index: number): string => `zone-${String.fromCharCode(97 + (index % spec.zones))}`;
  const numbered = (role: MachineRole, stem: string, count: number, first: number, alone: boolean): PlannedMachine[] =>
    Array.from({ length: count }, (_, index) => ({
      name: alone && count === 1 ? stem : `${stem}-${index + 1}`,
      role,
      address: `10.0.0.${first + index}`,
      zone: zone(index),
    }));
  return [
    { name: 'load-balancer', role: 'load-balancer', address: '10.0.0.10', zone: zone(0) },
    ...numbered('control-plane', 'control-plane', spec.controlPlanes, 11, true),
    ...(spec.topology === 'external' ? numbered('etcd', 'etcd', spec.etcdMembers, 31, false) : []),
    ...numbered('worker', 'worker', spec.workers, 41, false),
    { name: 'workstation', role: 'workstation', address: '10.0.0.5', zone: zone(0) },
  ];
}

/** A machine to be added. */
export interface AddedMachine {
  readonly role: 'control-plane' | 'worker' | 'etcd';
  readonly name?: string;
}

const FIRST_ADDRESS = { 'control-plane': 11, etcd: 31, worker: 41 } as const;
const LAST_ADDRESS = 254;
/** As a host name may be (RFC 1123), with room for what Kubernetes puts behind it. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/;

/** Why a machine cannot be added, a sentence; undefined when it can. */
export function whyNotAdded({ role, name }: AddedMachine, plan: readonly PlannedMachine[], spec: ClusterSpec): string | undefined {
  if (plan.length >= MAX_MACHINES) return `a lab of ${plan.length + 1} machines is more than the ${MAX_MACHINES} that one tab carries`;
  if (!(role in FIRST_ADDRESS)) return `the role ${JSON.stringify(role)} is none of "control-plane", "worker", "etcd"`;
  if (role === 'etcd' && spec.topology === 'stacked')
    return 'the topology is stacked: etcd members stand on the control planes; add a control plane';
  if (name !== undefined && !NAME.test(name)) return `${JSON.stringify(name)} is no host name (lower case letters, digits and "-")`;
  if (name !== undefined && plan.some((machine) => machine.name === name)) return `there is a machine ${name} already`;
  return undefined;
}

/** The machine with the next free name and address of its role, in the zone that has the fewest of them. `retired`: names that must not come back by themselves. */
export function planAddition(
  { role, name }: AddedMachine,
  plan: readonly PlannedMachine[],
  spec: ClusterSpec,
  retired: readonly string[] = [],
): PlannedMachine {
  const names = new Set([...plan.map((machine) => machine.name), ...retired]);
  let number = 1;
  while (names.has(`${role}-${number}`) || (role === 'control-plane' && number === 1 && names.has('control-plane'))) number++;
  const addresses = new Set(plan.map(({ address }) => address));
  let last: number = FIRST_ADDRESS[role];
  while (addresses.has(`10.0.0.${last}`)) last++;
  if (last > LAST_ADDRESS) throw new Error('the data centre has no address left');
  const peers = plan.filter((machine) => machine.role === role);
  const zones = Array.from({ length: spec.zones }, (_, index) => `zone-${String.fromCharCode(97 + index)}`);
  const inZone = (zone: string): number => peers.filter((machine) => machine.zone === zone).length;
  const zone = zones.reduce((best, candidate) => (inZone(candidate) < inZone(best) ? candidate : best));
  return { name: name ?? `${role}-${number}`, role, address: `10.0.0.${last}`, zone, joins: true };
}
