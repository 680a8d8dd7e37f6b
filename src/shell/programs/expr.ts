/** expr: arithmetic, comparison and string matching of its words. */
import type { Program } from '#host';
import { posixRegExp } from '../regular-expression.ts';

class ExprError extends Error {}

type Value = string;

const isWhole = (text: string): boolean => /^[-+]?\d+$/.test(text);
const truth = (value: Value): boolean => value !== '' && !/^[-+]?0+$/.test(value);

function whole(value: Value): bigint {
  if (!isWhole(value)) throw new ExprError('non-integer argument');
  return BigInt(value.replace(/^\+/, ''));
}

function match(text: Value, pattern: Value): Value {
  const source = posixRegExp(pattern, 'basic');
  const found = new RegExp(`^(?:${source})`).exec(text);
  if (/\((?!\?)/.test(source)) return found?.[1] ?? '';
  return String(found?.[0].length ?? 0);
}

function compute(operator: string, a: Value, b: Value): Value {
  switch (operator) {
    case '|':
      return truth(a) ? a : truth(b) ? b : '0';
    case '&':
      return truth(a) && truth(b) ? a : '0';
    case ':':
      return match(a, b);
    case '+':
      return String(whole(a) + whole(b));
    case '-':
      return String(whole(a) - whole(b));
    case '*':
      return String(whole(a) * whole(b));
    case '/':
    case '%':
      if (whole(b) === 0n) throw new ExprError('division by zero');
      return String(operator === '/' ? whole(a) / whole(b) : whole(a) % whole(b));
    default: {
      const order = isWhole(a) && isWhole(b) ? Number(whole(a) - whole(b)) : a < b ? -1 : a > b ? 1 : 0;
      const holds: Readonly<Record<string, boolean>> = {
        '=': order === 0,
        '==': order === 0,
        '!=': order !== 0,
        '<': order < 0,
        '<=': order <= 0,
        '>': order > 0,
        '>=': order >= 0,
      };
      return holds[operator] ? '1' : '0';
    }
  }
}

/** Operators from the weakest to the strongest. */
const LEVELS: readonly (readonly string[])[] = [['|'], ['&'], ['=', '==', '!=', '<', '<=', '>', '>='], ['+', '-'], ['*', '/', '%'], [':']];

function evaluate(words: readonly string[]): Value {
  let at = 0;
  const next = (): string => {
    const word = words[at++];
    if (word === undefined) throw new ExprError(`syntax error: missing argument after '${words.at(-1) ?? ''}'`);
    return word;
  };
  const primary = (): Value => {
    const word = next();
    if (word === '(') {
      const value = level(0);
      if (next() !== ')') throw new ExprError("syntax error: expecting ')'");
      return value;
    }
    if (word === 'length') return String(primary().length);
    if (word === 'match') return match(primary(), primary());
    if (word === 'index') {
      const [text, chars] = [primary(), primary()];
      return String([...text].findIndex((char) => chars.includes(char)) + 1);
    }
    if (word === 'substr') {
      const [text, from, count] = [primary(), primary(), primary()];
      return Number(from) < 1 ? '' : text.slice(Number(from) - 1, Number(from) - 1 + Number(count));
    }
    return word;
  };
  const level = (depth: number): Value => {
    const operators = LEVELS[depth];
    if (!operators) return primary();
    let value = level(depth + 1);
    while (at < words.length && operators.includes(words[at]!)) {
      const operator = words[at++]!;
      value = compute(operator, value, level(depth + 1));
    }
    return value;
  };
  const value = level(0);
  if (at < words.length) throw new ExprError(`syntax error: unexpected argument '${words[at]!}'`);
  return value;
}

/** expr */
export const expr: Program = async (process) => {
  try {
    if (process.argv.length === 0) throw new ExprError("missing operand\nTry 'expr --help' for more information.");
    const value = evaluate(process.argv);
    await process.stdout.write(`${value}\n`);
    return truth(value) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ExprError)) throw error;
    await process.stderr.write(`expr: ${error.message}\n`);
    return 2;
  }
};
