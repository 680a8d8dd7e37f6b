/** Builtins that only print or test: echo, printf, test, [. */
import { quoteForShell } from '../parameter.ts';
import { echoText, formatPrintf } from '../printf.ts';
import { setVariable } from '../state.ts';
import { evaluateTest, TestSyntaxError, testScopeOf } from '../test-expression.ts';
import type { Interpreter } from '../interpreter.ts';
import { refuse, type Builtin } from './builtin.ts';

async function printf(args: readonly string[], shell: Interpreter): Promise<number> {
  let words = args;
  let variable: string | undefined;
  if (words[0] === '-v') {
    variable = words[1];
    words = words.slice(2);
  }
  if (words[0] === '--') words = words.slice(1);
  const [format, ...rest] = words;
  if (format === undefined) {
    await shell.writer(2).write('printf: usage: printf [-v var] format [arguments]\n');
    return 2;
  }
  const result = formatPrintf(format, rest, quoteForShell);
  if (variable !== undefined) setVariable(shell.state, variable, result.text);
  else await shell.writer(1).write(result.text);
  for (const error of result.errors) await shell.complain(`printf: ${error}`);
  return result.errors.length ? 1 : 0;
}

async function test(name: 'test' | '[', args: readonly string[], shell: Interpreter): Promise<number> {
  if (name === '[' && args.at(-1) !== ']') return refuse(shell, '[', "missing `]'", 2);
  try {
    return evaluateTest(name === '[' ? args.slice(0, -1) : args, testScopeOf(shell)) ? 0 : 1;
  } catch (error) {
    if (error instanceof TestSyntaxError) return refuse(shell, name, error.message, 2);
    throw error;
  }
}

/** The builtins of this file. */
export const outputBuiltins: readonly Builtin[] = [
  { name: 'echo', run: async (args, shell) => (await shell.writer(1).write(echoText(args)), 0) },
  { name: 'printf', run: printf },
  { name: 'test', run: (args, shell) => test('test', args, shell) },
  { name: '[', run: (args, shell) => test('[', args, shell) },
];
