/** One thing, one file; a function fits a screen. What must be longer stands in waivers.json with its reason. */
import ts from 'typescript';
import { errorProblems } from './errors.ts';
import { at, walk, type SourceFile } from './source.ts';

export const fileLinesMax = 400;
export const componentLinesMax = 150;
export const functionLinesMax = 70;

/** One exception: a long `file` by path, a long `function` as `path#name`, or a file whose `rejections` may end unheard; and why. */
export interface Waiver {
  readonly file?: string;
  readonly function?: string;
  readonly rejections?: string;
  readonly reason: string;
}

type FunctionNode = ts.FunctionLikeDeclaration & { readonly body: ts.Node };

function isFunction(node: ts.Node): node is FunctionNode {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

/** The name a reader would call it by: its own, or that of what it is assigned to. */
function nameOf(node: FunctionNode): string {
  if (node.name) return node.name.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  let parent: ts.Node = node.parent;
  while (ts.isParenthesizedExpression(parent) || ts.isAsExpression(parent) || ts.isCallExpression(parent)) parent = parent.parent;
  if ((ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)) && parent.name)
    return parent.name.getText();
  return 'anonymous';
}

function linesOf(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}

/** A function inside another that is read by itself: it has a name, stands in an object as a method, or is what the outer one returns. */
function standsAlone(node: FunctionNode): boolean {
  if (ts.isFunctionDeclaration(node) || ts.isClassElement(node) || ts.isObjectLiteralElement(node)) return true;
  let value: ts.Node = node;
  while (ts.isParenthesizedExpression(value.parent) || ts.isAsExpression(value.parent) || ts.isSatisfiesExpression(value.parent))
    value = value.parent;
  const { parent } = value;
  if (ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === value)) return true;
  return (
    (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)) &&
    parent.initializer === value
  );
}

/**
 * The lines of a function, where an inner function that stands alone counts as one line: it is measured itself. So a factory that makes
 * a thing and its operations is as long as its own state and steps; a callback that is written into a call belongs to its caller.
 */
function ownLines(node: FunctionNode, tree: ts.SourceFile): number {
  let lines = linesOf(node.getText(tree));
  const visit = (inner: ts.Node): void => {
    if (isFunction(inner) && standsAlone(inner)) lines -= linesOf(inner.getText(tree)) - 1;
    else ts.forEachChild(inner, visit);
  };
  ts.forEachChild(node, visit);
  return lines;
}

/** All functions over the limit: `{ where, key, lines }`, where `key` is the name a waiver would use and `lines` are its own. */
export function longFunctions(file: SourceFile): { where: string; key: string; lines: number }[] {
  const found: { where: string; key: string; lines: number }[] = [];
  walk(file.tree, (node) => {
    if (!isFunction(node)) return;
    const lines = ownLines(node, file.tree);
    if (lines > functionLinesMax) found.push({ where: at(file, node), key: `${file.path}#${nameOf(node)}`, lines });
  });
  return found;
}

function limitOf(file: SourceFile): number {
  return file.path.endsWith('.svelte') ? componentLinesMax : fileLinesMax;
}

function isLongFile(file: SourceFile): boolean {
  return linesOf(file.text) > limitOf(file);
}

/** Files and functions over their limits that no waiver names. Tests are long lists by nature: only their files are measured. */
export function sizeProblems(file: SourceFile, waivers: readonly Waiver[]): string[] {
  const problems: string[] = [];
  if (isLongFile(file) && !waivers.some((waiver) => waiver.file === file.path))
    problems.push(`${file.path}: ${linesOf(file.text)} lines, over ${limitOf(file)}`);
  if (file.path.startsWith('tests/')) return problems;
  for (const { where, key, lines: long } of longFunctions(file)) {
    if (!waivers.some((waiver) => waiver.function === key))
      problems.push(`${where}: ${key.split('#')[1]} has ${long} lines, over ${functionLinesMax}`);
  }
  return problems;
}

/** Waivers without a reason, or that nothing needs any more. */
export function waiverProblems(files: readonly SourceFile[], waivers: readonly Waiver[]): string[] {
  return waivers.flatMap((waiver) => {
    const name = waiver.file ?? waiver.function ?? waiver.rejections ?? '(nothing)';
    if (waiver.reason.trim().length < 20) return [`the waiver for ${name} gives no reason`];
    const file = files.find(({ path }) => path === name.split('#')[0]);
    if (!file) return [`the waiver for ${name} names a file that does not exist`];
    return isNeeded(file, waiver) ? [] : [`the waiver for ${name} is not needed any more`];
  });
}

function isNeeded(file: SourceFile, waiver: Waiver): boolean {
  if (waiver.rejections !== undefined) return errorProblems(file, []).length > 0;
  if (waiver.function !== undefined) return longFunctions(file).some(({ key }) => key === waiver.function);
  return isLongFile(file);
}
