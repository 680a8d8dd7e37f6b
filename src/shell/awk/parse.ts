/** Reads awk programs: rules and statements; expressions are in expression.ts. */
import { ExpressionParser } from './expression.ts';
import type { AwkFunction, AwkProgram, Expression, Rule, Statement } from './syntax.ts';
import { tokenize } from './tokens.ts';

class Parser extends ExpressionParser {
  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    this.skipEnds();
    while (this.token.kind !== 'end') {
      if (this.is('function', 'func')) this.readFunction(functions);
      else rules.push(this.rule());
      this.skipEnds();
    }
    return { rules, functions };
  }

  private skipNewlines(): void {
    while (this.token.kind === 'newline') this.at++;
  }

  private skipEnds(): void {
    while (this.token.kind === 'newline' || this.is(';')) this.at++;
  }

  private readFunction(functions: Map<string, AwkFunction>): void {
    this.at++;
    const name = this.next().text;
    const parameters: string[] = [];
    this.expect('(');
    while (!this.accept(')')) {
      parameters.push(this.next().text);
      this.accept(',');
      this.skipNewlines();
    }
    this.skipNewlines();
    functions.set(name, { parameters, body: this.block() });
  }

  private rule(): Rule {
    if (this.is('BEGIN', 'END')) {
      const kind = this.next().text as 'BEGIN' | 'END';
      return { kind, action: this.block() };
    }
    if (this.is('{')) return { kind: 'always', action: this.block() };
    const from = this.expression();
    let to: Expression | undefined;
    if (this.accept(',')) {
      this.skipNewlines();
      to = this.expression();
    }
    const action = this.is('{') ? this.block() : undefined;
    return { kind: to ? 'range' : 'when', from, ...(to ? { to } : {}), ...(action ? { action } : {}) };
  }

  private block(): Statement {
    this.expect('{');
    const statements: Statement[] = [];
    this.skipEnds();
    while (!this.accept('}')) {
      statements.push(this.statement());
      this.skipEnds();
    }
    return { type: 'block', statements };
  }

  /** A statement below if, while and the like, which may stand on the next line. */
  private body(): Statement {
    this.skipNewlines();
    if (this.accept(';')) return { type: 'block', statements: [] };
    return this.statement();
  }

  private statement(): Statement {
    if (this.is('{')) return this.block();
    if (this.is('if')) return this.conditional();
    if (this.accept('while')) {
      const condition = this.parenthesized();
      return { type: 'while', condition, body: this.body() };
    }
    if (this.accept('do')) {
      const body = this.body();
      this.skipEnds();
      this.expect('while');
      return { type: 'do', condition: this.parenthesized(), body };
    }
    if (this.accept('for')) return this.loop();
    return this.simple();
  }

  private parenthesized(): Expression {
    this.expect('(');
    const condition = this.expression();
    this.expect(')');
    return condition;
  }

  private conditional(): Statement {
    this.expect('if');
    const condition = this.parenthesized();
    const then = this.body();
    const mark = this.at;
    this.skipEnds();
    if (this.accept('else')) return { type: 'if', condition, then, otherwise: this.body() };
    this.at = mark;
    return { type: 'if', condition, then };
  }

  private loop(): Statement {
    this.expect('(');
    if (this.token.kind === 'name' && this.tokens[this.at + 1]?.text === 'in' && this.tokens[this.at + 3]?.text === ')') {
      const name = this.next().text;
      this.at++;
      const array = this.next().text;
      this.expect(')');
      return { type: 'forIn', name, array, body: this.body() };
    }
    const first = this.is(';') ? undefined : this.simple();
    this.expect(';');
    const condition = this.is(';') ? undefined : this.expression();
    this.expect(';');
    const step = this.is(')') ? undefined : this.simple();
    this.expect(')');
    const body = this.body();
    return { type: 'for', body, ...(first ? { first } : {}), ...(condition ? { condition } : {}), ...(step ? { step } : {}) };
  }

  private get isAtEnd(): boolean {
    return this.token.kind === 'newline' || this.token.kind === 'end' || this.is(';', '}');
  }

  private simple(): Statement {
    const { text } = this.token;
    if (this.is('print', 'printf')) return this.print();
    if (this.is('next', 'break', 'continue', 'nextfile')) {
      this.at++;
      return { type: text as 'next' };
    }
    if (this.is('exit', 'return')) {
      this.at++;
      return { type: text as 'exit', ...(this.isAtEnd ? {} : { value: this.expression() }) };
    }
    if (this.accept('delete')) {
      const name = this.next().text;
      return { type: 'delete', name, ...(this.accept('[') ? { keys: this.list(']') } : {}) };
    }
    return { type: 'expression', value: this.expression() };
  }

  private print(): Statement {
    const type = this.next().text as 'print' | 'printf';
    const args = this.printArguments();
    for (const mode of ['>>', '>', '|'] as const) {
      if (this.accept(mode)) return { type, args, redirect: { mode, to: this.concatenation() } };
    }
    return { type, args };
  }

  /** In print `>` is a redirection; a list may stand in parentheses. */
  private printArguments(): Expression[] {
    if (this.isAtEnd || this.is('>', '>>', '|')) return [];
    const mark = this.at;
    if (this.accept('(')) {
      const args = this.list(')');
      if (this.isAtEnd || this.is('>', '>>', '|')) return args;
      this.at = mark;
    }
    const args: Expression[] = [];
    do {
      this.skipNewlines();
      args.push(this.withoutGreater(() => this.expression()));
    } while (this.accept(','));
    return args;
  }
}

/** Reads a program. Throws AwkSyntaxError. */
export function parseAwk(source: string): AwkProgram {
  return new Parser(tokenize(source)).program();
}
