/** The built lab in a real Firefox: it boots, answers, and keeps what it was given over a reload. */
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firefoxPath, launchFirefox } from './firefox.ts';
import { PATIENCE_MS, SMALL, within } from './lab-page.ts';
import { serveLab } from './serve.ts';

describe.skipIf(!firefoxPath)('the lab in Firefox', () => {
  let server: Awaited<ReturnType<typeof serveLab>>;
  let browser: Browser;
  let page: Page;

  const ready = async (): Promise<void> => {
    await page.waitForFunction(() => typeof window.lab?.run === 'function', { timeout: PATIENCE_MS });
    await within(
      page.evaluate(() => lab.ready),
      'lab.ready',
    );
  };
  const run = (line: string) => page.evaluate((text) => lab.run(text), line);

  beforeAll(async () => {
    server = await serveLab();
    browser = await launchFirefox();
    page = await browser.newPage();
    await page.goto(server.url + SMALL);
    await ready();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('boots one control plane and one worker, both Ready', async () => {
    const { stdout } = await run('kubectl get nodes --no-headers');
    expect(stdout).toMatch(/^control-plane +Ready +control-plane +\S+ +v1\.33\.\d+\nworker-1 +Ready +<none> +\S+ +v1\.33\.\d+\n$/);
  });

  it('has everything back after a reload', async () => {
    expect(await run('echo kept > file; kubectl create configmap kept --from-literal=a=b')).toEqual({
      stdout: 'configmap/kept created\n',
      stderr: '',
      exitCode: 0,
    });
    await page.reload();
    await ready();
    expect((await run("cat file; kubectl get configmap kept -o jsonpath='{.data.a}'")).stdout).toBe('kept\nb');
  });
});
