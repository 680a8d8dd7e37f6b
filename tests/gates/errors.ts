/** No error is swallowed: an empty catch, or a rejection answered with nothing, hides exactly what a lab has to show. */
import ts from 'typescript';
import type { Waiver } from './size.ts';
import { at, walk, type SourceFile } from './source.ts';

function isNothing(expression: ts.Expression): boolean {
  if (ts.isVoidExpression(expression) || expression.kind === ts.SyntaxKind.NullKeyword) return true;
  return ts.isIdentifier(expression) && (expression.text === 'undefined' || expression.text === 'noop');
}

function doesNothing(handler: ts.Expression | undefined): boolean {
  if (!handler) return false;
  if (ts.isIdentifier(handler)) return handler.text === 'noop';
  if (!ts.isArrowFunction(handler) && !ts.isFunctionExpression(handler)) return false;
  if (!ts.isBlock(handler.body)) return isNothing(handler.body);
  const [only, ...more] = handler.body.statements;
  if (!only) return true;
  return more.length === 0 && ts.isReturnStatement(only) && (!only.expression || isNothing(only.expression));
}

/**
 * Empty catch clauses and rejection handlers that do nothing, as `path:line: what`. A waiver may excuse the rejections of a file
 * (where the same failure is sure to be heard elsewhere, and the waiver says where), never an empty catch.
 */
export function errorProblems(file: SourceFile, waivers: readonly Waiver[]): string[] {
  const problems: string[] = [];
  const excused = waivers.some(({ rejections, reason }) => rejections === file.path && reason.length >= 20);
  walk(file.tree, (node) => {
    if (ts.isCatchClause(node) && node.block.statements.length === 0) problems.push(`${at(file, node)}: an empty catch swallows the error`);
    if (excused || !ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const method = node.expression.name.text;
    const handler = method === 'catch' ? node.arguments[0] : method === 'then' ? node.arguments[1] : undefined;
    if (doesNothing(handler)) problems.push(`${at(file, node)}: this handler swallows the rejection`);
  });
  return problems;
}
