/** Go's text/template, the part that -o go-template uses: fields, range, if, with, variables, pipelines and the usual functions. */
import { CommandError } from '../errors.ts';
import { goValue } from './output.ts';

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: string }
  | {
      readonly kind: 'block';
      readonly word: 'if' | 'range' | 'with';
      readonly pipe: string;
      readonly body: Node[];
      readonly other: Node[];
    };

/** A parsed template. */
export type Template = readonly Node[];

interface Frame {
  readonly nodes: Node[];
  readonly block?: Extract<Node, { kind: 'block' }>;
}

/** Reads a template. Throws CommandError with Go's text. */
export function parseTemplate(source: string): Template {
  const stack: Frame[] = [{ nodes: [] }];
  const fail = (text: string): never => {
    throw new CommandError(`error parsing template ${source}, template: output:1: ${text}`);
  };
  let trim = false;
  for (const part of source.split(/(\{\{-?[^]*?-?\}\})/)) {
    const top = stack.at(-1)!;
    const action = /^\{\{(-?)\s*([^]*?)\s*(-?)\}\}$/.exec(part);
    if (!action) {
      const text = trim ? part.trimStart() : part;
      if (text) top.nodes.push({ kind: 'text', text });
      if (part) trim = false;
      continue;
    }
    const last = top.nodes.at(-1);
    if (action[1] && last?.kind === 'text') top.nodes[top.nodes.length - 1] = { kind: 'text', text: last.text.trimEnd() };
    trim = action[3] === '-';
    const body = action[2]!;
    const opening = /^(if|range|with)\s+([^]+)$/.exec(body);
    if (body.startsWith('/*')) continue;
    if (opening) {
      const block = { kind: 'block', word: opening[1] as 'if', pipe: opening[2]!, body: [] as Node[], other: [] as Node[] } as const;
      top.nodes.push(block);
      stack.push({ nodes: block.body, block });
    } else if (/^else\b/.test(body)) {
      if (!top.block) fail('unexpected {{else}}');
      stack.pop();
      const rest = /^else\s+(if|with)\s+([^]+)$/.exec(body);
      if (rest) {
        const block = { kind: 'block', word: rest[1] as 'if', pipe: rest[2]!, body: [] as Node[], other: [] as Node[] } as const;
        top.block!.other.push(block);
        stack.push({ nodes: block.body, block });
      } else stack.push({ nodes: top.block!.other, block: top.block! });
    } else if (body === 'end') {
      if (!top.block) fail('unexpected {{end}}');
      stack.pop();
    } else top.nodes.push({ kind: 'print', pipe: body });
  }
  if (stack.length > 1) fail('unexpected EOF');
  return stack[0]!.nodes;
}

type Scope = Map<string, unknown>;

const isTrue = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);

function field(value: unknown, path: string): unknown {
  let current = value;
  for (const name of path.split('.').filter((part) => part !== '')) {
    current = typeof current === 'object' && current !== null ? (current as Record<string, unknown>)[name] : undefined;
  }
  return current;
}

const TOKEN = /\s*("(?:\\.|[^"\\])*"|`[^`]*`|\(|\)|\||:=|,|=|\$[\w]*(?:\.[\w-]+)*|\.[\w.-]*|[^\s()|,"]+)/;

function tokens(pipe: string): string[] {
  const found: string[] = [];
  const token = new RegExp(TOKEN, 'y');
  for (let match = token.exec(pipe); match; match = token.exec(pipe)) found.push(match[1]!);
  return found;
}

const FUNCTIONS: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  len: (value) => (typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys((value as object | null) ?? {}).length),
  index: (value, ...keys) =>
    keys.reduce<unknown>((current, key) => (current as Record<string, unknown> | undefined)?.[key as string], value),
  eq: (first, ...rest) => rest.some((other) => other === first),
  ne: (a, b) => a !== b,
  lt: (a, b) => (a as number) < (b as number),
  le: (a, b) => (a as number) <= (b as number),
  gt: (a, b) => (a as number) > (b as number),
  ge: (a, b) => (a as number) >= (b as number),
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
  not: (value) => !isTrue(value),
  print: (...values) => values.map(shown).join(' '),
  println: (...values) => `${values.map(shown).join(' ')}\n`,
  printf: (format, ...values) =>
    String(format).replace(/%(-?\d*)([svdqt%])/g, (_, width: string, letter: string) => {
      if (letter === '%') return '%';
      const text = letter === 'q' ? JSON.stringify(values.shift()) : shown(values.shift());
      return width.startsWith('-') ? text.padEnd(Number(width.slice(1))) : text.padStart(Number(width || 0));
    }),
  base64decode: (value) => new TextDecoder().decode(Uint8Array.from(atob(String(value)), (char) => char.charCodeAt(0))),
  exists: (value, ...keys) =>
    keys.reduce<unknown>((current, key) => (current as Record<string, unknown> | undefined)?.[key as string], value) !== undefined,
  split: (value, separator) => String(value).split(String(separator)),
  html: shown,
  js: shown,
};

function shown(value: unknown): string {
  return value === undefined || value === null ? '<no value>' : typeof value === 'object' ? goValue(value) : String(value as string);
}

function evaluate(pipe: string, dot: unknown, scope: Scope): unknown {
  const words = tokens(pipe);
  let at = 0;
  const operand = (): unknown => {
    const word = words[at++]!;
    if (word === '(') {
      const value = pipeline();
      at++;
      return value;
    }
    if (word.startsWith('"')) return JSON.parse(word) as string;
    if (word.startsWith('`')) return word.slice(1, -1);
    if (word.startsWith('$')) {
      const [, name, path] = /^(\$\w*)(.*)$/.exec(word) as unknown as [string, string, string];
      return field(scope.get(name), path);
    }
    if (word.startsWith('.')) return field(dot, word);
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'nil') return undefined;
    if (/^-?\d+(\.\d+)?$/.test(word)) return Number(word);
    throw new CommandError(`template: output:1: function "${word}" not defined`);
  };
  const command = (piped: unknown[]): unknown => {
    const word = words[at];
    const call = word === undefined ? undefined : FUNCTIONS[word];
    if (!call) return operand();
    at++;
    const args: unknown[] = [];
    while (at < words.length && words[at] !== '|' && words[at] !== ')') args.push(operand());
    return call(...args, ...piped);
  };
  const pipeline = (): unknown => {
    let value = command([]);
    while (words[at] === '|') {
      at++;
      value = command([value]);
    }
    return value;
  };
  return pipeline();
}

/** Splits `$a, $b := pipe` into names and pipe. */
function declared(pipe: string): { names: string[]; rest: string } {
  const match = /^(\$\w+)(?:\s*,\s*(\$\w+))?\s*:?=\s*([^]+)$/.exec(pipe);
  return match ? { names: [match[1]!, ...(match[2] ? [match[2]] : [])], rest: match[3]! } : { names: [], rest: pipe };
}

function run(nodes: readonly Node[], dot: unknown, scope: Scope): string {
  let text = '';
  for (const node of nodes) {
    if (node.kind === 'text') {
      text += node.text;
      continue;
    }
    const { names, rest } = declared(node.pipe);
    const value = evaluate(rest, dot, scope);
    if (node.kind === 'print') {
      if (names[0]) scope.set(names[0], value);
      else text += shown(value);
      continue;
    }
    const inner = new Map(scope);
    if (node.word === 'range') {
      const entries = Array.isArray(value)
        ? value.map((item, index) => [index, item] as const)
        : Object.entries((value as object | null) ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [key, item] of entries) {
        if (names.length === 2) inner.set(names[0]!, key);
        if (names.length > 0) inner.set(names.at(-1)!, item);
        text += run(node.body, item, inner);
      }
      if (entries.length === 0) text += run(node.other, dot, inner);
    } else {
      if (names[0]) inner.set(names[0], value);
      text += isTrue(value) ? run(node.body, node.word === 'with' ? value : dot, inner) : run(node.other, dot, inner);
    }
  }
  return text;
}

/** The text a template gives for a value. */
export function executeTemplate(template: Template, data: unknown): string {
  return run(template, data, new Map([['$', data]]));
}
