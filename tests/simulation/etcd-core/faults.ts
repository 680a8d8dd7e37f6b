// What may befall a simulated etcd cluster. A seed draws which kinds it has at all (a swarm, so that no kind hides another) and makes
// of them a list, which says everything about each fault; a failing seed is made smaller by leaving entries of its list out.

import type { Random } from '#host';
import type { Cluster, Site } from './cluster.ts';
import { FAIR } from './world.ts';

export const FAULT_KINDS = [
  'crash',
  'crashInWrite',
  'crashAll',
  'freeze',
  'slowDisk',
  'fullDisk',
  'failingDisk',
  'corruptTail',
  'cutOff',
  'oneWay',
  'halves',
  'weather',
  'transfer',
  'addMember',
  'addLearner',
  'removeMember',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One fault, whole. */
export interface Fault {
  /** Event of the run at which it begins. */
  readonly atEvent: number;
  readonly kind: FaultKind;
  /** Number of the member that it befalls, and of another one where there are two sides. */
  readonly at: number;
  readonly other: number;
  /** How long it lasts, or how long a crashed member stays off. */
  readonly ms: number;
  /** How bad it is, 0…1. */
  readonly strength: number;
}

/** Membership changes that an administrator makes while other faults go on. */
export interface Administrator {
  /** Whether a change is under way. */
  readonly isBusy: boolean;
  add(site: Site, isLearner: boolean): void;
  remove(site: Site): void;
}

/** Faults at most in a seed. */
const MOST_FAULTS = 14;
/** How long a crash waits for a write to come in the middle of. */
const PATIENCE_MS = 2_000;

export function drawFaults(random: Random, events: number, sites: number): Fault[] {
  const kinds = FAULT_KINDS.filter((kind) => random.next() < (kind === 'corruptTail' ? 0.15 : 0.4));
  if (kinds.length === 0) return [];
  // The middle of a write is where a crash hurts most.
  if (kinds.includes('crashInWrite')) kinds.push('crashInWrite');
  const count = 2 + random.below(MOST_FAULTS - 1);
  const faults = Array.from({ length: count }, (): Fault => {
    const long = random.next() < 0.2 ? 4 : 1;
    return {
      // The first moments belong to the founding of the cluster, which has its accidents too, but seldom.
      atEvent: Math.floor((random.next() < 0.1 ? 0 : events * 0.08) + random.next() * events * 0.85),
      kind: kinds[random.below(kinds.length)]!,
      at: random.below(sites),
      other: random.below(sites),
      ms: Math.round(random.next() * 1_500 * long),
      strength: random.next(),
    };
  });
  return faults.sort((one, other) => one.atEvent - other.atEvent);
}

export const faultText = ({ atEvent, kind, at, other, ms, strength }: Fault): string =>
  `event ${atEvent}: ${kind} member ${at + 1}, other ${other + 1}, ${ms} ms, strength ${strength.toFixed(2)}`;

/** Lets a fault befall the cluster; what it does ends by itself, or with `healAll`. */
export function befall(cluster: Cluster, administrator: Administrator, fault: Fault): void {
  const { world, sites } = cluster;
  const { marks } = world;
  const site = sites[fault.at]!;
  const { life } = site;
  const later = (act: () => void): void => world.after(fault.ms, act);
  const crash = (victim: Site): void => {
    cluster.crash(victim);
    later(() => cluster.start(victim));
  };
  const disk = (kind: 'slow' | 'full' | 'failing'): void => {
    marks[`disk ${kind}`]++;
    site.disk.setFault(kind);
    later(() => site.disk.setFault('none'));
  };
  const cut = (from: Site, to: Site): void => {
    world.cut(from.name, to.name);
    later(() => world.mend(from.name, to.name));
  };
  switch (fault.kind) {
    case 'crash':
      return crash(site);
    case 'crashInWrite':
      return whenWriting(cluster, site, fault.strength, () => crash(site));
    case 'crashAll':
      return sites.forEach(crash);
    case 'freeze':
      if (!life || life.isFrozen) return;
      marks['member frozen']++;
      life.isFrozen = true;
      return later(() => life.thaw());
    case 'slowDisk':
      return disk('slow');
    case 'fullDisk':
      return disk('full');
    case 'failingDisk':
      return disk('failing');
    case 'corruptTail':
      return damage(cluster, administrator, site, fault);
    case 'cutOff':
      marks['member cut off']++;
      return sites.forEach((other) => {
        cut(site, other);
        cut(other, site);
      });
    case 'oneWay':
      marks['one-way partition']++;
      return sites.forEach((other, at) => {
        if (at === fault.other || fault.strength < 0.5) cut(site, other);
      });
    case 'halves': {
      marks['partition in halves']++;
      const isLeft = (at: number): boolean => ((fault.at * 7 + fault.other * 3 + 1) >> (at % 5)) % 2 === 1;
      return sites.forEach((one, a) => sites.forEach((two, b) => isLeft(a) !== isLeft(b) && cut(one, two)));
    }
    case 'weather':
      world.weather = { drop: fault.strength * 0.5, repeat: (1 - fault.strength) * 0.3, late: ((fault.strength * 7) % 1) * 0.3 };
      return later(() => (world.weather = FAIR));
    case 'transfer':
      return cluster.transfer(site);
    case 'addMember':
      return administrator.add(site, false);
    case 'addLearner':
      return administrator.add(site, true);
    case 'removeMember':
      return administrator.remove(site);
  }
}

/** Waits for a write of the member to be under way, then a little further into it. */
function whenWriting(cluster: Cluster, site: Site, strength: number, act: () => void): void {
  const { life } = site;
  const later = (): void => cluster.world.after(strength * 0.8, () => life && site.life === life && act());
  const isWriting = (count: number) => (): boolean => site.life !== life || site.disk.underWayCount >= count;
  // In the middle of a snapshot there are several writes under way, of which a part may reach the disk.
  if (strength < 0.1) return cluster.when(isWriting(1), later, PATIENCE_MS);
  cluster.when(isWriting(2), act, PATIENCE_MS, () => cluster.when(isWriting(1), later, PATIENCE_MS));
}

/** The newest record of a member's log does not fit its checksum when it starts again: it refuses to, and is replaced. */
function damage(cluster: Cluster, administrator: Administrator, site: Site, fault: Fault): void {
  if (!site.life?.member || administrator.isBusy || cluster.sites.some(({ isDamaged, isToBeDamaged }) => isDamaged || isToBeDamaged))
    return;
  // A member that is not needed for a quorum; two damaged ones of three would be the end of any cluster.
  if (cluster.sites.filter(({ isMember }) => isMember).length < 3) return;
  cluster.crash(site);
  site.isToBeDamaged = true;
  cluster.world.after(fault.ms, () => {
    site.disk.setFault('corrupt-tail');
    cluster.start(site);
    cluster.world.after(100, () => {
      site.disk.setFault('none');
      site.isToBeDamaged = false;
      if (site.isDamaged) administrator.remove(site);
    });
  });
}

/** Everything on, thawed, connected, with room on its disk. */
export function healAll(cluster: Cluster): void {
  cluster.world.mendAll();
  for (const site of cluster.sites) {
    site.disk.setFault('none');
    site.life?.thaw();
    cluster.start(site);
  }
}
