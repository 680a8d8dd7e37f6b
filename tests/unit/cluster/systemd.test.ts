import { describe, expect, it } from 'vitest';
import type { Machine, Process, Program } from '#host';
import { createSimulation, type Simulation } from '#host/simulated';
import { startSystemd, type Unit } from '../../../src/cluster/systemd.ts';

interface Host {
  readonly simulation: Simulation;
  readonly machine: Machine;
  start(...units: Unit[]): unknown;
}

async function host(): Promise<Host> {
  const simulation = createSimulation({ seed: 'systemd', turn: (run) => void setImmediate(run) });
  const machine = await simulation.powerOn({ name: 'node', address: '10.0.0.1', zone: 'a' });
  const init = await new Promise<Process>((resolve) => {
    machine.spawn(
      (process) => {
        resolve(process);
        return new Promise(() => undefined);
      },
      { name: 'systemd', privileged: true },
    );
  });
  return { simulation, machine, start: (...units) => startSystemd(init, units) };
}

const forever: Program = (process) => new Promise((resolve) => process.onSignal('TERM', () => resolve(0)));
const service = (program: Program, more: Partial<Unit> = {}): Unit => ({ name: 'service', program, argv: [], restartMs: 10_000, ...more });
const running = (machine: Machine): number => machine.kernel.processes().filter(({ name }) => name === 'service').length;

describe('systemd', () => {
  it('starts a unit again after its restart time when it was killed', async () => {
    const { simulation, machine, start } = await host();
    start(service(forever));
    await simulation.run(100);
    expect(running(machine)).toBe(1);
    machine.signal('service', 'KILL');
    await simulation.run(9_900);
    expect(running(machine)).toBe(0);
    await simulation.run(200);
    expect(running(machine)).toBe(1);
    const lines = machine.recorder.journal('systemd').map(({ message }) => message);
    expect(lines).toContain('service.service: Main process exited, code=killed, status=KILL');
  });

  it('runs a oneshot unit until it succeeds, and not again', async () => {
    const { simulation, start } = await host();
    let runs = 0;
    start(service(() => Promise.resolve(++runs < 3 ? 1 : 0), { isOneShot: true, restartMs: 500 }));
    await simulation.run(10_000);
    expect(runs).toBe(3);
  });

  it('writes what a unit prints into its journal', async () => {
    const { simulation, machine, start } = await host();
    start(
      service(async (process) => {
        await process.stderr.write('hello\n');
        return forever(process);
      }),
    );
    await simulation.run(100);
    expect(machine.recorder.journal('systemd').map(({ message }) => message)).toContain('service: hello');
  });
});
