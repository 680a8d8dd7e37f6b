/** Key ranges as requests write them: a single key, [key, rangeEnd), or from the key on (rangeEnd '\0'). */

/** A half-open range of keys; `end` undefined: no upper bound. */
export interface KeyRange {
  readonly from: string;
  readonly end: string | undefined;
  /** Whether it is one key rather than a range. */
  readonly isSingle: boolean;
}

/** The range that `key` and `rangeEnd` of a request mean. */
export function keyRange(key: string, rangeEnd: string | undefined): KeyRange {
  if (rangeEnd === undefined || rangeEnd === '') return { from: key, end: undefined, isSingle: true };
  return { from: key, end: rangeEnd === '\0' ? undefined : rangeEnd, isSingle: false };
}

/** Whether the range holds the key. */
export function rangeHas(range: KeyRange, key: string): boolean {
  if (range.isSingle) return key === range.from;
  return key >= range.from && (range.end === undefined || key < range.end);
}

/** Bytes of a text in UTF-8, which is how etcd counts sizes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // The two halves of a pair are four bytes together.
    if (unit >= 0xd800 && unit < 0xdc00) at++;
  }
  return bytes;
}

/** Whether a text takes more than so many bytes; most are not even looked at, since no character takes more than three. */
export const isLongerThan = (text: string, bytes: number): boolean => text.length * 3 > bytes && utf8Length(text) > bytes;
