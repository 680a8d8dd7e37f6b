/** The expressions of `test`, `[ … ]` and `[[ … ]]`. */
import type { Files } from '#host';
import type { TestExpression } from 'unbash';
import { ExpansionError } from './control-flow.ts';
import { arithmeticValueOf, expandToPattern, expandToText } from './expand.ts';
import type { Interpreter } from './interpreter.ts';
import { matchesPattern, unquotePattern } from './pattern.ts';
import { resolvePath } from './paths.ts';

/** A malformed test: bash's text after `[: `, exit code 2. */
export class TestSyntaxError extends Error {}

/** What tests look at beside their words. */
export interface TestScope {
  readonly files: Files;
  readonly cwd: string;
  isSet?(name: string): boolean;
  isTerminal?(fd: number): boolean;
}

const UNARY = /^-[abcdefghknoprstuvwxzGLNOS]$/;
const BINARY = new Set(['=', '==', '!=', '<', '>', '-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-nt', '-ot', '-ef']);

function unary(operator: string, operand: string, scope: TestScope): boolean {
  if (operator === '-z') return operand === '';
  if (operator === '-n') return operand !== '';
  if (operator === '-v') return scope.isSet?.(operand) ?? false;
  if (operator === '-t') return scope.isTerminal?.(Number(operand)) ?? false;
  if (operator === '-o') return false;
  const path = resolvePath(scope.cwd, operand);
  if (operator === '-L' || operator === '-h') return operand !== '' && scope.files.stat(path, { follow: false })?.kind === 'symlink';
  const stat = operand === '' ? undefined : scope.files.stat(path);
  if (!stat) return operand === '/dev/null' && '-e-c-r-w'.includes(operator);
  switch (operator) {
    case '-e':
    case '-a':
    case '-r':
    case '-w':
    case '-O':
    case '-G':
    case '-N':
      return true;
    case '-f':
      return stat.kind === 'file';
    case '-d':
      return stat.kind === 'directory';
    case '-s':
      return stat.sizeBytes > 0;
    case '-x':
      return stat.kind === 'directory' || (stat.mode & 0o111) !== 0;
    default:
      return false;
  }
}

function integer(text: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestSyntaxError(`${text}: integer expression expected`);
  return Number(text);
}

function compareNumbers(operator: string, left: number, right: number): boolean {
  switch (operator) {
    case '-eq':
      return left === right;
    case '-ne':
      return left !== right;
    case '-lt':
      return left < right;
    case '-le':
      return left <= right;
    case '-gt':
      return left > right;
    default:
      return left >= right;
  }
}

function compareFiles(operator: string, left: string, right: string, scope: TestScope): boolean {
  const [a, b] = [left, right].map((path) => scope.files.stat(resolvePath(scope.cwd, path))?.modifiedMs);
  if (operator === '-ef') return resolvePath(scope.cwd, left) === resolvePath(scope.cwd, right);
  if (operator === '-nt') return a !== undefined && (b === undefined || a > b);
  return b !== undefined && (a === undefined || a < b);
}

function binary(operator: string, left: string, right: string, scope: TestScope): boolean {
  if (operator === '=' || operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (operator === '<') return left < right;
  if (operator === '>') return left > right;
  if (/^-(nt|ot|ef)$/.test(operator)) return compareFiles(operator, left, right, scope);
  return compareNumbers(operator, integer(left), integer(right));
}

/** The value of the words between `[` and `]`. Throws TestSyntaxError. */
export function evaluateTest(words: readonly string[], scope: TestScope): boolean {
  let at = 0;
  const primary = (): boolean => {
    const word = words[at];
    if (word === undefined) throw new TestSyntaxError('argument expected');
    const rest = words.length - at;
    if (rest >= 3 && BINARY.has(words[at + 1]!)) {
      at += 3;
      return binary(words[at - 2]!, word, words[at - 1]!, scope);
    }
    if (word === '!' && rest > 1) {
      at++;
      return !primary();
    }
    if (word === '(' && rest > 2) {
      at++;
      const value = or();
      if (words[at++] !== ')') throw new TestSyntaxError("`)' expected");
      return value;
    }
    if (UNARY.test(word) && rest >= 2) {
      at += 2;
      return unary(word, words[at - 1]!, scope);
    }
    at++;
    return word !== '';
  };
  const and = (): boolean => {
    let value = primary();
    while (words[at] === '-a') {
      at++;
      value = primary() && value;
    }
    return value;
  };
  const or = (): boolean => {
    let value = and();
    while (words[at] === '-o') {
      at++;
      value = and() || value;
    }
    return value;
  };
  if (words.length === 0) return false;
  const value = or();
  if (at < words.length) {
    throw new TestSyntaxError(
      words.length === 3 && !BINARY.has(words[1]!)
        ? `${words[1]}: binary operator expected`
        : words.length === 2
          ? `${words[0]}: unary operator expected`
          : 'too many arguments',
    );
  }
  return value;
}

/** What tests of a shell look at. */
export function testScopeOf(shell: Interpreter): TestScope {
  return {
    files: shell.files,
    cwd: shell.state.cwd,
    isSet: (name) => shell.state.variables.get(name)?.value !== undefined,
    isTerminal: () => shell.state.isInteractive,
  };
}

async function regexMatch(left: string, source: string, shell: Interpreter): Promise<boolean> {
  let expression: RegExp;
  try {
    expression = new RegExp(
      source
        .replace(/\[\[:space:\]\]/g, '\\s')
        .replace(/\[\[:digit:\]\]/g, '\\d')
        .replace(/\[:alpha:\]/g, 'A-Za-z')
        .replace(/\[:digit:\]/g, '0-9')
        .replace(/\[:alnum:\]/g, 'A-Za-z0-9')
        .replace(/\[:space:\]/g, '\\s'),
    );
  } catch (error) {
    if (error instanceof SyntaxError) throw new ExpansionError(`${source}: invalid regular expression`, 2);
    throw error;
  }
  const match = expression.exec(left);
  shell.state.variables.set('BASH_REMATCH', {
    value: new Map((match ?? []).map((text, index) => [index, text ?? ''])),
    exported: false,
    readonly: false,
  });
  return match !== null;
}

/** The value of [[ … ]]. */
export async function evaluateTestCommand(node: TestExpression, shell: Interpreter): Promise<boolean> {
  switch (node.type) {
    case 'TestGroup':
      return evaluateTestCommand(node.expression, shell);
    case 'TestNot':
      return (await evaluateTestCommand(node.operand, shell)) === (node.negations.length % 2 === 0);
    case 'TestLogical': {
      for (const operand of node.operands) {
        if ((await evaluateTestCommand(operand, shell)) === (node.operator === '||')) return node.operator === '||';
      }
      return node.operator === '&&';
    }
    case 'TestUnary':
      return unary(node.operator, await expandToText(node.operand, shell), testScopeOf(shell));
    case 'TestBinary': {
      const left = await expandToText(node.left, shell);
      if (node.operator === '=~') return regexMatch(left, node.right.parts ? await regexSource(node.right, shell) : node.right.text, shell);
      if (node.operator === '==' || node.operator === '=' || node.operator === '!=') {
        return matchesPattern(left, await expandToPattern(node.right, shell)) === (node.operator !== '!=');
      }
      const right = await expandToText(node.right, shell);
      if (/^-(eq|ne|lt|le|gt|ge)$/.test(node.operator)) {
        return compareNumbers(node.operator, await arithmeticValueOf(left, shell), await arithmeticValueOf(right, shell));
      }
      return binary(node.operator, left, right, testScopeOf(shell));
    }
  }
}

/** A regular expression's text: expansions count as source, quoted parts as themselves. */
async function regexSource(word: Parameters<typeof expandToPattern>[0], shell: Interpreter): Promise<string> {
  const pattern = await expandToPattern(word, shell);
  return word.parts?.some((part) => part.type === 'DoubleQuoted' || part.type === 'SingleQuoted') ? pattern : unquotePattern(pattern);
}
