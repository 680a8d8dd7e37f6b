/** journalctl over the machine's own journal: -u -n -f -r -e --no-pager --since --until -o short|cat|short-iso. The journal is of this boot and bounded (see DIFFERENCES). */
import { goDuration } from './go-duration.ts';
import { readOptions, UsageError } from '#shell';
import type { Program } from '#host';
import type { Journal, JournalEntry } from './service-manager.ts';

/** How often -f looks for new lines. */
const FOLLOW_MS = 250;
const MONTHS: readonly string[] = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Nov 21 00:22:22`. */
export function journalTime(wallMs: number): string {
  const iso = new Date(wallMs).toISOString();
  return `${MONTHS[Number(iso.slice(5, 7)) - 1]!} ${iso.slice(8, 10)} ${iso.slice(11, 19)}`;
}

/** A line as journalctl prints it. */
export function journalLine(hostname: string, { unit, wallMs, pid, message }: JournalEntry, format: string): string {
  if (format === 'cat') return `${message}\n`;
  const time = format.startsWith('short-iso') ? `${new Date(wallMs).toISOString().slice(0, 19)}+0000` : journalTime(wallMs);
  return message
    .split('\n')
    .map((line, at) =>
      at === 0 ? `${time} ${hostname} ${unit}[${pid}]: ${line}\n` : `${' '.repeat(time.length + hostname.length + 2)}${line}\n`,
    )
    .join('');
}

/** A time as --since takes it: `2026-01-05 09:00:00`, `-5m`, `5 min ago`, `today`. */
function timeOf(text: string, nowMs: number): number {
  const ago = /^(\d+)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)\s+ago$/.exec(text);
  const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  if (ago) return nowMs - Number(ago[1]) * units[ago[2]![0]!]!;
  if (text.startsWith('-')) return nowMs - goDuration(text.slice(1));
  if (text === 'today') return nowMs - (nowMs % 86_400_000);
  if (text === 'now') return nowMs;
  const parsed = Date.parse(/\d\d:\d\d/.test(text) ? `${text.replace(' ', 'T')}Z` : text);
  if (Number.isNaN(parsed)) throw new UsageError(`Failed to parse timestamp: ${text}`);
  return parsed;
}

/** The program. */
export const journalctl =
  (journal: Journal): Program =>
  async (process) => {
    let options;
    try {
      options = readOptions(process.argv, {
        flags: 'frexbkaq',
        values: 'unoSUpt',
        long: {
          unit: 'u',
          lines: 'n',
          follow: 'f',
          reverse: 'r',
          output: 'o',
          since: 'S',
          until: 'U',
          'no-pager': 'q',
          'pager-end': 'e',
          boot: 'b',
          'no-hostname': 'q',
          identifier: 't',
          priority: 'p',
          catalog: 'x',
          quiet: 'q',
          all: 'a',
          dmesg: 'k',
        },
      });
      const unit = (options.value('u') ?? options.value('t'))?.replace(/\.service$/, '');
      const nowMs = process.clock.wallMs();
      const since = options.has('S') ? timeOf(options.value('S')!, nowMs) : -Infinity;
      const until = options.has('U') ? timeOf(options.value('U')!, nowMs) : Infinity;
      const format = options.value('o') ?? 'short';
      const isWanted = ({ wallMs }: JournalEntry): boolean => wallMs >= since && wallMs <= until;
      const all = journal.entries(unit).filter(isWanted);
      const count = options.has('n')
        ? Number(options.value('n')!.replace('all', 'Infinity'))
        : options.has('f')
          ? 10
          : options.has('e')
            ? 1_000
            : Infinity;
      const shown = count === Infinity ? [...all] : all.slice(-count);
      if (shown.length === 0 && !options.has('f')) {
        await process.stdout.write('-- No entries --\n');
        return 0;
      }
      if (options.has('r')) shown.reverse();
      const show = (entries: readonly JournalEntry[]): Promise<void> =>
        process.stdout.write(entries.map((entry) => journalLine(process.hostname, entry, format)).join(''));
      await show(shown);
      if (!options.has('f')) return 0;
      let last = all.at(-1);
      for (;;) {
        await process.clock.sleep(FOLLOW_MS);
        const now = journal.entries(unit).filter(isWanted);
        // The journal forgets its oldest lines; the newest line seen says where to go on.
        const at = last === undefined ? -1 : now.lastIndexOf(last);
        const fresh = now.slice(at + 1);
        if (fresh.length === 0) continue;
        await show(fresh);
        last = fresh.at(-1);
      }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      await process.stderr.write(`journalctl: ${error.message}\n`);
      return 1;
    }
  };
