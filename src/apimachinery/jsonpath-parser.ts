// The parser of kubectl's JSONPath templates (client-go util/jsonpath), with its error texts.

/** One step of a path. */
export type Node =
  | { type: 'root' }
  | { type: 'current' }
  | { type: 'field'; name: string }
  | { type: 'literal'; value: unknown }
  | { type: 'wildcard' }
  | { type: 'recursive' }
  | { type: 'slice'; from: number | undefined; to: number | undefined; step: number | undefined; single: boolean }
  | { type: 'union'; members: Node[][] }
  | { type: 'filter'; left: Node[]; operator: string; right: Node[] };

/** A piece of a template: text, {path}, or {range path}…{end}. */
export type TemplateNode =
  { type: 'text'; text: string } | { type: 'path'; path: Node[] } | { type: 'range'; path: Node[]; body: TemplateNode[] };

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'" };

/** Text between quotes with its escapes resolved. */
function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}

/** The index after the quoted text that starts at `at`. */
function endOfQuote(text: string, at: number): number {
  const quote = text[at];
  for (let index = at + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === quote) return index + 1;
  }
  throw new Error('unterminated quoted string');
}

/** The index after the bracket that closes the one at `at`. */
function endOfBracket(text: string, at: number, open: string, close: string, message: string): number {
  let depth = 0;
  for (let index = at; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === '"' || char === "'") index = endOfQuote(text, index) - 1;
    else if (char === '\\') index++;
    else if (char === open) depth++;
    else if (char === close && --depth === 0) return index + 1;
  }
  throw new Error(message);
}

/** Splits at a character outside quotes and brackets. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === '"' || char === "'") index = endOfQuote(text, index) - 1;
    else if (char === '\\') index++;
    else if ('[('.includes(char)) depth++;
    else if ('])'.includes(char)) depth--;
    else if (char === separator && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** Operators longest first, so that "<=" is not read as "<". */
const operators = ['==', '!=', '<=', '>=', '<', '>'];

function filterOf(text: string): Node {
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === '"' || char === "'") {
      index = endOfQuote(text, index) - 1;
      continue;
    }
    if (char === '[') {
      index = endOfBracket(text, index, '[', ']', 'unterminated array') - 1;
      continue;
    }
    const operator = operators.find((candidate) => text.startsWith(candidate, index));
    if (operator)
      return {
        type: 'filter',
        left: pathOf(text.slice(0, index).trim()),
        operator,
        right: pathOf(text.slice(index + operator.length).trim()),
      };
  }
  return { type: 'filter', left: pathOf(text.trim()), operator: 'exists', right: [] };
}

function bracketOf(inner: string): Node {
  const text = inner.trim();
  if (text === '*') return { type: 'wildcard' };
  if (text.startsWith('?(') && text.endsWith(')')) return filterOf(text.slice(2, -1));
  const members = splitOutside(text, ',');
  if (members.length > 1) return { type: 'union', members: members.map((member) => [bracketOf(member)]) };
  if (/^(['"]).*\1$/s.test(text)) return { type: 'field', name: unquote(text) };
  const slice = /^(-?\d*)(?::(-?\d*))?(?::(-?\d*))?$/.exec(text);
  if (slice && text !== '') {
    const number = (part: string | undefined): number | undefined => (part === undefined || part === '' ? undefined : Number(part));
    return { type: 'slice', from: number(slice[1]), to: number(slice[2]), step: number(slice[3]), single: !text.includes(':') };
  }
  if (/^@?\./.test(text)) return { type: 'union', members: [pathOf(text)] };
  throw new Error(`invalid array index ${text}`);
}

/** Reads a field name from `at`; a backslash takes the next character as it is. */
function fieldAt(text: string, at: number): { name: string; end: number } {
  let name = '';
  let index = at;
  for (; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === '\\') name += text.charAt(++index);
    else if (/[\s.[\],){}|$@]/.test(char)) break;
    else name += char;
  }
  return { name, end: index };
}

/** Reads a path: .a.b[0], @.a, $..b, "text", 3, true. */
function pathOf(text: string): Node[] {
  const nodes: Node[] = [];
  if (/^(['"])/.test(text)) {
    if (endOfQuote(text, 0) !== text.length) throw new Error(`unrecognized character in action: ${JSON.stringify(text)}`);
    return [{ type: 'literal', value: unquote(text) }];
  }
  if (/^[-+]?\d+(\.\d+)?$/.test(text)) return [{ type: 'literal', value: Number(text) }];
  if (text === 'true' || text === 'false') return [{ type: 'literal', value: text === 'true' }];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '$') {
      nodes.push({ type: 'root' });
      at++;
    } else if (char === '@' || char === ' ') {
      at++;
    } else if (char === '[') {
      const end = endOfBracket(text, at, '[', ']', 'unterminated array');
      nodes.push(bracketOf(text.slice(at + 1, end - 1)));
      at = end;
    } else if (text.startsWith('..', at)) {
      nodes.push({ type: 'recursive' });
      at += 2;
      const { name, end } = fieldAt(text, at);
      if (name === '*') nodes.push({ type: 'wildcard' });
      else if (name) nodes.push({ type: 'union', members: [[{ type: 'field', name }]] });
      at = end;
    } else if (char === '.') {
      const { name, end } = fieldAt(text, at + 1);
      if (name === '*') nodes.push({ type: 'wildcard' });
      else if (name) nodes.push({ type: 'field', name });
      at = end === at ? at + 1 : end;
    } else if (at === 0 && /[A-Za-z_]/.test(char)) throw new Error(`unrecognized identifier ${fieldAt(text, 0).name}`);
    else
      throw new Error(
        `unrecognized character in action: U+${(text.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0')} '${char}'`,
      );
  }
  return nodes.length ? nodes : [{ type: 'current' }];
}

/** Reads a template into texts, paths and ranges. Throws an Error with kubectl's text. */
export function parseTemplate(template: string): TemplateNode[] {
  const top: TemplateNode[] = [];
  const open: TemplateNode[][] = [top];
  let at = 0;
  while (at < template.length) {
    const here = open[open.length - 1] ?? top;
    const brace = template.indexOf('{', at);
    if (brace < 0) {
      here.push({ type: 'text', text: template.slice(at) });
      break;
    }
    if (brace > at) here.push({ type: 'text', text: template.slice(at, brace) });
    const end = endOfBracket(template, brace, '{', '}', 'unclosed action');
    const action = template.slice(brace + 1, end - 1).trim();
    at = end;
    if (action === 'end') {
      if (open.length === 1) throw new Error('not in range, nothing to end');
      open.pop();
    } else if (/^range\b/.test(action)) {
      const body: TemplateNode[] = [];
      here.push({ type: 'range', path: pathOf(action.slice('range'.length).trim()), body });
      open.push(body);
    } else if (/^(['"])/.test(action)) here.push({ type: 'text', text: unquote(action) });
    else here.push({ type: 'path', path: pathOf(action) });
  }
  if (open.length > 1) throw new Error('unmatched range: missing end');
  return top;
}
