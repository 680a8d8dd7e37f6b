/** The filter language of jq, as a tree: paths, pipes, operators, conditionals, bindings, reductions, calls. */

/** A filter. */
export type Filter =
  | { readonly type: 'identity' | 'recurse' | 'iterateAll' }
  | { readonly type: 'literal'; readonly value: unknown }
  | { readonly type: 'text'; readonly parts: readonly (string | Filter)[]; readonly format?: string }
  | { readonly type: 'index'; readonly of: Filter; readonly key: Filter }
  | { readonly type: 'slice'; readonly of: Filter; readonly from?: Filter; readonly to?: Filter }
  | { readonly type: 'iterate'; readonly of: Filter }
  | { readonly type: 'try'; readonly body: Filter; readonly handler?: Filter }
  | { readonly type: 'array'; readonly body?: Filter }
  | { readonly type: 'object'; readonly entries: readonly (readonly [Filter, Filter])[] }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Filter; readonly right: Filter }
  | { readonly type: 'negate'; readonly body: Filter }
  | { readonly type: 'if'; readonly condition: Filter; readonly then: Filter; readonly otherwise?: Filter }
  | {
      readonly type: 'reduce' | 'foreach';
      readonly source: Filter;
      readonly name: string;
      readonly initial: Filter;
      readonly update: Filter;
      readonly extract?: Filter;
    }
  | { readonly type: 'bind'; readonly source: Filter; readonly name: string; readonly body: Filter }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Filter[] }
  | { readonly type: 'define'; readonly name: string; readonly parameters: readonly string[]; readonly body: Filter; readonly rest: Filter }
  | { readonly type: 'format'; readonly name: string };

/** A program that is not jq. */
export class JqSyntaxError extends Error {}

interface Token {
  readonly kind: 'name' | 'field' | 'number' | 'string' | 'variable' | 'format' | 'symbol' | 'end';
  readonly text: string;
  readonly parts?: readonly (string | Filter)[];
}

const SYMBOL = /^(\?\/\/|\/\/=|\|=|\+=|-=|\*=|\/=|%=|==|!=|<=|>=|\/\/|\.\.|[-+*/%<>=|,.:;()[\]{}?])/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' };

/** Reads a string with \( ) inside. */
function readString(source: string, from: number): { parts: (string | Filter)[]; end: number } {
  const parts: (string | Filter)[] = [];
  let text = '';
  for (let at = from + 1; at < source.length; at++) {
    const char = source[at]!;
    if (char === '"') {
      if (text || parts.length === 0) parts.push(text);
      return { parts, end: at + 1 };
    }
    if (char !== '\\') {
      text += char;
      continue;
    }
    const next = source[++at]!;
    if (next === 'u') {
      text += String.fromCharCode(parseInt(source.slice(at + 1, at + 5), 16));
      at += 4;
    } else if (next === '(') {
      let depth = 1;
      let end = at + 1;
      for (; end < source.length && depth > 0; end++) {
        if (source[end] === '"') end = readString(source, end).end - 1;
        else if (source[end] === '(') depth++;
        else if (source[end] === ')') depth--;
      }
      if (text) parts.push(text);
      text = '';
      parts.push(parseFilter(source.slice(at + 1, end - 1)));
      at = end - 1;
    } else if (ESCAPES[next] !== undefined) text += ESCAPES[next];
    else throw new JqSyntaxError('invalid escape in string literal');
  }
  throw new JqSyntaxError('unterminated string literal');
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp, kind: Token['kind'], cut = 0): boolean => {
    const match = pattern.exec(source.slice(at));
    if (!match) return false;
    at += match[0].length;
    tokens.push({ kind, text: match[0].slice(cut) });
    return true;
  };
  while (at < source.length) {
    const space = /^(?:\s+|#[^\n]*)/.exec(source.slice(at));
    if (space) {
      at += space[0].length;
    } else if (source[at] === '"') {
      const { parts, end } = readString(source, at);
      tokens.push({ kind: 'string', text: '', parts });
      at = end;
    } else if (
      !take(/^\.[A-Za-z_]\w*/, 'field', 1) &&
      !take(/^\$(?:__)?[A-Za-z_]\w*/, 'variable', 1) &&
      !take(/^@[a-z0-9]+/, 'format', 1) &&
      !take(/^(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/, 'number') &&
      !take(/^[A-Za-z_]\w*(?:::\w+)*/, 'name') &&
      !take(SYMBOL, 'symbol')
    )
      throw new JqSyntaxError(`syntax error, unexpected INVALID_CHARACTER`);
  }
  tokens.push({ kind: 'end', text: 'end of file' });
  return tokens;
}

const LEVELS: readonly { readonly operators: readonly string[]; readonly right?: boolean }[] = [
  { operators: [','] },
  { operators: ['//'], right: true },
  { operators: ['=', '|=', '+=', '-=', '*=', '/=', '%=', '//='] },
  { operators: ['or'] },
  { operators: ['and'] },
  { operators: ['==', '!=', '<', '<=', '>', '>='] },
  { operators: ['+', '-'] },
  { operators: ['*', '/', '%'] },
];
const KEYWORDS = ['then', 'elif', 'else', 'end', 'as', 'and', 'or', 'catch'];

class Parser {
  private at = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  private get token(): Token {
    return this.tokens[this.at]!;
  }

  private get isAtEnd(): boolean {
    return this.token.kind === 'end';
  }

  private is(...texts: readonly string[]): boolean {
    const { kind, text } = this.token;
    return (kind === 'symbol' || kind === 'name') && texts.includes(text);
  }

  private accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  private expect(text: string): void {
    if (!this.accept(text)) throw new JqSyntaxError(`syntax error, unexpected ${this.token.text}, expecting ${text}`);
  }

  private take(kind: Token['kind']): string {
    if (this.token.kind !== kind) throw new JqSyntaxError(`syntax error, unexpected ${this.token.text}`);
    return this.tokens[this.at++]!.text;
  }

  program(): Filter {
    if (this.isAtEnd) return { type: 'identity' };
    const filter = this.pipe();
    if (!this.isAtEnd) throw new JqSyntaxError(`syntax error, unexpected ${this.token.text}`);
    return filter;
  }

  private pipe(): Filter {
    if (this.accept('def')) return this.definition();
    const left = this.binary(0);
    if (this.accept('as')) {
      const name = this.take('variable');
      this.expect('|');
      return { type: 'bind', source: left, name, body: this.pipe() };
    }
    return this.accept('|') ? { type: 'binary', operator: '|', left, right: this.pipe() } : left;
  }

  private definition(): Filter {
    const name = this.take('name');
    const parameters: string[] = [];
    if (this.accept('(')) {
      do parameters.push(this.token.kind === 'variable' ? `$${this.take('variable')}` : this.take('name'));
      while (this.accept(';'));
      this.expect(')');
    }
    this.expect(':');
    const body = this.pipe();
    this.expect(';');
    return { type: 'define', name, parameters, body, rest: this.isAtEnd ? { type: 'identity' } : this.pipe() };
  }

  private binary(depth: number): Filter {
    const level = LEVELS[depth];
    if (!level) return this.postfix();
    let left = this.binary(depth + 1);
    while (this.is(...level.operators)) {
      const operator = this.tokens[this.at++]!.text;
      left = { type: 'binary', operator, left, right: this.binary(level.right ? depth : depth + 1) };
    }
    return left;
  }

  private postfix(): Filter {
    let filter = this.primary();
    for (;;) {
      if (this.token.kind === 'field') filter = { type: 'index', of: filter, key: { type: 'literal', value: this.take('field') } };
      else if (this.is('.') && this.tokens[this.at + 1]?.kind === 'string') {
        this.at++;
        filter = { type: 'index', of: filter, key: this.primary() };
      } else if (this.is('.') && this.tokens[this.at + 1]?.text === '[') this.at++;
      else if (this.accept('?')) filter = { type: 'try', body: filter };
      else if (this.accept('[')) filter = this.bracket(filter);
      else return filter;
    }
  }

  private bracket(of: Filter): Filter {
    if (this.accept(']')) return { type: 'iterate', of };
    if (this.accept(':')) {
      const to = this.pipe();
      this.expect(']');
      return { type: 'slice', of, to };
    }
    const key = this.pipe();
    if (this.accept(':')) {
      const to = this.is(']') ? undefined : this.pipe();
      this.expect(']');
      return { type: 'slice', of, from: key, ...(to ? { to } : {}) };
    }
    this.expect(']');
    return { type: 'index', of, key };
  }

  private primary(): Filter {
    const { token } = this;
    switch (token.kind) {
      case 'number':
        this.at++;
        return { type: 'literal', value: Number(token.text) };
      case 'string':
        this.at++;
        return token.parts!.every((part) => typeof part === 'string')
          ? { type: 'literal', value: token.parts!.join('') }
          : { type: 'text', parts: token.parts! };
      case 'field':
        this.at++;
        return { type: 'index', of: { type: 'identity' }, key: { type: 'literal', value: token.text } };
      case 'variable':
        this.at++;
        return { type: 'variable', name: token.text };
      case 'format':
        this.at++;
        if (this.token.kind !== 'string') return { type: 'format', name: token.text };
        return { type: 'text', parts: this.tokens[this.at++]!.parts!, format: token.text };
      case 'name':
        return this.named();
      default:
        return this.symbol();
    }
  }

  private symbol(): Filter {
    if (this.accept('..')) return { type: 'recurse' };
    if (this.accept('.')) {
      if (this.token.kind === 'string') return { type: 'index', of: { type: 'identity' }, key: this.primary() };
      return { type: 'identity' };
    }
    if (this.accept('-')) return { type: 'negate', body: this.postfix() };
    if (this.accept('(')) {
      const filter = this.pipe();
      this.expect(')');
      return filter;
    }
    if (this.accept('[')) {
      if (this.accept(']')) return { type: 'array' };
      const body = this.pipe();
      this.expect(']');
      return { type: 'array', body };
    }
    if (this.accept('{')) return this.object();
    throw new JqSyntaxError(`syntax error, unexpected ${this.token.text}`);
  }

  private object(): Filter {
    const entries: [Filter, Filter][] = [];
    while (!this.accept('}')) {
      entries.push(this.entry());
      if (!this.accept(',') && !this.is('}')) throw new JqSyntaxError(`syntax error, unexpected ${this.token.text}`);
    }
    return { type: 'object', entries };
  }

  private entry(): [Filter, Filter] {
    const { token } = this;
    let key: Filter;
    if (token.kind === 'name') {
      this.at++;
      key = { type: 'literal', value: token.text };
    } else if (token.kind === 'variable') {
      this.at++;
      return [
        { type: 'literal', value: token.text },
        { type: 'variable', name: token.text },
      ];
    } else key = this.primary();
    if (!this.accept(':')) return [key, { type: 'index', of: { type: 'identity' }, key }];
    // A value ends at the comma; pipes need parentheses, alternatives do not.
    let value = this.binary(1);
    while (this.accept('|')) value = { type: 'binary', operator: '|', left: value, right: this.binary(1) };
    return [key, value];
  }

  private named(): Filter {
    const name = this.take('name');
    switch (name) {
      case 'null':
        return { type: 'literal', value: null };
      case 'true':
      case 'false':
        return { type: 'literal', value: name === 'true' };
      case 'if':
        return this.conditional();
      case 'try': {
        const body = this.postfix();
        return { type: 'try', body, ...(this.accept('catch') ? { handler: this.postfix() } : {}) };
      }
      case 'reduce':
      case 'foreach':
        return this.reduction(name);
      default:
        if (KEYWORDS.includes(name)) throw new JqSyntaxError(`syntax error, unexpected ${name}`);
    }
    const args: Filter[] = [];
    if (this.accept('(')) {
      do args.push(this.pipe());
      while (this.accept(';'));
      this.expect(')');
    }
    return { type: 'call', name, args };
  }

  private conditional(): Filter {
    const condition = this.pipe();
    this.expect('then');
    const then = this.pipe();
    if (this.accept('elif')) return { type: 'if', condition, then, otherwise: this.conditional() };
    const otherwise = this.accept('else') ? this.pipe() : undefined;
    this.expect('end');
    return { type: 'if', condition, then, ...(otherwise ? { otherwise } : {}) };
  }

  private reduction(type: 'reduce' | 'foreach'): Filter {
    const source = this.postfix();
    this.expect('as');
    const name = this.take('variable');
    this.expect('(');
    const initial = this.pipe();
    this.expect(';');
    const update = this.pipe();
    const extract = this.accept(';') ? this.pipe() : undefined;
    this.expect(')');
    return { type, source, name, initial, update, ...(extract ? { extract } : {}) };
  }
}

/** Reads a program. Throws JqSyntaxError. */
export function parseFilter(source: string): Filter {
  return new Parser(tokenize(source)).program();
}
