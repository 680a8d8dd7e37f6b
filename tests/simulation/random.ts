// Chance from a seed: the same seed gives the same numbers, on every machine.

/** A generator of numbers in [0, 1): xorshift with 128 bits of state, seeded by splitmix. */
export function seededRandom(seed: number): () => number {
  let mix = seed | 0;
  const next32 = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  let a = next32();
  let b = next32();
  let c = next32();
  let d = next32() | 1;
  return () => {
    const t = d ^ (d << 11);
    d = c;
    c = b;
    b = a;
    a = a ^ (a >>> 19) ^ t ^ (t >>> 8);
    return (a >>> 0) / 0x1_0000_0000;
  };
}
