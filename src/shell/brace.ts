/** Brace expansion, {a,b} and {1..3}, on a word's source text as bash does it: before any other expansion, quotes respected. */

/** End of the quoted or escaped piece that begins at `at`, or `at` where nothing is quoted. */
function skipQuoted(text: string, at: number): number {
  const char = text[at];
  if (char === '\\') return at + 2;
  if (char === "'") {
    const end = text.indexOf("'", at + 1);
    return end < 0 ? text.length : end + 1;
  }
  if (char === '"' || char === '`') {
    for (let end = at + 1; end < text.length; end++) {
      if (text[end] === '\\') end++;
      else if (text[end] === char) return end + 1;
    }
    return text.length;
  }
  if (char === '$' && (text[at + 1] === '{' || text[at + 1] === '(')) {
    const open = text[at + 1]!;
    const close = open === '{' ? '}' : ')';
    let depth = 0;
    for (let end = at + 1; end < text.length;) {
      if (text[end] === open) depth++;
      else if (text[end] === close && --depth === 0) return end + 1;
      end = Math.max(end + 1, text[end] === '$' ? end + 1 : skipQuoted(text, end));
    }
    return text.length;
  }
  return at;
}

/** The comma-separated pieces of the brace that opens at `open`, and where it ends; undefined where it does not close. */
function readBrace(text: string, open: number): { pieces: string[]; end: number } | undefined {
  const pieces: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open; at < text.length;) {
    const beyond = skipQuoted(text, at);
    if (beyond > at) {
      at = beyond;
      continue;
    }
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) {
      pieces.push(text.slice(from, at));
      return { pieces, end: at + 1 };
    } else if (text[at] === ',' && depth === 1) {
      pieces.push(text.slice(from, at));
      from = at + 1;
    }
    at++;
  }
  return undefined;
}

const MAX_SEQUENCE = 100_000;

function sequence(text: string): string[] | undefined {
  const match = /^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?$/.exec(text);
  if (!match) return undefined;
  const [, first, last, by] = match as unknown as [string, string, string, string | undefined];
  const letters = /[A-Za-z]/.test(first);
  if (letters !== /[A-Za-z]/.test(last)) return undefined;
  const from = letters ? first.charCodeAt(0) : Number(first);
  const to = letters ? last.charCodeAt(0) : Number(last);
  const step = Math.max(1, Math.abs(Number(by ?? 1)));
  const padded = /^-?0\d/.test(first) || /^-?0\d/.test(last) ? Math.max(first.length, last.length) : 0;
  const items: string[] = [];
  for (let value = from; (from <= to ? value <= to : value >= to) && items.length < MAX_SEQUENCE; value += from <= to ? step : -step) {
    items.push(
      letters
        ? String.fromCharCode(value)
        : value < 0
          ? `-${String(-value).padStart(padded - 1, '0')}`
          : String(value).padStart(padded, '0'),
    );
  }
  return items;
}

/** The words a word's source text stands for. */
export function expandBraces(text: string): string[] {
  for (let at = 0; at < text.length;) {
    const beyond = skipQuoted(text, at);
    if (beyond > at) {
      at = beyond;
      continue;
    }
    if (text[at] === '{') {
      const brace = readBrace(text, at);
      const items = brace && (brace.pieces.length > 1 ? brace.pieces.flatMap(expandBraces) : sequence(brace.pieces[0] ?? ''));
      if (brace && items) {
        const before = text.slice(0, at);
        const rest = expandBraces(text.slice(brace.end));
        return items.flatMap((item) => rest.map((after) => before + item + after));
      }
    }
    at++;
  }
  return [text];
}
