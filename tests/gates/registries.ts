/** Every member of a registry folder stands in its index: a kind, a verb, a controller, a plugin, an image, a fault, a lesson. */
import { posix } from 'node:path';
import ts from 'typescript';
import { registries, type Registry } from './house.ts';
import type { SourceFile } from './source.ts';

function relativeImports(file: SourceFile): string[] {
  return file.tree.statements.flatMap((statement) => {
    const from = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined;
    if (!from || !ts.isStringLiteral(from) || !from.text.startsWith('.')) return [];
    return [posix.join(posix.dirname(file.path), from.text)];
  });
}

/** All paths reached from the given files by relative imports. */
function reachedFrom(paths: Iterable<string>, byPath: ReadonlyMap<string, SourceFile>): Set<string> {
  const reached = new Set<string>();
  const waiting = [...paths];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const file = byPath.get(path);
    if (file) waiting.push(...relativeImports(file));
  }
  return reached;
}

function problemsOf(registry: Registry, files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const indexes = files.filter((file) => registry.indexes.test(file.path));
  const named = new Set(indexes.flatMap(relativeImports));
  const reached = reachedFrom(named, byPath);
  const isIndex = (file: SourceFile) => registry.indexes.test(file.path) && !named.has(file.path);
  return files
    .filter((file) => registry.files.test(file.path) && !isIndex(file) && !named.has(file.path))
    .flatMap((file) => {
      if (!reached.has(file.path)) return [`${file.path}: this ${registry.what} is not registered in its index`];
      return registry.member.test(file.text)
        ? [`${file.path}: this ${registry.what} is imported by others, but not registered in its index`]
        : [];
    });
}

/** Files of registry folders that no index names, as `path: what`. */
export function registryProblems(files: readonly SourceFile[]): string[] {
  return registries.flatMap((registry) => problemsOf(registry, files));
}
