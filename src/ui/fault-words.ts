/** The faults of links and disks in words, and which machines cannot reach which because of them. Pure. */
import type { LabFault } from '#lab';

type LinkLabFault = Extract<LabFault, { kind: 'link' }>;
type LinkFault = LinkLabFault['fault'];
type DiskLabFault = Extract<LabFault, { kind: 'disk' }>;

/** A fault, or several that are one thing to a reader, and what heals it. */
export interface ToldFault {
  readonly key: string;
  readonly text: string;
  readonly links: readonly { readonly from: string; readonly to: string }[];
  readonly disk?: string;
}

const DISK_WORDS: Readonly<Record<DiskLabFault['fault'], string>> = {
  full: 'full',
  slow: 'slow',
  'read-only': 'read-only',
  'corrupt-tail': 'damaged at the end of its logs',
};

/** `cut`, `+200 ms`, `30 % lost`, or several of them. */
export function linkFaultWords({ down, latencyMs, jitterMs, loss }: LinkFault): string {
  if (down) return 'cut';
  const words: string[] = [];
  if (latencyMs !== undefined) words.push(`+${latencyMs} ms`);
  else if (jitterMs !== undefined) words.push(`±${jitterMs} ms`);
  if (loss !== undefined) words.push(`${Math.round(loss * 100)} % lost`);
  return words.join(', ');
}

/** `disk full`. */
export const diskFaultWords = (fault: DiskLabFault['fault']): string => `disk ${DISK_WORDS[fault]}`;

/** What is wrong between two machines, in either direction; undefined where nothing is. */
export function linkBetween(faults: readonly LabFault[], a: string, b: string): LinkFault | undefined {
  const found = faults.filter(
    (each): each is LinkLabFault => each.kind === 'link' && ((each.from === a && each.to === b) || (each.from === b && each.to === a)),
  );
  return found.find(({ fault }) => fault.down)?.fault ?? found[0]?.fault;
}

/** The fault of a machine's disk. */
export function diskFaultOf(faults: readonly LabFault[], machine: string): DiskLabFault['fault'] | undefined {
  return faults.find((each): each is DiskLabFault => each.kind === 'disk' && each.machine === machine)?.fault;
}

/**
 * Machines in groups that reach each other, directly or through others of the group; the largest group first. A link counts as cut when
 * either direction is. One group: there is no partition.
 */
export function partitionGroups(machines: readonly string[], faults: readonly LabFault[]): readonly (readonly string[])[] {
  const cut = new Set(
    faults.flatMap((each) => (each.kind === 'link' && each.fault.down ? [`${each.from}>${each.to}`, `${each.to}>${each.from}`] : [])),
  );
  const left = new Set(machines);
  const groups: string[][] = [];
  for (const first of machines) {
    if (!left.delete(first)) continue;
    const group = [first];
    for (const member of group)
      for (const other of left)
        if (!cut.has(`${member}>${other}`)) {
          left.delete(other);
          group.push(other);
        }
    groups.push(group);
  }
  return groups.sort((a, b) => b.length - a.length);
}

function partitionTold(groups: readonly (readonly string[])[], links: readonly LinkLabFault[]): ToldFault[] {
  return groups.slice(1).map((group) => ({
    key: `apart/${group.join(',')}`,
    text: group.length === 1 ? `${group[0]} is isolated` : `${group.join(', ')} are partitioned from the rest`,
    links: links
      .filter(({ from, to, fault }) => fault.down && group.includes(from) !== group.includes(to))
      .map(({ from, to }) => ({ from, to })),
  }));
}

/** The faults as a reader counts them: a partition once, a link once if both directions have the same fault, a disk once. */
export function toldFaults(machines: readonly string[], faults: readonly LabFault[]): readonly ToldFault[] {
  const links = faults.filter((each) => each.kind === 'link');
  const apart = partitionTold(partitionGroups(machines, faults), links);
  const explained = new Set(apart.flatMap((told) => told.links.map(({ from, to }) => `${from}>${to}`)));
  const told: ToldFault[] = [...apart];
  const seen = new Set<string>();
  for (const { from, to, fault } of links) {
    const key = `${from}>${to}`;
    if (explained.has(key) || seen.has(key)) continue;
    const words = linkFaultWords(fault);
    const back = links.find((each) => each.from === to && each.to === from);
    const isBoth = back !== undefined && linkFaultWords(back.fault) === words;
    if (isBoth) seen.add(`${to}>${from}`);
    told.push({
      key,
      text: `${from} ${isBoth ? '↔' : '→'} ${to}: ${words}`,
      links: isBoth
        ? [
            { from, to },
            { from: to, to: from },
          ]
        : [{ from, to }],
    });
  }
  for (const each of faults)
    if (each.kind === 'disk')
      told.push({ key: `disk/${each.machine}`, text: `${each.machine}: ${diskFaultWords(each.fault)}`, links: [], disk: each.machine });
  return told;
}
