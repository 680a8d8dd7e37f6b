/**
 * `npm run lab`: the built lab with its bridge, and with --headless a Chromium that runs it, so that a real kubectl has a cluster.
 *
 * --headless   open the lab in a headless Chromium; prints one line `ready http://127.0.0.1:N` once the cluster is ready
 * --port N     where to listen (default: 5173, or the next free one)
 * --query Q    the address's parameters, for example '?controlPlanes=3&workers=2'
 * --folder F   a built lab to serve as it is (default: dist, built anew when it is out of date)
 * --verbose    what the page's console says, on standard error
 *
 * Stays until it is interrupted.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { build } from 'vite';
import { chromiumAdvice, chromiumArgs, findChromium } from './chromium.mjs';
import { needsBuild } from './freshness.mjs';
import { loadBridge } from './load.mjs';
import { root } from './paths.mjs';
import { serveFolder } from './static-server.mjs';

const { values } = parseArgs({
  options: {
    headless: { type: 'boolean', default: false },
    port: { type: 'string' },
    query: { type: 'string', default: '' },
    folder: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

/** Timers of a page nobody looks at would be slowed down. */
const awake = ['--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'];

async function openHeadless(url) {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(chromiumAdvice);
  const profile = mkdtempSync(join(tmpdir(), 'tabernetes-lab-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [...chromiumArgs, ...awake],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('pageerror', (error) => console.error(`page: ${error.stack ?? error.message}`));
  if (values.verbose) page.on('console', (message) => console.error(`page ${message.type()}: ${message.text()}`));
  const parameters = new URLSearchParams(values.query);
  parameters.set('bridge', '');
  await page.goto(`${url}?${parameters}`);
  await page.waitForFunction(() => window.lab !== undefined, null, { timeout: 60_000 });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  };
  return { context, page, close };
}

if (values.folder === undefined && needsBuild()) await build({ root, logLevel: 'error' });
const bridge = await loadBridge();
const wanted = values.port === undefined ? 5173 : Number(values.port);
const server = await serveFolder({
  folder: resolve(values.folder ?? join(root, 'dist')),
  port: wanted,
  orNext: values.port === undefined,
  bridge,
});
const address = server.url.replace(/\/$/, '');
let browser;
let isEnding = false;

async function end(code) {
  if (isEnding) return;
  isEnding = true;
  bridge.close();
  await browser?.close();
  await server.close();
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(0));

if (values.headless) {
  try {
    browser = await openHeadless(server.url);
    browser.context.on('close', () => {
      if (!isEnding) console.error('the browser has ended');
      void end(1);
    });
    await browser.page.evaluate(() => window.lab.ready);
    console.log(`ready ${address}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    await end(1);
  }
} else {
  console.log(
    `The lab is at ${address}/?bridge\n  kubectl --server ${address} get nodes   (once a tab is open there)\n  token of pages that change something: ${bridge.token}`,
  );
}
