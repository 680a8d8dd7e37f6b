/**
 * Numbers modulo the prime of P-256, for speed: eleven limbs of 24 bits in doubles, in Montgomery's form for 2^264. The lowest 96 bits of the
 * prime are ones, so that a step of the reduction needs no multiplication: it adds the limb at the places of the prime's few powers of two.
 * Limbs may be signed and values a few times the prime; 2^264 leaves room for that. Constant time is no aim: keys guard a simulation.
 */

/** The prime, 2^256 − 2^224 + 2^192 + 2^96 − 1. */
export const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;

const LIMBS = 11;
const COLUMNS = 2 * LIMBS - 1;
const LIMB_BITS = 24n;
const RADIX = 2 ** 24;
const PER_RADIX = 2 ** -24;
const MONTGOMERY = 2n ** 264n;
/** The inverse of 2^264 modulo the prime. */
const FROM_MONTGOMERY = inverse(MONTGOMERY % PRIME, PRIME);

/** A number modulo the prime. Its holder writes it in place. */
export type Element = Float64Array;

/** The inverse of `value` modulo a prime; 0 for 0. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [low, high] = [((value % modulus) + modulus) % modulus, modulus];
  let [lowFactor, highFactor] = [1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high] = [high - quotient * low, low];
    [lowFactor, highFactor] = [highFactor - quotient * lowFactor, lowFactor];
  }
  return low === 0n ? 0n : ((lowFactor % modulus) + modulus) % modulus;
}

/** A number of [0, prime) as an element. */
export function toElement(value: bigint): Element {
  const element = new Float64Array(LIMBS);
  let rest = (value * MONTGOMERY) % PRIME;
  for (let at = 0; at < LIMBS; at++) {
    element[at] = Number(BigInt.asUintN(24, rest));
    rest >>= LIMB_BITS;
  }
  return element;
}

/** The number in [0, prime) that an element stands for. */
export function fromElement(element: Element): bigint {
  let value = 0n;
  for (let at = LIMBS - 1; at >= 0; at--) value = (value << LIMB_BITS) + BigInt(element[at]!);
  value = (value * FROM_MONTGOMERY) % PRIME;
  return value < 0n ? value + PRIME : value;
}

/**
 * What is reckoned with elements. `out` may be one of the operands. A product has limbs below 2^24. Sums and differences keep what is over
 * until `carry`; limbs of two operands of a product may be together at most 2.9 times as large (2^53 is where doubles stop being exact).
 */
export interface Field {
  multiply(out: Element, a: Element, b: Element): void;
  add(out: Element, a: Element, b: Element): void;
  subtract(out: Element, a: Element, b: Element): void;
  carry(out: Element): void;
  /** `a` must not be `out`; the inverse of 0 is 0. */
  invert(out: Element, a: Element): void;
}

/** The product of two numbers before it is reduced, a sum for each power of the radix. Written out, because a loop takes twice as long. */
function writeColumns(t: Float64Array, a: Element, b: Element): void {
  const a0 = a[0]!;
  const a1 = a[1]!;
  const a2 = a[2]!;
  const a3 = a[3]!;
  const a4 = a[4]!;
  const a5 = a[5]!;
  const a6 = a[6]!;
  const a7 = a[7]!;
  const a8 = a[8]!;
  const a9 = a[9]!;
  const a10 = a[10]!;
  const b0 = b[0]!;
  const b1 = b[1]!;
  const b2 = b[2]!;
  const b3 = b[3]!;
  const b4 = b[4]!;
  const b5 = b[5]!;
  const b6 = b[6]!;
  const b7 = b[7]!;
  const b8 = b[8]!;
  const b9 = b[9]!;
  const b10 = b[10]!;
  t[0] = a0 * b0;
  t[1] = a0 * b1 + a1 * b0;
  t[2] = a0 * b2 + a1 * b1 + a2 * b0;
  t[3] = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
  t[4] = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
  t[5] = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
  t[6] = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
  t[7] = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0;
  t[8] = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0;
  t[9] = a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0;
  t[10] = a0 * b10 + a1 * b9 + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + a9 * b1 + a10 * b0;
  t[11] = a1 * b10 + a2 * b9 + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + a9 * b2 + a10 * b1;
  t[12] = a2 * b10 + a3 * b9 + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + a9 * b3 + a10 * b2;
  t[13] = a3 * b10 + a4 * b9 + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + a9 * b4 + a10 * b3;
  t[14] = a4 * b10 + a5 * b9 + a6 * b8 + a7 * b7 + a8 * b6 + a9 * b5 + a10 * b4;
  t[15] = a5 * b10 + a6 * b9 + a7 * b8 + a8 * b7 + a9 * b6 + a10 * b5;
  t[16] = a6 * b10 + a7 * b9 + a8 * b8 + a9 * b7 + a10 * b6;
  t[17] = a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7;
  t[18] = a8 * b10 + a9 * b9 + a10 * b8;
  t[19] = a9 * b10 + a10 * b9;
  t[20] = a10 * b10;
}

/** A field with scratch space of its own. */
export function createField(): Field {
  const t = new Float64Array(COLUMNS);
  const field: Field = {
    multiply(out, a, b) {
      writeColumns(t, a, b);
      // Each step makes the lowest column zero by adding the prime so many times: its powers of two lie 4, 8, 9⅓ and 10⅔ limbs up.
      for (let at = 0; at < LIMBS; at++) {
        const sum = t[at]!;
        const over = Math.floor(sum * PER_RADIX);
        const limb = sum - over * RADIX;
        t[at + 1]! += over;
        t[at + 4]! += limb;
        t[at + 8]! += limb;
        t[at + 9]! -= limb * 256;
        t[at + 10]! += limb * 65_536;
      }
      let carry = 0;
      for (let at = LIMBS; at < COLUMNS; at++) {
        const sum = t[at]! + carry;
        carry = Math.floor(sum * PER_RADIX);
        out[at - LIMBS] = sum - carry * RADIX;
      }
      out[LIMBS - 1] = carry;
    },
    add(out, a, b) {
      for (let at = 0; at < LIMBS; at++) out[at] = a[at]! + b[at]!;
    },
    subtract(out, a, b) {
      for (let at = 0; at < LIMBS; at++) out[at] = a[at]! - b[at]!;
    },
    carry(out) {
      let carry = 0;
      for (let at = 0; at < LIMBS - 1; at++) {
        const sum = out[at]! + carry;
        carry = Math.floor(sum * PER_RADIX);
        out[at] = sum - carry * RADIX;
      }
      out[LIMBS - 1]! += carry;
    },
    invert(out, a) {
      // Fermat: to the power of the prime less two.
      const power = a.slice();
      for (let bit = 254n; bit >= 0n; bit--) {
        field.multiply(power, power, power);
        if (((PRIME - 2n) >> bit) & 1n) field.multiply(power, power, a);
      }
      out.set(power);
    },
  };
  return field;
}
