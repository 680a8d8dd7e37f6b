/** ECDSA over P-256: the published vectors of RFC 6979, and what is refused. */
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { createEcdsa, SECRET_SEED_BYTES } from '../../../src/host/ecdsa.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
const hex = (of: Uint8Array): string => Array.from(of, (byte) => byte.toString(16).padStart(2, '0')).join('');
const text = (of: string): Uint8Array => sha256(new TextEncoder().encode(of));
const ecdsa = createEcdsa();

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

  it('are refused with another key, for another hash, out of range, or with what is no point', () => {
    const publicKey = ecdsa.publicKeyOf(secret);
    const hash = text('sample');
    const signature = ecdsa.sign(hash, secret);
    const part = (value: bigint): string => value.toString(16).padStart(64, '0');
    const [r, s] = [hex(signature.subarray(0, 32)), hex(signature.subarray(32))];
    // By who made it, and by who only sees it.
    for (const checker of [ecdsa, createEcdsa()]) expect(checker.verify(signature, hash, publicKey)).toBe(true);
    // Go makes no difference between s and its opposite.
    expect(ecdsa.verify(bytes(r + part(ORDER - BigInt(`0x${s}`))), hash, publicKey)).toBe(true);
    expect(ecdsa.verify(signature, text('another'), publicKey)).toBe(false);
    expect(ecdsa.verify(signature, hash, ecdsa.publicKeyOf(text('another key')))).toBe(false);
    for (const bad of [part(0n) + s, r + part(0n), part(ORDER) + s, r + part(ORDER), r, r + s + '00'])
      for (const checker of [ecdsa, createEcdsa()]) expect(checker.verify(bytes(bad), hash, publicKey), bad).toBe(false);
    const off = publicKey.slice();
    off[64]! ^= 1;
    for (const key of [off, publicKey.subarray(1), new Uint8Array(65).fill(4)])
      expect(ecdsa.verify(signature, hash, key), hex(key)).toBe(false);
  });

  it('come from keys that a seed makes the same each time', () => {
    const seed = new Uint8Array(SECRET_SEED_BYTES).fill(7);
    expect(ecdsa.secretFrom(seed)).toEqual(ecdsa.secretFrom(seed));
    expect(ecdsa.secretFrom(seed)).toHaveLength(32);
  });
});
