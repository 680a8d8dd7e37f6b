/**
 * The plain part of YAML that the cluster's own files are written in: block maps and lists of words, whole numbers and true or false. Reading and
 * writing it takes a cold worker a fraction of what the whole language takes; whatever is not plain goes to the library that knows everything.
 */
import { parse, stringify } from 'yaml';

/** Thrown inside, and only inside: the text or the value is not plain. */
class NotPlain extends Error {}

const KEY_NAME = /^[A-Za-z][\w./-]*$/;
const KEY = /^([A-Za-z][\w./-]*):(?: (.+))?$/;
/** Words that are no numbers unless they look like one; nothing in them means anything to YAML where they stand. */
const WORD = /^(?:[A-Za-z0-9/]|--[A-Za-z])[\w/.,:=@+*%-]*$/;
const WHOLE = /^(?:0|[1-9]\d{0,14})$/;
/** Plain words that mean a value in the core schema. */
const MEANING = /^(?:true|True|TRUE|false|False|FALSE|null|Null|NULL)$/;

const isWord = (text: string): boolean => WORD.test(text) && !text.endsWith(':') && !MEANING.test(text) && Number.isNaN(Number(text));

function scalarOf(text: string): unknown {
  if (isWord(text)) return text;
  if (WHOLE.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === '{}') return {};
  if (text === '[]') return [];
  const quoted = /^"([^"\\]*)"$/.exec(text);
  if (quoted) return quoted[1];
  throw new NotPlain();
}

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** Reads lines from the first one on; each part takes the lines that belong to it. */
class PlainReader {
  readonly #lines: Line[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => {
        const content = line.trimStart();
        const indent = line.length - content.length;
        if (content === '' || line.slice(0, indent) !== ' '.repeat(indent)) throw new NotPlain();
        return { indent, text: content };
      });
  }

  document(): unknown {
    const value = this.#block(0);
    if (this.#at < this.#lines.length) throw new NotPlain();
    return value;
  }

  #block(indent: number): unknown {
    const first = this.#lines[this.#at];
    if (first?.indent !== indent) throw new NotPlain();
    return first.text.startsWith('- ') ? this.#list(indent) : this.#map(indent);
  }

  #list(indent: number): unknown[] {
    const items: unknown[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent && line.text.startsWith('- '); line = this.#lines[this.#at]) {
      const text = line.text.slice(2);
      if (KEY.test(text)) {
        // A map that begins behind the dash: its first line stands two columns further in.
        this.#lines[this.#at] = { indent: indent + 2, text };
        items.push(this.#map(indent + 2));
      } else {
        this.#at++;
        items.push(this.#leaf(text, indent));
      }
    }
    return items;
  }

  #map(indent: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const [, key, text] = KEY.exec(line.text) ?? [];
      if (key === undefined || MEANING.test(key) || Object.hasOwn(map, key)) throw new NotPlain();
      this.#at++;
      map[key] = text === undefined ? this.#below(indent) : this.#leaf(text, indent);
    }
    return map;
  }

  /** What a key without a value on its line holds: a list may begin below the key itself. */
  #below(indent: number): unknown {
    const next = this.#lines[this.#at];
    if (next?.indent === indent && next.text.startsWith('- ')) return this.#list(indent);
    if (next === undefined || next.indent <= indent) throw new NotPlain();
    return this.#block(next.indent);
  }

  /** A value that ends with its line; one that goes on below is not plain. */
  #leaf(text: string, indent: number): unknown {
    if ((this.#lines[this.#at]?.indent ?? 0) > indent) throw new NotPlain();
    return scalarOf(text);
  }
}

function scalarText(value: unknown): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && WHOLE.test(String(value))) return String(value);
  if (typeof value === 'string' && isWord(value)) return value;
  if (typeof value === 'string' && (value === '' || WHOLE.test(value) || value === 'true' || value === 'false')) return `"${value}"`;
  throw new NotPlain();
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** The lines of a map or a list, the first one without the indentation that its holder writes. */
function linesOf(value: object, indent: string): string[] {
  if (Array.isArray(value))
    return value.map((item: unknown) => {
      if (typeof item !== 'object' || item === null) return `- ${scalarText(item)}`;
      if (Array.isArray(item) || isEmpty(item)) throw new NotPlain();
      return `- ${linesOf(item, `${indent}  `).join(`\n${indent}  `)}`;
    });
  return Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]: [string, unknown]) => {
      if (!KEY_NAME.test(key) || MEANING.test(key)) throw new NotPlain();
      if (typeof part !== 'object' || part === null) return `${key}: ${scalarText(part)}`;
      if (isEmpty(part)) return `${key}: ${Array.isArray(part) ? '[]' : '{}'}`;
      return `${key}:\n${indent}  ${linesOf(part, `${indent}  `).join(`\n${indent}  `)}`;
    });
}

/** `act`, or undefined where what it works on is not plain. */
function ifPlain<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

/** The value of a plain text; undefined where it is not plain. */
export const readPlainYaml = (text: string): unknown => ifPlain(() => new PlainReader(text).document());

/** The text of a plain value, as the library would write it; undefined where it is not plain. */
export const writePlainYaml = (value: object): string | undefined =>
  isEmpty(value) ? undefined : ifPlain(() => `${linesOf(value, '').join('\n')}\n`);

/** Reads one YAML document. Throws the library's YAMLParseError where it is none. */
export const readYaml = (text: string): unknown => readPlainYaml(text) ?? (parse(text) as unknown);

/** Writes an object as YAML without folding long lines. */
export const writeYaml = (value: object): string => writePlainYaml(value) ?? stringify(value, { lineWidth: 0 });
