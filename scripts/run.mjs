/**
 * Runs a TypeScript program of this repository in Node: bundles it once (no type check), then starts it.
 * `node scripts/run.mjs bench/run.ts [arguments]`
 */
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from './paths.mjs';

const [entry, ...args] = process.argv.slice(2);
if (!entry || !existsSync(join(root, entry))) {
  console.error(entry ? `There is no ${entry}.` : 'usage: node scripts/run.mjs <program.ts> [arguments]');
  process.exit(2);
}
// A folder of its own for each run, so that two runs at once do not pull the program from under each other.
const outDir = join(root, 'node_modules/.cache/tabernetes', `${entry.replace(/[^a-z0-9]+/gi, '-')}-${process.pid}`);
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: join(root, entry),
    outDir,
    target: 'node20',
    sourcemap: 'inline',
    emptyOutDir: true,
    rolldownOptions: { output: { entryFileNames: 'main.mjs', chunkFileNames: '[name]-[hash].mjs' } },
  },
});
const child = spawn(process.execPath, ['--enable-source-maps', join(outDir, 'main.mjs'), ...args], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (code, signal) => {
  rmSync(outDir, { recursive: true, force: true });
  process.exitCode = signal ? 1 : (code ?? 1);
});
