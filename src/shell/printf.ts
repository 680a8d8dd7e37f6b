/** `printf` and `echo -e`: formats and backslash escapes as bash's builtins read them. */

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};

/** Text with its escapes read. `stop` is true when a `\c` ended the output. `octalZero`: octal needs a leading 0, as in echo and %b. */
export function readEscapes(text: string, octalZero: boolean): { text: string; stop: boolean } {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\' || at === text.length - 1) {
      result += text[at]!;
      continue;
    }
    const rest = text.slice(at + 1);
    const match =
      (octalZero ? /^0([0-7]{0,3})/ : /^([0-7]{1,3})/).exec(rest) ??
      /^x([0-9a-fA-F]{1,2})/.exec(rest) ??
      /^u([0-9a-fA-F]{1,4})/.exec(rest) ??
      /^U([0-9a-fA-F]{1,8})/.exec(rest);
    if (match) {
      result += String.fromCodePoint(parseInt(match[1] || '0', /^[xuU]/.test(rest) ? 16 : 8));
      at += match[0].length;
    } else if (rest[0] === 'c') return { text: result, stop: true };
    else {
      result += ESCAPES[rest[0]!] ?? `\\${rest[0]!}`;
      at++;
    }
  }
  return { text: result, stop: false };
}

/** What `echo` prints for its arguments, newline included. */
export function echoText(args: readonly string[]): string {
  let newline = true;
  let escapes = false;
  let at = 0;
  for (; at < args.length && /^-[neE]+$/.test(args[at]!); at++) {
    for (const letter of args[at]!.slice(1)) {
      if (letter === 'n') newline = false;
      else escapes = letter === 'e';
    }
  }
  const text = args.slice(at).join(' ');
  if (!escapes) return newline ? `${text}\n` : text;
  const read = readEscapes(text, true);
  return newline && !read.stop ? `${read.text}\n` : read.text;
}

/** The result of a printf: its output and its complaints (without the `bash: printf: ` before them). */
export interface PrintfResult {
  readonly text: string;
  readonly errors: readonly string[];
}

const pad = (text: string, width: number, left: boolean, zero: boolean): string => {
  if (left) return text.padEnd(width);
  if (!zero) return text.padStart(width);
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
};

function numberOf(text: string | undefined, errors: string[]): number {
  if (text === undefined || text === '') return 0;
  if (/^['"]./u.test(text)) return text.codePointAt(1)!;
  const trimmed = text.trim();
  if (/^[-+]?0[xX][0-9a-fA-F]+$/.test(trimmed)) return Number(trimmed.replace(/^[-+]/, '')) * (trimmed.startsWith('-') ? -1 : 1);
  if (/^0[0-7]+$/.test(trimmed)) return parseInt(trimmed, 8);
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(trimmed)) return Number(trimmed);
  errors.push(`${text}: invalid number`);
  return Number.parseFloat(trimmed) || 0;
}

/** A number in one of C's floating formats. */
export function formatFloat(value: number, letter: string, precision: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  if (letter === 'f' || letter === 'F') return value.toFixed(precision);
  const exponential = (text: string): string => text.replace(/e([-+])(\d)$/, 'e$10$2');
  if (letter === 'e' || letter === 'E') return exponential(value.toExponential(precision));
  const digits = precision === 0 ? 1 : precision;
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
  if (exponent < -4 || exponent >= digits) return exponential(value.toExponential(digits - 1).replace(/\.?0+e/, 'e'));
  const fixed = value.toFixed(Math.max(0, digits - 1 - exponent));
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
}

function formatInteger(value: number, letter: string, precision: number | undefined, flags: string): string {
  const whole = Math.trunc(value);
  const digits = ((): string => {
    const absolute = Math.abs(whole);
    if (letter === 'x') return (flags.includes('#') && whole ? '0x' : '') + absolute.toString(16);
    if (letter === 'X') return (flags.includes('#') && whole ? '0X' : '') + absolute.toString(16).toUpperCase();
    if (letter === 'o') return (flags.includes('#') ? '0' : '') + absolute.toString(8);
    return String(absolute);
  })();
  const sign = whole < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return sign + digits.padStart(precision ?? 1, '0');
}

const CONVERSION = /%(?:%|([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?(?:hh|h|ll|l|j|z|t|L)?([diouxXcsbqfFeEgG]))/;

/** One pass of a format over arguments; takes from `args` what it needs. */
function formatOnce(
  format: string,
  args: string[],
  errors: string[],
  quote: (text: string) => string,
): { text: string; stop: boolean; used: boolean } {
  const conversion = new RegExp(CONVERSION, 'y');
  let text = '';
  let used = false;
  for (let at = 0; at < format.length;) {
    if (format[at] !== '%') {
      const next = format.indexOf('%', at);
      const end = next < 0 ? format.length : next;
      const read = readEscapes(format.slice(at, end), false);
      text += read.text;
      if (read.stop) return { text, stop: true, used };
      at = end;
      continue;
    }
    conversion.lastIndex = at;
    const match = conversion.exec(format);
    if (!match) {
      errors.push(`\`${format[at + 1] ?? ''}': invalid format character`);
      return { text, stop: true, used };
    }
    at += match[0].length;
    if (match[0] === '%%') {
      text += '%';
      continue;
    }
    used = true;
    const [, flags, widthText, precisionText, letter] = match as unknown as [
      string,
      string,
      string | undefined,
      string | undefined,
      string,
    ];
    const width = widthText === '*' ? numberOf(args.shift(), errors) : Number(widthText ?? 0);
    const hasPrecision = /\./.test(match[0]);
    const precision = !hasPrecision ? undefined : precisionText === '*' ? numberOf(args.shift(), errors) : Number(precisionText ?? 0);
    const arg = args.shift();
    let piece: string;
    let stop = false;
    if ('diouxX'.includes(letter)) piece = formatInteger(numberOf(arg, errors), letter, precision, flags);
    else if ('fFeEgG'.includes(letter))
      piece = (flags.includes('+') && numberOf(arg, []) >= 0 ? '+' : '') + formatFloat(numberOf(arg, errors), letter, precision ?? 6);
    else if (letter === 'c') piece = (arg ?? '').slice(0, 1);
    else if (letter === 'q') piece = quote(arg ?? '');
    else if (letter === 'b') ({ text: piece, stop } = readEscapes(arg ?? '', true));
    else piece = precision === undefined ? (arg ?? '') : (arg ?? '').slice(0, precision);
    text += pad(piece, Math.abs(width), flags.includes('-') || width < 0, flags.includes('0') && letter !== 's' && letter !== 'c');
    if (stop) return { text, stop, used };
  }
  return { text, stop: false, used };
}

/** What `printf format args…` prints; the format is used again while arguments are left. `quote` serves %q. */
export function formatPrintf(format: string, args: readonly string[], quote: (text: string) => string): PrintfResult {
  const rest = [...args];
  const errors: string[] = [];
  let text = '';
  do {
    const once = formatOnce(format, rest, errors, quote);
    text += once.text;
    if (once.stop || !once.used) break;
  } while (rest.length > 0);
  return { text, errors };
}

/** One pass of a format whose escapes were read before (awk's printf). Too many arguments are passed over. */
export function formatWithoutEscapes(format: string, args: readonly string[]): string {
  return formatOnce(format.replaceAll('\\', '\\\\'), [...args], [], (text) => text).text;
}
