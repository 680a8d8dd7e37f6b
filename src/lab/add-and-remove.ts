/** Machines that come to a running cluster and go from it: planning, power and waiting; what the cluster is to do about it is kubeadm's and the student's. */
import type { AddedMachine, PlannedMachine } from './cluster-spec.ts';
import { planAddition, whyNotAdded } from './cluster-spec.ts';
import type { Events } from './events.ts';
import type { MachineInfo, RunOutput } from './lab.ts';
import type { StoredLab } from './lab-store.ts';
import type { Roster } from './roster.ts';

/** What of the lab this needs. */
export interface Hands {
  readonly plan: readonly PlannedMachine[];
  readonly stored: StoredLab;
  readonly roster: Roster;
  readonly events: Events;
  /** Runs a line on the workstation. */
  run(line: string): Promise<RunOutput>;
  /** Stores a new plan and tells every machine. */
  replan(plan: PlannedMachine[], change?: Partial<StoredLab>): Promise<void>;
  powerOn(machine: PlannedMachine): Promise<void>;
  /** Takes the power away for good. */
  cutOff(name: string): void;
  wipe(name: string): Promise<void>;
  awaitNode(name: string, sinceWallMs: number): Promise<void>;
  nowMs(): number;
}

/** The command a new machine joins with, from the workstation's kubeadm. */
async function joinCommand(hands: Hands): Promise<string> {
  const { stdout, stderr, exitCode } = await hands.run('kubeadm token create --print-join-command');
  if (exitCode !== 0) throw new Error(`no machine can join: ${stderr.split('\n')[0]!}`);
  return stdout.trim();
}

/** Resolves when the etcd member of a machine says that it has a vote. */
function untilVoting(events: Events, name: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = events.on('machine', (machine) => {
      const role = machine.name === name ? machine.components.find((component) => component.name === 'etcd')?.raft?.role : undefined;
      if (role !== 'follower' && role !== 'leader') return;
      stop();
      resolve();
    });
  });
}

/** Plans a machine, switches it on and waits until it has joined. Rejects with a sentence where it cannot be. */
export async function addMachine(hands: Hands, wanted: AddedMachine): Promise<MachineInfo> {
  const { plan, stored, roster } = hands;
  const why = whyNotAdded(wanted, plan, stored.spec);
  if (why) throw new Error(why);
  const command = wanted.role === 'etcd' ? undefined : await joinCommand(hands);
  const { removed = [] } = stored;
  const planned: PlannedMachine = {
    ...planAddition(wanted, plan, stored.spec, removed),
    ...(command === undefined ? {} : { joinCommand: command }),
  };
  roster.add(planned);
  await hands.replan([...plan, planned], { removed: removed.filter((name) => name !== planned.name) });
  const startedWallMs = hands.nowMs();
  const voting = planned.role === 'etcd' ? untilVoting(hands.events, planned.name) : undefined;
  await hands.powerOn(planned);
  await (voting ?? hands.awaitNode(planned.name, startedWallMs));
  return roster.list().find(({ name }) => name === planned.name)!;
}

const LEFT_BEHIND: Readonly<Record<AddedMachine['role'], string>> = {
  worker: 'Its Node stays known to the cluster until somebody deletes it.',
  'control-plane': 'Its Node, and its etcd member where it had one, stay known to the cluster until somebody removes them.',
  etcd: 'Its etcd member stays known to the others until somebody removes it.',
};

/** Takes a machine away with all it stored. Rejects for a machine that no lab is without. */
export async function removeMachine(hands: Hands, { name, role }: PlannedMachine): Promise<void> {
  if (role === 'load-balancer' || role === 'workstation')
    throw new Error(`the ${role} belongs to every lab; it can be switched off, not taken away`);
  const { plan, stored } = hands;
  hands.cutOff(name);
  hands.roster.remove(name);
  const links = Object.fromEntries(Object.entries(stored.links).filter(([link]) => !link.split('>').includes(name)));
  // Its lives go on being counted, so that a successor of the same name is never taken for it.
  const machines = { ...stored.machines, [name]: { power: 'off' as const, incarnation: stored.machines[name]?.incarnation ?? 0 } };
  await hands.replan(
    plan.filter((machine) => machine.name !== name),
    { links, machines, removed: [...(stored.removed ?? []), name] },
  );
  await hands.wipe(name);
  hands.events.emit('notice', { message: `${name} was taken away. ${LEFT_BEHIND[role]}` });
}
