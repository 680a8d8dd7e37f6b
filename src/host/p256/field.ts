/**
 * Numbers modulo the prime of P-256, for speed: eleven limbs of 24 bits in doubles, in Montgomery's form for 2^264. The lowest 96 bits of the
 * prime are ones, so that a step of the reduction needs no multiplication: it adds the limb at the places of the prime's few powers of two.
 * Limbs may be signed and values a few times the prime; 2^264 leaves room for that. Constant time is no aim: keys guard a simulation.
 */

/** The prime, 2^256 − 2^224 + 2^192 + 2^96 − 1. */
export const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;

const LIMBS = 11;
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

/** A field with scratch space of its own. */
export function createField(): Field {
  /** The limbs that a reduction adds multiples of the prime for, with zeros on both sides for columns that have none. */
  const reduced = new Float64Array(LIMBS + 16);
  const field: Field = {
    multiply(out, a, b) {
      let carry = 0;
      for (let column = 0; column < 2 * LIMBS - 1; column++) {
        const last = column < LIMBS ? column : LIMBS - 1;
        // The products first: they need not wait for the column before.
        let sum = 0;
        for (let at = column - last; at <= last; at++) sum += a[at]! * b[column - at]!;
        sum += reduced[column + 6]! + reduced[column + 2]! - 256 * reduced[column + 1]! + 65_536 * reduced[column]! + carry;
        carry = Math.floor(sum * PER_RADIX);
        const limb = sum - carry * RADIX;
        if (column < LIMBS) reduced[column + 10] = limb;
        else out[column - LIMBS] = limb;
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
