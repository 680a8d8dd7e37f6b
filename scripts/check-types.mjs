/**
 * Checks the types of every TypeScript project of the repository with the native compiler, two at a time.
 * A project whose folder holds nothing yet is named and counted as passed.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, isMain } from './paths.mjs';

/** Each project with the folders or files that make it worth a run. The page itself is checked by svelte-check. */
export const projects = [
  { name: 'core', config: 'tsconfig.core.json', needs: ['src'] },
  { name: 'host/browser and lab/fetch', config: 'tsconfig.page.json', needs: ['src/host/browser', 'src/lab/fetch.ts'] },
  { name: 'workers', config: 'tsconfig.workers.json', needs: ['workers'] },
  { name: 'embed', config: 'tsconfig.embed.json', needs: ['src/embed'] },
  { name: 'bridge', config: 'tsconfig.bridge.json', needs: ['src/bridge'] },
  { name: 'tests, benchmarks and all the rest', config: 'tsconfig.json', needs: ['src'] },
];

const compiler = join(root, 'node_modules/@typescript/native/bin/tsc');

function hasSource(path) {
  const full = join(root, path);
  if (!existsSync(full)) return false;
  if (statSync(full).isFile()) return true;
  return readdirSync(full, { recursive: true }).some((name) => name.endsWith('.ts'));
}

function checkOne(project) {
  return new Promise((resolve) => {
    if (!project.needs.some(hasSource)) return resolve({ ...project, ok: true, output: '(no source yet)' });
    const child = spawn(process.execPath, [compiler, '-p', project.config, '--noEmit', '--pretty', 'false'], { cwd: root });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => resolve({ ...project, ok: code === 0, output: output.trim() }));
  });
}

/** Checks all projects; resolves to one result each: `{ name, config, ok, output }`. */
export async function checkTypes() {
  const waiting = [...projects];
  const results = [];
  const lane = async () => {
    for (let project = waiting.shift(); project; project = waiting.shift()) results.push(await checkOne(project));
  };
  await Promise.all([lane(), lane()]);
  return projects.map((project) => results.find((result) => result.config === project.config));
}

if (isMain(import.meta.url)) {
  const results = await checkTypes();
  for (const { name, config, ok, output } of results) {
    console.log(`${ok ? 'ok  ' : 'FAIL'} types of ${name} (${config})${output ? `\n${output}` : ''}`);
  }
  process.exitCode = results.every((result) => result.ok) ? 0 : 1;
}
