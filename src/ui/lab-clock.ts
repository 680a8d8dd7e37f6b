/** Lab time in words and figures. By hand, so that what is shown never depends on the reader's language or time zone: the lab lives in UTC. */

const two = (value: number): string => String(value).padStart(2, '0');

/** `10:43:21` of a lab wall clock, UTC. */
export function clockText(wallMs: number): string {
  const time = new Date(wallMs);
  return `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`;
}

/** `2026-11-21 10:43:21 UTC`. */
export function dateText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 10)} ${clockText(wallMs)} UTC`;
}

/** An age as kubectl prints it: two units at the most (`45s`, `2m14s`, `12m`, `3h5m`, `2d`). */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  return `${Math.floor(hours / 24)}d`;
}

/** A rate of time for people: `1×`, `0.1×`, `58×`. */
export function rateText(rate: number): string {
  const rounded = rate >= 10 ? Math.round(rate) : Math.round(rate * 100) / 100;
  return `${rounded}×`;
}

/** Large numbers in groups of three, with narrow spaces. */
export function groupedNumber(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}
