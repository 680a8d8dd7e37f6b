/** The page over a lab of pretence: accessibility, keyboard, narrow screens, states in words, bad addresses. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, collectErrors, createProfile, type Profile } from './chromium.ts';
import { servePretence } from './ui/serve.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Violations that keep somebody out, as `rule: element`. */
async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}

describe.skipIf(!browserPath)('the page', () => {
  let served: Awaited<ReturnType<typeof servePretence>>;
  let profile: Profile;
  let context: BrowserContext;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    served = await servePretence();
    profile = await createProfile();
    ({ context, page } = await profile.launch({ viewport: { width: 1440, height: 900 } }));
    errors = collectErrors(page);
  });
  afterAll(async () => {
    await context?.close();
    await profile?.remove();
    await served?.close();
  });

  async function open(query = '', width = 1440, height = 900): Promise<void> {
    await page.setViewportSize({ width, height });
    await page.goto(`${served.url}${query}`);
    // A narrow screen shows the map first, and a terminal that is not shown writes nothing.
    const isMapFirst = width < 600 && !query.includes('panels');
    await (isMapFirst ? page.locator('.machine, .tile') : page.getByText('student@workstation')).first().waitFor({ state: 'attached' });
  }
  /** Goes as near to the map as one can. */
  async function comeNear(): Promise<void> {
    const nearer = page.getByRole('button', { name: 'Nearer' });
    while (await nearer.isEnabled()) await nearer.click();
  }
  const component = (machine: string, name: string) =>
    page.locator('.machine', { hasText: machine }).getByRole('button', { name: new RegExp(`^${name}\\b`) });

  test.each([
    ['wide and light', '?theme=light', 1440, 900],
    ['wide and dark', '?theme=dark', 1440, 900],
    [
      'with failures',
      '?theme=dark&fake-off=worker-1&fake-ready=failed&fake-states=control-plane-1/etcd=failed,control-plane-2/kube-scheduler=frozen',
      1440,
      900,
    ],
    ['middling, with a sheet', '?theme=light&topology=external', 800, 900],
    ['narrow', '?theme=light', 360, 740],
    ['embedded', '?embed&panels=terminal', 600, 400],
  ])('keeps nobody out: %s', async (_name, query, width, height) => {
    await open(query, width, height);
    expect(await seriousViolations(page)).toEqual([]);
    if (!query.includes('panels')) {
      await comeNear();
      expect(await seriousViolations(page)).toEqual([]);
      await page.locator('.etcd').first().click();
      await page.getByRole('heading', { name: /^etcd on/ }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    expect(errors).toEqual([]);
  });

  test('lets the keyboard out of the terminal: Esc then Tab, Shift-Tab, F6', async () => {
    await open();
    const isInside = () => page.evaluate(() => document.activeElement?.closest('.xterm') !== null);
    for (const way of [['Escape', 'Tab'], ['Shift+Tab'], ['F6']]) {
      await page.locator('.xterm-helper-textarea').focus();
      await page.keyboard.press('Tab');
      expect(await isInside()).toBe(true);
      for (const key of way) await page.keyboard.press(key);
      expect(await isInside(), way.join(' ')).toBe(false);
    }
  });

  test('copies what is selected with Ctrl-C, and pastes', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await open();
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('hello');
    const word = page.locator('.xterm-rows').getByText('hello');
    await word.waitFor();
    await page.locator('.xterm-screen').dblclick({ position: { x: 215, y: 10 } });
    await page.keyboard.press('Control+c');
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('hello');
    await page.keyboard.press('Control+v');
    await page.locator('.xterm-rows').getByText('hellohello').waitFor();
  });

  test('shows the terminal as plain text and takes lines there', async () => {
    await open();
    await page.getByRole('button', { name: 'Transcript' }).click();
    await page.getByLabel('Command').fill('kubectl get pods');
    await page.getByLabel('Command').press('Enter');
    await page.getByRole('log', { name: 'Transcript of workstation' }).getByText('you said: kubectl get pods').waitFor();
  });

  test('goes from thing to thing by arrow keys, explains it on Enter, and tells what was done to it in words', async () => {
    await open();
    await component('control-plane-2', 'kube-apiserver').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'etcd on control-plane-2' }).waitFor();
    await page.getByRole('button', { name: 'Kill' }).click();
    await expect.poll(() => component('control-plane-2', 'etcd').textContent()).toContain('failed');
    await page.getByText('no etcd leader').waitFor();
    await page.getByText('1 fault').waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByRole('log', { name: 'What just happened' }).getByText('etcd on control-plane-2 is failed').waitFor();
  });

  test('names every thing on the map by what it is, where and how it does', async () => {
    await open('?fake-states=worker-1/kubelet=frozen');
    await component('worker-1', 'kubelet on worker-1, frozen').waitFor();
    await component('control-plane-2', 'etcd on control-plane-2, leader term 4').waitFor();
    await component('control-plane-1', 'scheduler on control-plane-1, active').waitFor();
    await page.getByRole('button', { name: /crash , pod crash-7f9c6d5b8-q2xkd in default, Crash/ }).waitFor();
  });

  test('says so when the address is wrong, and goes on with defaults', async () => {
    await open('?workers=-1&theme=sepia&nobody=knows');
    await page.getByText('workers=-1 in the address is not a whole number from 0 to 24').waitFor();
    await page.getByRole('button', { name: /^Put away: theme=sepia/ }).click();
    expect(await page.getByText('theme=sepia').count()).toBe(0);
    expect(await page.getByText('nobody').count()).toBe(0);
  });

  test('says what keeps a cluster from being ready, and offers one way on that asks first', async () => {
    await open('?fake-ready=failed');
    await page.getByRole('alert').getByText('no quorum: 1 of 3 etcd members answers').waitFor();
    await page.getByRole('button', { name: 'Start a new cluster …' }).click();
    await page.getByText('Everything stored in this cluster is deleted.').waitFor();
    await page.getByRole('button', { name: 'Keep it' }).click();
  });

  test('stops, steps and says in the terminal that time is paused', async () => {
    await open();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Time is paused: the shell answers when it goes on.').waitFor();
    const before = await page.locator('.time time').textContent();
    await page.getByRole('button', { name: 'Step 1 s' }).click();
    await expect.poll(() => page.locator('.time time').textContent()).not.toBe(before);
  });

  test('shows one pane at a time on a phone', async () => {
    await open('', 360, 740);
    const visible = async () => Promise.all(['section.map', 'section.terminal', 'aside'].map((pane) => page.locator(pane).isVisible()));
    expect(await visible()).toEqual([true, false, false]);
    await page.getByRole('button', { name: 'Terminal', exact: true }).click();
    expect(await visible()).toEqual([false, true, false]);
    await page.getByRole('button', { name: 'Ctrl' }).waitFor();
    await page.getByRole('button', { name: 'Map', exact: true }).click();
    await comeNear();
    await page.locator('.etcd').first().click();
    expect(await visible()).toEqual([false, false, true]);
  });

  test('cuts, slows and heals links and disks from the inspector, and shows it on the map and in words', async () => {
    await open();
    const title = page.locator('.machine', { hasText: 'control-plane-1' }).locator('button').first();
    const faults = page.locator('.pills').getByRole('button', { name: /\bfaults?\b/ });
    await title.click();
    await page.getByRole('button', { name: 'Isolate machine' }).click();
    await expect.poll(() => faults.textContent()).toContain('1 fault · control-plane-1 is isolated');
    expect(await title.textContent()).toContain('isolated');
    expect(await page.locator('svg path.cut').count()).toBe(3);
    await page.getByRole('button', { name: 'Heal its links' }).click();
    await expect.poll(() => faults.textContent()).toContain('no faults');
    await page.getByLabel('Link to').selectOption('control-plane-2');
    await page.getByLabel('is to be').selectOption('slow');
    await page.getByRole('button', { name: 'Set this link' }).click();
    await expect.poll(() => faults.textContent()).toContain('control-plane-1 ↔ control-plane-2: +300 ms');
    await page.getByRole('button', { name: 'Fill its disk' }).click();
    await faults.click();
    const told = page.locator('aside');
    await told.getByText('control-plane-1: disk full').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await told.getByRole('group', { name: 'Fault: control-plane-1: disk full' }).getByRole('button', { name: 'Heal' }).click();
    await expect.poll(() => faults.textContent()).toContain('1 fault ');
    await told.getByRole('button', { name: 'Heal all links and disks' }).click();
    await expect.poll(() => faults.textContent()).toContain('no faults');
  });

  test('partitions machines by keyboard alone', async () => {
    await open();
    await page.locator('.pills').getByRole('button', { name: 'no faults' }).press('Enter');
    for (const name of ['control-plane-1', 'worker-1']) await page.getByRole('checkbox', { name }).press('Space');
    await page.getByRole('button', { name: 'Partition these from the rest' }).press('Enter');
    await page.locator('.pills').getByText('control-plane-1, worker-1 are partitioned from the rest').waitFor();
    expect(await page.locator('.machine.apart').count()).toBe(2);
  });

  test('shows what the topology costs and survives, and asks before it begins another cluster', async () => {
    await open();
    await page.getByRole('button', { name: /^default · 3 control planes/ }).click();
    await page.getByText('2, more than half of 3').waitFor();
    await page.getByLabel('Topology').selectOption('external');
    await page.getByLabel('etcd members').fill('4');
    await page.getByRole('status').getByText('4 etcd members may lose 1, just as 3 may').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Begin this cluster …' }).click();
    expect(await page.evaluate(() => (globalThis as unknown as { asked: object }).asked)).toEqual({});
    await page.getByRole('button', { name: 'Delete it and begin this one' }).click();
    await expect
      .poll(() => page.evaluate(() => (globalThis as unknown as { asked: object }).asked))
      .toEqual({ topology: 'external', controlPlanes: 3, etcdMembers: 4, workers: 3, seed: 1 });
    expect(new URL(page.url()).searchParams.get('etcdMembers')).toBe('4');
  });

  test('runs until the next election and pauses there, and marks what happened on the strip', async () => {
    await open();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Until next election' }).click();
    await page.getByRole('button', { name: 'Waiting for an election …' }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await elect(4);
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(1);
    await elect(5);
    await page.getByRole('button', { name: 'Resume' }).first().waitFor();
    await page.getByRole('button', { name: 'Until next election' }).waitFor();
    await page.locator('.machine', { hasText: 'worker-1' }).locator('button').first().click();
    await page.getByRole('button', { name: 'Isolate machine' }).click();
    await page.getByRole('img', { name: /0 component marks, 1 fault marks/ }).waitFor();
  });

  const elect = (term: number, role?: string) =>
    page.evaluate(
      ([newTerm, newRole]) => (globalThis as unknown as { elect: (term: number, role?: string) => void }).elect(newTerm, newRole),
      [term, role] as const,
    );

  test.each([
    ['wide', 1440],
    ['on a phone', 360],
  ])('invites to kill the leader and tells what follows: %s', async (_name, width) => {
    await open('', width, 740);
    const inSight = page.locator('.invitation:visible');
    await inSight.getByRole('button', { name: /^Kill the leader ?: cut the power of control-plane-2$/ }).click();
    await inSight.getByText('control-plane-2 has lost its power; it led etcd in term 4.').waitFor();
    await elect(5);
    await inSight.getByText('control-plane-3 has waited long enough').waitFor();
    await elect(5, 'leader');
    await inSight.getByText('control-plane-3 is elected leader of term 5').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await inSight.getByRole('button', { name: 'Switch control-plane-2 on again' }).click();
    await inSight
      .getByText(/control-plane-2 (has power again|is back)/)
      .first()
      .waitFor();
    expect(errors).toEqual([]);
  });

  test('goes on telling while the inspector explains something else', async () => {
    await open();
    await page.getByRole('button', { name: /^Kill the leader/ }).click();
    await page.locator('.etcd').first().click();
    await page
      .locator('.stage')
      .getByText(/^control-plane-2 has lost its power|^The load balancer sends requests to 2 of 3/)
      .waitFor();
  });

  test('is seen from afar or near, by buttons, keys and wheel, and says how near', async () => {
    await open('', 1024, 768);
    const level = page.locator('.zoom').getByRole('status');
    await page.getByRole('button', { name: /^control-plane-2 running 6 of 6 components 1 of 1 pods ready ♛ etcd leader$/ }).waitFor();
    expect(await level.textContent()).toBe('Machines, each with its state in short');
    expect(await page.locator('.tile').count()).toBe(6);
    await page.getByRole('button', { name: 'Nearer' }).click();
    await page.locator('.machine').first().getByText('of 1 pods ready').or(page.locator('.etcd').first()).first().waitFor();
    expect(await level.textContent()).toBe('Machines with their components');
    expect(await page.getByRole('button', { name: /^web , pod/ }).count()).toBe(0);
    await page.locator('.etcd').first().focus();
    await page.keyboard.press('+');
    await page
      .getByRole('button', { name: /^web , pod/ })
      .first()
      .waitFor();
    await page.keyboard.press('0');
    await page.locator('.tile').first().waitFor();
    await page.locator('.tile').first().hover();
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -120);
    await page.keyboard.up('Control');
    await page.locator('.etcd').first().waitFor();
    await open();
    await page
      .getByRole('button', { name: /^web , pod/ })
      .first()
      .waitFor();
  });

  test('shows the tables of the API server: sorted, filtered, by namespace, and an object with what can be done to it', async () => {
    await open();
    await page.getByRole('button', { name: 'Dashboard' }).click();
    const table = page.getByRole('region', { name: 'Pods' });
    const names = () => table.locator('.name').allTextContents();
    await table.getByText('crash-7f9c6d5b8-q2xkd').waitFor();
    expect(await table.locator('thead').textContent()).toMatch(/^Namespace ↑NameReadyStatusRestartsAge$/);
    expect(await table.getByText('✕ CrashLoopBackOff').count()).toBe(1);
    expect(await seriousViolations(page)).toEqual([]);
    await table.getByRole('button', { name: 'Restarts' }).click();
    await table.getByRole('button', { name: 'Restarts' }).click();
    await expect.poll(async () => (await names())[0]).toBe('crash-7f9c6d5b8-q2xkd');
    expect(await table.locator('th[aria-sort=descending]').textContent()).toContain('Restarts');
    await page.getByLabel('Filter the rows').fill('web');
    await expect.poll(async () => (await names()).length).toBe(3);
    await page.getByLabel('Filter the rows').fill('');
    await page.getByLabel('Namespace', { exact: true }).selectOption('kube-system');
    await expect.poll(async () => (await names()).every((name) => /^(kube-proxy|coredns)/.test(name))).toBe(true);
    await page.getByText('kubectl get pods -n kube-system').waitFor();
    await page.getByLabel('Namespace', { exact: true }).selectOption('default');
    await page.getByLabel('wide').check();
    await table.getByRole('button', { name: 'Node' }).waitFor();
    await table.getByRole('button', { name: 'web-7f9c6d5b8-0mxkq' }).click();
    await page.getByRole('heading', { name: 'web-7f9c6d5b8-0mxkq' }).waitFor();
    await page.getByText('Successfully assigned default/web to worker-1').waitFor();
    await page.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Delete web-7f9c6d5b8-0mxkq' }).click();
    await page.getByText('The same in the terminal: kubectl delete pods web-7f9c6d5b8-0mxkq').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Map', exact: true }).click();
    await page.locator('.etcd').first().waitFor();
    expect(errors).toEqual([]);
  });

  test('has its dashboard on a phone, too', async () => {
    await open('', 360, 740);
    await page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name: 'Dashboard' }).click();
    await page.getByRole('region', { name: 'Pods' }).getByText('crash-7f9c6d5b8-q2xkd').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });

  test('can be made for looking only', async () => {
    await open('?readonly');
    await page.locator('.etcd').first().click();
    await page.getByText('verbs are switched off').waitFor();
    expect(await page.getByRole('button', { name: 'Kill' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
  });
});
