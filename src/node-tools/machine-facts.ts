/** Programs that tell of the machine: df, free, mount, uptime, top. Sizes are the machine's nominal ones; what processes use is not measured (see DIFFERENCES). */
import type { Files, Process, Program } from '#host';
import { readOptions } from '#shell';

const KIB = 1024;

/** Bytes of all files below a directory. */
function usedBytes(files: Files, path: string): number {
  let sum = 0;
  for (const name of files.list(path)) {
    const child = `${path === '/' ? '' : path}/${name}`;
    const stat = files.stat(child, { follow: false });
    if (stat?.kind === 'directory') sum += usedBytes(files, child);
    else sum += stat?.sizeBytes ?? 0;
  }
  return sum;
}

const human = (bytes: number): string => {
  const units = ['', 'K', 'M', 'G', 'T'];
  let at = 0;
  let value = bytes;
  while (value >= KIB && at < units.length - 1) {
    value /= KIB;
    at++;
  }
  return `${at > 0 && value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : Math.ceil(value)}${units[at]!}`;
};

const unprivileged = async (process: Process): Promise<number> => {
  await process.stderr.write(`${process.name}: /proc is not mounted\n`);
  return 1;
};

/** df [-h]. */
export const df: Program = async (process) => {
  if (!process.kernel) return unprivileged(process);
  const isHuman = readOptions(process.argv, { flags: 'haTi' }).has('h');
  const size = process.kernel.facts.storageBytes;
  const used = usedBytes(process.kernel.root, '/');
  const show = (bytes: number): string => (isHuman ? human(bytes) : String(Math.ceil(bytes / KIB)));
  const row = [show(size), show(used), show(size - used)].map((text) => text.padStart(isHuman ? 5 : 9)).join(' ');
  await process.stdout.write(
    `${isHuman ? 'Filesystem      Size  Used Avail Use% Mounted on' : 'Filesystem     1K-blocks      Used Available Use% Mounted on'}\n${'/dev/vda1'.padEnd(14)} ${row} ${`${Math.ceil((100 * used) / size)}%`.padStart(4)} /\n`,
  );
  return 0;
};

/** free [-h|-m]. */
export const free: Program = async (process) => {
  if (!process.kernel) return unprivileged(process);
  const options = readOptions(process.argv, { flags: 'hmgkb' });
  const total = process.kernel.facts.memoryBytes;
  const show = (bytes: number): string =>
    options.has('h')
      ? `${human(bytes)}i`
      : String(Math.round(bytes / (options.has('m') ? KIB ** 2 : options.has('g') ? KIB ** 3 : options.has('b') ? 1 : KIB)));
  const row = (name: string, values: readonly (number | string)[]): string =>
    name.padEnd(7) + values.map((value) => (typeof value === 'number' ? show(value) : value).padStart(12)).join('');
  await process.stdout.write(
    `${' '.repeat(7)}${['total', 'used', 'free', 'shared', 'buff/cache', 'available'].map((name) => name.padStart(12)).join('')}\n${row('Mem:', [total, 'n/a', 'n/a', 'n/a', 'n/a', 'n/a'])}\n${row('Swap:', [0, 0, 0])}\n`,
  );
  return 0;
};

/** mount. */
export const mount: Program = async (process) => {
  if (process.argv.some((word) => !word.startsWith('-'))) {
    await process.stderr.write('mount: only listing is possible in the lab; volumes are mounted by the runtime.\n');
    return 1;
  }
  await process.stdout.write('/dev/vda1 on / type ext4 (rw,relatime)\ntmpfs on /run type tmpfs (rw,nosuid,nodev,mode=755)\n');
  return 0;
};

function since(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = `${Math.floor(minutes / 60) % 24}:${String(minutes % 60).padStart(2, '0')}`;
  const days = Math.floor(minutes / 1_440);
  return days > 0 ? `${days} day${days === 1 ? '' : 's'}, ${hours}` : hours;
}

const uptimeLine = (process: Process): string =>
  `${new Date(process.clock.wallMs()).toISOString().slice(11, 19)} up ${since(process.clock.monotonicMs())},  1 user`;

/** uptime. */
export const uptime: Program = async (process) => {
  await process.stdout.write(` ${uptimeLine(process)}\n`);
  return 0;
};

/** top -b, once: the process table. */
export const top: Program = async (process) => {
  const table = process.kernel?.processes() ?? [];
  const stopped = table.filter(({ state }) => state === 'stopped').length;
  const rows = table.map(
    ({ pid, name, state }) => `${String(pid).padStart(7)} root      20   0 ${state === 'stopped' ? 'T' : 'S'} ${name}`,
  );
  await process.stdout.write(
    `top - ${uptimeLine(process)}\nTasks: ${table.length} total,   0 running, ${table.length - stopped} sleeping, ${stopped} stopped,   0 zombie\n\n    PID USER      PR  NI S COMMAND\n${rows.join('\n')}\n`,
  );
  return 0;
};

/** reboot, poweroff, shutdown, halt: the kernel of the lab has no switch of its own. */
export const noPowerSwitch: Program = async (process) => {
  await process.stderr.write(
    `Failed to talk to init daemon: the power of a machine is switched from outside (the map, or lab.machines.powerOff("${process.hostname}")).\n`,
  );
  return 1;
};
