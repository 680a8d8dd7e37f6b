/** Shell patterns (`*`, `?`, `[…]`, extended globs) as regular expressions, and pathname expansion over a file tree. */
import type { Files } from '#host';
import { joinPath, resolvePath } from './paths.ts';

const escapeLiteral = (char: string): string => (/[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char);
/** Inside brackets a hyphen has a meaning as well; what has none must not be escaped. */
const escapeInBrackets = (char: string): string => (/[\\^[\]-]/.test(char) ? `\\${char}` : char);

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
};

function bracketSource(pattern: string, from: number): { source: string; end: number } | undefined {
  let at = from + 1;
  let source = '[';
  if (pattern[at] === '!' || pattern[at] === '^') {
    source += '^';
    at++;
  }
  const first = at;
  for (; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === ']' && at > first) return { source: `${source}]`, end: at + 1 };
    const named = /^\[:(\w+):\]/.exec(pattern.slice(at));
    if (named) {
      source += CLASSES[named[1]!] ?? '';
      at += named[0].length - 1;
    } else if (char === '\\' && at + 1 < pattern.length) source += escapeInBrackets(pattern[++at]!);
    else source += char === '[' || char === '^' || char === '\\' || char === ']' ? `\\${char}` : char;
  }
  return undefined;
}

function closingParenthesis(pattern: string, open: number): number {
  let depth = 0;
  for (let at = open; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === '(') depth++;
    else if (pattern[at] === ')' && --depth === 0) return at;
  }
  return -1;
}

/** The source of a regular expression for a pattern in which a backslash makes the next character itself. `path`: `*` and `?` stop at slashes. */
export function patternSource(pattern: string, options: { path?: boolean; shortest?: boolean } = {}): string {
  const any = options.path ? '[^/]' : '[^]';
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if ('?*+@!'.includes(char) && pattern[at + 1] === '(') {
      const end = closingParenthesis(pattern, at + 1);
      if (end > 0) {
        const inner = pattern
          .slice(at + 2, end)
          .split('|')
          .map((part) => patternSource(part, options))
          .join('|');
        source += char === '!' ? `(?!(?:${inner})$)${any}*` : `(?:${inner})${char === '@' ? '' : char}`;
        at = end;
        continue;
      }
    }
    if (char === '\\' && at + 1 < pattern.length) source += escapeLiteral(pattern[++at]!);
    else if (char === '*') source += `${any}*${options.shortest ? '?' : ''}`;
    else if (char === '?') source += any;
    else if (char === '[') {
      const bracket = bracketSource(pattern, at);
      if (bracket) {
        source += bracket.source;
        at = bracket.end - 1;
      } else source += '\\[';
    } else source += escapeLiteral(char);
  }
  return source;
}

/** Whether a whole text fits a pattern. */
export function matchesPattern(text: string, pattern: string): boolean {
  return new RegExp(`^(?:${patternSource(pattern)})$`, 'u').test(text);
}

/** Makes every character of a text stand for itself in a pattern. */
export function quotePattern(text: string): string {
  return text.replace(/[\\*?[\]!+@()|]/g, '\\$&');
}

/** A pattern's text with its backslashes taken away. */
export function unquotePattern(pattern: string): string {
  return pattern.replace(/\\([^])/g, '$1');
}

/** Whether a pattern has anything to match by. */
export function isPattern(pattern: string): boolean {
  return /[*?[]|[?*+@!]\(/.test(pattern.replace(/\\[^]/g, ''));
}

/** The paths a pattern finds, sorted; empty where nothing fits. Hidden names need a dot in the pattern. */
export function expandPathname(pattern: string, files: Files, cwd: string): string[] {
  const absolute = pattern.startsWith('/');
  let found: string[] = [absolute ? '/' : ''];
  const parts = pattern.split('/').filter((part) => part !== '');
  parts.forEach((part, index) => {
    const next: string[] = [];
    const isLast = index === parts.length - 1;
    for (const base of found) {
      const directory = resolvePath(cwd, base === '' ? '.' : base);
      if (!isPattern(part)) {
        const path = base === '' ? unquotePattern(part) : joinPath(base, unquotePattern(part));
        if (files.stat(resolvePath(cwd, path), { follow: false })) next.push(path);
        continue;
      }
      if (files.stat(directory)?.kind !== 'directory') continue;
      const fits = new RegExp(`^(?:${patternSource(part, { path: true })})$`, 'u');
      for (const name of files.list(directory)) {
        if (name.startsWith('.') && !part.startsWith('.')) continue;
        const path = base === '' ? name : joinPath(base, name);
        if (fits.test(name) && (isLast || files.stat(resolvePath(cwd, path))?.kind === 'directory')) next.push(path);
      }
    }
    found = next;
  });
  return pattern.endsWith('/') ? found.map((path) => `${path}/`) : found;
}
