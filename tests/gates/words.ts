/** Words that have no business in the project: places and numbers that only its makers know, hosts of package registries, loose ends. */

const forbidden: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  // Texts of the real programs may point at their own projects' issues.
  { pattern: /(?<!github\.com\/[\w-]+\/[\w-]+\/)\bissues?[ /]*#?\d+/i, what: 'the number of an issue' },
  {
    pattern: /(?<![\w.-])\/work\/(?:main|shared)\b|(?:\.\.\/)+shared\/(?:design|data|oracle|vectors)\b/,
    what: 'a path of somebody’s workplace',
  },
  {
    pattern: /\b(?:registry\.npmjs\.org|registry\.npmmirror\.com|registry\.yarnpkg\.com|npm\.pkg\.github\.com)\b/,
    what: 'the host of a package registry',
  },
  { pattern: /\b(?:TODO|FIXME|HACK)\b/, what: 'a loose end' },
];

/** Lines of a text that hold a forbidden word, as `path:line: what`. */
export function wordProblems(path: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      forbidden.filter(({ pattern }) => pattern.test(line)).map(({ what }) => `${path}:${index + 1}: names ${what}`),
    );
}

/** The lock file names packages and hashes, never where they were fetched from. */
export function lockProblems(lock: { readonly packages?: Readonly<Record<string, { readonly resolved?: string }>> }): string[] {
  return Object.entries(lock.packages ?? {})
    .filter(([, { resolved }]) => resolved !== undefined && /^https?:/.test(resolved))
    .map(([name]) => `package-lock.json: ${name} names the host it came from`);
}
