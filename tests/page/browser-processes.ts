/** The processes of a browser that a test started, found in /proc by the profile they run on: to end them all at once, or to count what they cost. */
import { readdirSync, readFileSync } from 'node:fs';

/** Where processes can be looked up; elsewhere tests that need it skip themselves. */
export const hasProcesses = process.platform === 'linux';

/** Clock ticks per second of /proc on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What /proc tells of a process, undefined once it is gone. */
function read(pid: number | string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined;
    throw error;
  }
}

/** Fields of /proc/PID/stat after the name, which may hold spaces itself. */
const statOf = (pid: number): readonly string[] => {
  const text = read(pid, 'stat');
  return text === undefined ? [] : text.slice(text.lastIndexOf(')') + 2).split(' ');
};

const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Process ids of the browser that runs on the profile in `folder`, the first being the browser itself, and of everything it started. */
export function processesOf(folder: string): number[] {
  const pids = allPids();
  const isBrowser = (pid: number): boolean => {
    const words = read(pid, 'cmdline')?.split('\0') ?? [];
    return words.includes(`--user-data-dir=${folder}`) && !words.some((word) => word.startsWith('--type='));
  };
  const parentOf = new Map(pids.map((pid) => [pid, Number(statOf(pid)[1])]));
  const found = pids.filter(isBrowser);
  for (const pid of found) for (const [child, parent] of parentOf) if (parent === pid && !found.includes(child)) found.push(child);
  return found;
}

/** Processor time those processes have used so far, in seconds. */
export function processorSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = statOf(pid);
    return Number(stat[11] ?? 0) + Number(stat[12] ?? 0);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** Ends the browser on a profile as a power cut of the computer would: every process by SIGKILL. Resolves when all are gone. */
export async function killBrowser(folder: string): Promise<void> {
  const pids = processesOf(folder);
  if (pids.length === 0) throw new Error(`no browser runs on ${folder}`);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It ended with its parent.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  const isGone = (pid: number): boolean => [undefined, 'Z'].includes(statOf(pid)[0]);
  while (!pids.every(isGone)) await new Promise((resolve) => setTimeout(resolve, 10));
}
