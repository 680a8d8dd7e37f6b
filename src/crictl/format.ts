/** crictl's ways of showing things: its columns, durations in words, sizes. */

const COLUMN_WIDTH_MIN = 20;
const COLUMN_PADDING = 3;

/** Columns at least 20 wide with three blanks between (tabwriter 20, 1, 3); the last one is not padded. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(COLUMN_WIDTH_MIN, ...rows.map((row) => row[at]!.length + COLUMN_PADDING)));
  return rows.map((row) => `${row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at]!))).join('')}\n`).join('');
}

/** A duration in words, as Docker's units package says it. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(seconds / 3_600 + 0.5);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}

/** `54.9MB`: three digits, powers of 1000. */
export function humanSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let at = 0;
  while (value >= 1_000 && at < units.length - 1) {
    value /= 1_000;
    at++;
  }
  return `${Number(value.toPrecision(3))}${units[at]!}`;
}

/** Ids as tables show them. */
export const ID_LENGTH = 13;
export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, ID_LENGTH);
