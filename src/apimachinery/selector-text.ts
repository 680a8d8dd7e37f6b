// The lexer and parser of label selector texts, with Kubernetes' error texts.
import { formatFieldErrors, goValue, invalid, path, quoteGo, type FieldError } from './field-errors.ts';
import type { Requirement, SelectorOperator } from './labels.ts';
import { isQualifiedName, isValidLabelValue } from './validation.ts';

type TokenType = 'identifier' | 'in' | 'notin' | '=' | '==' | '!=' | '!' | '>' | '<' | '(' | ')' | ',' | 'end' | 'error';
interface Token {
  type: TokenType;
  literal: string;
}
const symbols = '=!(),><';
const binaryOperators = 'in, notin, =, ==, !=, gt, lt';

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (' \t\r\n'.includes(char)) {
      at++;
    } else if (symbols.includes(char)) {
      const two = text.slice(at, at + 2);
      const literal = two === '==' || two === '!=' ? two : char;
      tokens.push({ type: literal as TokenType, literal });
      at += literal.length;
    } else {
      let end = at;
      while (end < text.length && !(symbols + ' \t\r\n').includes(text.charAt(end))) end++;
      const literal = text.slice(at, end);
      tokens.push({ type: literal === 'in' || literal === 'notin' ? literal : 'identifier', literal });
      at = end;
    }
  }
  tokens.push({ type: 'end', literal: '' });
  return tokens;
}

/** Where "in" and "notin" are names rather than operators. */
type Context = 'values' | 'keyAndOperator';

class SelectorParser {
  private readonly tokens: Token[];
  private at = 0;
  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  private lookahead(context: Context): Token {
    const token = this.tokens[Math.min(this.at, this.tokens.length - 1)] ?? { type: 'end' as const, literal: '' };
    if (context === 'values' && (token.type === 'in' || token.type === 'notin')) return { type: 'identifier', literal: token.literal };
    return token;
  }

  private consume(context: Context): Token {
    const token = this.lookahead(context);
    this.at++;
    return token;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const { type, literal } = this.lookahead('values');
      if (type === 'end') return requirements;
      if (type !== 'identifier' && type !== '!') throw new Error(`found '${literal}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.requirement());
      const next = this.consume('values');
      if (next.type === 'end') return requirements;
      if (next.type !== ',') throw new Error(`found '${next.literal}', expected: ',' or 'end of string'`);
      const after = this.lookahead('values');
      if (after.type !== 'identifier' && after.type !== '!') throw new Error(`found '${after.literal}', expected: identifier after ','`);
    }
  }

  private requirement(): Requirement {
    try {
      const { key, operator } = this.keyAndOperator();
      if (operator) return checked(key, operator, []);
      const found = this.operator();
      const values = found === 'in' || found === 'notin' ? this.values() : this.exactValue();
      return checked(key, found, [...new Set(values)].sort());
    } catch (error) {
      throw new Error(`unable to parse requirement: ${(error as Error).message}`, { cause: error });
    }
  }

  private keyAndOperator(): { key: string; operator: SelectorOperator | undefined } {
    let operator: SelectorOperator | undefined;
    let token = this.consume('values');
    if (token.type === '!') {
      operator = '!';
      token = this.consume('values');
    }
    if (token.type !== 'identifier') throw new Error(`found '${token.literal}', expected: identifier`);
    const problems = isQualifiedName(token.literal);
    if (problems.length) throw new Error(formatFieldErrors([invalid('key', token.literal, problems.join('; '))]));
    const next = this.lookahead('values');
    if ((next.type === 'end' || next.type === ',') && !operator) operator = 'exists';
    return { key: token.literal, operator };
  }

  private operator(): SelectorOperator {
    const { type, literal } = this.consume('keyAndOperator');
    if (type === '>') return 'gt';
    if (type === '<') return 'lt';
    if (type === 'in' || type === 'notin' || type === '=' || type === '==' || type === '!=') return type;
    throw new Error(`found '${literal}', expected: ${binaryOperators}`);
  }

  private values(): string[] {
    const open = this.consume('values');
    if (open.type !== '(') throw new Error(`found '${open.literal}' expected: '('`);
    const { type, literal } = this.lookahead('values');
    if (type === ')') {
      this.consume('values');
      return [];
    }
    if (type !== 'identifier' && type !== ',') throw new Error(`found '${literal}', expected: ',', ')' or identifier`);
    const values = this.identifiers();
    const close = this.consume('values');
    if (close.type !== ')') throw new Error(`found '${close.literal}', expected: ')'`);
    return values;
  }

  private identifiers(): string[] {
    const values: string[] = [];
    for (;;) {
      const { type, literal } = this.consume('values');
      if (type === 'identifier') {
        values.push(literal);
        const next = this.lookahead('values');
        if (next.type === ')') return values;
        if (next.type !== ',') throw new Error(`found '${next.literal}', expected: ',' or ')'`);
      } else if (type === ',') {
        if (!values.length) values.push('');
        const next = this.lookahead('values');
        if (next.type === ')') return [...values, ''];
        if (next.type === ',') {
          this.consume('values');
          values.push('');
        }
      } else {
        throw new Error(`found '${literal}', expected: ',', or identifier`);
      }
    }
  }

  private exactValue(): string[] {
    const next = this.lookahead('values');
    if (next.type === 'end' || next.type === ',') return [''];
    const { type, literal } = this.consume('values');
    if (type !== 'identifier') throw new Error(`found '${literal}', expected: identifier`);
    return [literal];
  }
}

function checked(key: string, operator: SelectorOperator, values: string[]): Requirement {
  const errors: FieldError[] = [];
  const shown = goValue(`[]string{${values.map(quoteGo).join(', ')}}`);
  if ((operator === 'in' || operator === 'notin') && !values.length) {
    errors.push(invalid('values', shown, "for 'in', 'notin' operators, values set can't be empty"));
  }
  if (operator === 'gt' || operator === 'lt') {
    values.forEach((value, index) => {
      if (!/^[+-]?\d+$/.test(value))
        errors.push(invalid(path('values').index(index), value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    });
  }
  values.forEach((value, index) => {
    const problems = isValidLabelValue(value);
    if (problems.length) errors.push(invalid(path('values').index(index).key(key), value, problems.join('; ')));
  });
  if (errors.length) throw new Error(formatFieldErrors(errors));
  return { key, operator, values };
}

/** Reads a selector's text into requirements, unsorted. Throws an Error with Kubernetes' text. */
export function parseSelectorText(text: string): Requirement[] {
  return new SelectorParser(text).parse();
}
