// Quantities (k8s.io/apimachinery resource.Quantity): exact fixed-point numbers with a suffix: 100m, 1Gi, 1.5, 2e3.
// Kept as whole nanounits; finer fractions are rounded up and values are capped at 2^63-1 units, as Kubernetes does.

/** How a quantity prints. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';
/** An exact quantity of `nanos` / 1e9 units. */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixWrong = "unable to parse quantity's suffix";
const shape = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;
const decimalExponents: Readonly<Record<string, number>> = Object.freeze({
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
});
const binaryExponents: Readonly<Record<string, number>> = Object.freeze({ Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 });
const nano = 1_000_000_000n;
const capNanos = (2n ** 63n - 1n) * nano;

function divideRoundingAway(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  if (value % by === 0n) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

function scaleOfSuffix(suffix: string): { format: QuantityFormat; base: bigint; exponent: number } {
  const binary = binaryExponents[suffix];
  if (binary !== undefined && Object.hasOwn(binaryExponents, suffix)) return { format: 'BinarySI', base: 2n, exponent: binary };
  const decimal = decimalExponents[suffix];
  if (decimal !== undefined && Object.hasOwn(decimalExponents, suffix)) return { format: 'DecimalSI', base: 10n, exponent: decimal };
  if (/^[eE][-+]?\d+$/.test(suffix)) return { format: 'DecimalExponent', base: 10n, exponent: Number(suffix.slice(1)) };
  throw new Error(suffixWrong);
}

/** Reads a quantity (a JSON number is allowed). Throws an Error with Kubernetes' text ("quantities must match the regular expression …"). */
export function parseQuantity(text: string | number): Quantity {
  const match = shape.exec(String(text));
  if (!match) throw new Error(formatWrong);
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') throw new Error(formatWrong);
  const { format, base, exponent } = scaleOfSuffix(suffix);
  // Beyond these bounds every value is capped or rounded alike, so huge exponents need no huge numbers.
  const bounded = Math.max(-60, Math.min(60, exponent));
  let nanos = BigInt(whole + fraction) * nano;
  let divisor = 10n ** BigInt(fraction.length);
  if (bounded >= 0) nanos *= base ** BigInt(bounded);
  else divisor *= base ** BigInt(-bounded);
  nanos = divideRoundingAway(nanos, divisor);
  if (nanos > capNanos) nanos = capNanos;
  return { nanos: sign === '-' ? -nanos : nanos, format };
}

/** parseQuantity that answers undefined instead of throwing. */
export function maybeParseQuantity(text: unknown): Quantity | undefined {
  if (typeof text !== 'string' && typeof text !== 'number') return undefined;
  try {
    return parseQuantity(text);
  } catch {
    return undefined;
  }
}

const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** The canonical text: 1500m, 1536Mi, 0. */
export function formatQuantity(quantity: Quantity): string {
  const { nanos, format } = quantity;
  if (nanos === 0n) return '0';
  if (format === 'BinarySI' && (nanos >= 1024n * nano || nanos <= -1024n * nano)) {
    let value = divideRoundingAway(nanos, nano);
    let step = 0;
    while (value % 1024n === 0n && step < binarySuffixes.length - 1) {
      value /= 1024n;
      step++;
    }
    return `${value}${binarySuffixes[step] ?? ''}`;
  }
  let value = nanos;
  let step = 0;
  while (value % 1000n === 0n && step < decimalSuffixes.length - 1) {
    value /= 1000n;
    step++;
  }
  if (format !== 'DecimalExponent') return `${value}${decimalSuffixes[step] ?? ''}`;
  const exponent = step * 3 - 9;
  return exponent === 0 ? String(value) : `${value}e${exponent}`;
}

/** The canonical text of a quantity's text ("1000m" → "1"). Throws as parseQuantity. */
export function canonicalQuantity(text: string | number): string {
  return formatQuantity(parseQuantity(text));
}

/** -1, 0 or 1. */
export function compareQuantity(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** Sum; the format is that of `a` unless it is zero. */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** Difference; the format is that of `a` unless it is zero. */
export function subtractQuantity(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

const asQuantity = (value: Quantity | string | number): Quantity => (typeof value === 'object' ? value : parseQuantity(value));

/** Thousandths, rounded up (CPU "250m" → 250). */
export function milliValue(quantity: Quantity | string | number): number {
  return Number(divideRoundingAway(asQuantity(quantity).nanos, 1_000_000n));
}

/** Whole units, rounded up (bytes of memory "1Ki" → 1024). */
export function quantityValue(quantity: Quantity | string | number): number {
  return Number(divideRoundingAway(asQuantity(quantity).nanos, nano));
}

/** A quantity of whole units. */
export function quantityFromUnits(units: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { nanos: BigInt(units) * nano, format };
}

/** A quantity of thousandths. */
export function quantityFromMillis(millis: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { nanos: BigInt(millis) * 1_000_000n, format };
}

/** The zero of DecimalSI. */
export const zeroQuantity: Quantity = Object.freeze({ nanos: 0n, format: 'DecimalSI' } as const);
