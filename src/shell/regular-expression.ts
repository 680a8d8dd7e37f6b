/** POSIX regular expressions (basic, extended, fixed strings) as JavaScript's. */

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
  print: '\\x20-\\x7e',
  cntrl: '\\x00-\\x1f',
};

function readBracket(source: string, from: number): { text: string; end: number } | undefined {
  let at = from + 1;
  let text = '[';
  if (source[at] === '^') {
    text += '^';
    at++;
  }
  for (const first = at; at < source.length; at++) {
    const char = source[at]!;
    if (char === ']' && at > first) return { text: `${text}]`, end: at };
    const named = /^\[:(\w+):\]/.exec(source.slice(at));
    if (named) {
      text += CLASSES[named[1]!] ?? '';
      at += named[0].length - 1;
    } else
      text +=
        char === '[' || char === ']'
          ? `\\${char}`
          : char === '\\' && /[nt\\]/.test(source[at + 1] ?? '')
            ? char + source[++at]!
            : char === '\\'
              ? '\\\\'
              : char;
  }
  return undefined;
}

/** The source of the JavaScript expression that matches the same. */
export function posixRegExp(source: string, syntax: 'basic' | 'extended' | 'fixed'): string {
  if (syntax === 'fixed') return source.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  let result = '';
  for (let at = 0; at < source.length; at++) {
    const char = source[at]!;
    if (char === '[') {
      const bracket = readBracket(source, at);
      result += bracket?.text ?? '\\[';
      if (bracket) at = bracket.end;
    } else if (char === '\\' && at + 1 < source.length) {
      const next = source[++at]!;
      if (syntax === 'basic' && '(){}|+?'.includes(next)) result += next;
      else if (next === '<' || next === '>') result += '\\b';
      else if (next === '`') result += '^';
      else if (next === "'") result += '$';
      else result += /[A-Za-z0-9]/.test(next) || /[\\^$.*+?()[\]{}|/]/.test(next) ? `\\${next}` : next;
    } else if (syntax === 'basic' && '(){}|+?'.includes(char)) result += `\\${char}`;
    else if (syntax === 'basic' && char === '*' && (result === '' || result.endsWith('^') || result.endsWith('('))) result += '\\*';
    else if (char === '{' && !/^\{\d*,?\d*\}/.test(source.slice(at))) result += '\\{';
    else if (char === '}' && !/\{\d*,?\d*$/.test(source.slice(0, at))) result += '\\}';
    else result += char;
  }
  return result;
}
