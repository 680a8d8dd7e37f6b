/** awk's values: numbers, strings, and text from input that counts as a number where it looks like one. */

/** Text of a field or of `getline`, a number in comparisons if it looks like one. */
export class InputText {
  readonly isNumber: boolean;
  constructor(readonly text: string) {
    this.isNumber = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(text);
  }
}

/** A value; undefined is a variable nobody has set: both 0 and "". */
export type Value = number | string | InputText | undefined;

export function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  const text = value instanceof InputText ? value.text : (value ?? '');
  return Number(/^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/.exec(text)?.[0] ?? 0);
}

/** %.6g, as CONVFMT and OFMT have it, for numbers that are not whole. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e16 ? String(value) : BigInt(value).toString();
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const short = Number(value.toPrecision(6));
  const exponent = Math.floor(Math.log10(Math.abs(short)));
  if (exponent >= -5 && exponent < 6) return String(short);
  return short.toExponential().replace(/e([-+])(\d)$/, 'e$10$2');
}

export function textOf(value: Value): string {
  if (typeof value === 'number') return numberText(value);
  return value instanceof InputText ? value.text : (value ?? '');
}

export function truthOf(value: Value): boolean {
  if (typeof value === 'number') return value !== 0;
  if (value instanceof InputText) return value.isNumber ? numberOf(value) !== 0 : value.text !== '';
  return value !== undefined && value !== '';
}

const isNumeric = (value: Value): boolean =>
  typeof value === 'number' || value === undefined || (value instanceof InputText && value.isNumber);

/** Numbers by size, anything else as text. */
export function compareValues(a: Value, b: Value): number {
  if (isNumeric(a) && isNumeric(b)) return numberOf(a) - numberOf(b);
  const [left, right] = [textOf(a), textOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
