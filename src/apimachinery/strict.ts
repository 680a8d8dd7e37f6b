// Strict decoding: unknown and duplicate fields, and Go's texts for malformed JSON.

/** `unknown field "spec.foo"`. */
export function unknownFieldText(path: string): string {
  return `unknown field "${path}"`;
}

/** `duplicate field "data.a"`. */
export function duplicateFieldText(path: string): string {
  return `duplicate field "${path}"`;
}

/** `strict decoding error: unknown field "spec.foo", …`. */
export function strictDecodingError(texts: readonly string[]): string {
  return `strict decoding error: ${texts.join(', ')}`;
}

/** Nesting deeper than this is refused, as Go's decoder does. */
const maxDepth = 10_000;

function quoteChar(char: string): string {
  if (char === "'") return `'\\''`;
  if (char === '"') return `'"'`;
  const code = char.codePointAt(0) ?? 0;
  const named = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 92: '\\\\' }[code];
  if (named) return `'${named}'`;
  if (code < 0x20) return `'\\x${code.toString(16).padStart(2, '0')}'`;
  return code >= 0x7f && code < 0xa0 ? `'\\u${code.toString(16).padStart(4, '0')}'` : `'${char}'`;
}

class JsonReader {
  private at = 0;
  readonly duplicates: string[] = [];
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  document(): unknown {
    const value = this.value('', 0);
    this.skipBlanks();
    if (this.at < this.text.length) throw this.unexpected('after top-level value');
    return value;
  }

  private skipBlanks(): void {
    while (this.at < this.text.length && ' \t\r\n'.includes(this.text.charAt(this.at))) this.at++;
  }

  private unexpected(where: string): Error {
    if (this.at >= this.text.length) return new Error('unexpected end of JSON input');
    const char = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    return new Error(`invalid character ${quoteChar(char)} ${where}`);
  }

  private value(path: string, depth: number): unknown {
    if (depth > maxDepth) throw new Error('exceeded max depth');
    this.skipBlanks();
    const char = this.text[this.at];
    if (char === '{') return this.object(path, depth);
    if (char === '[') return this.array(path, depth);
    if (char === '"') return this.string();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (char === word[0]) return this.literal(word, value);
    }
    if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) return this.number();
    throw this.unexpected('looking for beginning of value');
  }

  private literal(word: string, value: unknown): unknown {
    for (let index = 1; index < word.length; index++) {
      this.at++;
      if (this.text[this.at] !== word[index]) throw this.unexpected(`in literal ${word} (expecting ${quoteChar(word.charAt(index))})`);
    }
    this.at++;
    return value;
  }

  private number(): number {
    const match = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
    match.lastIndex = this.at;
    const found = match.exec(this.text);
    if (!found) {
      this.at++;
      throw this.unexpected('in numeric literal');
    }
    this.at += found[0].length;
    return Number(found[0]);
  }

  private string(): string {
    const start = this.at++;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined) throw this.unexpected('');
      if (char < ' ') throw this.unexpected('in string literal');
      if (char === '"') break;
      if (char === '\\') {
        this.at++;
        if (!'"\\/bfnrtu'.includes(this.text[this.at] ?? ' ')) throw this.unexpected('in string escape code');
        if (this.text[this.at] === 'u') {
          for (let digit = 0; digit < 4; digit++) {
            this.at++;
            if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? ' ')) throw this.unexpected('in \\u hexadecimal character escape');
          }
        }
      }
      this.at++;
    }
    this.at++;
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private object(path: string, depth: number): unknown {
    const object: Record<string, unknown> = {};
    this.at++;
    this.skipBlanks();
    if (this.text[this.at] === '}') {
      this.at++;
      return object;
    }
    for (;;) {
      this.skipBlanks();
      if (this.text[this.at] !== '"') throw this.unexpected('looking for beginning of object key string');
      const key = this.string();
      const child = path ? `${path}.${key}` : key;
      if (Object.hasOwn(object, key)) this.duplicates.push(child);
      this.skipBlanks();
      if (this.text[this.at] !== ':') throw this.unexpected('after object key');
      this.at++;
      const value = this.value(child, depth + 1);
      if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      else object[key] = value;
      this.skipBlanks();
      const next = this.text[this.at];
      if (next !== ',' && next !== '}') throw this.unexpected('after object key:value pair');
      this.at++;
      if (next === '}') return object;
    }
  }

  private array(path: string, depth: number): unknown {
    const list: unknown[] = [];
    this.at++;
    this.skipBlanks();
    if (this.text[this.at] === ']') {
      this.at++;
      return list;
    }
    for (;;) {
      list.push(this.value(`${path}[${list.length}]`, depth + 1));
      this.skipBlanks();
      const next = this.text[this.at];
      if (next !== ',' && next !== ']') throw this.unexpected('after array element');
      this.at++;
      if (next === ']') return list;
    }
  }
}

/** Parses JSON and lists duplicate fields by path ("data.a", "spec.containers[0].name"). Throws an Error with Go's JSON error text. */
export function parseJsonStrict(text: string): { value: unknown; duplicates: string[] } {
  const reader = new JsonReader(text);
  const value = reader.document();
  return { value, duplicates: reader.duplicates };
}

/** JSON.parse with Go's error texts. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Only the slow reader knows Go's words for what is wrong.
    return parseJsonStrict(text).value;
  }
}
