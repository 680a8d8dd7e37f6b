/** The journal of a machine: what its units and systemd itself said, as the recorder kept it, in the order of time. */
import { klogLine } from '#client';
import type { Machine } from '#host';
import type { Journal, JournalEntry, ServiceManager } from '#node-tools';

type Log = ReturnType<Machine['recorder']['journal']>[number];

/** Units whose own lines are klog's. */
const KLOG_UNITS: readonly string[] = ['kubelet'];
const SYSTEMD = 'systemd';

const withAttributes = ({ message, attributes = {} }: Log): string =>
  [message, ...Object.entries(attributes).map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(' ');

/** Reads the journal of `machine`, whose units `services` knows. */
export function journalOf(machine: Machine, services: Pick<ServiceManager, 'units'>): Journal {
  // The same line is the same object each time, so that a follower knows where it was.
  const entries = new WeakMap<Log, JournalEntry>();
  const entryOf = (log: Log, unit: string, pid: number, message: string): JournalEntry => {
    const known = entries.get(log);
    if (known) return known;
    const entry: JournalEntry = { unit, wallMs: machine.facts.bootedWallMs + log.atMs, pid, message };
    entries.set(log, entry);
    return entry;
  };
  const ofUnit = (unit: string, pid: number): JournalEntry[] =>
    machine.recorder.journal(unit).map((log) => {
      const text = withAttributes(log);
      return entryOf(
        log,
        unit,
        pid,
        KLOG_UNITS.includes(unit) ? klogLine(log.level, machine.facts.bootedWallMs + log.atMs, pid, unit, text).trimEnd() : text,
      );
    });
  const ofSystemd = (names: ReadonlyMap<string, number>, wanted: string | undefined): JournalEntry[] =>
    machine.recorder.journal(SYSTEMD).flatMap((log) => {
      const [, name = '', isService, rest = ''] = /^([\w-]+)(\.service)?: ([^]*)$/.exec(log.message) ?? [];
      if (wanted !== undefined && name !== wanted) return [];
      if (name === '' || isService || !names.has(name)) return [entryOf(log, SYSTEMD, 1, log.message)];
      return [entryOf(log, name, names.get(name) ?? 1, rest)];
    });
  return {
    entries(unit) {
      const pids = new Map(services.units().map(({ name, pid }) => [name, pid ?? 1]));
      const names = unit === undefined ? [...pids.keys()] : [unit];
      return [...names.flatMap((name) => ofUnit(name, pids.get(name) ?? 1)), ...ofSystemd(pids, unit)].sort(
        (one, other) => one.wallMs - other.wallMs,
      );
    },
  };
}
