/** systemd as far as a node has it: units with a restart policy, started at boot, restarted after 10 s (kubelet) or at once with a limit. */
import { componentMachine, startActor } from '#lifecycle';
import type { Child, Process, Program } from '#host';

/** A unit: a service that runs a program. */
export interface Unit {
  /** Name of the unit and of the component, without `.service`. */
  readonly name: string;
  readonly program: Program;
  readonly argv: readonly string[];
  /** RestartSec of the unit. */
  readonly restartMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Type=oneshot: not run again once it ended with 0. */
  readonly isOneShot?: boolean;
}

/** What one may ask of a unit. */
export interface Systemd {
  start(unit: string): boolean;
  /** SIGTERM and no restart until it is started again. */
  stop(unit: string): boolean;
  has(unit: string): boolean;
}

interface Running {
  child: Child | undefined;
  isWanted: boolean;
}

/** Runs `units` as children of `process` (the init of a machine). Standard error of a unit goes to its journal. */
export function startSystemd(process: Process, units: readonly Unit[]): Systemd {
  const states = new Map<string, Running>();
  const journal = (unit: string) => ({
    write(chunk: Uint8Array | string): Promise<void> {
      const text = typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
      process.telemetry.log('info', `${unit}: ${text.trimEnd()}`);
      return Promise.resolve();
    },
    close: () => undefined,
  });
  const launch = (unit: Unit, state: Running): void => {
    const actor = startActor(componentMachine, {
      clock: process.clock,
      id: `unit/${unit.name}`,
      onState: (value) => unit.isOneShot || process.telemetry.lifecycle(unit.name, value),
    });
    const run = (): void => {
      actor.send({ type: 'START' });
      const child = process.kernel!.spawnDetached(unit.program, {
        name: unit.name,
        ...(unit.isOneShot ? {} : { component: unit.name }),
        argv: unit.argv,
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...unit.env },
        privileged: true,
        stdout: journal(unit.name),
        stderr: journal(unit.name),
      });
      state.child = child;
      actor.send({ type: 'READY' });
      void child.exit.then(({ code, signal }) => {
        state.child = undefined;
        actor.send({ type: 'EXITED', code });
        process.telemetry.log(
          code === 0 ? 'info' : 'warning',
          `${unit.name}.service: Main process exited, code=${signal ? 'killed' : 'exited'}, status=${signal ?? code}`,
        );
        if (!state.isWanted || (unit.isOneShot && code === 0)) return;
        actor.send({ type: 'BACK_OFF' });
        process.clock.after(unit.restartMs, () => {
          if (state.isWanted && !state.child) run();
        });
      });
    };
    run();
  };
  for (const unit of units) {
    const state: Running = { child: undefined, isWanted: true };
    states.set(unit.name, state);
    launch(unit, state);
  }
  return {
    has: (name) => states.has(name),
    start(name) {
      const state = states.get(name);
      const unit = units.find((candidate) => candidate.name === name);
      if (!state || !unit || state.child) return false;
      state.isWanted = true;
      launch(unit, state);
      return true;
    },
    stop(name) {
      const state = states.get(name);
      if (!state?.child) return false;
      state.isWanted = false;
      state.child.kill('TERM');
      return true;
    },
  };
}
