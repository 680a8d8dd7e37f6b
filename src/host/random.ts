/** Chance, from a seed. A process draws UIDs, names, jitter and keys from here, so that a seed repeats them. */

/** A stream of random draws of its own. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
  /** An independent stream named `label`: drawing from it never shifts this one. */
  fork(label: string): Random;
}

const UINT32 = 0x1_0000_0000;

/** FNV-1a over UTF-16 code units, 32 bits; for seeds and cheap checks, never for security. */
export function hashText(text: string, seed = 0x811c9dc5): number {
  let hash = seed >>> 0;
  for (let at = 0; at < text.length; at++) {
    hash ^= text.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** A stream seeded by `seed` (any text): xoshiro128** with splitmix32 seeding. */
export function seededRandom(seed: string): Random {
  return randomOfHash(hashText(seed));
}

/** The stream of a seed's hash; a fork's seed is the parent's with `/label` behind it, hashed on from where the parent's ended. */
function randomOfHash(hash: number): Random {
  let splitmix = hash;
  const nextSeed = (): number => {
    splitmix = (splitmix + 0x9e3779b9) >>> 0;
    let mixed = splitmix;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  let a = nextSeed();
  let b = nextSeed();
  let c = nextSeed();
  let d = nextSeed();
  const uint32 = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  return {
    next: () => (uint32() * 0x20_0000 + (uint32() >>> 11)) / (UINT32 * 0x20_0000),
    below: (bound) => Math.floor((uint32() / UINT32) * bound),
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at++) bytes[at] = uint32() & 0xff;
      return bytes;
    },
    fork: (label) => randomOfHash(hashText(`/${label}`, hash)),
  };
}

/** A random UID in the form Kubernetes uses (RFC 9562 version 4). */
export function randomUid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `length` characters of Kubernetes' safe alphabet (no vowels, no 0, 1, 3), as in generated names. */
export function randomSuffix(random: Random, length: number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  let suffix = '';
  for (let at = 0; at < length; at++) suffix += alphabet[random.below(alphabet.length)];
  return suffix;
}
