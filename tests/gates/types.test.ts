/** The compiler gate, proven: core code that touches the platform, and a component with a wrong type, do not compile. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import ts from 'typescript';
import { root } from './source.ts';

/** Checks one file's text under a project's own options, as if it stood in that project. */
function errorsOf(config: string, code: string, ambient: readonly string[] = []): string[] {
  const read = ts.readConfigFile(join(root, config), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(
    { ...(read.config as object), include: [], files: ['planted.ts'] },
    ts.sys,
    root,
    undefined,
    config,
  );
  const planted = join(root, 'src/raft/planted.ts');
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (path, ...rest) =>
    path === planted ? ts.createSourceFile(path, code, ts.ScriptTarget.ES2023) : getSourceFile(path, ...rest);
  host.fileExists = (path) => path === planted || fileExists(path);
  const program = ts.createProgram([planted, ...ambient.map((path) => join(root, path))], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the core project', () => {
  const platform = ['src/host/platform.d.ts'];

  test.each([
    'document',
    'window',
    'setTimeout',
    'queueMicrotask',
    'console',
    'crypto',
    'performance',
    'indexedDB',
    'fetch',
    'process',
    'Buffer',
    'MessageChannel',
    'self',
  ])('does not know %s', (name) => {
    expect(errorsOf('tsconfig.core.json', `export const planted = ${name};`, platform).join('\n')).toContain(`Cannot find name '${name}'`);
  });

  test('knows the pure part of the platform, and nothing else is wrong with it', () => {
    const code = `export const a = new TextEncoder().encode('a'); export const b = structuredClone(new URL('http://a/')); export const c = new AbortController();`;
    expect(errorsOf('tsconfig.core.json', code, platform)).toEqual([]);
  });

  test('is strict about what an index may miss', () => {
    expect(errorsOf('tsconfig.core.json', `export const a: string = ['x'][0];`, platform)).toHaveLength(1);
  });
});

describe('the workers’ project', () => {
  test('knows a worker and no document', () => {
    expect(errorsOf('tsconfig.workers.json', 'export const a = self.postMessage;')).toEqual([]);
    expect(errorsOf('tsconfig.workers.json', 'export const a = document;').join('\n')).toContain("Cannot find name 'document'");
  });
});

describe('svelte-check', () => {
  // Outside the repository, where the check of the real components, which may run at the same time, would come across it.
  const folder = mkdtempSync(join(tmpdir(), 'tabernetes-planted-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('finds a planted error in a component and one in a script beside it', () => {
    writeFileSync(join(folder, 'Planted.svelte'), '<script lang="ts">\n  const planted: number = "text";\n</script>\n{planted}\n');
    writeFileSync(join(folder, 'planted.ts'), 'export const beside: number = "text";\n');
    const compilerOptions = { lib: ['es2023', 'dom'], types: ['svelte'], strict: true, noEmit: true, skipLibCheck: true };
    const modules = { module: 'esnext', moduleResolution: 'bundler', target: 'es2023', verbatimModuleSyntax: true };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, ...modules }, include: ['*.ts', '*.svelte'] }),
    );
    const args = [
      join(root, 'node_modules/svelte-check/bin/svelte-check'),
      '--workspace',
      folder,
      '--tsconfig',
      './tsconfig.json',
      '--tsgo',
      '--output',
      'machine',
    ];
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stdout).toMatch(/ERROR "Planted\.svelte" 2:/);
    expect(stdout).toMatch(/ERROR "planted\.ts" 1:/);
  }, 60_000);
});
