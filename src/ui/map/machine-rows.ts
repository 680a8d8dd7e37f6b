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

/** A name and the number it ends with, 0 where it has none. */
export interface CountedName {
  readonly stem: string;
  readonly count: number;
}

/** `worker-10` is the tenth `worker-`. */
export function countedName(name: string): CountedName {
  const [, stem = name, digits = ''] = /^(.*?)(\d*)$/.exec(name) ?? [];
  return { stem, count: Number(digits) };
}

/** The order of names that are counted: `worker-2` before `worker-10`. */
export function compareCounted(a: CountedName, b: CountedName): number {
  if (a.stem !== b.stem) return a.stem < b.stem ? -1 : 1;
  return a.count - b.count;
}

/** `worker-2` before `worker-10`. */
export function byCountedName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareCounted(countedName(a.name), countedName(b.name));
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
