/** Documents of a text: YAML or JSON, several one after the other, with the complaints of Go's parsers. */
import { parseAllDocuments, type Document, type SchemaOptions, type YAMLParseError } from 'yaml';
import { CommandError } from './errors.ts';

type Complaint = Pick<YAMLParseError, 'code' | 'message' | 'linePos'>;

/** What libyaml says: its scanner counts lines from one, its parser names the line before; a problem in the first line has no number. */
interface Words {
  readonly text: string;
  readonly byScanner: boolean;
}

const scanner = (text: string): Words => ({ text, byScanner: true });
const parser = (text: string): Words => ({ text, byScanner: false });

/** Whether a line before `at` (from 1) begins at the same column: then a mapping goes on there, and each of its keys must end in a colon. */
function continuesMapping(text: string, at: number, column: number): boolean {
  const lines = text.split('\n');
  const indent = (line: string): number => /^ */.exec(line)![0].length;
  return lines.slice(0, at - 1).some((line) => line.trim() !== '' && indent(line) === column - 1);
}

function wordsFor({ code, message, linePos }: Complaint, text: string): Words {
  if (/closing "|closing '/.test(message)) return scanner('found unexpected end of stream');
  if (/and end with a ([\]}])/.test(message)) return parser(`did not find expected ',' or '${message.includes('a }') ? '}' : ']'}'`);
  if (/Unexpected flow-\w+-end/.test(message)) return parser('did not find expected node content');
  if (/sequence items|Unexpected scalar at node end/.test(message) && /^\s*- /.test(text))
    return parser("did not find expected '-' indicator");
  switch (code) {
    case 'TAB_AS_INDENT':
    case 'BAD_SCALAR_START':
      return scanner('found character that cannot start any token');
    case 'BAD_DQ_ESCAPE':
      return scanner('found unknown escape character');
    case 'BLOCK_AS_IMPLICIT_KEY':
      return scanner('mapping values are not allowed in this context');
    case 'MULTILINE_IMPLICIT_KEY': {
      const [start, end] = linePos ?? [];
      if (start?.line === end?.line) return parser('did not find expected key');
      return scanner(
        continuesMapping(text, start!.line, start!.col) ? "could not find expected ':'" : 'mapping values are not allowed in this context',
      );
    }
    default:
      return parser(code === 'BAD_ALIAS' ? message.split('\n')[0]! : 'did not find expected key');
  }
}

/** libyaml's words for what the parser found first. */
function yamlComplaint(errors: readonly Complaint[], text: string): string {
  const first = errors[0]!;
  // A key that runs over several lines: libyaml stops where the key's colon should have been.
  const running = errors.find(({ code }) => code === 'MULTILINE_IMPLICIT_KEY')?.linePos?.[1]?.line;
  const at = running ?? first.linePos?.[0].line ?? 1;
  const words = wordsFor(first, text);
  const line = at === 1 ? 0 : words.byScanner ? at : at - 1;
  return `yaml: ${line > 0 ? `line ${line}: ` : ''}${words.text}`;
}

/** YAML 1.1 as Go reads it: a lone dot is text. */
const customTags: SchemaOptions['customTags'] = (tags) =>
  tags.map((tag) =>
    typeof tag === 'object' && tag.tag === 'tag:yaml.org,2002:float' && 'test' in tag && tag.test?.test('.')
      ? { ...tag, test: /^(?=.*\d)[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*$/ }
      : tag,
  );

/** The value of one YAML document; undefined for an empty one. */
function valueOf(part: string, source: string): unknown {
  const [document] = parseAllDocuments(part, { version: '1.1', merge: true, uniqueKeys: false, customTags }) as Document.Parsed[];
  const refuse = (complaint: string): never => {
    throw new CommandError(`error parsing ${source}: error converting YAML to JSON: ${complaint}`);
  };
  if (document?.errors.length) refuse(yamlComplaint(document.errors, part));
  try {
    return plain(document?.toJS());
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return refuse(`yaml: unknown anchor '${/: (.*)$/.exec(error.message)?.[1] ?? ''}' referenced`);
  }
}

/** The values of a text's documents; empty ones are left out. Throws CommandError with kubectl's text. */
export function parseDocuments(text: string, source: string): unknown[] {
  if (/^\s*[{[]/.test(text)) {
    try {
      return jsonDocuments(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      if (!/^\s*\{[^{}"]*:/.test(text) || /"/.test(text.slice(0, 40))) {
        const truncated = /end of JSON|Unterminated|Expected.*after property value|Expected '[,}]/i.test(error.message);
        throw new CommandError(`error parsing ${source}: ${truncated ? 'unexpected EOF' : error.message}`);
      }
    }
  }
  const values: unknown[] = [];
  for (const part of text.split(/^---(?:[ \t].*)?$/m)) {
    if (part.replace(/^\s*#.*$/gm, '').trim() === '') continue;
    const value = valueOf(part, source);
    if (value !== null && value !== undefined) values.push(value);
  }
  return values;
}

/** Several JSON values one after the other. */
function jsonDocuments(text: string): unknown[] {
  const values: unknown[] = [];
  let rest = text.trim();
  while (rest !== '') {
    try {
      values.push(JSON.parse(rest));
      return values;
    } catch (error) {
      const position = error instanceof SyntaxError ? /after JSON at position (\d+)/.exec(error.message)?.[1] : undefined;
      if (position === undefined) throw error;
      values.push(JSON.parse(rest.slice(0, Number(position))));
      rest = rest.slice(Number(position)).trim();
    }
  }
  return values;
}

/** YAML values as JSON has them: dates as text, keys as text. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
