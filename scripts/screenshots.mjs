/**
 * `npm run screenshots`: the pictures of docs/TOUR.md and README.md, taken from the built lab in a headless Chromium by doing what the
 * tour says. Needs a build. `--only name` takes one picture again.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { chromiumArgs, findChromium } from './chromium.mjs';
import { root } from './paths.mjs';
import { serveFolder } from './static-server.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, out: { type: 'string', default: join(root, 'docs/pictures') } } });
const PATIENCE_MS = 60_000;

/** A terminal line as a student types it, and the prompt that follows. */
async function type(page, line) {
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.type(`${line}\n`);
}

const goTo = (page, name) => page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name }).click();

/** The stations of the tour, one after the other on the same cluster; each leaves the page as its picture shows it. */
const stations = [
  {
    name: 'first-screen',
    async go(page) {
      await type(page, 'kubectl create deployment web --image=nginx --replicas=3');
      await page.getByText('deployment.apps/web created').waitFor();
      await page.evaluate(() => lab.run('kubectl rollout status deployment/web'));
      await type(page, 'kubectl get pods -o wide');
      await page.getByText('READINESS GATES').waitFor();
    },
  },
  {
    name: 'request',
    async go(page) {
      await goTo(page, 'Requests');
      const option = page.getByLabel('Command').locator('option', { hasText: 'create deployment web' }).first();
      await page.getByLabel('Command').selectOption((await option.getAttribute('value')) ?? '');
      await page.getByRole('list', { name: 'Hops' }).getByText('Starts the container').waitFor();
    },
  },
  {
    name: 'failover',
    async go(page) {
      await goTo(page, 'Map');
      await page.getByRole('button', { name: /^Kill the leader/ }).click();
      for (const told of ['is elected leader of term', 'The load balancer sends requests to 2 of 3'])
        await page.getByRole('log', { name: 'What follows from it' }).getByText(told).waitFor();
      await type(page, 'clear; kubectl get nodes');
      await page.getByText('worker-3').last().waitFor();
    },
    async after(page) {
      await page.getByRole('button', { name: /^Switch .* on again/ }).click();
      await page
        .locator('aside')
        .getByText(/is back\. Leadership stays/)
        .waitFor();
    },
  },
  {
    name: 'dashboard',
    async go(page) {
      await goTo(page, 'Dashboard');
      await page.getByRole('button', { name: 'Deployments' }).click();
      await page.getByRole('region', { name: 'Deployments' }).getByRole('button', { name: 'web' }).click();
      await page.getByText('Scaled up replica set').first().waitFor();
    },
  },
  {
    name: 'faults',
    async go(page) {
      await goTo(page, 'Map');
      await goTo(page, 'Faults');
      await page.getByRole('checkbox', { name: 'control-plane-1' }).check();
      await page.getByRole('button', { name: 'Partition these from the rest' }).click();
      await page.locator('.pills').getByText('control-plane-1 is isolated').waitFor();
    },
  },
];

async function main() {
  if (!existsSync(join(root, 'dist/index.html'))) throw new Error('nothing is built yet: run "npm run build" first');
  const executablePath = findChromium();
  if (!executablePath) throw new Error('no Chromium was found; set CHROME_PATH');
  mkdirSync(values.out, { recursive: true });
  const server = await serveFolder({ folder: join(root, 'dist') });
  const profile = mkdtempSync(join(tmpdir(), 'tabernetes-pictures-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: chromiumArgs,
    viewport: { width: 1440, height: 900 },
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${server.url}?theme=light`);
    await page.waitForFunction(() => typeof window.lab?.run === 'function');
    await page.evaluate(() => lab.ready);
    for (const { name, go, after } of stations) {
      await go(page);
      if (!values.only || values.only === name) await page.screenshot({ path: join(values.out, `${name}.png`) });
      await after?.(page);
      console.log(name);
    }
    if (values.only && values.only !== 'phone') return;
    await page.evaluate(() => lab.network.heal());
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name: 'Map' }).click();
    await page.locator('.tile').first().waitFor();
    await page.screenshot({ path: join(values.out, 'phone.png') });
  } finally {
    await context.close();
    await server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  }
}

await main();
