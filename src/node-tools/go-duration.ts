/** Durations as tools take them: `5m`, `1h30m`, `10s`. */

/** Milliseconds. Throws an Error for anything else. */
export function goDuration(text: string): number {
  const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
  if (!/^(\d+(\.\d+)?(ms|min|s|m|h|d))+$/.test(text)) throw new Error(`invalid duration "${text}"`);
  let totalMs = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|min|s|m|h|d)/g)) totalMs += Number(amount) * units[unit!]!;
  return totalMs;
}
