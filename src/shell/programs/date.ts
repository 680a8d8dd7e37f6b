/** date: the wall clock, +FORMAT, -u, -d @seconds or a time text, -I, -R. Always UTC. */
import { applet, UsageError } from '../applet.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** strftime in UTC. */
export function formatDate(ms: number, format: string): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = DAYS[date.getUTCDay()]!;
  const month = MONTHS[date.getUTCMonth()]!;
  const yearDay = Math.floor((ms - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
  const parts: Readonly<Record<string, string>> = {
    Y: String(date.getUTCFullYear()),
    m: two(date.getUTCMonth() + 1),
    d: two(date.getUTCDate()),
    e: String(date.getUTCDate()).padStart(2),
    H: two(date.getUTCHours()),
    M: two(date.getUTCMinutes()),
    S: two(date.getUTCSeconds()),
    N: `${String(date.getUTCMilliseconds()).padStart(3, '0')}000000`,
    s: String(Math.floor(ms / 1000)),
    a: day.slice(0, 3),
    A: day,
    b: month.slice(0, 3),
    h: month.slice(0, 3),
    B: month,
    j: String(yearDay).padStart(3, '0'),
    u: String(date.getUTCDay() || 7),
    w: String(date.getUTCDay()),
    y: two(date.getUTCFullYear() % 100),
    Z: 'UTC',
    z: '+0000',
    n: '\n',
    t: '\t',
    '%': '%',
    I: two(date.getUTCHours() % 12 || 12),
    p: date.getUTCHours() < 12 ? 'AM' : 'PM',
  };
  const expanded = format
    .replace(/%F/g, '%Y-%m-%d')
    .replace(/%T/g, '%H:%M:%S')
    .replace(/%R/g, '%H:%M')
    .replace(/%D/g, '%m/%d/%y')
    .replace(/%c/g, '%a %b %e %H:%M:%S %Y')
    .replace(/%([-_]?)(\d?)N/g, (_, _flag: string, digits: string) =>
      digits ? String(date.getUTCMilliseconds()).padStart(3, '0').padEnd(9, '0').slice(0, Number(digits)) : '%N',
    );
  return expanded.replace(/%(-?)(.)/g, (match, bare: string, letter: string) =>
    bare ? (parts[letter] ?? match).replace(/^[0 ]+(?=.)/, '') : (parts[letter] ?? match),
  );
}

const UNITS: Readonly<Record<string, number>> = { second: 1, sec: 1, minute: 60, min: 60, hour: 3600, day: 86_400, week: 604_800 };

function readDate(text: string, nowMs: number): number {
  if (/^@-?\d+(\.\d+)?$/.test(text)) return Number(text.slice(1)) * 1000;
  if (text === 'now' || text === '') return nowMs;
  if (text === 'tomorrow') return nowMs + 86_400_000;
  if (text === 'yesterday') return nowMs - 86_400_000;
  const relative = /^([-+]?\d+)\s*(second|sec|minute|min|hour|day|week)s?(\s+ago)?$/.exec(text);
  if (relative) return nowMs + Number(relative[1]) * UNITS[relative[2]!]! * 1000 * (relative[3] ? -1 : 1);
  const parsed = Date.parse(
    /^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?$/.test(text)
      ? `${text.replace(' ', 'T')}Z`
      : /[Zz]|[-+]\d\d:?\d\d$|GMT|UTC/.test(text)
        ? text
        : `${text} UTC`,
  );
  if (Number.isNaN(parsed)) throw new UsageError(`invalid date '${text}'`);
  return parsed;
}

/** date */
export const date = applet(
  { flags: 'uR', values: 'd', long: { utc: 'u', date: 'd', 'iso-8601': 'iso', 'rfc-3339': 'rfc' }, longValues: ['rfc'] },
  async (process, options) => {
    const ms = readDate(options.value('d') ?? 'now', process.clock.wallMs());
    const [format] = options.operands;
    if (format !== undefined && !format.startsWith('+')) throw new UsageError(`invalid date '${format}'`);
    let pattern = format?.slice(1) ?? '%a %b %e %H:%M:%S UTC %Y';
    if (options.has('R')) pattern = '%a, %d %b %Y %H:%M:%S +0000';
    if (options.has('iso')) pattern = options.value('iso') === 'seconds' ? '%Y-%m-%dT%H:%M:%S+00:00' : '%Y-%m-%d';
    await process.stdout.write(`${formatDate(ms, pattern)}\n`);
    return 0;
  },
);
