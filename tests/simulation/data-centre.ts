/** The lab's data centre over the simulation: whole clusters in one Node thread, on a virtual clock, from a seed. */
import { readFileSync } from 'node:fs';
import { startNode, startWorkstation, takeBatch, type MachineControl } from '#cluster';
import type { management } from '#contracts';
import { createSimulation, type Simulation } from '#host/simulated';
import { createLab, memoryStore, type ClusterSpec, type Lab, type LabStore } from '#lab';
import { labFetch } from '#lab/fetch';

/** Wall clock at the beginning of every simulation. */
export const SIMULATED_START_MS = Date.UTC(2026, 0, 5, 9, 0, 0);

/** The late data of a built lab. */
const assets: Readonly<Record<string, string>> = { explain: 'src/api/schema/descriptions.json' };

function asset(name: string): Promise<string> {
  const path = assets[name];
  return path === undefined ? Promise.reject(new Error(`no asset ${name}`)) : Promise.resolve(readFileSync(path, 'utf8'));
}

const nodeTurn = (callback: () => void): void => void setImmediate(callback);

/** A data centre whose machines are objects of `simulation`. Time does not move by itself: whoever holds the simulation drives it. */
export function simulatedDataCentre(simulation: Simulation): management.DataCentre & { readonly batches: management.TelemetryBatch[] } {
  const controls = new Map<string, MachineControl>();
  const batches: management.TelemetryBatch[] = [];
  let onTelemetry: (batch: management.TelemetryBatch) => void = () => undefined;
  const status = (): management.TimeStatus => ({ labMs: simulation.nowMs, rate: 1, mode: 'granted', trueRate: 1, stuck: [] });
  return {
    batches,
    async powerOn(boot) {
      const { machine: name, address, zone } = boot;
      const bootedMs = simulation.nowMs;
      const machine = await simulation.powerOn({ name, address, zone });
      // As a fresh worker opens its disk; the lab puts in the fault that it shall have.
      simulation.disk(name).setFault('none');
      machine.onTelemetry(() =>
        machine.queue.enqueue(() => {
          const batch = takeBatch(machine, boot.incarnation, bootedMs);
          if (!batch) return;
          batches.push(batch);
          if (batches.length > 5_000) batches.splice(0, 1_000);
          onTelemetry(batch);
        }),
      );
      const start = boot.role === 'workstation' ? startWorkstation : startNode;
      const control = await start(machine, boot);
      controls.set(name, control);
      return {
        ...control,
        linkFault(peerAddress: string, fault: management.LinkFault) {
          machine.card.setFault(peerAddress, fault);
          return Promise.resolve();
        },
        diskFault(fault: Parameters<management.MachineManagement['diskFault']>[0]) {
          simulation.disk(name).setFault(fault);
          return Promise.resolve();
        },
      } as management.MachineManagement;
    },
    powerOff(name) {
      controls.delete(name);
      simulation.powerOff(name);
    },
    time: {
      setRate: () => Promise.resolve(),
      setHurry: () => Promise.resolve(),
      step: (ms) => simulation.run(ms),
      status,
      onStatus: () => undefined,
    },
    onTelemetry: (listener) => void (onTelemetry = listener),
    onTrouble: () => undefined,
    onDied: () => undefined,
    wipe(_cluster, machines) {
      for (const name of machines) simulation.disk(name).wipe();
      return Promise.resolve();
    },
    close: () => undefined,
  };
}

/** A lab in a simulation, and the simulation that moves it. */
export interface SimulatedLab {
  readonly lab: Lab;
  readonly simulation: Simulation;
  readonly dataCentre: ReturnType<typeof simulatedDataCentre>;
  /** Runs the simulation until a promise of the lab has settled, at most `limitMs` of lab time. */
  settle<T>(promise: Promise<T>, limitMs?: number, what?: string): Promise<T>;
  /** Runs a line on the workstation and gives what it printed. */
  run(line: string, limitMs?: number): ReturnType<Lab['run']>;
}

/** Opens a lab on a simulation of its own. It boots while the simulation is driven (`settle(lab.ready)`). */
export async function simulatedLab(seed: string, spec: Partial<ClusterSpec> = {}, store: LabStore = memoryStore()): Promise<SimulatedLab> {
  const simulation = createSimulation({ seed, turn: nodeTurn, startWallMs: SIMULATED_START_MS, asset });
  const dataCentre = simulatedDataCentre(simulation);
  const lab = await createLab({
    spec,
    dataCentre,
    store,
    cluster: 'simulated',
    version: 'test',
    storage: 'memory',
    realWallMs: () => SIMULATED_START_MS,
    fetchThrough: labFetch,
  });
  const settle = <T>(promise: Promise<T>, limitMs = 120_000, what = 'the lab'): Promise<T> => simulation.settle(promise, limitMs, what);
  return { lab, simulation, dataCentre, settle, run: (line, limitMs) => settle(lab.run(line), limitMs, line) };
}
