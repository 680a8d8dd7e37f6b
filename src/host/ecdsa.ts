/**
 * ECDSA over P-256 with SHA-256 (FIPS 186-5), signing with the nonce of RFC 6979, so that a signature follows from key and message alone.
 * The work is done by @noble/curves; what is made beforehand is sized for machines that sign and check a few dozen times.
 */
import { ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { p256 as curve } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { createNewest } from './newest.ts';

/** Bytes that a secret key is drawn from: so many more than its own that reducing them favours no key noticeably. */
export const SECRET_SEED_BYTES = 48;

/** Bits of a window of multiples of the base point: 4 make 520 points beforehand, the library's 8 make 4,224. */
const WINDOW_BITS = 4;
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 65;
const options = { prehash: false, lowS: false } as const;

/** Signing and checking. Hashes are 32 bytes, signatures r‖s in 64, public keys uncompressed points in 65. */
export interface Ecdsa {
  secretFrom(seed: Uint8Array): Uint8Array;
  publicKeyOf(secret: Uint8Array): Uint8Array;
  sign(hash: Uint8Array, secret: Uint8Array): Uint8Array;
  verify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
}

/**
 * The library's P-256 without what hides secrets from whoever measures time: the secrets of a simulated cluster are in its page's memory
 * anyway, and blinding makes each multiplication a quarter longer.
 */
const p256 = ecdsa(weierstrass(curve.Point.CURVE(), { randomBytes: () => new Uint8Array() }), sha256);

const textOf = (...parts: readonly Uint8Array[]): string => parts.map((part) => String.fromCharCode(...part)).join('|');

/**
 * ECDSA; the multiples of the base point are made at the first use. Who signed something itself need not reckon to know that the signature
 * is good: both ends of most connections of a control plane are on one machine.
 */
export function createEcdsa(): Ecdsa {
  p256.Point.BASE.precompute(WINDOW_BITS, true);
  /** Secret → public key, as text. */
  const publicKeys = createNewest<Uint8Array>();
  /** Hash and signature → the secret that made it. */
  const signed = createNewest<Uint8Array>();
  const publicKeyOf = (secret: Uint8Array): Uint8Array => {
    const name = textOf(secret);
    const known = publicKeys.get(name) ?? p256.getPublicKey(secret, false);
    publicKeys.set(name, known);
    return known.slice();
  };
  const isOwn = (signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean => {
    const secret = signed.get(textOf(hash, signature));
    return secret !== undefined && textOf(publicKeyOf(secret)) === textOf(publicKey);
  };
  return {
    secretFrom: (seed) => p256.utils.randomSecretKey(seed),
    publicKeyOf,
    sign(hash, secret) {
      const signature = p256.sign(hash, secret, options);
      signed.set(textOf(hash, signature), secret.slice());
      return signature;
    },
    verify: (signature, hash, publicKey) =>
      signature.length === SIGNATURE_BYTES &&
      publicKey.length === PUBLIC_KEY_BYTES &&
      (isOwn(signature, hash, publicKey) || p256.verify(signature, hash, publicKey, options)),
  };
}
