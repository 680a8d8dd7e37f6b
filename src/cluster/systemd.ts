/** systemd as far as a node has it: units with a restart policy, started at boot unless disabled, restarted when they end by themselves. */
import { componentMachine, startActor } from '#lifecycle';
import type { Child, Files, Process, Program } from '#host';
import type { ServiceManager, UnitStatus } from '#node-tools';

/** A unit: a service that runs a program. */
export interface Unit {
  /** Name of the unit and of the component, without `.service`. */
  readonly name: string;
  readonly program: Program;
  readonly argv: readonly string[];
  /** RestartSec of the unit. */
  readonly restartMs: number;
  /** Description= of the unit. */
  readonly description?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Type=oneshot: not run again once it ended with 0. */
  readonly isOneShot?: boolean;
  /** A service nobody looks at on the map (sshd). */
  readonly isHidden?: boolean;
}

/** What one may ask of units. */
export interface Systemd extends ServiceManager {
  has(unit: string): boolean;
  /** SIGTERM and no restart until it is started again. */
  terminate(unit: string): boolean;
  /** Takes a unit more, and starts it unless it is disabled. */
  add(unit: Unit): void;
}

interface Running {
  readonly unit: Unit;
  child: Child | undefined;
  isWanted: boolean;
  sinceWallMs: number;
  restarts: number;
  exitCode: number | undefined;
}

const UNIT_FILES = '/usr/lib/systemd/system';
const WANTED = '/etc/systemd/system/multi-user.target.wants';

const unitText = (unit: Unit): string =>
  [
    '[Unit]',
    `Description=${unit.description ?? unit.name}`,
    '',
    '[Service]',
    `ExecStart=/usr/bin/${[unit.name, ...unit.argv].join(' ')}`,
    ...(unit.isOneShot ? ['Type=oneshot', 'RemainAfterExit=yes'] : ['Restart=always']),
    `RestartSec=${unit.restartMs / 1_000}`,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');

/** Installs the unit file at the first boot; tells whether the unit is enabled. */
function install(files: Files, unit: Unit): boolean {
  const [file, wanted] = [`${UNIT_FILES}/${unit.name}.service`, `${WANTED}/${unit.name}.service`];
  if (!files.stat(file)) {
    files.makeDirectory(UNIT_FILES, { recursive: true });
    files.makeDirectory(WANTED, { recursive: true });
    files.write(file, unitText(unit), { mode: 0o644 });
    if (!files.stat(wanted, { follow: false })) files.symlink(file, wanted);
  }
  return files.stat(wanted, { follow: false }) !== undefined;
}

/** Runs a unit and keeps it running. Standard error of a unit goes to its journal. */
function launch(process: Process, state: Running): void {
  const { unit } = state;
  const journal = {
    write(chunk: Uint8Array | string): Promise<void> {
      const text = typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
      process.telemetry.log('info', `${unit.name}: ${text.trimEnd()}`);
      return Promise.resolve();
    },
    close: () => undefined,
  };
  const isShown = !unit.isOneShot && !unit.isHidden;
  const actor = startActor(componentMachine, {
    clock: process.clock,
    id: `unit/${unit.name}`,
    onState: (value) => void (isShown && process.telemetry.lifecycle(unit.name, value)),
  });
  const tell = (text: string, isFailure = false): void =>
    process.telemetry.log(isFailure ? 'warning' : 'info', `${unit.name}.service: ${text}`);
  const run = (): void => {
    actor.send({ type: 'START' });
    const child = process.kernel!.spawnDetached(unit.program, {
      name: unit.name,
      ...(isShown ? { component: unit.name } : {}),
      argv: unit.argv,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...unit.env },
      privileged: true,
      stdout: journal,
      stderr: journal,
    });
    state.child = child;
    state.sinceWallMs = process.clock.wallMs();
    actor.send({ type: 'READY' });
    void child.exit.then(({ code, signal }) => {
      state.child = undefined;
      state.exitCode = code;
      state.sinceWallMs = process.clock.wallMs();
      actor.send({ type: 'EXITED', code });
      tell(`Main process exited, code=${signal ? 'killed' : 'exited'}, status=${signal ?? code}`, code !== 0);
      if (!state.isWanted || (unit.isOneShot && code === 0)) return;
      actor.send({ type: 'BACK_OFF' });
      process.clock.after(unit.restartMs, () => {
        if (!state.isWanted || state.child) return;
        state.restarts++;
        tell(`Scheduled restart job, restart counter is at ${state.restarts}.`);
        run();
      });
    });
  };
  run();
}

function stateOf({ unit, child, isWanted, exitCode }: Running): UnitStatus['state'] {
  if (child) return unit.isOneShot ? 'activating' : 'active';
  if (unit.isOneShot && exitCode === 0) return 'active';
  if (isWanted && exitCode !== undefined) return 'activating';
  return 'inactive';
}

/** Runs `units` as processes of nobody, under `process` (the init of a machine). */
export function startSystemd(process: Process, units: readonly Unit[]): Systemd {
  const { files } = process;
  const states = new Map<string, Running>();
  const isEnabled = (name: string): boolean => files.stat(`${WANTED}/${name}.service`, { follow: false }) !== undefined;
  const statusOf = (state: Running): UnitStatus => ({
    name: state.unit.name,
    description: state.unit.description ?? state.unit.name,
    isEnabled: isEnabled(state.unit.name),
    state: stateOf(state),
    isOneShot: state.unit.isOneShot ?? false,
    pid: state.child?.pid,
    argv: [`/usr/bin/${state.unit.name}`, ...state.unit.argv],
    sinceWallMs: state.sinceWallMs,
    restarts: state.restarts,
    exitCode: state.exitCode,
  });
  const systemd: Systemd = {
    units: () => [...states.values()].map(statusOf),
    has: (name) => states.has(name),
    add(unit) {
      const enabled = install(files, unit);
      const state: Running = {
        unit,
        child: undefined,
        isWanted: enabled,
        sinceWallMs: process.clock.wallMs(),
        restarts: 0,
        exitCode: undefined,
      };
      states.set(unit.name, state);
      if (enabled) launch(process, state);
    },
    start(name) {
      const state = states.get(name);
      if (!state || state.child) return false;
      state.isWanted = true;
      launch(process, state);
      return true;
    },
    terminate(name) {
      const state = states.get(name);
      if (!state) return false;
      const wasRunning = state.child !== undefined;
      state.isWanted = false;
      state.exitCode = undefined;
      state.child?.kill('TERM');
      return wasRunning;
    },
    async stop(name) {
      const child = states.get(name)?.child;
      const known = states.has(name);
      systemd.terminate(name);
      await child?.exit;
      return known;
    },
    async restart(name) {
      if (!(await systemd.stop(name))) return false;
      return systemd.start(name);
    },
    async setEnabled(name, enabled) {
      if (!states.has(name)) return false;
      const wanted = `${WANTED}/${name}.service`;
      if (enabled && !isEnabled(name)) files.symlink(`${UNIT_FILES}/${name}.service`, wanted);
      if (!enabled && isEnabled(name)) files.remove(wanted);
      await files.sync();
      return true;
    },
  };
  for (const unit of units) systemd.add(unit);
  return systemd;
}
