/**
 * No state and no work at module level: two labs live side by side in one page, and a run must be replayable from its seed.
 * Constant tables are fine when they say so by their type (`readonly`, ReadonlyMap, ReadonlySet, `as const`, Object.freeze) or when
 * nothing in the module changes them.
 */
import ts from 'typescript';
import { at, parse, scriptsOf, walk, type SourceFile } from './source.ts';

/** Classes whose instances hold nothing that could change, or nothing that matters. */
const stateless = new Set(['TextEncoder', 'TextDecoder', 'RegExp', 'URL', 'Error']);
const changing = new Set([
  'push',
  'pop',
  'shift',
  'unshift',
  'splice',
  'sort',
  'reverse',
  'fill',
  'copyWithin',
  'set',
  'add',
  'delete',
  'clear',
]);
const startsThings = ['src/main.ts', 'workers/'];

function typeText(declaration: ts.VariableDeclaration, file: SourceFile): string {
  const { type, initializer } = declaration;
  if (type) return type.getText(file.tree);
  return initializer && (ts.isAsExpression(initializer) || ts.isSatisfiesExpression(initializer))
    ? initializer.type.getText(file.tree)
    : '';
}

function core(expression: ts.Expression): ts.Expression {
  const wrapped = ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression) || ts.isParenthesizedExpression(expression);
  return wrapped ? core(expression.expression) : expression;
}

function rootName(expression: ts.Expression): string | undefined {
  let inner = expression;
  while (ts.isPropertyAccessExpression(inner) || ts.isElementAccessExpression(inner) || ts.isNonNullExpression(inner))
    inner = inner.expression;
  return ts.isIdentifier(inner) ? inner.text : undefined;
}

/** Names whose value some statement of the module changes in place. */
function changedNames(file: SourceFile): Set<string> {
  const names = new Set<string>();
  const changed = (expression: ts.Expression) => {
    const name = rootName(expression);
    if (name !== undefined && !ts.isIdentifier(expression)) names.add(name);
  };
  walk(file.tree, (node) => {
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
      node.operatorToken.kind <= ts.SyntaxKind.LastAssignment
    ) {
      changed(node.left);
    } else if (ts.isDeleteExpression(node)) changed(node.expression);
    else if ((ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) && isStep(node.operator)) changed(node.operand);
    else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression;
      const target = rootName(expression);
      if (changing.has(name.text) && target !== undefined) names.add(target);
      if (name.text === 'assign' && target === 'Object' && node.arguments[0]) changedArgument(node.arguments[0], names);
    }
  });
  return names;
}

function isStep(operator: ts.SyntaxKind): boolean {
  return operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken;
}

function changedArgument(argument: ts.Expression, names: Set<string>): void {
  const name = rootName(argument);
  if (name !== undefined) names.add(name);
}

function isExportedVariable(declaration: ts.VariableDeclaration): boolean {
  return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Export) !== 0;
}

function constantProblem(declaration: ts.VariableDeclaration, file: SourceFile, changed: ReadonlySet<string>): string | undefined {
  const { initializer, name } = declaration;
  if (!initializer || !ts.isIdentifier(name)) return undefined;
  const value = core(initializer);
  if (changed.has(name.text) && (ts.isObjectLiteralExpression(value) || ts.isArrayLiteralExpression(value) || ts.isNewExpression(value))) {
    return `"${name.text}" is changed in place`;
  }
  if (ts.isCallExpression(value) && /^\$state\b/.test(value.expression.getText(file.tree)))
    return `"${name.text}" is state of the whole page`;
  const type = typeText(declaration, file);
  const isReadonly = /^(readonly |Readonly|const$)/.test(type) || /\bReadonly(Map|Set|Array)\b/.test(type);
  if (ts.isArrayLiteralExpression(value))
    return value.elements.length === 0 && !isReadonly ? `"${name.text}" is an empty list that anyone could fill` : undefined;
  if (ts.isRegularExpressionLiteral(value)) return regexpProblem(name.text, value.text, file);
  if (!ts.isNewExpression(value)) return undefined;
  const made = value.expression.getText(file.tree);
  if (stateless.has(made) || isReadonly) return undefined;
  // A filled table that stays in its module, where nothing changes it, is as good as a constant.
  const isTable = (made === 'Set' || made === 'Map') && (value.arguments?.length ?? 0) > 0;
  if (isTable && !isExportedVariable(declaration)) return undefined;
  return `"${name.text}" is a ${made} that lives as long as the page`;
}

/** A global or sticky expression remembers where its last test or exec ended. */
function regexpProblem(name: string, literal: string, file: SourceFile): string | undefined {
  if (!/[gy][a-z]*$/.test(literal.slice(literal.lastIndexOf('/')))) return undefined;
  return new RegExp(`\\b${name}\\.(test|exec|lastIndex)\\b`).test(file.text) ? `"${name}" remembers where it last matched` : undefined;
}

function statementProblems(statement: ts.Statement, file: SourceFile, changed: ReadonlySet<string>): string[] {
  if (ts.isVariableStatement(statement)) {
    if ((ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)) return [];
    const isConst = (statement.declarationList.flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.Const;
    if (!isConst) return [`${at(file, statement)}: a variable at module level`];
    return statement.declarationList.declarations.flatMap((declaration) => {
      const problem = constantProblem(declaration, file, changed);
      return problem ? [`${at(file, declaration)}: state at module level: ${problem}`] : [];
    });
  }
  if (ts.isClassDeclaration(statement)) return staticProblems(statement, file);
  const works = !startsThings.some((place) => file.path.startsWith(place)) && runs(statement);
  return works ? [`${at(file, statement)}: something happens when the module is imported`] : [];
}

function runs(statement: ts.Statement): boolean {
  if (ts.isExpressionStatement(statement)) return true;
  return ts.isIfStatement(statement) || ts.isIterationStatement(statement, false) || ts.isTryStatement(statement) || ts.isBlock(statement);
}

function staticProblems(declaration: ts.ClassDeclaration, file: SourceFile): string[] {
  return declaration.members.flatMap((member) => {
    if (ts.isClassStaticBlockDeclaration(member)) return [`${at(file, member)}: something happens when the module is imported`];
    if (!ts.isPropertyDeclaration(member)) return [];
    const kinds = (ts.getModifiers(member) ?? []).map(({ kind }) => kind);
    const isState = kinds.includes(ts.SyntaxKind.StaticKeyword) && !kinds.includes(ts.SyntaxKind.ReadonlyKeyword);
    return isState ? [`${at(file, member)}: a static field that can change is state at module level`] : [];
  });
}

/** State and work at module level, as `path:line: what`. Of a component only `<script module>` is module level. */
export function stateProblems(file: SourceFile): string[] {
  const module = file.path.endsWith('.svelte') ? parse(`${file.path}.ts`, scriptsOf(file.text, true)) : file;
  const changed = changedNames(module);
  return module.tree.statements.flatMap((statement) => statementProblems(statement, module, changed));
}
