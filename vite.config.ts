/**
 * How the lab is built (one page, ES workers, any static path) and how its tests are grouped.
 * Tests in Node: `node` (units, house rules, gates), `vectors`, `simulation`. In a real Chromium: `browser` (code that runs
 * inside the browser) and `page` (Node drives the built lab in a persistent profile, so that reloads and crashes are real).
 */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArgs, findChromium } from './scripts/chromium.mjs';
import { bridgePlugin } from './src/bridge/vite-plugin.ts';
import { scriptsInAscii } from './scripts/ascii.mjs';
import { workersInOneBuild } from './scripts/workers.mjs';

const inNode = { environment: 'node', isolate: true } as const;

export default defineConfig({
  base: './',
  plugins: [svelte(), workersInOneBuild(), scriptsInAscii(), bridgePlugin()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { output: { entryFileNames: 'page/[name]-[hash].js', chunkFileNames: 'page/[name]-[hash].js' } },
  },
  worker: { format: 'es' },
  // Reached only through workers, so the first browser test would otherwise stop halfway to optimise them.
  optimizeDeps: {
    include: [
      'comlink',
      'idb',
      'xstate',
      'yaml',
      'unbash',
      'unbash/printer',
      '@noble/curves/nist.js',
      '@noble/hashes/hmac.js',
      '@noble/hashes/sha2.js',
    ],
  },
  test: {
    passWithNoTests: true,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          ...inNode,
          name: 'node',
          include: ['tests/unit/**/*.test.ts', 'tests/tidy.test.ts', 'tests/gates/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      { extends: true, test: { ...inNode, name: 'vectors', include: ['tests/vectors/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        test: {
          ...inNode,
          name: 'simulation',
          include: ['tests/simulation/**/*.test.ts', 'tests/scenarios/**/*.test.ts', 'tests/conformance/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          testTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: findChromium(), args: chromiumArgs } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        extends: true,
        test: {
          ...inNode,
          name: 'page',
          include: ['tests/page/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
