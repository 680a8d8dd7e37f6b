/** Builds the page over a lab of pretence into a temporary folder and serves it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';
import { serveFolder } from '../../../scripts/static-server.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Resolves to the page's address; close() stops the server and deletes what was built. */
export async function servePretence(): Promise<{ url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'tabernetes-ui-'));
  const input = fileURLToPath(new URL('index.html', import.meta.url));
  // Without the lab's own configuration: this page has no workers to build.
  await build({
    root,
    configFile: false,
    base: './',
    plugins: [svelte()],
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true, rolldownOptions: { input } },
  });
  const server = await serveFolder({ folder });
  return {
    url: `${server.url}tests/page/ui/index.html`,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
