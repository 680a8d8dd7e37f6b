/**
 * Holds dist/ against the rules of the build: no WebAssembly, nothing fetched from another host, workers without `import.meta`
 * and `import()`, and size budgets counted in the gzip bytes that are really fetched (the static import graph of each entry).
 * A file that several workers share is fetched once, so of a worker what counts is the part that no other worker fetches.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';
import { isMain, root } from './paths.mjs';

const kib = 1024;
/** The page until first paint; the part of a worker that is its alone; any one file a worker fetches. */
export const budgets = { pageBytes: 150 * kib, workerBytes: 200 * kib, fileBytes: 200 * kib };

/** Hosts that may be named in the built files, because nothing is fetched from them. */
const namedHosts = [
  /^www\.w3\.org$/, // XML namespaces
  /^svelte\.dev$/, // links in Svelte's error texts
  /^stately\.ai$/, // links in XState's warnings
  /^(curl\.se|jqlang\.github\.io|alpinelinux\.org|index\.docker\.io)$/, // texts that curl, jq, Alpine’s files and a login to Docker’s registry hold
  /(^|\.)(kubernetes\.io|k8s\.io|etcd\.io|kind\.sigs\.k8s\.io|containerd\.io|coredns\.io|cncf\.io)$/, // texts of the real programs
  /(^|\.)(example\.(com|org|net)|invalid|local|localhost|svc|test)$/, // names that no one owns
  /^[^.]+$/, // names inside a cluster
  /^github\.com$/, // named in Kubernetes' own error texts
  /^[\d.]+$|^\[/, // addresses of the simulated network
];

/** What one built script imports and uses. Asset workers found by `new URL(…, import.meta.url)` are entries of their own. */
export function readScript(code) {
  const source = ts.createSourceFile('built.js', code, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS);
  const facts = { imports: [], lateImports: [], usesImportMeta: false, usesDynamicImport: false };
  const visit = (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      facts.imports.push(node.moduleSpecifier.text);
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) facts.usesImportMeta = true;
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      facts.usesDynamicImport = true;
      if (node.arguments[0] && ts.isStringLiteralLike(node.arguments[0])) facts.lateImports.push(node.arguments[0].text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return facts;
}

/** Every rule that the text of one built file breaks, whatever kind of file it is. */
export function textProblems(name, text) {
  const problems = [];
  if (/\bWebAssembly\s*\.\s*(instantiate|compile|Module|validate)/.test(text)) problems.push(`${name} uses WebAssembly`);
  if (name.endsWith('.js') && /[^\0-\x7f]/.test(text))
    problems.push(`${name} is not in ASCII, so that each of its characters takes two bytes`);
  for (const [, host] of text.matchAll(/\b(?:https?|wss?):\/\/([a-z0-9.-]+|\[[0-9a-f:]+\])/gi)) {
    if (!namedHosts.some((pattern) => pattern.test(host.toLowerCase().replace(/\.$/, ''))))
      problems.push(`${name} names the foreign host ${host}`);
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

/** The entry and all that it imports statically (`withLate`: and by import()), as names relative to dist/ with forward slashes. */
export function staticGraph(entry, factsOf, withLate = false) {
  const seen = new Set();
  const waiting = [entry];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const facts = factsOf(name);
    for (const imported of [...(facts?.imports ?? []), ...((withLate && facts?.lateImports) || [])]) {
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

function sizesIn(folder) {
  const known = new Map();
  return (names) =>
    [...names].reduce((sum, name) => {
      if (!known.has(name)) known.set(name, gzipSync(readFileSync(join(folder, name)), { level: 9 }).length);
      return sum + known.get(name);
    }, 0);
}

function measurePage(folder, factsOf, sizeOf, problems) {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const fetched = new Set(['index.html']);
  for (const path of firstFetches(html)) {
    if (/^([a-z]+:)?\/\//i.test(path)) problems.push(`index.html fetches ${path} from another host`);
    else if (path.startsWith('/')) problems.push(`index.html fetches ${path} by an absolute path, so it would not work from a sub-path`);
    else for (const name of staticGraph(posix.normalize(path), factsOf)) fetched.add(name);
  }
  const bytes = sizeOf(fetched);
  return { name: 'page until first paint', bytes, ownBytes: bytes, budget: budgets.pageBytes, files: [...fetched] };
}

/** Each worker: all it fetches, and the part of it that is in no other worker's graph. */
function measureWorkers(entries, factsOf, sizeOf) {
  const graphs = new Map(entries.map((entry) => [entry, staticGraph(entry, factsOf)]));
  return entries.map((entry) => {
    const files = graphs.get(entry);
    const shared = new Set(entries.filter((other) => other !== entry).flatMap((other) => graphs.get(other)));
    return {
      name: `worker ${posix.basename(entry).replace(/-.{8}\.js$/, '')}`,
      bytes: sizeOf(files),
      ownBytes: sizeOf(files.filter((file) => !shared.has(file))),
      budget: budgets.workerBytes,
      files,
    };
  });
}

/** Every broken budget: of a whole page, of a worker's own part, and of any one file a worker has to wait for. */
function budgetProblems(sizes, workerFiles, sizeOf) {
  const over = sizes
    .filter(({ ownBytes, budget }) => ownBytes > budget)
    .map(({ name, ownBytes, budget }) => `${name} fetches ${ownBytes} bytes gzip of its own, over its budget of ${budget}`);
  const large = workerFiles
    .filter((file) => sizeOf([file]) > budgets.fileBytes)
    .map((file) => `${file} has ${sizeOf([file])} bytes gzip, over the budget of ${budgets.fileBytes} for one file`);
  return [...over, ...large];
}

/**
 * Checks a build. Returns `{ sizes: [{ name, bytes, ownBytes, budget, files }], readyBytes, problems: string[] }`, where `readyBytes` is
 * everything until a cluster runs: the page with what it imports late, and all workers, each file once. Never throws for a broken rule.
 */
export function checkBuild(folder = join(root, 'dist')) {
  if (!existsSync(join(folder, 'index.html')))
    return { sizes: [], readyBytes: 0, problems: [`${relative(root, folder)}/index.html does not exist: build first`] };
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
  const sizeOf = sizesIn(folder);
  const entries = names.filter((name) => /^workers\/[^/]+\.js$/.test(name));
  const sizes = [measurePage(folder, factsOf, sizeOf, problems), ...measureWorkers(entries, factsOf, sizeOf)];
  const workerFiles = [...new Set(sizes.slice(1).flatMap(({ files }) => files))];
  for (const file of workerFiles) problems.push(...workerProblems(file, factsOf(file) ?? {}));
  problems.push(...budgetProblems(sizes, workerFiles, sizeOf));
  const late = sizes[0].files.flatMap((file) => staticGraph(file, factsOf, true));
  const readyBytes = sizeOf(new Set([...sizes.flatMap(({ files }) => files), ...late]));
  return { sizes, readyBytes, problems: [...new Set(problems)] };
}

const inKib = (bytes) => `${(bytes / kib).toFixed(1)} KiB`;

/** Prints the sizes and every problem. */
export function printReport({ sizes, readyBytes, problems }) {
  for (const { name, bytes, ownBytes, budget, files } of sizes) {
    const all = bytes === ownBytes ? '' : `, ${inKib(bytes)} with what others fetch as well`;
    console.log(`${name}: ${inKib(ownBytes)} gzip of ${inKib(budget)}${all}, ${files.length} files`);
  }
  console.log(`everything until the cluster runs, each file once: ${inKib(readyBytes)} gzip`);
  for (const problem of problems) console.error(`build rule broken: ${problem}`);
}

if (isMain(import.meta.url)) {
  const report = checkBuild(process.argv[2]);
  printReport(report);
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}
