/** A file opens by saying what it is, and every name that leaves a folder by its front door is documented. */
import { posix } from 'node:path';
import ts from 'typescript';
import { at, type SourceFile } from './source.ts';

/** A source file that does not open with a comment. A component may open with an HTML comment or inside its first script. */
export function openingProblems(file: SourceFile): string[] {
  const start = file.text.replace(/^#!.*\n/, '').trimStart();
  const opens = file.path.endsWith('.svelte') ? /^(<!--|<script[^>]*>\s*(\/\*\*|\/\/))/.test(start) : /^(\/\*\*|\/\/)/.test(start);
  return opens ? [] : [`${file.path}: does not open with what it is`];
}

function isExported(statement: ts.Statement): boolean {
  return ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText());
  const named = statement as ts.Statement & { readonly name?: ts.Identifier };
  return named.name ? [named.name.text] : [];
}

/** A type that only gives another type a name explains itself. */
function isRename(statement: ts.Statement): boolean {
  return ts.isTypeAliasDeclaration(statement) && (ts.isTypeReferenceNode(statement.type) || ts.isIndexedAccessTypeNode(statement.type));
}

/** Undocumented exports of one file, of all names or only those wanted. An overload is documented by its first signature. */
function undocumented(file: SourceFile, wanted: ReadonlySet<string> | undefined): string[] {
  const documented = new Set<string>();
  const problems: string[] = [];
  for (const statement of file.tree.statements.filter(isExported)) {
    const isDocumented = isRename(statement) || ts.getJSDocCommentsAndTags(statement).length > 0;
    for (const name of namesOf(statement)) {
      if (isDocumented) documented.add(name);
      else if ((!wanted || wanted.has(name)) && !documented.has(name))
        problems.push(`${at(file, statement)}: ${name} is exported without a docstring`);
    }
  }
  return problems;
}

/** Names that an index exports, from itself or from its folder's files, without a docstring where they are declared. */
export function docstringProblems(index: SourceFile, byPath: ReadonlyMap<string, SourceFile>): string[] {
  const problems = undocumented(index, undefined);
  for (const statement of index.tree.statements) {
    if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier) continue;
    const path = (statement.moduleSpecifier as ts.StringLiteral).text;
    const target = path.startsWith('.') ? byPath.get(posix.join(posix.dirname(index.path), path)) : undefined;
    if (!target) continue;
    const { exportClause } = statement;
    const names =
      exportClause && ts.isNamedExports(exportClause)
        ? exportClause.elements.map((each) => (each.propertyName ?? each.name).text)
        : undefined;
    problems.push(...(names ? undocumented(target, new Set(names)) : docstringProblems(target, byPath)));
  }
  return problems;
}
