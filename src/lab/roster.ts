/** What is known of every machine: power, state, components; kept from telemetry, which tells changes only. */
import type { management } from '#contracts';
import type { PlannedMachine } from './cluster-spec.ts';
import type { ComponentInfo, LabEvents, MachineInfo } from './lab.ts';

/** The roster of one lab. */
export interface Roster {
  plan(machines: readonly PlannedMachine[], powerOf: (name: string) => 'on' | 'off'): void;
  /** One machine more, off until told otherwise. */
  add(machine: PlannedMachine): void;
  /** The machine is gone. */
  remove(name: string): void;
  setState(name: string, state: MachineInfo['state']): void;
  /** Takes a batch in; gives the Raft movements in it. */
  take(batch: management.TelemetryBatch): LabEvents['raft'][];
  list(): MachineInfo[];
}

interface Entry {
  readonly planned: PlannedMachine;
  state: MachineInfo['state'];
  readonly components: Map<string, management.ComponentStatus>;
}

const toInfo = (status: management.ComponentStatus): ComponentInfo => {
  const { isFrozen, ...facts } = status.facts ?? {};
  return { ...status, facts, state: isFrozen === true ? 'frozen' : status.state };
};

/** An empty roster; `onChange` hears of each machine that changed. */
export function createRoster(onChange: (machine: MachineInfo) => void): Roster {
  const entries = new Map<string, Entry>();
  const infoOf = ({ planned, state, components }: Entry): MachineInfo => ({
    name: planned.name,
    roles: [planned.role],
    power: state === 'off' || state === 'down' ? 'off' : 'on',
    state,
    address: planned.address,
    zone: planned.zone,
    // Pods and containers tell their lifecycle too, under names with slashes; components are what a machine is made of.
    components: [...components.values()].filter(({ name }) => !name.includes('/')).map(toInfo),
  });
  return {
    plan(machines, powerOf) {
      entries.clear();
      for (const planned of machines)
        entries.set(planned.name, { planned, state: powerOf(planned.name) === 'on' ? 'booting' : 'off', components: new Map() });
      for (const entry of entries.values()) onChange(infoOf(entry));
    },
    add(planned) {
      const entry: Entry = { planned, state: 'off', components: new Map() };
      entries.set(planned.name, entry);
      onChange(infoOf(entry));
    },
    remove: (name) => void entries.delete(name),
    setState(name, state) {
      const entry = entries.get(name);
      if (!entry) return;
      entry.state = state;
      if (state === 'off' || state === 'down' || state === 'booting') entry.components.clear();
      onChange(infoOf(entry));
    },
    take(batch) {
      const entry = entries.get(batch.machine);
      if (!entry || entry.state === 'off' || entry.state === 'down') return [];
      const movements: LabEvents['raft'][] = [];
      for (const component of batch.components) {
        const before = entry.components.get(component.name)?.raft;
        entry.components.set(component.name, component);
        const { raft } = component;
        if (
          raft &&
          (raft.term !== before?.term || raft.role !== before.role || raft.commit !== before.commit || raft.applied !== before.applied)
        )
          movements.push({ machine: batch.machine, ...raft });
      }
      if (batch.components.length > 0) onChange(infoOf(entry));
      return movements;
    },
    list: () => [...entries.values()].map(infoOf),
  };
}
