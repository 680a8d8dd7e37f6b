/** A reader that does not read holds its sender back: a long answer waits where it comes from, and memory does not grow on the way. */
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumArgs } from '../../scripts/chromium.mjs';
import { browserPath } from './chromium.ts';
import { PATIENCE_MS, SMALL, until } from './lab-page.ts';
import { serveLab } from './serve.ts';

const LINES = 16_000;
const LINE_BYTES = 512;
const POD = `apiVersion: v1
kind: Pod
metadata:
  name: talker
spec:
  containers:
  - name: talker
    image: busybox:1.36
    command: ["sh", "-c", "i=0; while [ $i -lt ${LINES} ]; do echo \\"$i ${'x'.repeat(LINE_BYTES)}\\"; i=$((i+1)); done; sleep 100000"]
`;
/** Half of the log, and above what a machine's own work makes the heap go up and down by. */
const GROWTH_BOUND_BYTES = 4_000_000;

declare global {
  interface Window {
    reader: ReadableStreamDefaultReader<Uint8Array>;
    /** What the reader has read before it stopped reading. */
    begun: string;
  }
}

describe.skipIf(!browserPath)('a reader that does not read', () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveLab>>;
  let page: Page;

  /** Bytes in use, after a collection, in all workers and the page. */
  async function heapBytes(): Promise<number> {
    const sessions = [await page.createCDPSession(), ...page.workers().map(({ client }) => client)];
    let bytes = 0;
    for (const session of sessions) {
      await session.send('HeapProfiler.collectGarbage');
      bytes += (await session.send('Runtime.getHeapUsage')).usedSize;
    }
    return bytes;
  }

  beforeAll(async () => {
    server = await serveLab();
    browser = await puppeteer.launch({ executablePath: browserPath!, headless: true, args: [...chromiumArgs, '--no-sandbox'] });
    page = (await browser.pages())[0]!;
    await page.goto(server.url + SMALL);
    await page.waitForFunction(() => typeof window.lab?.run === 'function', { timeout: PATIENCE_MS });
    await page.evaluate(() => lab.ready);
    await page.evaluate((stdin) => lab.run('kubectl apply -f -', { stdin }), POD);
    await until('the whole log is written', async () =>
      (await page.evaluate(() => lab.run('kubectl logs talker --tail=1'))).stdout.startsWith(`${LINES - 1} `),
    );
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('makes no memory grow while a followed log of eight megabytes waits for it', async () => {
    const before = await heapBytes();
    await page.evaluate(async () => {
      const { body } = await lab.fetch('/api/v1/namespaces/default/pods/talker/log?follow=true');
      window.reader = body!.getReader();
      window.begun = new TextDecoder().decode((await window.reader.read()).value);
    });
    let held = await heapBytes();
    // As long as something is still on its way, memory still changes.
    await until('nothing is under way any more', async () => {
      const last = held;
      held = await heapBytes();
      return Math.abs(held - last) < 100_000;
    });
    expect(held - before).toBeLessThan(GROWTH_BOUND_BYTES);
  });

  it('lets the others be answered meanwhile', async () => {
    expect((await page.evaluate(() => lab.run('kubectl get pod talker -o name'))).stdout).toBe('pod/talker\n');
  });

  it('gets everything in order once it reads', async () => {
    const numbers = await page.evaluate(async (lines) => {
      const decoder = new TextDecoder();
      const found: number[] = [];
      let rest = window.begun;
      for (;;) {
        const parts = rest.split('\n');
        rest = parts.pop()!;
        for (const part of parts) found.push(Number.parseInt(part, 10));
        if (found.length >= lines) break;
        const { value, done } = await window.reader.read();
        if (done) break;
        rest += decoder.decode(value, { stream: true });
      }
      await window.reader.cancel();
      return found;
    }, LINES);
    expect(numbers.length).toBe(LINES);
    expect(numbers.every((number, at) => number === at)).toBe(true);
  });
});
