// Times of the API: RFC 3339 with seconds (Time) or microseconds (MicroTime), always UTC.
import { humanDuration } from './duration.ts';
import { quoteGo } from './field-errors.ts';

/** 2006-01-02T15:04:05Z of milliseconds since 1970. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** 2006-01-02T15:04:05.000000Z; fractions of a millisecond are kept. */
export function formatMicroTime(ms: number): string {
  const micros = Math.floor((ms - Math.floor(ms / 1000) * 1000) * 1000);
  return `${new Date(ms).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds of an RFC 3339 text. Throws an Error with Go's text for anything else. */
export function parseTime(text: string): number {
  const ms = maybeParseTime(text);
  if (ms === undefined)
    throw new Error(`parsing time ${quoteGo(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoteGo(text)} as "2006"`);
  return ms;
}

/** parseTime that answers undefined for undefined or a bad text. */
export function maybeParseTime(text: string | undefined | null): number | undefined {
  if (!text) return undefined;
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const whole = Date.parse(`${match[1] ?? ''}${match[3] ?? ''}`);
  if (Number.isNaN(whole)) return undefined;
  return whole + (match[2] ? Number(match[2]) * 1000 : 0);
}

/** Age of a timestamp as kubectl prints it; "<unknown>" without one. */
export function ageOf(timestamp: string | undefined | null, nowMs: number): string {
  const then = maybeParseTime(timestamp);
  return then === undefined ? '<unknown>' : humanDuration(nowMs - then);
}
