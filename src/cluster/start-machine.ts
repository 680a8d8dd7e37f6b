/** Starts what a machine runs and answers the lab's management channel for it. The same in a worker and in a simulation. */
import type { management } from '#contracts';
import type { Machine, Process } from '#host';
import { sshd, type NodeServices } from '#node-tools';
import type { Programs } from '#shell';
import { joinUnit } from './join.ts';
import { journalOf } from './journal.ts';
import { provision, writePlan, type PlannedCluster, type Provisioning } from './provisioning.ts';
import { startSystemd, type Systemd, type Unit } from './systemd.ts';
import type { Workstation } from './workstation.ts';

/** The part of the management contract that is the same on every host; links, disk faults and time are the host's own. */
export type MachineControl = Pick<management.MachineManagement, 'signal' | 'components' | 'counts' | 'logs' | 'clockSkew' | 'planChanged'> &
  Partial<Workstation>;

function statusOf(machine: Machine): management.ComponentStatus[] {
  return machine.recorder.components().map(({ name, state, facts }) => ({
    name,
    state,
    facts,
    ...(facts.leader === undefined ? {} : { leader: facts.leader }),
    ...(facts.raft ? { raft: facts.raft } : {}),
  }));
}

/** Everything that changed on a machine since the last call, as one telemetry batch; undefined when nothing did. */
export function takeBatch(machine: Machine, incarnation: number, bootedMs: number): management.TelemetryBatch | undefined {
  const { components, spans, logs, dropped } = machine.takeTelemetry();
  if (components.length + spans.length + logs.length === 0) return undefined;
  const names = new Set(components.map(({ name }) => name));
  return {
    machine: machine.name,
    incarnation,
    atMs: machine.timers.nowMs,
    bootedMs,
    components: statusOf(machine).filter(({ name }) => names.has(name)),
    spans,
    logs,
    traffic: machine.card.takeTraffic(),
    dropped,
  };
}

/** Starts init (process 1) and waits until it hands its process out. */
function startInit(machine: Machine): Promise<Process> {
  return new Promise((resolve) => {
    machine.spawn(
      (process) => {
        resolve(process);
        return new Promise(() => undefined);
      },
      { name: 'systemd', privileged: true },
    );
  });
}

/** What a kind of machine brings: its units, the programs of its root shell beyond every machine's, and what it offers beyond the management contract. */
export interface MachineKind {
  units(boot: management.BootMessage, cluster: PlannedCluster): readonly Unit[];
  /** Left out: nobody logs in there. */
  shellPrograms?(node: NodeServices): Programs;
  offers?(init: Process): Promise<Partial<Workstation>>;
}

const SSH_RESTART_MS = 1_000;

/** Provisions the machine if it never was, starts its units and gives its control. */
export async function startMachineOf(kind: MachineKind, machine: Machine, boot: management.BootMessage): Promise<MachineControl> {
  const cluster = await provision(machine.files, boot);
  const init = await startInit(machine);
  const systemd: Systemd = startSystemd(init, []);
  for (const unit of kind.units(boot, cluster)) systemd.add(unit);
  const joining = joinUnit(boot, cluster, systemd);
  if (joining) systemd.add(joining);
  const programs = kind.shellPrograms?.({ services: systemd, journal: journalOf(machine, systemd) });
  if (programs)
    systemd.add({
      name: 'ssh',
      description: 'OpenBSD Secure Shell server',
      program: sshd(programs),
      argv: [],
      restartMs: SSH_RESTART_MS,
      isHidden: true,
    });
  return {
    ...(await kind.offers?.(init)),
    signal(component, signal) {
      if (component !== undefined && systemd.has(component) && (signal === 'START' || signal === 'TERM'))
        return Promise.resolve(signal === 'START' ? systemd.start(component) : systemd.terminate(component));
      if (signal === 'START') return Promise.resolve(false);
      return Promise.resolve(machine.signal(component, signal));
    },
    async planChanged(provisioning) {
      writePlan(machine.files, boot.role, (provisioning as unknown as Provisioning).machines);
      await machine.files.sync();
    },
    components: () => Promise.resolve(statusOf(machine)),
    counts: () => Promise.resolve({ ...machine.counts(), openFiles: 0 }),
    logs: (component, tailLines) =>
      Promise.resolve(
        machine.recorder
          .journal(component)
          .slice(-tailLines)
          .map(({ message }) => message),
      ),
    clockSkew(skewMs) {
      machine.setClockSkew(skewMs);
      return Promise.resolve();
    },
  };
}
