/** ps and kill over the machine's process table; in a container over its own; another process without the kernel facet sees only itself. */
import type { Program, Signal } from '#host';
import { applet } from '../applet.ts';
import { SIGNAL_NUMBERS } from '../jobs.ts';

/** ps: -e -f aux. */
export const ps = applet({ flags: 'efauxAl', values: 'po' }, async (process, options) => {
  const own = {
    pid: process.pid,
    parentPid: 0,
    name: process.name,
    argv: process.argv,
    state: 'running' as const,
    startedMs: 0,
    component: undefined,
    namespace: 'host',
  };
  const everything =
    options.has('e') || options.has('A') || options.has('a') || options.operands.some((operand) => /^[aux]+$/.test(operand));
  const table = process.peers?.processes() ?? process.kernel?.processes() ?? [own];
  const rows =
    everything || process.peers || !process.kernel
      ? table
      : table.filter(
          ({ pid, parentPid }) =>
            pid === process.pid ||
            parentPid === table.find((info) => info.pid === process.pid)?.parentPid ||
            pid === table.find((info) => info.pid === process.pid)?.parentPid,
        );
  const full = options.has('f') || options.operands.length > 0;
  const header = full
    ? `${'UID'.padEnd(8)} ${'PID'.padStart(7)} ${'PPID'.padStart(7)} S CMD\n`
    : `${'PID'.padStart(7)} TTY          TIME CMD\n`;
  const lines = rows.map(({ pid, parentPid, name, argv, state }) =>
    full
      ? `${'root'.padEnd(8)} ${String(pid).padStart(7)} ${String(parentPid).padStart(7)} ${state === 'stopped' ? 'T' : 'S'} ${[name, ...argv].join(' ')}\n`
      : `${String(pid).padStart(7)} pts/0    00:00:00 ${name}\n`,
  );
  await process.stdout.write(header + lines.join(''));
  return 0;
});

/** kill */
export const killProgram: Program = async (process) => {
  const words = [...process.argv];
  let signal = 'TERM';
  if (words[0] === '-s') signal = words.splice(0, 2)[1] ?? '';
  else if (/^-\w/.test(words[0] ?? '')) signal = words.shift()!.slice(1);
  signal = signal.toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(signal)) signal = Object.entries(SIGNAL_NUMBERS).find(([, number]) => number === Number(signal))?.[0] ?? '';
  if (!(signal in SIGNAL_NUMBERS)) {
    await process.stderr.write('kill: invalid signal\n');
    return 1;
  }
  let status = 0;
  for (const word of words) {
    if ((process.peers ?? process.kernel)?.signal(Number(word), signal as Signal)) continue;
    await process.stderr.write(`kill: (${word}): No such process\n`);
    status = 1;
  }
  return status;
};
