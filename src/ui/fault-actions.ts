/** Faults put in and healed through the lab's own methods, a link in both directions. One after the other: each call builds on what the one before has stored. */
import type { Lab, LabEvents, LabFault } from '#lab';
import type { ToldFault } from './fault-words.ts';

/** A fault of one direction of a link. */
export type LinkFault = Extract<LabFault, { kind: 'link' }>['fault'];

/** What the page offers for a link: enough to see the effect, short of what looks like a cut. */
export const SLOW_LINK: LinkFault = { latencyMs: 300, jitterMs: 50 };
/** A third of the frames is lost; TCP sends them again, which takes time. */
export const LOSSY_LINK: LinkFault = { loss: 0.3 };
const HEALED: LinkFault = {};

/** The same fault in both directions. */
export async function setLink(lab: Lab, a: string, b: string, fault: LinkFault): Promise<void> {
  await lab.network.link(a, b, fault);
  await lab.network.link(b, a, fault);
}

/** Cuts machines off from all others, the workstation among them. They go on reaching each other. */
export async function partitionFromRest(lab: Lab, machines: readonly string[], all: readonly string[]): Promise<void> {
  await lab.network.partition(
    [...machines],
    all.filter((name) => !machines.includes(name)),
  );
}

/** The same fault on every link of a machine. */
export async function setLinksOf(lab: Lab, machine: string, all: readonly string[], fault: LinkFault): Promise<void> {
  for (const other of all) if (other !== machine) await setLink(lab, machine, other, fault);
}

/** Heals every link that a machine has a fault on. */
export async function healLinksOf(lab: Lab, machine: string, faults: LabEvents['faults']): Promise<void> {
  for (const each of faults)
    if (each.kind === 'link' && (each.from === machine || each.to === machine)) await lab.network.link(each.from, each.to, HEALED);
}

/** Heals one fault as it was told. */
export async function healTold(lab: Lab, { links, disk }: ToldFault): Promise<void> {
  for (const { from, to } of links) await lab.network.link(from, to, HEALED);
  if (disk !== undefined) await lab.disk.fault(disk, 'none');
}

/** Heals all links and disks. Machines stay as they are: power is another matter. */
export async function healAll(lab: Lab, faults: LabEvents['faults']): Promise<void> {
  await lab.network.heal();
  for (const each of faults) if (each.kind === 'disk') await lab.disk.fault(each.machine, 'none');
}
