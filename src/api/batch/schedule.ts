// Schedules in cron form (robfig/cron's standard parser): five fields, names of months and days, @daily and friends, @every.
import { parseDuration } from '#apimachinery';

/** One field: which values it allows; `isStar` when it was given as * or ?. */
interface Field {
  readonly values: ReadonlySet<number>;
  readonly isStar: boolean;
}

/** A schedule: fields, or a period. */
export interface Schedule {
  readonly fields?: readonly [minute: Field, hour: Field, day: Field, month: Field, weekday: Field];
  readonly everyMs?: number;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const bounds: readonly Bounds[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: monthNames },
  { min: 0, max: 6, names: dayNames },
];
const shorthands: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

class ScheduleError extends Error {}

function numberOf(text: string, { min, names }: Bounds): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + min;
  if (!/^\d+$/.test(text))
    throw new ScheduleError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function rangeOf(expression: string, limits: Bounds): Field {
  const [range = '', step, ...more] = expression.split('/');
  const [low = '', high, ...extra] = range.split('-');
  const isStar = low === '*' || low === '?';
  if (!isStar && extra.length > 0) throw new ScheduleError(`too many hyphens: ${expression}`);
  const start = isStar ? limits.min : numberOf(low, limits);
  let end = isStar ? limits.max : high === undefined ? start : numberOf(high, limits);
  if (more.length > 0) throw new ScheduleError(`too many slashes: ${expression}`);
  const stride = step === undefined ? 1 : numberOf(step, { ...limits, names: [] });
  // N/step means N-max/step.
  if (step !== undefined && high === undefined && !isStar) end = limits.max;
  if (start < limits.min) throw new ScheduleError(`beginning of range (${start}) below minimum (${limits.min}): ${expression}`);
  if (end > limits.max) throw new ScheduleError(`end of range (${end}) above maximum (${limits.max}): ${expression}`);
  if (start > end) throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${expression}`);
  if (stride === 0) throw new ScheduleError(`step of range should be a positive number: ${expression}`);
  const values = new Set<number>();
  for (let value = start; value <= end; value += stride) values.add(value);
  return { values, isStar: isStar && stride === 1 };
}

function fieldOf(text: string, limits: Bounds): Field {
  const parts = text.split(',').map((part) => rangeOf(part, limits));
  return { values: new Set(parts.flatMap(({ values }) => [...values])), isStar: parts.some(({ isStar }) => isStar) };
}

/** Whole seconds, at least one, in milliseconds. */
function periodOf(duration: string, text: string): number {
  try {
    return Math.max(1_000, Math.floor(parseDuration(duration) / 1_000) * 1_000);
  } catch (error) {
    throw new ScheduleError(`failed to parse duration ${text}: ${(error as Error).message}`);
  }
}

function parse(text: string): Schedule {
  if (text.startsWith('@every ')) {
    return { everyMs: periodOf(text.slice('@every '.length), text) };
  }
  if (text.startsWith('@') && !shorthands[text]) throw new ScheduleError(`unrecognized descriptor: ${text}`);
  const fields = (shorthands[text] ?? text).trim().split(/\s+/);
  if (fields.length !== bounds.length) throw new ScheduleError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  return { fields: fields.map((field, at) => fieldOf(field, bounds[at]!)) as unknown as NonNullable<Schedule['fields']> };
}

/** The schedule of a text, or what is wrong with it in the parser's words. */
export function parseSchedule(text: string): { readonly schedule?: Schedule; readonly error?: string } {
  try {
    return { schedule: parse(text) };
  } catch (error) {
    if (error instanceof ScheduleError) return { error: error.message };
    throw error;
  }
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A schedule that has no day within so many days (31 February) never comes. */
const SEARCH_DAYS = 5 * 366;

/** Year, month and day of days since 1970-01-01 (proleptic Gregorian, after Howard Hinnant's algorithm). */
function civilOf(days: number): { month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  return { day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1, month: shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9 };
}

/**
 * The first moment after `afterMs` (milliseconds since 1970, UTC) that the schedule allows; undefined if there is none within five years.
 * When both day of month and day of week are given, either is enough.
 */
export function nextTime({ fields, everyMs }: Schedule, afterMs: number): number | undefined {
  if (everyMs !== undefined) return Math.floor(afterMs / 1_000) * 1_000 + everyMs;
  if (!fields) return undefined;
  const [minute, hour, day, month, weekday] = fields;
  const startMs = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const firstDay = Math.floor(startMs / DAY_MS);
  for (let days = firstDay; days < firstDay + SEARCH_DAYS; days++) {
    const date = civilOf(days);
    if (!month.values.has(date.month)) continue;
    const [fitsDay, fitsWeekday] = [day.values.has(date.day), weekday.values.has((days + 4) % 7)];
    if (!(day.isStar || weekday.isStar ? fitsDay && fitsWeekday : fitsDay || fitsWeekday)) continue;
    for (let at = Math.max(startMs, days * DAY_MS); at < (days + 1) * DAY_MS; at += MINUTE_MS) {
      const ofDay = at - days * DAY_MS;
      if (hour.values.has(Math.floor(ofDay / HOUR_MS)) && minute.values.has(Math.floor((ofDay % HOUR_MS) / MINUTE_MS))) return at;
    }
  }
  return undefined;
}

/** Time zones the lab knows. There is no time zone database here: only those that never leave UTC. */
export function isKnownTimeZone(name: string): boolean {
  return ['UTC', 'Etc/UTC', 'Etc/GMT', 'GMT'].includes(name);
}
