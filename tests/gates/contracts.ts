/** Contracts are types: nothing in them may leave a trace at run time. */
import ts from 'typescript';
import { typesOnly } from './house.ts';
import { roomOf } from './imports.ts';
import { at, type SourceFile } from './source.ts';

function isDeclared(statement: ts.Statement): boolean {
  return ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword);
}

function isTypeOnly(statement: ts.Statement): boolean {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return true;
  if (ts.isImportDeclaration(statement)) return statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  return isDeclared(statement);
}

/** Statements of a types-only room that exist at run time, as `path:line: what`. */
export function contractProblems(file: SourceFile): string[] {
  if (!typesOnly.includes(roomOf(file.path) ?? '')) return [];
  return file.tree.statements
    .filter((statement) => !isTypeOnly(statement))
    .map((statement) => `${at(file, statement)}: a contract holds types only, and this exists at run time`);
}
