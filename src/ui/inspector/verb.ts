/** What can be done to a thing, and what that means; and the verbs of components, machines and their links and disks. */
import type { ComponentInfo, Lab, LabEvents, MachineInfo } from '#lab';
import { healLinksOf, LOSSY_LINK, partitionFromRest, setLinksOf, SLOW_LINK } from '../fault-actions.ts';
import { diskFaultOf } from '../fault-words.ts';
import { lookOf } from '../state-words.ts';

/** One verb. `isPossible` false: shown, but there is nothing to do it to now. */
export interface Verb {
  readonly title: string;
  readonly does: string;
  readonly isDestructive?: boolean;
  readonly isPossible: boolean;
  act(): Promise<void> | undefined;
}

/** States in which a component has no process. */
const LIFELESS = ['absent', 'stopped', 'failed', 'exited', 'back-off', 'removed', 'corrupt'];

/** Signals to a component. */
export function componentVerbs(lab: Lab | undefined, machine: string, name: string, component: ComponentInfo | undefined): Verb[] {
  const state = component?.state ?? 'absent';
  const lives = !LIFELESS.includes(state);
  const isFrozen = lookOf(state).tone === 'frozen';
  return [
    {
      title: 'Kill',
      does: 'SIGKILL: it ends at once, mid-write. Its supervisor restarts it.',
      isDestructive: true,
      isPossible: lives,
      act: () => lab?.machines.kill(machine, name),
    },
    {
      title: 'Stop',
      does: 'SIGTERM: it may end in order.',
      isDestructive: true,
      isPossible: lives && !isFrozen,
      act: () => lab?.machines.stop(machine, name),
    },
    {
      title: 'Start',
      does: 'Starts what was stopped.',
      isPossible: component !== undefined && !lives,
      act: () => lab?.machines.start(machine, name),
    },
    {
      title: 'Freeze',
      does: 'SIGSTOP: it stands still and does not know it.',
      isPossible: lives && !isFrozen,
      act: () => lab?.machines.freeze(machine, name),
    },
    { title: 'Thaw', does: 'SIGCONT: it goes on where it stood.', isPossible: isFrozen, act: () => lab?.machines.thaw(machine, name) },
  ];
}

/** Power, and signals to everything on a machine. */
export function powerVerbs(lab: Lab | undefined, machine: MachineInfo): Verb[] {
  const isOn = machine.power === 'on' && machine.state !== 'down';
  return [
    {
      title: 'Power off',
      does: 'Cuts the power: its worker is terminated, nothing is flushed.',
      isDestructive: true,
      isPossible: isOn,
      act: () => lab?.machines.powerOff(machine.name),
    },
    {
      title: 'Power on',
      does: 'A new worker recovers from what was stored.',
      isPossible: !isOn,
      act: () => lab?.machines.powerOn(machine.name),
    },
    {
      title: 'Freeze',
      does: 'Stops every process (SIGSTOP).',
      isPossible: isOn && machine.state !== 'frozen',
      act: () => lab?.machines.freeze(machine.name),
    },
    {
      title: 'Thaw',
      does: 'Lets every process go on (SIGCONT).',
      isPossible: machine.state === 'frozen',
      act: () => lab?.machines.thaw(machine.name),
    },
  ];
}

/** What can be done to a machine's links, as long as it has any. */
export function linkVerbs(lab: Lab | undefined, machine: string, all: readonly string[], faults: LabEvents['faults']): Verb[] {
  const links = faults.filter((each) => each.kind === 'link' && (each.from === machine || each.to === machine));
  const others = all.length - 1;
  const isCutOff = links.filter((each) => each.kind === 'link' && each.fault.down).length >= others * 2;
  return [
    {
      title: 'Isolate machine',
      does: 'Cuts its links to every other machine, in both directions. What runs on it goes on.',
      isPossible: others > 0 && !isCutOff,
      act: () => lab && partitionFromRest(lab, [machine], all),
    },
    {
      title: 'Slow its links',
      does: `Adds ${SLOW_LINK.latencyMs} ms to every frame, each way.`,
      isPossible: others > 0,
      act: () => lab && setLinksOf(lab, machine, all, SLOW_LINK),
    },
    {
      title: 'Make its links lossy',
      does: `Loses ${(LOSSY_LINK.loss ?? 0) * 100} % of the frames; TCP sends them again.`,
      isPossible: others > 0,
      act: () => lab && setLinksOf(lab, machine, all, LOSSY_LINK),
    },
    {
      title: 'Heal its links',
      does: 'Takes every fault off its links.',
      isPossible: links.length > 0,
      act: () => lab && healLinksOf(lab, machine, faults),
    },
  ];
}

/** What can be done to a machine's disk. */
export function diskVerbs(lab: Lab | undefined, machine: MachineInfo, faults: LabEvents['faults']): Verb[] {
  const present = diskFaultOf(faults, machine.name) ?? 'none';
  const isOn = machine.power === 'on' && machine.state !== 'down';
  const verb = (title: string, does: string, fault: 'slow' | 'full' | 'read-only' | 'none'): Verb => ({
    title,
    does,
    isPossible: isOn && present !== fault,
    act: () => lab?.disk.fault(machine.name, fault),
  });
  return [
    verb('Slow its disk', 'Every write to the disk takes much longer: etcd waits for its log.', 'slow'),
    verb('Fill its disk', 'Every write fails: no space left on device.', 'full'),
    verb('Make its disk read-only', 'Every write fails: read-only file system.', 'read-only'),
    verb('Heal its disk', 'Writes go through again.', 'none'),
  ];
}
