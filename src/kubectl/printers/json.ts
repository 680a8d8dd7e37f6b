/** Values as JSON in the form kubectl gives them: sorted keys, four blanks, Go's escaping of <, > and &. */

/** A copy with keys in sorted order, all the way down. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(record)
      .sort()
      .filter((key) => record[key] !== undefined)
      .map((key) => [key, sortKeys(record[key])]),
  );
}

/** JSON with sorted keys, newline at the end. */
export function toJson(value: unknown, indent = 4): string {
  return `${JSON.stringify(sortKeys(value), null, indent).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** Compact JSON with sorted keys, as the last-applied annotation holds it. */
export function toCompactJson(value: unknown): string {
  return JSON.stringify(sortKeys(value)).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
