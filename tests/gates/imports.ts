/** Who imports whom: the table of house.ts, front doors only, packages only where they have a reason. */
import { posix } from 'node:path';
import ts from 'typescript';
import { innerRooms, mayEnter, packages, typesOnly } from './house.ts';
import { at, walk, type SourceFile } from './source.ts';

interface Import {
  readonly specifier: string;
  readonly node: ts.Node;
  readonly typesOnly: boolean;
}

/** The room a file stands in; undefined for files outside the house (tests, scripts), which may import anything. */
export function roomOf(path: string): string | undefined {
  if (path === 'src/main.ts') return 'main';
  if (path.startsWith('workers/')) return 'workers';
  const [, folder, inner] = /^src\/([^/]+)\/(?:([^/]+?)(?:\/|\.ts$))?/.exec(path) ?? [];
  if (folder === undefined) return undefined;
  return inner !== undefined && `${folder}/${inner}` in innerRooms ? `${folder}/${inner}` : folder;
}

function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  walk(file.tree, (node) => {
    if (ts.isImportDeclaration(node)) {
      found.push({ specifier: (node.moduleSpecifier as ts.StringLiteral).text, node, typesOnly: isTypeImport(node) });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      found.push({ specifier: (node.moduleSpecifier as ts.StringLiteral).text, node, typesOnly: node.isTypeOnly });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument)) found.push({ specifier: argument.text, node, typesOnly: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      found.push({ specifier: node.argument.literal.text, node, typesOnly: true });
    }
  });
  return found;
}

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  return importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

function relativeProblem(file: SourceFile, room: string, specifier: string): string | undefined {
  const bare = specifier.replace(/\?(raw|url|inline)$/, '');
  if (!/\.(ts|svelte|json|css|svg|yaml|txt|md)$/.test(bare)) return `names "${specifier}" without its ending`;
  const target = roomOf(posix.join(posix.dirname(file.path), bare));
  if (target === room) return undefined;
  if (target !== undefined && innerRooms[room]?.mayUseEnclosing && room.startsWith(`${target}/`)) return undefined;
  return `reaches into ${target ?? 'a place outside the house'} by the path "${specifier}"; enter by its front door (#name)`;
}

function doorProblem(room: string, specifier: string, doors: readonly string[]): string | undefined {
  const target = specifier.slice(1);
  if (!doors.includes(specifier)) return `knocks at "${specifier}", which is no front door`;
  if (target === room) return `enters its own folder by "${specifier}"; inside a folder use relative imports`;
  return mayEnter[room]?.includes(target) ? undefined : `${room} may not import ${target}`;
}

function packageProblem(room: string, { specifier, typesOnly: isTypes }: Import): string | undefined {
  const rule = packages.find(({ name }) =>
    name.endsWith(':') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`),
  );
  if (!rule) return `uses the package "${specifier}", which has no entry in the list of packages`;
  if (!rule.rooms.includes(room)) return `${room} may not use the package "${rule.name}" (${rule.why})`;
  return rule.types && !isTypes ? `may only import types from "${rule.name}"` : undefined;
}

/** Everything a file imports against the rules, as `path:line: what`. `doors` are the names of package.json's `imports`. */
export function importProblems(file: SourceFile, doors: readonly string[]): string[] {
  const room = roomOf(file.path);
  if (room === undefined) return [];
  if (!(room in mayEnter)) return [`${file.path}: the folder ${room} is not on the plan of the house`];
  return importsOf(file).flatMap((each) => {
    const { specifier } = each;
    let problem: string | undefined;
    if (specifier.startsWith('.')) problem = relativeProblem(file, room, specifier);
    else if (specifier.startsWith('#')) problem = doorProblem(room, specifier, doors);
    else problem = packageProblem(room, each);
    if (!problem && typesOnly.includes(room) && !each.typesOnly && !specifier.startsWith('.')) problem = `${room} imports types only`;
    return problem ? [`${at(file, each.node)}: ${problem}`] : [];
  });
}
