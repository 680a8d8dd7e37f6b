/** ECDSA over P-256 against the published vectors of RFC 6979, against another implementation, and at the edges of its arithmetic. */
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE, createCurve, isOnCurve, ORDER } from '../../../src/host/p256/curve.ts';
import { createEcdsa, SECRET_SEED_BYTES } from '../../../src/host/p256/ecdsa.ts';
import { createField, fromElement, inverse, PRIME, toElement } from '../../../src/host/p256/field.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
const hex = (of: Uint8Array): string => Array.from(of, (byte) => byte.toString(16).padStart(2, '0')).join('');
const text = (of: string): Uint8Array => sha256(new TextEncoder().encode(of));
const ecdsa = createEcdsa();

describe('the field', () => {
  const numbers = fc.bigInt(0n, PRIME - 1n);
  const field = createField();

  it('adds, subtracts, multiplies and inverts as whole numbers do', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const out = toElement(0n);
        field.multiply(out, toElement(a), toElement(b));
        expect(fromElement(out)).toBe((a * b) % PRIME);
        field.add(out, toElement(a), toElement(b));
        expect(fromElement(out)).toBe((a + b) % PRIME);
        field.subtract(out, toElement(a), toElement(b));
        expect(fromElement(out)).toBe((a - b + PRIME) % PRIME);
        field.invert(out, toElement(a));
        expect(fromElement(out)).toBe(inverse(a, PRIME));
        expect(a === 0n ? 1n : (a * inverse(a, PRIME)) % PRIME).toBe(1n);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('stays right with the largest values that its sums leave unreduced', () => {
    for (const a of [0n, 1n, PRIME - 1n, 2n ** 255n, PRIME - 2n ** 96n]) {
      const large = toElement(a);
      for (let times = 0; times < 4; times++) {
        field.add(large, large, large);
        field.carry(large);
      }
      const negative = toElement(0n);
      field.subtract(negative, negative, large);
      const out = toElement(0n);
      field.multiply(out, large, negative);
      expect(fromElement(out)).toBe((((-256n * a * a) % PRIME) + PRIME) % PRIME);
    }
  });
});

describe('multiples of points', () => {
  const curve = createCurve();
  const scalars = fc.bigInt(1n, ORDER - 1n);

  it('are those of another implementation', () => {
    fc.assert(
      fc.property(scalars, scalars, scalars, (a, b, c) => {
        const other = p256.Point.BASE.multiply(c).toAffine();
        expect(curve.multiply(c)).toEqual(other);
        expect(isOnCurve(other)).toBe(true);
        const sum = p256.Point.BASE.multiply(a).add(p256.Point.fromAffine(other).multiply(b)).toAffine();
        expect(curve.multiply(a, { scalar: b, point: other })).toEqual(sum);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('are right where a sum meets a point twice, or its opposite', () => {
    const multiple = (scalar: bigint) => p256.Point.BASE.multiply(scalar).toAffine();
    expect(curve.multiply(5n, { scalar: 5n, point: BASE })).toEqual(multiple(10n));
    expect(curve.multiply(ORDER - 5n, { scalar: 5n, point: BASE })).toBeUndefined();
    expect(curve.multiply(0n, { scalar: 7n, point: BASE })).toEqual(multiple(7n));
    expect(curve.multiply(0n)).toBeUndefined();
    for (const scalar of [1n, 2n, 31n, 32n, 2n ** 43n, 2n ** 215n, ORDER - 1n, ORDER - 2n]) {
      expect(curve.multiply(scalar)).toEqual(multiple(scalar));
      expect(curve.multiply(0n, { scalar, point: multiple(3n) })).toEqual(multiple((3n * scalar) % ORDER));
    }
  });
});

describe('signatures', () => {
  // RFC 6979, A.2.5.
  const secret = bytes('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');

  it('are those of RFC 6979', () => {
    expect(hex(ecdsa.publicKeyOf(secret))).toBe(
      '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    );
    expect(hex(ecdsa.sign(text('sample'), secret))).toBe(
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    );
    expect(hex(ecdsa.sign(text('test'), secret))).toBe(
      'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
    );
  });

  it('are those of another implementation, which takes them and whose it takes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: SECRET_SEED_BYTES, maxLength: SECRET_SEED_BYTES }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (seed, hash) => {
          const key = ecdsa.secretFrom(seed);
          expect(key).toEqual(p256.utils.randomSecretKey(seed));
          const publicKey = ecdsa.publicKeyOf(key);
          expect(publicKey).toEqual(p256.getPublicKey(key, false));
          const signature = ecdsa.sign(hash, key);
          expect(signature).toEqual(p256.sign(hash, key, { prehash: false, lowS: false }));
          expect(ecdsa.verify(signature, hash, publicKey)).toBe(true);
          const changed = hash.slice();
          changed[0]! ^= 1;
          expect(ecdsa.verify(signature, changed, publicKey)).toBe(false);
        },
      ),
      { numRuns: 25, seed: 1 },
    );
  });

  it('are refused with another key, out of range, or with what is no point', () => {
    const publicKey = ecdsa.publicKeyOf(secret);
    const hash = text('sample');
    const signature = ecdsa.sign(hash, secret);
    const part = (value: bigint): string => value.toString(16).padStart(64, '0');
    const [r, s] = [hex(signature.subarray(0, 32)), hex(signature.subarray(32))];
    expect(ecdsa.verify(signature, hash, publicKey)).toBe(true);
    expect(ecdsa.verify(bytes(r + part(ORDER - BigInt(`0x${s}`))), hash, publicKey)).toBe(true);
    expect(ecdsa.verify(signature, hash, ecdsa.publicKeyOf(text('another key')))).toBe(false);
    for (const bad of [part(0n) + s, r + part(0n), part(ORDER) + s, r + part(ORDER), r, r + s + '00'])
      expect(ecdsa.verify(bytes(bad), hash, publicKey), bad).toBe(false);
    const off = publicKey.slice();
    off[64]! ^= 1;
    for (const key of [off, publicKey.subarray(1), p256.getPublicKey(secret, true), new Uint8Array(65).fill(4)])
      expect(ecdsa.verify(signature, hash, key), hex(key)).toBe(false);
  });
});
