/**
 * ECDSA over P-256 with SHA-256 (FIPS 186-5), signing with the nonce of RFC 6979, so that a signature follows from key and message alone.
 * Written for machines that sign and check a few dozen times and should not wait for it; it makes no attempt at constant time.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { createCurve, isOnCurve, ORDER, type AffinePoint, type Curve } from './curve.ts';
import { inverse } from './field.ts';

const BYTES = 32;
/** Bytes that a secret key is drawn from: so many more than its own that reducing them favours no key noticeably. */
export const SECRET_SEED_BYTES = 48;

function numberOf(bytes: Uint8Array): bigint {
  let hex = '0x';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return BigInt(hex);
}

function write(value: bigint, into: Uint8Array, at: number): void {
  for (let byte = BYTES - 1, rest = value; byte >= 0; byte--, rest >>= 8n) into[at + byte] = Number(BigInt.asUintN(8, rest));
}
const bytesOf = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(BYTES);
  write(value, bytes, 0);
  return bytes;
};

const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** The nonces of RFC 6979 for a key and a hash, one after the other. */
function* noncesOf(secret: Uint8Array, hash: Uint8Array): Generator<bigint, never> {
  const seed = joined(secret, bytesOf(numberOf(hash) % ORDER));
  let value: Uint8Array = new Uint8Array(BYTES).fill(1);
  let key: Uint8Array = new Uint8Array(BYTES);
  for (const round of [0, 1]) {
    key = hmac(sha256, key, joined(value, Uint8Array.of(round), seed));
    value = hmac(sha256, key, value);
  }
  for (;;) {
    value = hmac(sha256, key, value);
    const nonce = numberOf(value);
    if (nonce > 0n && nonce < ORDER) yield nonce;
    key = hmac(sha256, key, joined(value, Uint8Array.of(0)));
    value = hmac(sha256, key, value);
  }
}

/** The point of an uncompressed public key; undefined where the bytes are none. */
function pointOf(publicKey: Uint8Array): AffinePoint | undefined {
  if (publicKey.length !== 1 + 2 * BYTES || publicKey[0] !== 4) return undefined;
  const point = { x: numberOf(publicKey.subarray(1, 1 + BYTES)), y: numberOf(publicKey.subarray(1 + BYTES)) };
  return isOnCurve(point) ? point : undefined;
}

/** Signing and checking. Hashes are 32 bytes, signatures r‖s in 64, public keys uncompressed points in 65. */
export interface Ecdsa {
  secretFrom(seed: Uint8Array): Uint8Array;
  publicKeyOf(secret: Uint8Array): Uint8Array;
  sign(hash: Uint8Array, secret: Uint8Array): Uint8Array;
  verify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
}

/** ECDSA; what it reckons with beforehand is made at the first use. */
export function createEcdsa(): Ecdsa {
  let made: Curve | undefined;
  const curve = (): Curve => (made ??= createCurve());
  return {
    secretFrom: (seed) => bytesOf((numberOf(seed) % (ORDER - 1n)) + 1n),
    publicKeyOf(secret) {
      const { x, y } = curve().multiply(numberOf(secret))!;
      return joined(Uint8Array.of(4), bytesOf(x), bytesOf(y));
    },
    sign(hash, secret) {
      const key = numberOf(secret);
      const message = numberOf(hash);
      for (const nonce of noncesOf(secret, hash)) {
        const r = curve().multiply(nonce)!.x % ORDER;
        const s = ((message + r * key) * inverse(nonce, ORDER)) % ORDER;
        if (r !== 0n && s !== 0n) return joined(bytesOf(r), bytesOf(s));
      }
      throw new Error('unreachable: nonces do not end');
    },
    verify(signature, hash, publicKey) {
      const point = pointOf(publicKey);
      if (!point || signature.length !== 2 * BYTES) return false;
      const [r, s] = [numberOf(signature.subarray(0, BYTES)), numberOf(signature.subarray(BYTES))];
      if (r === 0n || r >= ORDER || s === 0n || s >= ORDER) return false;
      const unit = inverse(s, ORDER);
      const found = curve().multiply((numberOf(hash) * unit) % ORDER, { scalar: (r * unit) % ORDER, point });
      return found !== undefined && found.x % ORDER === r;
    },
  };
}
