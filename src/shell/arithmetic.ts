/** Arithmetic of $((…)), ((…)) and let: 64-bit integers in bash; here exact up to 2^53, wrapped to 64 bits by BigInt only for shifts and bit operators. */
import { parse, type ArithmeticExpression } from 'unbash';
import { ExpansionError } from './control-flow.ts';

/** What arithmetic needs of its shell. */
export interface ArithmeticScope {
  /** The text of a variable or array element ("" when unset). */
  get(name: string, index?: number): string;
  set(name: string, value: string, index?: number): void;
  /** Expands a word with parameters or command substitutions in it. */
  expand(expression: Extract<ArithmeticExpression, { type: 'ArithmeticWord' | 'ArithmeticCommandExpansion' }>): Promise<string>;
}

const MAX_DEPTH = 64;

function parseNumber(text: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return parseInt(text.slice(2), 16);
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
  if (/^\d+$/.test(text)) return Number(text);
  const based = /^(\d+)#([0-9a-zA-Z]+)$/.exec(text);
  return based ? parseInt(based[2]!, Number(based[1])) : undefined;
}

/** The tree of an arithmetic text. Throws ExpansionError with bash's text. */
export function parseArithmetic(text: string): ArithmeticExpression {
  const statement = parse(`((${text}\n))`).commands[0];
  const command = statement?.command;
  const expression = command?.type === 'ArithmeticCommand' ? command.expression : undefined;
  if (!expression) throw new ExpansionError(`${text}: syntax error: operand expected (error token is "${text.trim()}")`);
  return expression;
}

/** The value of a text as arithmetic reads it: a number, a variable's name, or an expression. */
export async function arithmeticValue(text: string, scope: ArithmeticScope, depth = 0): Promise<number> {
  const trimmed = text.trim();
  if (trimmed === '') return 0;
  const negative = /^[-+]\d/.test(trimmed);
  const number = parseNumber(negative ? trimmed.slice(1) : trimmed);
  if (number !== undefined) return trimmed.startsWith('-') ? -number : number;
  if (depth > MAX_DEPTH) throw new ExpansionError(`${trimmed}: expression recursion level exceeded (error token is "${trimmed}")`);
  const reference = await referenceOf(trimmed, scope, depth);
  if (reference) return arithmeticValue(scope.get(reference.name, reference.index), scope, depth + 1);
  if (/^[\w.]+$/.test(trimmed)) throw new ExpansionError(`${trimmed}: value too great for base (error token is "${trimmed}")`);
  return evaluateArithmetic(parseArithmetic(trimmed), scope, depth + 1);
}

async function referenceOf(text: string, scope: ArithmeticScope, depth: number): Promise<{ name: string; index?: number } | undefined> {
  const match = /^([A-Za-z_]\w*)(?:\[([^]*)\])?$/.exec(text);
  if (!match) return undefined;
  return match[2] === undefined ? { name: match[1]! } : { name: match[1]!, index: await arithmeticValue(match[2], scope, depth + 1) };
}

function compute(operator: string, left: number, right: number, text: string): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
    case '%':
      if (right === 0) throw new ExpansionError(`${text}: division by 0 (error token is "${right}")`);
      return operator === '/' ? Math.trunc(left / right) : left % right;
    case '**':
      if (right < 0) throw new ExpansionError(`${text}: exponent less than 0 (error token is "${right}")`);
      return left ** right;
    case '<<':
      return Number(BigInt.asIntN(64, BigInt(left) << BigInt(right & 63)));
    case '>>':
      return Number(BigInt(left) >> BigInt(right & 63));
    case '&':
      return Number(BigInt(left) & BigInt(right));
    case '|':
      return Number(BigInt(left) | BigInt(right));
    case '^':
      return Number(BigInt(left) ^ BigInt(right));
    case '<':
      return Number(left < right);
    case '>':
      return Number(left > right);
    case '<=':
      return Number(left <= right);
    case '>=':
      return Number(left >= right);
    case '==':
      return Number(left === right);
    case '!=':
      return Number(left !== right);
    case ',':
      return right;
    default:
      throw new ExpansionError(`${text}: syntax error: invalid arithmetic operator (error token is "${operator}")`);
  }
}

async function assign(
  target: ArithmeticExpression,
  scope: ArithmeticScope,
  depth: number,
  change: (old: number) => number,
): Promise<{ old: number; value: number }> {
  const reference = target.type === 'ArithmeticWord' ? await referenceOf(target.value, scope, depth) : undefined;
  if (!reference) throw new ExpansionError('attempted assignment to non-variable (error token is "=")');
  const old = await arithmeticValue(scope.get(reference.name, reference.index), scope, depth + 1);
  const value = change(old);
  scope.set(reference.name, String(value), reference.index);
  return { old, value };
}

/** The value of a parsed expression. Throws ExpansionError. */
export async function evaluateArithmetic(node: ArithmeticExpression, scope: ArithmeticScope, depth = 0): Promise<number> {
  const value = (part: ArithmeticExpression): Promise<number> => evaluateArithmetic(part, scope, depth);
  switch (node.type) {
    case 'ArithmeticGroup':
      return value(node.expression);
    case 'ArithmeticWord':
      return arithmeticValue(node.parts || node.value.includes('$') ? await scope.expand(node) : node.value, scope, depth);
    case 'ArithmeticCommandExpansion':
      return arithmeticValue(await scope.expand(node), scope, depth);
    case 'ArithmeticTernary':
      return (await value(node.test)) !== 0 ? value(node.consequent) : value(node.alternate);
    case 'ArithmeticUnary': {
      if (node.operator === '++' || node.operator === '--') {
        const by = node.operator === '++' ? 1 : -1;
        const result = await assign(node.operand, scope, depth, (old) => old + by);
        return node.prefix ? result.value : result.old;
      }
      const operand = await value(node.operand);
      if (node.operator === '!') return Number(operand === 0);
      if (node.operator === '~') return Number(~BigInt(operand));
      return node.operator === '-' ? -operand : operand;
    }
    case 'ArithmeticBinary': {
      if (node.operator === '&&') return Number((await value(node.left)) !== 0 && (await value(node.right)) !== 0);
      if (node.operator === '||') return Number((await value(node.left)) !== 0 || (await value(node.right)) !== 0);
      const assignment = /^(\*\*|<<|>>|[-+*/%&|^])?=$/.exec(node.operator);
      if (assignment) {
        const right = await value(node.right);
        const operator = assignment[1];
        return (await assign(node.left, scope, depth, (old) => (operator ? compute(operator, old, right, '') : right))).value;
      }
      const left = await value(node.left);
      return compute(node.operator, left, await value(node.right), `${left}${node.operator}${await value(node.right)}`);
    }
  }
}
