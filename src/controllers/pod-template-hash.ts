/** The hash that tells revisions of a template apart: FNV-1a over the template in a fixed order, in characters safe for names. */
import type { PodTemplateSpec } from '#api';

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** JSON with sorted fields and without empty ones, so that equal templates have equal texts. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined && field !== null);
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, canonical(field)]));
}

function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** The decimal digits of a hash in the alphabet of generated names (rand.SafeEncodeString). */
export function safeEncode(hash: number): string {
  return [...String(hash)].map((digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join('');
}

/** The value of the label pod-template-hash or controller-revision-hash. `collisionCount` is added once hashes have collided. */
export function podTemplateHash(template: PodTemplateSpec, collisionCount?: number | null): string {
  const text =
    JSON.stringify(canonical(template)) + (collisionCount === undefined || collisionCount === null ? '' : String(collisionCount));
  return safeEncode(fnv1a(new TextEncoder().encode(text)));
}

/** Whether two templates are equal when the label `pod-template-hash` is not looked at. */
export function equalIgnoringHash(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  const bare = (template: PodTemplateSpec): string => {
    const { 'pod-template-hash': _hash, ...labels } = (template.metadata?.labels ?? {}) as Record<string, string>;
    return JSON.stringify(canonical({ ...template, metadata: { ...template.metadata, labels } }));
  };
  return bare(a) === bare(b);
}
