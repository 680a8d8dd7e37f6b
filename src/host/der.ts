/** DER, as far as certificates and keys need it: a writer of definite-length values and a reader of tag, length and content. ITU-T X.690. */

/** Tags in use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A value of the given tag around the given contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  const value = new Uint8Array(head.length + length);
  value.set(head);
  let at = head.length;
  for (const content of contents) {
    value.set(content, at);
    at += content.length;
  }
  return value;
}

/** An object identifier from its dotted form. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(TAG.objectIdentifier, Uint8Array.from(bytes));
}

/** A non-negative integer from its big-endian bytes. */
export function derInteger(bytes: Uint8Array): Uint8Array {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const trimmed = bytes.subarray(from);
  return trimmed[0]! & 0x80 ? der(TAG.integer, Uint8Array.of(0), trimmed) : der(TAG.integer, trimmed);
}

/** Text as UTF8String. */
export const derText = (text: string): Uint8Array => der(TAG.utf8String, new TextEncoder().encode(text));

/** A time: UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function derTime(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  const isUtc = Number(digits.slice(0, 4)) < 2050;
  return der(isUtc ? TAG.utcTime : TAG.generalizedTime, new TextEncoder().encode(`${isUtc ? digits.slice(2) : digits}Z`));
}

/** A bit string of whole bytes. */
export const derBits = (bytes: Uint8Array, unusedBits = 0): Uint8Array => der(TAG.bitString, Uint8Array.of(unusedBits), bytes);

/** A value as read: its tag, its content, and all its bytes. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** The values in `bytes`, one after the other. Throws an Error where a length runs over the end. */
export function readDer(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const tag = bytes[at++]!;
    let length = bytes[at++] ?? -1;
    if (length > 0x80) {
      const count = length & 0x7f;
      length = 0;
      for (let index = 0; index < count; index++) length = length * 256 + (bytes[at++] ?? 0);
    }
    if (length < 0 || at + length > bytes.length) throw new Error('asn1: syntax error: data truncated');
    values.push({ tag, content: bytes.subarray(at, at + length), whole: bytes.subarray(start, at + length) });
    at += length;
  }
  return values;
}

/** The dotted form of an object identifier's content. */
export function oidText(content: Uint8Array): string {
  const arcs = [Math.floor(content[0]! / 40), content[0]! % 40];
  let arc = 0;
  for (const byte of content.subarray(1)) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  return arcs.join('.');
}

/** Milliseconds of a UTCTime or GeneralizedTime. */
export function timeMs(value: DerValue): number {
  const digits = new TextDecoder().decode(value.content);
  const year = value.tag === TAG.utcTime ? `${Number(digits.slice(0, 2)) < 50 ? '20' : '19'}${digits.slice(0, 2)}` : digits.slice(0, 4);
  const rest = value.tag === TAG.utcTime ? digits.slice(2) : digits.slice(4);
  return Date.parse(`${year}-${rest.slice(0, 2)}-${rest.slice(2, 4)}T${rest.slice(4, 6)}:${rest.slice(6, 8)}:${rest.slice(8, 10)}Z`);
}
