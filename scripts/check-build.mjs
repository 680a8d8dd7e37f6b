/**
 * Holds dist/ against the rules of the build: no WebAssembly, nothing fetched from another host, workers without `import.meta`
 * and `import()`, and size budgets counted in the gzip bytes that are really fetched (the static import graph of each entry).
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';
import { isMain, root } from './paths.mjs';

const kib = 1024;
export const budgets = { pageBytes: 150 * kib, workerBytes: 200 * kib };

/** Hosts that may be named in the built files, because nothing is fetched from them. */
const namedHosts = [
  /^www\.w3\.org$/, // XML namespaces
  /^svelte\.dev$/, // links in Svelte's error texts
  /^stately\.ai$/, // links in XState's warnings
  /(^|\.)(kubernetes\.io|k8s\.io|etcd\.io|kind\.sigs\.k8s\.io|containerd\.io|coredns\.io|cncf\.io)$/, // texts of the real programs
  /(^|\.)(example\.(com|org|net)|invalid|local|localhost|svc|test)$/, // names that no one owns
  /^[^.]+$/, // names inside a cluster
  /^[\d.]+$|^\[/, // addresses of the simulated network
];

/** What one built script imports and uses. Asset workers found by `new URL(…, import.meta.url)` are entries of their own. */
export function readScript(code) {
  const source = ts.createSourceFile('built.js', code, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS);
  const facts = { imports: [], usesImportMeta: false, usesDynamicImport: false };
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      facts.imports.push(node.moduleSpecifier.text);
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) facts.usesImportMeta = true;
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) facts.usesDynamicImport = true;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return facts;
}

/** Every rule that the text of one built file breaks, whatever kind of file it is. */
export function textProblems(name, text) {
  const problems = [];
  if (/\bWebAssembly\s*\.\s*(instantiate|compile|Module|validate)/.test(text)) problems.push(`${name} uses WebAssembly`);
  for (const [, host] of text.matchAll(/\b(?:https?|wss?):\/\/([a-z0-9.-]+|\[[0-9a-f:]+\])/gi)) {
    if (!namedHosts.some((pattern) => pattern.test(host.toLowerCase()))) problems.push(`${name} names the foreign host ${host}`);
  }
  for (const [found] of text.matchAll(/(?:fetch|importScripts|import|Worker|EventSource)\(\s*["'`](?:https?:)?\/\/[^"'`]+/g)) {
    problems.push(`${name} fetches from another host: ${found.slice(0, 80)}`);
  }
  return [...new Set(problems)];
}

/** Rules for everything a worker may load. */
export function workerProblems(name, facts) {
  const problems = [];
  if (facts.usesImportMeta) problems.push(`${name} relies on import.meta, which a worker may not`);
  if (facts.usesDynamicImport) problems.push(`${name} relies on import(), which a worker may not`);
  return problems;
}

/** The entry and all that it imports statically, as names relative to dist/ with forward slashes. */
export function staticGraph(entry, factsOf) {
  const seen = new Set();
  const waiting = [entry];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const imported of factsOf(name)?.imports ?? []) {
      if (imported.startsWith('.')) waiting.push(posix.normalize(posix.join(dirname(name), imported)));
    }
  }
  return [...seen];
}

/** What index.html makes the browser fetch before it can paint: scripts, preloads and style sheets. */
export function firstFetches(html) {
  const attribute = (tag, name) => new RegExp(`\\b${name}\\s*=\\s*["']([^"']*)["']`, 'i').exec(tag)?.[1];
  const tags = [...html.matchAll(/<(?:script|link)\b[^>]*>/gi)].map(([tag]) => tag);
  return tags.flatMap((tag) => {
    if (/^<script/i.test(tag)) return attribute(tag, 'src') ?? [];
    const early = /\b(stylesheet|modulepreload|preload)\b/i.test(attribute(tag, 'rel') ?? '');
    return early ? (attribute(tag, 'href') ?? []) : [];
  });
}

function sizeOf(folder, names) {
  return names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
}

function measurePage(folder, factsOf, problems) {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const fetched = new Set(['index.html']);
  for (const path of firstFetches(html)) {
    if (/^([a-z]+:)?\/\//i.test(path)) problems.push(`index.html fetches ${path} from another host`);
    else if (path.startsWith('/')) problems.push(`index.html fetches ${path} by an absolute path, so it would not work from a sub-path`);
    else for (const name of staticGraph(posix.normalize(path), factsOf)) fetched.add(name);
  }
  const bytes = sizeOf(folder, [...fetched]);
  return { name: 'page until first paint', bytes, budget: budgets.pageBytes, files: [...fetched] };
}

/** Checks a build. Returns `{ sizes: [{ name, bytes, budget, files }], problems: string[] }`; never throws for a broken rule. */
export function checkBuild(folder = join(root, 'dist')) {
  if (!existsSync(join(folder, 'index.html')))
    return { sizes: [], problems: [`${relative(root, folder)}/index.html does not exist: build first`] };
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      relative(folder, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    );
  const problems = names.filter((name) => /\.wasm$/i.test(name)).map((name) => `${name} is WebAssembly`);
  const facts = new Map();
  for (const name of names.filter((each) => /\.(js|css|html)$/.test(each))) {
    const text = readFileSync(join(folder, name), 'utf8');
    problems.push(...textProblems(name, text));
    if (name.endsWith('.js')) facts.set(name, readScript(text));
  }
  const factsOf = (name) => facts.get(name);
  const sizes = [measurePage(folder, factsOf, problems)];
  for (const entry of names.filter((name) => /^workers\/[^/]+\.js$/.test(name))) {
    const files = staticGraph(entry, factsOf);
    for (const file of files) problems.push(...workerProblems(file, factsOf(file) ?? {}));
    sizes.push({
      name: `worker ${posix.basename(entry).replace(/-.{8}\.js$/, '')}`,
      bytes: sizeOf(folder, files),
      budget: budgets.workerBytes,
      files,
    });
  }
  for (const { name, bytes, budget } of sizes) {
    if (bytes > budget) problems.push(`${name} fetches ${bytes} bytes gzip, over its budget of ${budget}`);
  }
  return { sizes, problems: [...new Set(problems)] };
}

/** Prints the sizes and every problem. */
export function printReport({ sizes, problems }) {
  for (const { name, bytes, budget, files } of sizes) {
    console.log(`${name}: ${(bytes / kib).toFixed(1)} KiB gzip of ${budget / kib} KiB, ${files.length} files`);
  }
  for (const problem of problems) console.error(`build rule broken: ${problem}`);
}

if (isMain(import.meta.url)) {
  const report = checkBuild(process.argv[2]);
  printReport(report);
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}
