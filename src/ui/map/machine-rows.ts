/** Which machines stand in which row of the map, and in which order: by role, then by name as a person counts. Pure. */
import type { MachineInfo, MachineRole } from '#lab';

/** A row of machine cards. */
export interface MachineRow {
  readonly role: MachineRole;
  readonly title: string;
  readonly machines: readonly MachineInfo[];
}

const ROWS: readonly { readonly role: MachineRole; readonly title: string }[] = [
  { role: 'control-plane', title: 'Control plane' },
  { role: 'etcd', title: 'etcd hosts' },
  { role: 'worker', title: 'Workers' },
];

/** `worker-2` before `worker-10`. */
export function byCountedName(a: { readonly name: string }, b: { readonly name: string }): number {
  const [, stemA = a.name, numberA = ''] = /^(.*?)(\d*)$/.exec(a.name) ?? [];
  const [, stemB = b.name, numberB = ''] = /^(.*?)(\d*)$/.exec(b.name) ?? [];
  if (stemA !== stemB) return stemA < stemB ? -1 : 1;
  return Number(numberA) - Number(numberB);
}

/** The rows that have machines, from top to bottom. A machine stands in the row of its first role that has one. */
export function machineRows(machines: Iterable<MachineInfo>): MachineRow[] {
  const rows = ROWS.map((row) => ({ ...row, machines: [] as MachineInfo[] }));
  for (const machine of machines) rows.find(({ role }) => machine.roles.includes(role))?.machines.push(machine);
  return rows.filter((row) => row.machines.length > 0).map((row) => ({ ...row, machines: row.machines.sort(byCountedName) }));
}

/** The machine of a role of which there is one. */
export function machineOfRole(machines: Iterable<MachineInfo>, role: MachineRole): MachineInfo | undefined {
  for (const machine of machines) if (machine.roles.includes(role)) return machine;
  return undefined;
}
