/** The build's rules, proven on small builds with one planted fault each. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inAscii } from '../../scripts/ascii.mjs';
import { budgets, checkBuild, firstFetches, readScript, staticGraph, textProblems } from '../../scripts/check-build.mjs';

const sound: Readonly<Record<string, string>> = {
  'index.html': '<!doctype html><link rel="stylesheet" href="./page/a.css"><script type="module" src="./page/index-12345678.js"></script>',
  'page/a.css': 'body{margin:0}',
  'page/index-12345678.js':
    'import{a}from"./part-12345678.js";const w=new Worker(new URL("../workers/machine-12345678.js",import.meta.url));import("./late-12345678.js");a(w)',
  'page/part-12345678.js': 'export const a=()=>1;',
  'page/late-12345678.js': 'export const b="https://kubernetes.io/docs http://10.0.0.10:6443 https://kubernetes.default.svc";',
  'workers/machine-12345678.js': 'import{c}from"./shared/c-12345678.js";c()',
  'workers/node-12345678.js': 'import{c}from"./shared/c-12345678.js";import{d}from"./shared/d-12345678.js";c();d()',
  'workers/shared/c-12345678.js': 'export const c=()=>2;',
  'workers/shared/d-12345678.js': 'export const d=()=>3;',
};

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tabernetes-build-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function buildWith(changed: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries({ ...sound, ...changed })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return checkBuild(folder);
}

describe('a build', () => {
  test('that is sound has no problems, and late scripts do not count before first paint', () => {
    const { sizes, problems } = buildWith({});
    expect(problems).toEqual([]);
    expect(sizes.map(({ name, files }) => [name, files.length])).toEqual([
      ['page until first paint', 4],
      ['worker machine', 2],
      ['worker node', 3],
    ]);
  });

  test('counts of a worker what no other fetches, and what is shared once in the sum', () => {
    const { sizes, readyBytes } = buildWith({});
    const [page, machine, node] = sizes;
    const [c, d] = ['workers/shared/c-12345678.js', 'workers/shared/d-12345678.js'].map(
      (file) => gzipSync(sound[file]!, { level: 9 }).length,
    );
    expect(machine!.bytes - machine!.ownBytes).toBe(c);
    expect(node!.bytes - node!.ownBytes).toBe(c);
    expect(node!.ownBytes).toBeGreaterThan(d!);
    const late = gzipSync(sound['page/late-12345678.js']!, { level: 9 }).length;
    expect(readyBytes).toBe(page!.bytes + late + machine!.ownBytes + node!.ownBytes + c!);
  });

  test('whose worker is too large in two files of its own is refused, and is not when another shares one of them', () => {
    const half = (name: string) => `export const ${name}="${randomBytes(budgets.workerBytes * 0.55).toString('base64')}";`;
    const large = {
      'workers/shared/d-12345678.js': half('d'),
      'workers/node-12345678.js': `import"./shared/c-12345678.js";import"./shared/d-12345678.js";${half('n')}`,
    };
    expect(buildWith(large).problems.join()).toContain('worker node fetches');
    expect(buildWith({ ...large, 'workers/machine-12345678.js': 'import"./shared/d-12345678.js"' }).problems).toEqual([]);
  });

  const faults: readonly (readonly [file: string, text: string, what: string])[] = [
    ['page/a.wasm', '', 'is WebAssembly'],
    ['page/late-12345678.js', 'WebAssembly.instantiate(bytes)', 'uses WebAssembly'],
    ['workers/shared/c-12345678.js', 'export const c=()=>import.meta.url;', 'relies on import.meta'],
    ['workers/machine-12345678.js', 'import("./shared/c-12345678.js")', 'relies on import()'],
    ['page/late-12345678.js', 'fetch("https://cdn.somewhere.net/a.js")', 'another host'],
    ['workers/shared/c-12345678.js', 'export const c="…";', 'is not in ASCII'],
    ['page/a.css', '@import url(https://fonts.somewhere.net/a.css);', 'foreign host'],
    ['index.html', '<script type="module" src="/page/index-12345678.js"></script>', 'sub-path'],
    ['page/part-12345678.js', `export const a="${randomBytes(budgets.pageBytes).toString('base64')}";`, 'over its budget'],
    ['workers/machine-12345678.js', `export const c="${randomBytes(budgets.workerBytes).toString('base64')}";`, 'over its budget'],
    ['workers/shared/c-12345678.js', `export const c="${randomBytes(budgets.fileBytes).toString('base64')}";`, 'for one file'],
  ];
  test.each(faults.map(([file, text, what]) => ({ file, text, what })))(
    'whose $file breaks a rule is refused: $what',
    ({ file, text, what }) => {
      expect(buildWith({ [file]: text }).problems.join('\n')).toContain(what);
    },
  );

  test('that does not exist is refused', () => {
    expect(checkBuild(join(folder, 'nowhere')).problems).toHaveLength(1);
  });
});

test('a script in ASCII says the same', () => {
  const script = 'const µ = "…─😀"; [µ, `→${µ}`, /^[─-╿…]+$/u.test("─…"), /^😀$/u.test("😀")]';
  const written = inAscii(script);
  expect(written).toMatch(/^[\0-\x7f]+$/);
  expect(runInNewContext(written)).toEqual(['…─😀', '→…─😀', true, true]);
});

test('a word about WebAssembly is no use of it', () => {
  expect(textProblems('a.js', 'const deny=["WebAssembly"]')).toEqual([]);
});

test('the graph follows static imports and re-exports, in circles too', () => {
  const facts = (name: string) => readScript(name === 'a.js' ? 'export*from"./b/b.js"' : 'import"../a.js";import("./late.js")');
  expect(staticGraph('a.js', facts).sort()).toEqual(['a.js', 'b/b.js']);
});

test('first fetches are scripts, style sheets and preloads, not icons', () => {
  const html =
    '<link rel="icon" href="i.svg"><link rel="modulepreload" href="b.js"><link href="c.css" rel="stylesheet"><script src="a.js"></script><script>1</script>';
  expect(firstFetches(html)).toEqual(['b.js', 'c.css', 'a.js']);
});
