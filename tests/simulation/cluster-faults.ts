/**
 * What may befall a whole cluster, drawn from a seed: power cuts, kills and freezes of components, frozen machines, partitions and
 * cut directions, slow and lossy links, slow and full disks. Each seed draws which kinds it has at all (a swarm), so that no kind hides another.
 */
import type { Random } from '#host';
import type { Student } from './student.ts';

/** A fault, ready to befall; `heal` ends it. */
interface Fault {
  /** For the log of a seed. */
  readonly text: string;
  heal(): Promise<void>;
}

/** Counts of what befell. */
export type FaultCounts = Record<FaultKind, number>;

export const FAULT_KINDS = ['power', 'kill', 'freeze', 'freezeMachine', 'partition', 'oneWay', 'badLink', 'slowDisk', 'fullDisk'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A cluster under faults. */
export interface FaultSchedule {
  readonly kinds: readonly FaultKind[];
  readonly counts: FaultCounts;
  /** Power cuts and kills of etcd that came in the middle of a disk write. */
  readonly crashesInWrite: number;
  /** What befell and when, a line each. */
  readonly log: readonly string[];
  /** Faults that are in force. */
  readonly underWay: number;
  /** A fault more, or one less. */
  next(): Promise<void>;
  /** Everything on, thawed, connected, with room on its disks. */
  healAll(): Promise<void>;
}

/** At most so many faults are in force at a time. */
const FAULTS_AT_ONCE = 3;

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

/** The faults of a seed over the machines of a cluster (all but the workstation); `keep`: only those with these numbers befall. */
export async function faultSchedule(student: Student, random: Random, keep?: readonly number[]): Promise<FaultSchedule> {
  const { lab, simulation } = student;
  const machines = (await lab.machines.list()).map(({ name }) => name).filter((name) => name !== 'workstation');
  const kinds = FAULT_KINDS.filter(() => random.next() < 0.6);
  if (kinds.length === 0) kinds.push('power');
  const counts = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as FaultCounts;
  const log: string[] = [];
  const underWay: Fault[] = [];
  const isOn = (name: string): boolean => simulation.machine(name) !== undefined;
  const componentsOf = (name: string): string[] => [
    ...new Set(
      (simulation.machine(name)?.kernel.processes() ?? []).flatMap(({ component }) => (component === undefined ? [] : [component])),
    ),
  ];
  const others = (name: string): string[] => [...machines, 'workstation'].filter((other) => other !== name);
  let crashesInWrite = 0;
  let drawn = 0;
  const isWriting = (machine: string): boolean => simulation.disk(machine).underWayCount > 0;
  /** Most deaths come in the middle of a write, where they hurt. */
  const untilWriting = async (machine: string): Promise<void> => {
    if (random.next() < 0.8) await simulation.until(() => isWriting(machine), 2_000, 'a write').catch((error: unknown) => error);
    if (isWriting(machine)) crashesInWrite++;
  };
  const begin: Record<FaultKind, (machine: string) => Promise<Fault | undefined>> = {
    async power(machine) {
      await untilWriting(machine);
      await student.powerOff(machine);
      return { text: `power off ${machine}`, heal: () => student.powerOn(machine) };
    },
    async kill(machine) {
      const component = pick(random, componentsOf(machine));
      if (component === undefined) return undefined;
      if (component === 'etcd') await untilWriting(machine);
      simulation.machine(machine)?.signal(component, 'KILL');
      return { text: `kill ${component} on ${machine}`, heal: () => Promise.resolve() };
    },
    freeze(machine) {
      const component = pick(random, componentsOf(machine));
      if (component === undefined) return Promise.resolve(undefined);
      simulation.machine(machine)?.signal(component, 'STOP');
      return Promise.resolve({
        text: `freeze ${component} on ${machine}`,
        heal: () => Promise.resolve(void simulation.machine(machine)?.signal(component, 'CONT')),
      });
    },
    async freezeMachine(machine) {
      await lab.machines.freeze(machine);
      return { text: `freeze ${machine}`, heal: () => Promise.resolve(void simulation.machine(machine)?.signal(undefined, 'CONT')) };
    },
    async partition(machine) {
      await lab.network.partition([machine], others(machine));
      return { text: `cut off ${machine}`, heal: () => lab.network.heal() };
    },
    async oneWay(machine) {
      const other = pick(random, others(machine));
      await lab.network.link(machine, other, { down: true });
      return { text: `nothing from ${machine} reaches ${other}`, heal: () => lab.network.link(machine, other, {}) };
    },
    async badLink(machine) {
      const other = pick(random, others(machine));
      const fault = { latencyMs: random.below(150), jitterMs: random.below(100), loss: random.next() * 0.3 };
      await lab.network.link(machine, other, fault);
      return { text: `bad link from ${machine} to ${other}`, heal: () => lab.network.link(machine, other, {}) };
    },
    async slowDisk(machine) {
      await lab.disk.fault(machine, 'slow');
      return { text: `slow disk of ${machine}`, heal: () => lab.disk.fault(machine, 'none') };
    },
    async fullDisk(machine) {
      await lab.disk.fault(machine, 'full');
      return { text: `full disk of ${machine}`, heal: () => lab.disk.fault(machine, 'none') };
    },
  };
  const note = (text: string): void => void log.push(`${(simulation.nowMs / 1000).toFixed(3)} ${text}`);
  const heal = async (fault: Fault): Promise<void> => {
    note(`healed: ${fault.text}`);
    await fault.heal();
  };
  return {
    kinds,
    counts,
    log,
    get crashesInWrite() {
      return crashesInWrite;
    },
    get underWay() {
      return underWay.length;
    },
    async next() {
      const isFull = underWay.length >= FAULTS_AT_ONCE;
      if (isFull || (underWay.length > 0 && random.next() < 0.45)) return heal(underWay.splice(random.below(underWay.length), 1)[0]!);
      const kind = pick(random, kinds);
      const candidates = machines.filter(isOn);
      if (candidates.length === 0) return;
      const machine = pick(random, candidates);
      if (keep && !keep.includes(drawn++)) return;
      const fault = await begin[kind](machine);
      if (!fault) return;
      note(fault.text);
      counts[kind]++;
      underWay.push(fault);
    },
    async healAll() {
      for (const fault of underWay.splice(0)) await heal(fault);
      await lab.network.heal();
    },
  };
}
