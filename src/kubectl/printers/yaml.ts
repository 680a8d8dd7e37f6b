/** Values as YAML in the form sigs.k8s.io/yaml gives them: sorted keys, lists at their parent's indent, Go's rules of quoting. */

const RESOLVES_TO_OTHER =
  /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|y|Y|n|N|<<|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const NUMBER = /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?)$/;
const SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::\d{2})?))?)?$/;

function needsDoubleQuotes(text: string): boolean {
  return [...text].some((char) => {
    const code = char.codePointAt(0)!;
    return (
      (code < 0x20 && char !== '\n') ||
      code === 0x7f ||
      (code >= 0x80 && code < 0xa0) ||
      code === 0xfeff ||
      (code >= 0xd800 && code < 0xe000)
    );
  });
}

function plainAllowed(text: string): boolean {
  if (text === '' || /^[\s]|[\s]$/.test(text) || text.includes('\n')) return false;
  if (/^[,[\]{}#&*!|>'"%@`]/.test(text) || /^[-?:](\s|$)/.test(text) || /^(---|\.\.\.)/.test(text)) return false;
  return !/: |:$| #/.test(text);
}

function escapedParts(text: string): string[] {
  const escapes: Readonly<Record<string, string>> = {
    '"': '\\"',
    '\\': '\\\\',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\0': '\\0',
    '\x07': '\\a',
    '\b': '\\b',
    '\x0b': '\\v',
    '\f': '\\f',
    '\x1b': '\\e',
  };
  const escaped = [...text].map((char) => {
    const code = char.codePointAt(0)!;
    if (escapes[char]) return escapes[char];
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0').toUpperCase()}`;
    if (code >= 0x80 && code < 0xa0) return `\\x${code.toString(16).toUpperCase()}`;
    return code === 0xfeff ? '\\uFEFF' : char;
  });
  return escaped;
}

/** Lines are broken at the first single space beyond this column, as libyaml does. */
const WIDTH = 80;

/** Where a scalar stands: the column of its first character, and what its further lines begin with. */
interface Place {
  readonly column: number;
  readonly continuation: string;
}

/** Characters with line breaks in the places where libyaml's emitter puts them. Quoted ones do not break at their ends. */
function folded(parts: readonly string[], { column, continuation }: Place, style: 'plain' | 'single' | 'double'): string {
  let result = '';
  let at = column;
  let afterSpace = false;
  for (const [index, part] of parts.entries()) {
    const isInside = style === 'plain' || (index > 0 && index < parts.length - 1);
    const isBeforeSpace = parts[index + 1] === ' ';
    if (part === ' ' && !afterSpace && at > WIDTH && isInside && (style === 'double' || !isBeforeSpace)) {
      result += `\n${continuation}`;
      at = continuation.length;
      if (style === 'double' && isBeforeSpace) {
        result += '\\';
        at++;
      }
    } else {
      result += part;
      at += [...part].length;
    }
    afterSpace = part === ' ';
  }
  return result;
}

function doubleQuoted(text: string, place?: Place): string {
  const parts = escapedParts(text);
  return `"${place ? folded(parts, { ...place, column: place.column + 1 }, 'double') : parts.join('')}"`;
}

function textScalar(text: string, indent: string, column?: number): string {
  const place = column === undefined ? undefined : { column, continuation: `${indent}  ` };
  if (RESOLVES_TO_OTHER.test(text) || NUMBER.test(text) || SEXAGESIMAL.test(text) || TIMESTAMP.test(text) || text === '')
    return doubleQuoted(text, place);
  if (needsDoubleQuotes(text)) return doubleQuoted(text, place);
  if (text.includes('\n')) {
    if (/[ \t]$/m.test(text) && /[ \t]\n/.test(text)) return doubleQuoted(text, place);
    const chomp = text.endsWith('\n') ? (text.endsWith('\n\n') || text === '\n' ? '+' : '') : '-';
    const hint = /^[ \n]/.test(text) ? '2' : '';
    const lines = text.replace(/\n$/, '').split('\n');
    return `|${hint}${chomp}\n${lines.map((line) => (line === '' ? '' : `${indent}  ${line}`)).join('\n')}`;
  }
  if (plainAllowed(text)) return place ? folded([...text], place, 'plain') : text;
  const parts = [...text].map((char) => (char === "'" ? "''" : char));
  return `'${place ? folded(parts, { ...place, column: place.column + 1 }, 'single') : parts.join('')}'`;
}

function numberScalar(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  return String(value)
    .replace(/e\+?(-?)(\d)$/, 'e$1' + '0$2')
    .replace(/e(\d)/, 'e+$1');
}

const isEmptyCollection = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

function scalar(value: unknown, indent: string, column: number): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return textScalar(value, indent, column);
  if (typeof value === 'number') return numberScalar(value);
  if (Array.isArray(value)) return '[]';
  return typeof value === 'object' ? '{}' : String(value as boolean | bigint);
}

const keyText = (key: string): string => {
  const text = textScalar(key, '');
  return text.includes('\n') ? doubleQuoted(key) : text;
};

/** Keys in the order Go's yaml library sorts them: digits by value, letters after other characters. */
function compareKeys(a: string, b: string): number {
  const digit = (char: string | undefined): boolean => char !== undefined && char >= '0' && char <= '9';
  const letter = (char: string): boolean => /\p{L}/u.test(char);
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    if (a[at] === b[at]) continue;
    const [left, right] = [a[at]!, b[at]!];
    if (letter(left) && letter(right)) return left < right ? -1 : 1;
    if (letter(left) || letter(right)) return letter(left) ? 1 : -1;
    let start = at;
    while (start > 0 && digit(a[start - 1])) start--;
    const number = (text: string): string => /^\d+/.exec(text.slice(start))?.[0].replace(/^0+(?=\d)/, '') ?? '';
    if (digit(left) && digit(right)) {
      const [x, y] = [number(a), number(b)];
      if (x !== y) return x.length - y.length || (x < y ? -1 : 1);
    }
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

function lines(value: unknown, indent: string, into: string[], lead: string): void {
  if (typeof value !== 'object' || value === null || isEmptyCollection(value)) {
    into.push(`${lead}${scalar(value, indent.slice(2), lead.length)}`);
    return;
  }
  let first = lead;
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) {
      lines(item, `${indent}  `, into, `${first}- `);
      first = indent;
    }
    return;
  }
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record).sort(compareKeys)) {
    const item = record[key];
    if (item === undefined) continue;
    const nested = typeof item === 'object' && item !== null && !isEmptyCollection(item);
    if (nested) {
      into.push(`${first}${keyText(key)}:`);
      lines(item, Array.isArray(item) ? indent : `${indent}  `, into, Array.isArray(item) ? indent : `${indent}  `);
    } else {
      const head = `${first}${keyText(key)}: `;
      into.push(`${head}${scalar(item, indent, head.length)}`);
    }
    first = indent;
  }
}

/** A value as a YAML document, newline at the end. */
export function toYaml(value: unknown): string {
  const into: string[] = [];
  lines(value, '', into, '');
  return `${into.join('\n')}\n`;
}
