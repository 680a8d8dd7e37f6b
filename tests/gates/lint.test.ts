/** The lint rules, proven: each closed part of the platform is planted in a core file and refused, and open where it may be used. */
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';
import { root } from './source.ts';

const eslint = new ESLint({ cwd: root });

async function rulesBroken(path: string, code: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(code, { filePath: `${root}/${path}` });
  return (result?.messages ?? []).map(({ ruleId }) => ruleId);
}

const closed: readonly string[] = [
  'export const a = new Date();',
  'export const a = Date();',
  'export const a = Date.now();',
  'export const a = Math.random();',
  'export const a = crypto.randomUUID();',
  'console.log(1);',
  'export const a = performance.now();',
  'setTimeout(() => 1, 5);',
  'setInterval(() => 1, 5);',
  'setImmediate(() => 1);',
  'clearTimeout(1);',
  'queueMicrotask(() => 1);',
  'export const a = new Intl.NumberFormat();',
  'export const a = globalThis.performance.now();',
  "export const a = 'a'.localeCompare('b');",
];

describe('the platform is closed', () => {
  test.each(closed)('to core code: %s', async (code) => {
    expect(await rulesBroken('src/raft/planted.ts', code)).toEqual([expect.stringMatching(/^no-restricted-(globals|syntax)$/)]);
  });

  test.each(['src/ui/planted.ts', 'src/lab/planted.ts', 'src/host/planted.ts', 'src/host/simulated/planted.ts', 'workers/planted.ts'])(
    'to %s',
    async (path) => {
      expect(await rulesBroken(path, 'export const a = Date.now();')).toEqual(['no-restricted-syntax']);
    },
  );

  test('and open to the browser’s body of the host, and to a date that is given', async () => {
    for (const code of closed) expect(await rulesBroken('src/host/browser/planted.ts', code), code).toEqual([]);
    expect(await rulesBroken('src/raft/planted.ts', 'export const a = new Date(0).toISOString();')).toEqual([]);
  });
});

describe('lint refuses', () => {
  test.each([
    ['no-empty', 'src/etcd/planted.ts', 'export function f() { try { f(); } catch {} }'],
    ['no-restricted-syntax', 'src/etcd/planted.ts', 'export const f = (a: Promise<void>) => a.catch(() => {});'],
    ['@typescript-eslint/no-explicit-any', 'src/etcd/planted.ts', 'export const a = (b: any) => b;'],
    ['@typescript-eslint/consistent-type-imports', 'src/etcd/planted.ts', "import { A } from './a.ts';\nexport type B = A;"],
    ['no-restricted-globals', 'tests/unit/etcd/planted.test.ts', 'setTimeout(() => 1, 5);'],
    ['svelte/require-each-key', 'src/ui/Planted.svelte', '<script lang="ts">\n  const a = [1];\n</script>\n{#each a as b}{b}{/each}'],
    ['svelte/no-at-html-tags', 'src/ui/Planted.svelte', '<script lang="ts">\n  const a = "";\n</script>\n{@html a}'],
    ['no-restricted-syntax', 'src/ui/Planted.svelte', '<script lang="ts">\n  const a = Date.now();\n</script>\n{a}'],
  ])('%s in %s', async (rule, path, code) => {
    expect(await rulesBroken(path, code)).toContain(rule);
  });
});

describe('lint with types refuses', () => {
  // Where CI=true the parser takes files as they are on disk, for one run's sake; what is planted is only a text.
  const readsTexts = { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } };
  const typed = new ESLint({ cwd: root, overrideConfigFile: 'eslint.promises.config.js', overrideConfig: readsTexts });

  test.each([
    ['@typescript-eslint/no-floating-promises', 'export async function f(): Promise<void> {\n  f();\n}'],
    ['@typescript-eslint/no-misused-promises', 'export const f = (list: Promise<boolean>): number => (list ? 1 : 2);'],
    ['@typescript-eslint/switch-exhaustiveness-check', "export function f(a: 'x' | 'y'): void {\n  switch (a) {\n    case 'x':\n  }\n}"],
  ])(
    '%s',
    async (rule, code) => {
      const [result] = await typed.lintText(code, { filePath: `${root}/src/apimachinery/index.ts` });
      expect((result?.messages ?? []).map(({ ruleId }) => ruleId)).toEqual([rule]);
    },
    // The first of them reads the types of all core code, beside everything else that runs.
    240_000,
  );
});
