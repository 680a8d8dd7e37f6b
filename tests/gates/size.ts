/** One thing, one file; a function fits a screen. What must be longer stands in waivers.json with its reason. */
import ts from 'typescript';
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

/** All functions over the limit: `{ where, key, lines }`, where `key` is the name a waiver would use. */
export function longFunctions(file: SourceFile): { where: string; key: string; lines: number }[] {
  const found: { where: string; key: string; lines: number }[] = [];
  walk(file.tree, (node) => {
    if (!isFunction(node)) return;
    const lines = linesOf(node.getText(file.tree));
    if (lines > functionLinesMax) found.push({ where: at(file, node), key: `${file.path}#${nameOf(node)}`, lines });
  });
  return found;
}

/** Files and functions over their limits that no waiver names. Tests are long lists by nature: only their files are measured. */
export function sizeProblems(file: SourceFile, waivers: readonly Waiver[]): string[] {
  const problems: string[] = [];
  const lines = linesOf(file.text);
  const limit = file.path.endsWith('.svelte') ? componentLinesMax : fileLinesMax;
  if (lines > limit && !waivers.some((waiver) => waiver.file === file.path)) problems.push(`${file.path}: ${lines} lines, over ${limit}`);
  if (file.path.startsWith('tests/')) return problems;
  for (const { where, key, lines: long } of longFunctions(file)) {
    if (!waivers.some((waiver) => waiver.function === key))
      problems.push(`${where}: ${key.split('#')[1]} has ${long} lines, over ${functionLinesMax}`);
  }
  return problems;
}

/** Waivers without a reason, or that nothing needs any more. */
export function waiverProblems(files: readonly SourceFile[], waivers: readonly Waiver[]): string[] {
  const ofSize = waivers.filter(({ rejections }) => rejections === undefined);
  return ofSize.flatMap((waiver) => {
    const name = waiver.file ?? waiver.function ?? '(nothing)';
    if (waiver.reason.trim().length < 20) return [`the waiver for ${name} gives no reason`];
    const file = files.find(({ path }) => path === (waiver.file ?? waiver.function?.split('#')[0]));
    if (!file) return [`the waiver for ${name} names a file that does not exist`];
    return sizeProblems(file, []).length === 0 ? [`the waiver for ${name} is not needed any more`] : [];
  });
}
