/** Compound commands: if, for, while, until, case, select-less groups, subshells, [[ … ]] and (( … )). */
import type { Case, CompoundCommand, CompoundList, For, ArithmeticFor } from 'unbash';
import { evaluateArithmetic } from './arithmetic.ts';
import { LoopControl } from './control-flow.ts';
import { arithmeticScope, expandToFields, expandToPattern, expandToText } from './expand.ts';
import type { Interpreter } from './interpreter.ts';
import { matchesPattern } from './pattern.ts';
import { setVariable } from './state.ts';
import { evaluateTestCommand } from './test-expression.ts';

/** Runs a loop's body once; tells whether the loop goes on. */
async function turn(shell: Interpreter, body: CompoundList): Promise<boolean> {
  try {
    await shell.runList(body);
    return true;
  } catch (error) {
    if (!(error instanceof LoopControl)) throw error;
    if (error.levels > 1) throw new LoopControl(error.kind, error.levels - 1);
    shell.state.status = 0;
    return error.kind === 'continue';
  }
}

async function runFor(node: For, shell: Interpreter): Promise<number> {
  const items = node.wordlist ? await expandToFields(node.wordlist, shell) : [...shell.state.positional];
  shell.state.status = 0;
  for (const item of items) {
    setVariable(shell.state, node.name.value, item);
    if (!(await turn(shell, node.body))) break;
  }
  return shell.state.status;
}

async function runArithmeticFor(node: ArithmeticFor, shell: Interpreter): Promise<number> {
  const scope = arithmeticScope(shell);
  if (node.initialize) await evaluateArithmetic(node.initialize, scope);
  shell.state.status = 0;
  while (!node.test || (await evaluateArithmetic(node.test, scope)) !== 0) {
    if (!(await turn(shell, node.body))) break;
    if (node.update) await evaluateArithmetic(node.update, scope);
  }
  return shell.state.status;
}

async function runCase(node: Case, shell: Interpreter): Promise<number> {
  const word = await expandToText(node.word, shell);
  let fallThrough = false;
  let status = 0;
  for (const item of node.items) {
    let fits = fallThrough;
    for (const pattern of item.pattern) fits ||= matchesPattern(word, await expandToPattern(pattern, shell));
    if (!fits) continue;
    status = await shell.runList(item.body);
    if (item.terminator === ';;&') fallThrough = false;
    else if (item.terminator === ';&') fallThrough = true;
    else break;
  }
  return status;
}

async function isTrue(shell: Interpreter, clause: CompoundList): Promise<boolean> {
  return (await shell.with({ tested: true }).runList(clause)) === 0;
}

/** Runs a compound command and gives its status. */
export async function runCompound(node: CompoundCommand, shell: Interpreter): Promise<number> {
  switch (node.type) {
    case 'BraceGroup':
      return shell.runList(node.body);
    case 'Subshell':
      return shell.subshell((inner) => inner.runList(node.body));
    case 'If': {
      if (await isTrue(shell, node.clause)) return shell.runList(node.then);
      for (const branch of node.elif) if (await isTrue(shell, branch.clause)) return shell.runList(branch.then);
      return node.else ? shell.runList(node.else) : 0;
    }
    case 'While': {
      let status = 0;
      while ((await isTrue(shell, node.clause)) === (node.kind === 'while')) {
        if (!(await turn(shell, node.body))) return 0;
        status = shell.state.status;
      }
      return status;
    }
    case 'For':
      return runFor(node, shell);
    case 'ArithmeticFor':
      return runArithmeticFor(node, shell);
    case 'Case':
      return runCase(node, shell);
    case 'TestCommand':
      return (await evaluateTestCommand(node.expression, shell)) ? 0 : 1;
    case 'ArithmeticCommand':
      return node.expression && (await evaluateArithmetic(node.expression, arithmeticScope(shell))) !== 0 ? 0 : 1;
    case 'Select':
      await shell.complain('select: not supported');
      return 2;
  }
}
