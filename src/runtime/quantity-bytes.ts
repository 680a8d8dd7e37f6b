/** Sizes as command lines give them: `250M`, `1Gi`, `4Ki`, `1024`. */

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
};

/** Bytes of a size; 0 for what does not read. */
export function quantityBytes(text: string): number {
  const [, amount = '0', unit = ''] = /^([\d.]+)([a-z]*)$/i.exec(text) ?? [];
  return Math.round(Number(amount) * (UNITS[unit.toLowerCase()] ?? 0));
}
