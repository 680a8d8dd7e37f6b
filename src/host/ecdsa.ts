/**
 * ECDSA over P-256 with SHA-256 (FIPS 186-5), signing with the nonce of RFC 6979, so that a signature follows from key and message alone.
 * The work is done by @noble/curves; what is made beforehand is sized for machines that sign and check a few dozen times.
 */
import { p256 } from '@noble/curves/nist.js';

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

/** ECDSA; the multiples of the base point are made at the first use. */
export function createEcdsa(): Ecdsa {
  p256.Point.BASE.precompute(WINDOW_BITS, true);
  return {
    secretFrom: (seed) => p256.utils.randomSecretKey(seed),
    publicKeyOf: (secret) => p256.getPublicKey(secret, false),
    sign: (hash, secret) => p256.sign(hash, secret, options),
    verify: (signature, hash, publicKey) =>
      signature.length === SIGNATURE_BYTES && publicKey.length === PUBLIC_KEY_BYTES && p256.verify(signature, hash, publicKey, options),
  };
}
