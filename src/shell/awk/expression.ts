/** Reads awk's expressions, weakest operators first; two expressions side by side are concatenated. */
import { AwkSyntaxError, type Expression } from './syntax.ts';
import type { Token } from './tokens.ts';

const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '^=', '**='];
const COMPARISONS = ['<', '<=', '==', '!=', '>', '>='];

/** The expression half of the parser. */
export class ExpressionParser {
  protected at = 0;
  private greaterCompares = true;

  constructor(protected readonly tokens: readonly Token[]) {}

  protected get token(): Token {
    return this.tokens[this.at]!;
  }

  protected is(...texts: readonly string[]): boolean {
    return (this.token.kind === 'symbol' || this.token.kind === 'keyword') && texts.includes(this.token.text);
  }

  protected accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  protected expect(text: string): void {
    if (!this.accept(text)) throw new AwkSyntaxError(`syntax error at or near ${this.token.text.trim() || 'end of line'}`);
  }

  protected next(): Token {
    return this.tokens[this.at++]!;
  }

  /** Reads with `>` standing for a redirection. */
  protected withoutGreater<T>(read: () => T): T {
    const before = this.greaterCompares;
    this.greaterCompares = false;
    const result = read();
    this.greaterCompares = before;
    return result;
  }

  /** Expressions up to a closing bracket. */
  protected list(close: string): Expression[] {
    const before = this.greaterCompares;
    this.greaterCompares = true;
    const items: Expression[] = [];
    while (!this.accept(close)) {
      while (this.token.kind === 'newline') this.at++;
      items.push(this.expression());
      if (!this.accept(',') && !this.is(close)) this.expect(close);
    }
    this.greaterCompares = before;
    return items;
  }

  protected expression(): Expression {
    const left = this.choice();
    if (!this.is(...ASSIGNMENTS)) return left;
    if (!['variable', 'field', 'element'].includes(left.type))
      throw new AwkSyntaxError('syntax error: assignment to something that is no variable');
    const operator = this.next().text;
    return { type: 'assign', target: left, operator: operator === '**=' ? '^=' : operator, value: this.expression() };
  }

  private choice(): Expression {
    const condition = this.or();
    if (!this.accept('?')) return condition;
    const then = this.expression();
    this.expect(':');
    return { type: 'choice', condition, then, otherwise: this.expression() };
  }

  private or(): Expression {
    let left = this.and();
    while (this.accept('||')) {
      while (this.token.kind === 'newline') this.at++;
      left = { type: 'binary', operator: '||', left, right: this.and() };
    }
    return left;
  }

  private and(): Expression {
    let left = this.membership();
    while (this.accept('&&')) {
      while (this.token.kind === 'newline') this.at++;
      left = { type: 'binary', operator: '&&', left, right: this.membership() };
    }
    return left;
  }

  private membership(): Expression {
    let left = this.match();
    while (this.accept('in')) left = { type: 'in', keys: [left], name: this.next().text };
    return left;
  }

  private match(): Expression {
    let left = this.comparison();
    while (this.is('~', '!~')) {
      const operator = this.next().text;
      left = { type: 'binary', operator, left, right: this.comparison() };
    }
    return left;
  }

  private comparison(): Expression {
    const left = this.concatenation();
    if (!this.is(...COMPARISONS) || (this.is('>') && !this.greaterCompares)) return left;
    const operator = this.next().text;
    return { type: 'binary', operator, left, right: this.concatenation() };
  }

  private get startsOperand(): boolean {
    const { kind } = this.token;
    if (['number', 'string', 'regex', 'name', 'function'].includes(kind)) return true;
    // A sign is an operator here: `a -1` subtracts.
    return this.is('$', '!', '(', '++', '--');
  }

  protected concatenation(): Expression {
    let left = this.sum();
    while (this.startsOperand && !this.is('in')) left = { type: 'binary', operator: ' ', left, right: this.sum() };
    return left;
  }

  private sum(): Expression {
    let left = this.product();
    while (this.is('+', '-')) {
      const operator = this.next().text;
      left = { type: 'binary', operator, left, right: this.product() };
    }
    return left;
  }

  private product(): Expression {
    let left = this.unary();
    while (this.is('*', '/', '%')) {
      const operator = this.next().text;
      left = { type: 'binary', operator, left, right: this.unary() };
    }
    return left;
  }

  private unary(): Expression {
    if (this.is('!', '-', '+')) {
      const operator = this.next().text;
      return { type: 'unary', operator, body: this.unary() };
    }
    return this.power();
  }

  private power(): Expression {
    const left = this.postfix();
    if (!this.is('^', '**')) return left;
    this.at++;
    return { type: 'binary', operator: '^', left, right: this.unary() };
  }

  private postfix(): Expression {
    const target = this.primary();
    if (!['variable', 'field', 'element'].includes(target.type) || !this.is('++', '--')) return target;
    return { type: 'step', target, by: this.next().text === '++' ? 1 : -1, before: false };
  }

  private primary(): Expression {
    const token = this.next();
    switch (token.kind) {
      case 'number':
        return { type: 'number', value: Number(token.text) };
      case 'string':
        return { type: 'string', value: token.text };
      case 'regex':
        return { type: 'regex', source: token.text };
      case 'function':
        this.expect('(');
        return { type: 'call', name: token.text, args: this.list(')') };
      case 'name':
        if (this.accept('[')) return { type: 'element', name: token.text, keys: this.list(']') };
        // length may stand without parentheses.
        return token.text === 'length' ? { type: 'call', name: 'length', args: [] } : { type: 'variable', name: token.text };
      default:
        return this.special(token);
    }
  }

  private special(token: Token): Expression {
    switch (token.text) {
      case '$':
        if (this.is('++', '--')) return { type: 'field', index: this.primary() };
        return { type: 'field', index: this.is('-') ? this.unary() : this.primary() };
      case '++':
      case '--':
        return { type: 'step', target: this.primary(), by: token.text === '++' ? 1 : -1, before: true };
      case '(': {
        const items = this.list(')');
        if (items.length > 1) {
          this.expect('in');
          return { type: 'in', keys: items, name: this.next().text };
        }
        if (!items[0]) throw new AwkSyntaxError('syntax error at or near )');
        return items[0].type === 'regex' ? items[0] : { type: 'unary', operator: '()', body: items[0] };
      }
      case 'getline': {
        const target = this.token.kind === 'name' || this.is('$') ? this.primary() : undefined;
        const file = this.accept('<') ? this.primary() : undefined;
        return { type: 'getline', ...(target ? { target } : {}), ...(file ? { file } : {}) };
      }
      default:
        throw new AwkSyntaxError(`syntax error at or near ${token.text.trim() || 'end of line'}`);
    }
  }
}
