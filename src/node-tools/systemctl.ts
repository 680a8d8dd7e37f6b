/** systemctl: status, start, stop, restart, is-active, is-enabled, enable, disable, list-units, daemon-reload, of the units this machine runs. */
import type { Process, Program } from '#host';
import { journalLine } from './journalctl.ts';
import type { JournalEntry, NodeServices, UnitStatus } from './service-manager.ts';

/** Exit codes of systemctl: not active, no such unit. */
const NOT_ACTIVE = 3;
const NO_SUCH_UNIT = 4;
const LINES = 10;

const DAYS: readonly string[] = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const stamp = (wallMs: number): string =>
  `${DAYS[new Date(wallMs).getUTCDay()]!} ${new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** `2min 3s ago`, the two largest units. */
function ago(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1_000));
  const parts = (
    [
      ['d', 86_400],
      ['h', 3_600],
      ['min', 60],
      ['s', 1],
    ] as const
  ).reduce<{ left: number; texts: string[] }>(
    ({ left, texts }, [unit, seconds]) =>
      left >= seconds ? { left: left % seconds, texts: [...texts, `${Math.floor(left / seconds)}${unit}`] } : { left, texts },
    { left: total, texts: [] },
  ).texts;
  return `${parts.length === 0 ? '0s' : parts.slice(0, 2).join(' ')} ago`;
}

const SUB_STATES: Readonly<Record<UnitStatus['state'], string>> = {
  active: 'running',
  activating: 'auto-restart',
  inactive: 'dead',
  failed: 'failed',
};

function statusText(unit: UnitStatus, nowMs: number, hostname: string, lines: readonly JournalEntry[]): string {
  const { name, description, isEnabled, state, isOneShot, pid, argv, sinceWallMs, exitCode } = unit;
  const dot = state === 'active' ? '●' : state === 'failed' ? '×' : state === 'activating' ? '●' : '○';
  const sub = isOneShot && state === 'active' ? 'exited' : SUB_STATES[state];
  const detail = state === 'activating' ? ` (Result: exit-code)` : '';
  const rows = [
    `${dot} ${name}.service - ${description}`,
    `     Loaded: loaded (/usr/lib/systemd/system/${name}.service; ${isEnabled ? 'enabled' : 'disabled'}; preset: enabled)`,
    ...(name === 'kubelet' ? ['    Drop-In: /usr/lib/systemd/system/kubelet.service.d', '             └─10-kubeadm.conf'] : []),
    `     Active: ${state} (${sub})${detail} since ${stamp(sinceWallMs)}; ${ago(nowMs - sinceWallMs)}`,
    ...(exitCode !== undefined && pid === undefined
      ? [`    Process: ExecStart=${argv.join(' ')} (code=exited, status=${exitCode}${exitCode === 0 ? '/SUCCESS' : '/FAILURE'})`]
      : []),
    ...(pid === undefined
      ? []
      : [`   Main PID: ${pid} (${name})`, `     CGroup: /system.slice/${name}.service`, `             └─${pid} ${argv.join(' ')}`]),
  ];
  return `${rows.join('\n')}\n\n${lines.map((entry) => journalLine(hostname, entry, 'short')).join('')}`;
}

function listText(units: readonly UnitStatus[]): string {
  const width = Math.max(4, ...units.map(({ name }) => name.length + 8));
  const rows = units.map(({ name, state, isOneShot, description }) => {
    const sub = isOneShot && state === 'active' ? 'exited' : SUB_STATES[state];
    return `${state === 'failed' ? '●' : ' '} ${`${name}.service`.padEnd(width)} loaded ${state.padEnd(10)} ${sub.padEnd(12)} ${description}`;
  });
  return `  ${'UNIT'.padEnd(width)} LOAD   ACTIVE     SUB          DESCRIPTION\n${rows.join('\n')}\n\nLegend: LOAD   → Reflects whether the unit definition was properly loaded.\n        ACTIVE → The high-level unit activation state, i.e. generalization of SUB.\n        SUB    → The low-level unit activation state, values depend on unit type.\n\n${units.length} loaded units listed.\n`;
}

type Verb = (process: Process, services: NodeServices, unit: UnitStatus) => Promise<number>;

const verbs: Readonly<Record<string, Verb>> = Object.freeze({
  async status(process, { journal }, unit) {
    await process.stdout.write(statusText(unit, process.clock.wallMs(), process.hostname, journal.entries(unit.name).slice(-LINES)));
    return unit.state === 'active' ? 0 : NOT_ACTIVE;
  },
  async start(_, { services }, unit) {
    if (unit.state !== 'active') services.start(unit.name);
    return Promise.resolve(0);
  },
  async stop(_, { services }, unit) {
    await services.stop(unit.name);
    return 0;
  },
  async restart(_, { services }, unit) {
    await services.restart(unit.name);
    return 0;
  },
  async 'is-active'(process, _, unit) {
    await process.stdout.write(`${unit.state}\n`);
    return unit.state === 'active' ? 0 : NOT_ACTIVE;
  },
  async 'is-enabled'(process, _, unit) {
    await process.stdout.write(`${unit.isEnabled ? 'enabled' : 'disabled'}\n`);
    return unit.isEnabled ? 0 : 1;
  },
  async enable(process, { services }, unit) {
    if (!unit.isEnabled)
      await process.stderr.write(
        `Created symlink /etc/systemd/system/multi-user.target.wants/${unit.name}.service → /usr/lib/systemd/system/${unit.name}.service.\n`,
      );
    await services.setEnabled(unit.name, true);
    if (process.argv.includes('--now') && unit.state !== 'active') services.start(unit.name);
    return 0;
  },
  async disable(process, { services }, unit) {
    if (unit.isEnabled) await process.stderr.write(`Removed "/etc/systemd/system/multi-user.target.wants/${unit.name}.service".\n`);
    await services.setEnabled(unit.name, false);
    if (process.argv.includes('--now')) await services.stop(unit.name);
    return 0;
  },
} satisfies Record<string, Verb>);

/** The program. */
export const systemctl =
  (node: NodeServices): Program =>
  async (process) => {
    const [given = 'list-units', ...names] = process.argv.filter((word) => !word.startsWith('-'));
    if (given === 'daemon-reload' || given === 'daemon-reexec') return 0;
    if (given === 'list-units' || (given === 'status' && names.length === 0)) {
      await process.stdout.write(listText(node.services.units()));
      return 0;
    }
    const verb = Object.hasOwn(verbs, given === 'reload-or-restart' ? 'restart' : given)
      ? verbs[given === 'reload-or-restart' ? 'restart' : given]
      : undefined;
    if (!verb) {
      await process.stderr.write(`Unknown command verb '${given}'.\n`);
      return 1;
    }
    if (names.length === 0) {
      await process.stderr.write('Too few arguments.\n');
      return 1;
    }
    let status = 0;
    for (const name of names) {
      const unit = node.services.units().find((candidate) => candidate.name === name.replace(/\.service$/, ''));
      if (unit) {
        status = (await verb(process, node, unit)) || status;
        continue;
      }
      const full = name.includes('.') ? name : `${name}.service`;
      if (given === 'is-active') await process.stdout.write('inactive\n');
      else
        await process.stderr.write(
          given === 'status' ? `Unit ${full} could not be found.\n` : `Failed to ${given} ${full}: Unit ${full} not found.\n`,
        );
      status = given === 'status' || given === 'is-active' ? NO_SUCH_UNIT : 5;
    }
    return status;
  };
