/** Two tabs of one browser and one stored cluster: the second is told, may take it over, and gives it back; nothing stored is lost. */
import type { BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, collectErrors, createProfile, type Profile } from './chromium.ts';
import { serveLab } from './serve.ts';

describe.skipIf(!browserPath)('two tabs and one cluster', () => {
  let served: Awaited<ReturnType<typeof serveLab>>;
  let profile: Profile;
  let context: BrowserContext;
  let first: Page;
  let second: Page;
  const errors: string[][] = [];

  async function ready(page: Page): Promise<void> {
    await page.waitForFunction(() => typeof window.lab?.run === 'function');
    await page.evaluate(() => window.lab.ready);
  }
  const kubectl = (page: Page, line: string) => page.evaluate((text) => window.lab.run(text), `kubectl ${line}`);

  beforeAll(async () => {
    served = await serveLab();
    profile = await createProfile();
    ({ context, page: first } = await profile.launch());
    second = await context.newPage();
    errors.push(collectErrors(first), collectErrors(second));
    await first.goto(`${served.url}?controlPlanes=1&workers=1`);
    await ready(first);
    expect((await kubectl(first, 'create configmap mark --from-literal=tab=first')).stderr).toBe('');
  });
  afterAll(async () => {
    await context?.close();
    await profile?.remove();
    await served?.close();
  });

  test('tells the second tab who has the cluster, and starts no machine there', async () => {
    await second.goto(`${served.url}?controlPlanes=1&workers=1`);
    await second.getByRole('heading', { name: 'This cluster is open in another tab' }).waitFor();
    expect(second.workers()).toEqual([]);
    expect(await second.evaluate(() => 'lab' in window)).toBe(false);
    expect((await kubectl(first, 'get configmap mark -o name')).stdout).toBe('configmap/mark\n');
  });

  test('moves the cluster to the second tab, with everything in it, and says so in the first', async () => {
    await second.getByRole('button', { name: 'Take over here' }).click();
    await first.getByRole('heading', { name: 'This cluster has moved to another tab' }).waitFor();
    await ready(second);
    expect(first.workers()).toEqual([]);
    expect((await kubectl(second, 'get configmap mark -o name')).stdout).toBe('configmap/mark\n');
    expect((await kubectl(second, 'create configmap other --from-literal=tab=second')).stderr).toBe('');
  });

  test('gives it back', async () => {
    await first.getByRole('button', { name: 'Take it back' }).click();
    await second.getByRole('heading', { name: 'This cluster has moved to another tab' }).waitFor();
    await ready(first);
    expect((await kubectl(first, 'get configmap mark other -o name')).stdout).toBe('configmap/mark\nconfigmap/other\n');
  });

  test('asks for no claim on a cluster that is not kept', async () => {
    await second.goto(`${served.url}?ephemeral&controlPlanes=1&workers=0`);
    await ready(second);
    await second.getByText('runs from memory').waitFor();
    expect(errors.flat()).toEqual([]);
  });
});
