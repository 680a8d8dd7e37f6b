/**
 * The workers in one build. Vite bundles each `new Worker(new URL(…))` for itself, so that every worker would carry the same
 * libraries, API and host again; here all entries are built together, and what they share is a file of its own, fetched once.
 * Pages are built after their workers: the URL of an entry's source becomes that of its built file. The dev server needs nothing of it.
 */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'vite';
import { scriptsInAscii } from './ascii.mjs';
import { root } from './paths.mjs';

/** The entries among workers/*.ts: all but what they share. */
export const workerEntries = readdirSync(join(root, 'workers'))
  .filter((name) => name.endsWith('.ts') && !name.startsWith('expose-'))
  .map((name) => basename(name, '.ts'));

/**
 * What workers share, by room, from the bottom up: a part takes along what it needs of the rooms below it. Each part is divided
 * further by which entries use it, so that no worker fetches what it does not run; its file is named after the part and those entries.
 */
const sharedParts = [
  { name: 'libraries', test: /node_modules[\\/](?!unbash)/ },
  { name: 'foundation', test: /[\\/]src[\\/](host|apimachinery|api|client|lifecycle)[\\/]/ },
  { name: 'shell', test: /[\\/]src[\\/]shell[\\/]|node_modules[\\/]unbash/ },
  { name: 'node', test: /[\\/]src[\\/](runtime|kubelet|network)[\\/]/ },
].map((part, index, { length }) => ({ ...part, priority: length - index, entriesAware: true }));

/** Where a built page finds workers: pages' scripts are in page/, workers in workers/. */
const fromPage = (fileName) => `../${fileName}`;

async function buildWorkers() {
  const built = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins: [scriptsInAscii()],
    build: {
      write: false,
      target: 'es2023',
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: Object.fromEntries(workerEntries.map((name) => [name, join(root, `workers/${name}.ts`)])),
        preserveEntrySignatures: false,
        output: {
          format: 'es',
          entryFileNames: 'workers/[name]-[hash].js',
          chunkFileNames: ({ name }) => `workers/shared/${name.replaceAll('~', '-')}-[hash].js`,
          codeSplitting: { groups: sharedParts },
        },
      },
    },
  });
  return built.output;
}

/** Builds the workers before the page, hands their files to the page's build, and puts their built URLs into the page. */
export function workersInOneBuild() {
  let files = [];
  return {
    name: 'workers-in-one-build',
    apply: 'build',
    enforce: 'pre',
    async buildStart() {
      files = await buildWorkers();
    },
    transform: {
      filter: { code: /new Worker\(/ },
      handler(code) {
        return code.replace(/new URL\('\.\.\/workers\/([\w-]+)\.ts', import\.meta\.url\)/g, (written, entry) => {
          const chunk = files.find((file) => file.isEntry && file.name === entry);
          if (!chunk) this.error(`there is no worker ${entry}: ${written}`);
          return `new URL(/* @vite-ignore */ '${fromPage(chunk.fileName)}', import.meta.url)`;
        });
      },
    },
    generateBundle() {
      for (const file of files) this.emitFile({ type: 'asset', fileName: file.fileName, source: file.code ?? file.source });
    },
  };
}
