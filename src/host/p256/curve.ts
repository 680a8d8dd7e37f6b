/**
 * Points of P-256 and their multiples (y² = x³ − 3x + b): Jacobian coordinates in place, a comb of six teeth for the base point, signed windows
 * of five bits for any other. Sums of a point with itself or its opposite come out as a point without a place, and are reckoned again the long way.
 */
import { createField, fromElement, inverse, PRIME, toElement, type Element } from './field.ts';

/** The number of points, a prime. */
export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** A point of the curve in ordinary coordinates; undefined stands for the point at infinity. */
export interface AffinePoint {
  readonly x: bigint;
  readonly y: bigint;
}

/** The point that keys are multiples of. */
export const BASE: AffinePoint = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

/** Whether both coordinates are below the prime and satisfy the curve's equation. */
export const isOnCurve = ({ x, y }: AffinePoint): boolean => x < PRIME && y < PRIME && (y * y - x * x * x + 3n * x - B) % PRIME === 0n;

/** x / z², y / z³. A point whose z is 0 has no place. */
interface Jacobian {
  readonly x: Element;
  readonly y: Element;
  readonly z: Element;
}

/** One whose z is 1 and left out. */
type Flat = Omit<Jacobian, 'z'>;

const TEETH = 6;
/** Bits between two teeth: six times as many cover a scalar. */
const SPACING = 43;
const WINDOW_BITS = 5;
const SCALAR_WORDS = 9;

const jacobian = ({ x, y }: AffinePoint): Jacobian => ({ x: toElement(x), y: toElement(y), z: toElement(1n) });
const copyOf = ({ x, y, z }: Jacobian): Jacobian => ({ x: x.slice(), y: y.slice(), z: z.slice() });
const modPrime = (value: bigint): bigint => ((value % PRIME) + PRIME) % PRIME;

function wordsOf(scalar: bigint): Uint32Array {
  const words = new Uint32Array(SCALAR_WORDS);
  for (let at = 0, rest = scalar; at < SCALAR_WORDS; at++, rest >>= 32n) words[at] = Number(BigInt.asUintN(32, rest));
  return words;
}
const bitOf = (words: Uint32Array, at: number): number => (words[at >> 5]! >>> (at & 31)) & 1;

/** Odd signed digits and zeros, the lowest first, of which no two in WINDOW_BITS neighbours are other than 0. */
function digitsOf(scalar: bigint): number[] {
  const digits: number[] = [];
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    let digit = 0;
    if (rest & 1n) {
      digit = Number(BigInt.asIntN(WINDOW_BITS, rest));
      rest -= BigInt(digit);
    }
    digits.push(digit);
  }
  return digits;
}

/** The sum of two points by the textbook, whatever they are. */
function addSlowly(a: AffinePoint | undefined, b: AffinePoint | undefined): AffinePoint | undefined {
  if (!a || !b) return a ?? b;
  if (a.x === b.x && a.y !== b.y) return undefined;
  const slope = a.x === b.x ? (3n * a.x * a.x - 3n) * inverse(2n * a.y, PRIME) : (b.y - a.y) * inverse(b.x - a.x, PRIME);
  const x = modPrime(slope * slope - a.x - b.x);
  return { x, y: modPrime(slope * (a.x - x) - a.y) };
}

function multiplySlowly(point: AffinePoint, scalar: bigint): AffinePoint | undefined {
  let sum: AffinePoint | undefined;
  for (let rest = scalar, power: AffinePoint | undefined = point; rest > 0n; rest >>= 1n, power = addSlowly(power, power))
    if (rest & 1n) sum = addSlowly(sum, power);
  return sum;
}

/** Sums in place, with scratch space of their own. */
function createSums() {
  const field = createField();
  const { multiply, add, subtract, carry } = field;
  const [r0, r1, r2, r3, r4, r5] = Array.from({ length: 6 }, () => toElement(0n)) as [Element, Element, Element, Element, Element, Element];
  /** The part of a sum that both kinds have: `x` and `y` of the first point, and by how much the second differs (r0, r1). */
  const finish = (out: Flat, x: Element, y: Element): void => {
    multiply(r2, r0, r0);
    multiply(r3, r2, r0);
    multiply(r2, r2, x);
    multiply(r4, r3, y);
    multiply(out.x, r1, r1);
    subtract(out.x, out.x, r3);
    subtract(out.x, out.x, r2);
    subtract(out.x, out.x, r2);
    carry(out.x);
    subtract(r2, r2, out.x);
    multiply(r2, r2, r1);
    subtract(out.y, r2, r4);
    carry(out.y);
  };
  return {
    field,
    double({ x, y, z }: Jacobian): void {
      multiply(r0, z, z);
      multiply(r1, y, y);
      multiply(r2, x, r1);
      subtract(r3, x, r0);
      add(r4, x, r0);
      multiply(r3, r3, r4);
      add(r4, r3, r3);
      add(r3, r3, r4);
      carry(r3);
      multiply(z, z, y);
      add(z, z, z);
      carry(z);
      add(r2, r2, r2);
      add(r2, r2, r2);
      multiply(x, r3, r3);
      subtract(x, x, r2);
      subtract(x, x, r2);
      carry(x);
      subtract(r2, r2, x);
      carry(r2);
      multiply(r2, r2, r3);
      multiply(r1, r1, r1);
      add(r1, r1, r1);
      add(r1, r1, r1);
      add(r1, r1, r1);
      subtract(y, r2, r1);
      carry(y);
    },
    /** Adds a point whose z is 1. */
    addFlat(sum: Jacobian, other: Flat): void {
      multiply(r0, sum.z, sum.z);
      multiply(r1, sum.z, r0);
      multiply(r0, r0, other.x);
      subtract(r0, r0, sum.x);
      multiply(r1, r1, other.y);
      subtract(r1, r1, sum.y);
      multiply(sum.z, sum.z, r0);
      finish(sum, sum.x, sum.y);
    },
    /** Adds any point, or its opposite. */
    addPoint(sum: Jacobian, other: Jacobian, isNegative: boolean): void {
      multiply(r2, other.z, other.z);
      multiply(r3, other.z, r2);
      multiply(r4, sum.x, r2);
      multiply(r5, sum.y, r3);
      multiply(r0, sum.z, sum.z);
      multiply(r1, sum.z, r0);
      multiply(r0, r0, other.x);
      subtract(r0, r0, r4);
      multiply(r1, r1, other.y);
      if (isNegative) {
        add(r1, r1, r5);
        subtract(r1, NOTHING, r1);
        carry(r1);
      } else subtract(r1, r1, r5);
      multiply(sum.z, sum.z, other.z);
      multiply(sum.z, sum.z, r0);
      sum.x.set(r4);
      finish(sum, sum.x, r5);
    },
  };
}

/** Never written. */
const NOTHING: Element = toElement(0n);

/** Multiples of points. */
export interface Curve {
  /** `base`·G + `other`·P; the scalars are in [0, ORDER), P is on the curve. */
  multiply(base: bigint, other?: { readonly scalar: bigint; readonly point: AffinePoint }): AffinePoint | undefined;
}

/** A curve with scratch space and a table of its own. */
export function createCurve(): Curve {
  const { field, double, addFlat, addPoint } = createSums();
  const comb = combOf();
  /** What every combination of teeth adds up to; all in one with a single inversion. */
  function combOf(): readonly Flat[] {
    const sums: Jacobian[] = [jacobian(BASE)];
    const tooth = jacobian(BASE);
    for (let at = 0; at < TEETH; at++) {
      if (at > 0) for (let bit = 0; bit < SPACING; bit++) double(tooth);
      sums[1 << at] = copyOf(tooth);
      for (let below = 1; below < 1 << at; below++) {
        const sum = copyOf(tooth);
        addPoint(sum, sums[below]!, false);
        sums[(1 << at) + below] = sum;
      }
    }
    return flatten(sums);
  }
  /** The points with their z made 1. */
  function flatten(points: readonly Jacobian[]): Flat[] {
    const products: Element[] = [];
    const product = toElement(1n);
    for (const { z } of points) {
      products.push(product.slice());
      field.multiply(product, product, z);
    }
    const inverted = toElement(0n);
    field.invert(inverted, product);
    const flat: Flat[] = [];
    for (let at = points.length - 1; at >= 0; at--) {
      const { x, y, z } = points[at]!;
      const own = products[at]!;
      field.multiply(own, own, inverted);
      field.multiply(inverted, inverted, z);
      const scale = own.slice();
      field.multiply(scale, own, own);
      field.multiply(x, x, scale);
      field.multiply(scale, scale, own);
      field.multiply(y, y, scale);
      flat[at] = { x, y };
    }
    return flat;
  }
  const ofBase = (scalar: bigint): Jacobian | undefined => {
    const words = wordsOf(scalar);
    let sum: Jacobian | undefined;
    for (let bit = SPACING - 1; bit >= 0; bit--) {
      if (sum) double(sum);
      let teeth = 0;
      for (let at = 0; at < TEETH; at++) teeth |= bitOf(words, bit + at * SPACING) << at;
      if (teeth === 0) continue;
      const { x, y } = comb[teeth]!;
      if (sum) addFlat(sum, { x, y });
      else sum = { x: x.slice(), y: y.slice(), z: toElement(1n) };
    }
    return sum;
  };
  const ofPoint = (point: AffinePoint, scalar: bigint): Jacobian | undefined => {
    const odd = [jacobian(point)];
    const twice = jacobian(point);
    double(twice);
    for (let at = 1; at < 1 << (WINDOW_BITS - 2); at++) {
      odd[at] = copyOf(odd[at - 1]!);
      addPoint(odd[at]!, twice, false);
    }
    const digits = digitsOf(scalar);
    let sum: Jacobian | undefined;
    for (let at = digits.length - 1; at >= 0; at--) {
      if (sum) double(sum);
      const digit = digits[at]!;
      if (digit === 0) continue;
      const multiple = odd[Math.abs(digit) >> 1]!;
      if (sum) addPoint(sum, multiple, digit < 0);
      else sum = copyOf(multiple);
    }
    return sum;
  };
  return {
    multiply(base, other) {
      const own = ofBase(base);
      const others = other && ofPoint(other.point, other.scalar);
      if (own && others) addPoint(own, others, false);
      const sum = own ?? others;
      if (!sum) return undefined;
      if (fromElement(sum.z) === 0n) return addSlowly(multiplySlowly(BASE, base), other && multiplySlowly(other.point, other.scalar));
      const [flat] = flatten([sum]);
      return { x: fromElement(flat!.x), y: fromElement(flat!.y) };
    },
  };
}
