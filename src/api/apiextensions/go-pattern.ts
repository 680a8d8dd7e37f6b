// Regular expressions of schemas are Go's (RE2); those that differ from the platform's are put into its form.

const classes: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: '\\s',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
  punct: '!-\\/:-@\\[-`{-~',
};

/** The expression of a pattern; undefined where it is none. */
export function goPattern(pattern: string): RegExp | undefined {
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  const source = pattern
    .slice(flags?.[0].length ?? 0)
    .replace(/\[:(\w+):\]/g, (whole, name: string) => classes[name] ?? whole)
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$')
    .replace(/\(\?P</g, '(?<');
  for (const mode of ['u', '']) {
    try {
      return new RegExp(source, mode + (flags?.[1] ?? ''));
    } catch {
      // Some escapes that Go allows are errors only in the stricter mode.
      continue;
    }
  }
  return undefined;
}
