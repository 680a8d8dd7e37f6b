/** Reads the repository's source for the house rules: which files there are, their text and their syntax tree. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** One file: `path` from the repository's root with forward slashes. For a Svelte component, `tree` is that of its scripts. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

const skipped = new Set(['node_modules', 'dist', '.git', '.svelte-check', 'coverage', 'test-results']);

/** All files under a folder or the file itself, by path from the root; empty when there is none. */
export function listFiles(path: string): string[] {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [path];
  return readdirSync(full, { withFileTypes: true })
    .filter((entry) => !skipped.has(entry.name))
    .flatMap((entry) => {
      const inside = relative(root, join(full, entry.name)).split(sep).join('/');
      return entry.isDirectory() ? listFiles(inside) : [inside];
    })
    .sort();
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The scripts of a component, with everything else blanked so that line numbers stay true. `moduleOnly` keeps `<script module>` alone. */
export function scriptsOf(component: string, moduleOnly = false): string {
  let kept = '';
  let end = 0;
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  for (const match of component.matchAll(/(<script\b[^>]*>)([\s\S]*?)<\/script>/g)) {
    const [, tag = '', body = ''] = match;
    const start = match.index + tag.length;
    kept += blank(component.slice(end, start));
    kept += moduleOnly && !/\bmodule\b/.test(tag) ? blank(body) : body;
    end = start + body.length;
  }
  return kept + blank(component.slice(end));
}

/** Parses a text as if it stood at `path`; also how planted violations are made. */
export function parse(path: string, text: string): SourceFile {
  const code = path.endsWith('.svelte') ? scriptsOf(text) : text;
  return {
    path,
    text,
    tree: ts.createSourceFile(path, code, ts.ScriptTarget.ESNext, true, path.endsWith('.mjs') ? ts.ScriptKind.JS : ts.ScriptKind.TS),
  };
}

/** Parsed source files (.ts, .mjs, .svelte, no declarations) under the given folders. */
export function readSources(...folders: string[]): SourceFile[] {
  return folders
    .flatMap(listFiles)
    .filter((path) => /\.(ts|mjs|svelte)$/.test(path) && !/\.d\.m?ts$/.test(path))
    .map((path) => parse(path, readText(path)));
}

/** Calls `visit` for the node and all below it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** `path:line`, as editors open it. */
export function at(file: SourceFile, node: ts.Node): string {
  return `${file.path}:${file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree)).line + 1}`;
}
