/** A tab that nobody sees keeps the time of its lab. Driven by Puppeteer: Playwright makes every page believe that it is in front. */
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumArgs } from '../../scripts/chromium.mjs';
import { browserPath } from './chromium.ts';
import { PATIENCE_MS, SMALL, until } from './lab-page.ts';
import { serveLab } from './serve.ts';

/** Flags by which drivers of browsers switch off that hidden tabs are held back. */
const UNTHROTTLED = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

declare global {
  interface Window {
    pageTicks: number;
  }
}

describe.skipIf(!browserPath)('a tab that nobody sees', () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveLab>>;
  let page: Page;

  beforeAll(async () => {
    server = await serveLab();
    browser = await puppeteer.launch({
      executablePath: browserPath!,
      headless: true,
      args: [...chromiumArgs, '--no-sandbox'],
      ignoreDefaultArgs: UNTHROTTLED,
    });
    page = (await browser.pages())[0]!;
    await page.goto(server.url + SMALL);
    await page.waitForFunction(() => typeof window.lab?.run === 'function', { timeout: PATIENCE_MS });
    await page.evaluate(() => lab.ready);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('keeps the time of its machines, although the timers of the page itself are held back', async () => {
    await (await browser.newPage()).bringToFront();
    await until('the tab is hidden', () => page.evaluate(() => document.visibilityState === 'hidden'));
    const onWorkstation = (): Promise<number> => page.evaluate(async () => Number((await lab.run('date +%s')).stdout));
    await page.evaluate(() => {
      window.pageTicks = 0;
      setInterval(() => window.pageTicks++, 20);
    });
    const [startSeconds, startMs, realMs] = [await onWorkstation(), await page.evaluate(() => lab.time.now), performance.now()];
    await until('four seconds have passed on the workstation', async () => (await onWorkstation()) >= startSeconds + 4);
    const passedMs = performance.now() - realMs;
    const labMs = (await page.evaluate(() => lab.time.now)) - startMs;
    expect(labMs / passedMs).toBeGreaterThan(0.9);
    expect(labMs / passedMs).toBeLessThan(1.1);
    // One a second, not fifty: the page was indeed held back.
    expect(await page.evaluate(() => window.pageTicks)).toBeLessThan(20);
  });

  it('reaches as many times the speed of life as it could in front', async () => {
    const startMs = await page.evaluate(async () => {
      await lab.time.setRate(60);
      return lab.time.now;
    });
    const realMs = performance.now();
    await until('a minute has passed', () => page.evaluate((endMs) => lab.time.now >= endMs, startMs + 60_000));
    // Timers that fire once a second could grant no more than 50 ms each time.
    expect(60_000 / (performance.now() - realMs)).toBeGreaterThan(2);
    const { stdout } = await page.evaluate(async () => {
      await lab.time.setRate(1);
      return lab.run('kubectl get nodes --no-headers');
    });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((row) => row.split(/ +/)[1]),
    ).toEqual(['Ready', 'Ready']);
  });
});
