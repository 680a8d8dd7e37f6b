/** Loads a TypeScript module of this repository into a script: bundled once (no type check), then imported. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { root } from './paths.mjs';

/** The exports of the module at `path`, a path from the repository's root. */
export async function loadModule(path) {
  const outDir = join(root, 'node_modules/.cache/tabernetes', `${path.replace(/[^a-z0-9]+/gi, '-')}-${process.pid}`);
  mkdirSync(outDir, { recursive: true });
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: { ssr: join(root, path), outDir, target: 'node20', rolldownOptions: { output: { entryFileNames: 'main.mjs' } } },
  });
  try {
    return await import(pathToFileURL(join(outDir, 'main.mjs')).href);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

/** The bridge between real clients and the cluster in a tab, ready to be given to a server. */
export async function loadBridge() {
  const { createBridgeServer } = await loadModule('src/bridge/server.ts');
  return createBridgeServer();
}
