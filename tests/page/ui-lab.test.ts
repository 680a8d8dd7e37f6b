/** The built page over a real cluster of workers: it boots, types what the address asks for, shows what runs, and survives a reload. */
import type { BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, collectErrors, createProfile, type Profile } from './chromium.ts';
import { serveLab } from './serve.ts';

const lines = (...each: string[]): string => Buffer.from(each.join('\n'), 'utf8').toString('base64url');

describe.skipIf(!browserPath)('the page over a real cluster', () => {
  let served: Awaited<ReturnType<typeof serveLab>>;
  let profile: Profile;
  let context: BrowserContext;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    served = await serveLab();
    profile = await createProfile();
    ({ context, page } = await profile.launch({ viewport: { width: 1440, height: 900 } }));
    errors = collectErrors(page);
    await page.goto(`${served.url}?run=${lines('echo typed by the address', 'kubectl get nodes')}`);
    await page.waitForFunction(() => typeof window.lab?.run === 'function');
    await page.evaluate(() => window.lab?.ready);
  });
  afterAll(async () => {
    await context?.close();
    await profile?.remove();
    await served?.close();
  });

  test('paints before it fetches workers and the terminal', () => {
    const firstScript = served.served.findIndex(({ path }) => path.includes('/page/index-'));
    const firstLate = served.served.findIndex(({ path }) => path.includes('/workers/') || path.includes('/xterm-'));
    expect(firstScript).toBeGreaterThanOrEqual(0);
    expect(firstLate).toBeGreaterThan(firstScript);
  });

  test('types the lines of the address into the terminal once the cluster is ready', async () => {
    const rows = page.locator('.xterm-rows');
    await rows.getByText('typed by the address').last().waitFor();
    await expect.poll(() => rows.textContent(), { timeout: 20_000 }).toContain('v1.33');
  });

  test('shows who leads etcd, that the nodes are Ready, and the pods of the API', async () => {
    await page.getByText(/etcd leader control-plane-\d, term \d+/).waitFor();
    await page.getByText('6 of 6 nodes Ready').waitFor();
    await page
      .getByRole('button', { name: /^coredns , pod coredns-.* Running$/ })
      .first()
      .waitFor();
  });

  test('explains a component by its own log, and tells of its death and return', async () => {
    await page.getByRole('button', { name: /^kubelet on worker-1\b/ }).click();
    await page.getByRole('region', { name: 'Log' }).waitFor();
    await page.getByRole('button', { name: 'Freeze' }).click();
    await page.getByRole('button', { name: 'kubelet on worker-1, frozen' }).waitFor();
    await page.getByText('1 fault').waitFor();
    await page.getByRole('button', { name: 'Thaw' }).click();
    await page.getByRole('button', { name: 'kubelet on worker-1, running' }).waitFor();
    await page.getByText('no faults').waitFor();
  });

  test('follows a request from kubectl through etcd to the kubelet, numbered on the map, and lets go on Escape', async () => {
    const { exitCode, stderr } = await page.evaluate(() => lab.run('kubectl run traced --image=nginx'));
    expect([exitCode, stderr]).toEqual([0, '']);
    await page.evaluate(() => lab.run('kubectl wait --for=condition=Ready pod/traced'));
    await page.getByRole('button', { name: 'Requests' }).click();
    await page
      .getByLabel('Command')
      .selectOption({ label: (await page.getByLabel('Command').locator('option', { hasText: 'run traced' }).textContent()) ?? '' });
    const hops = page.getByRole('list', { name: 'Hops' });
    const titles = [
      'kubectl on workstation',
      'load balancer',
      /^kube-apiserver on control-plane-\d/,
      /^etcd on control-plane-\d, the leader/,
    ];
    const later = [/^kube-scheduler on /, /^kubelet on worker-\d/, /^containerd on worker-\d/];
    for (const title of [...titles, ...later]) await hops.getByText(title).first().waitFor();
    await hops.getByText('mutating admission').waitFor();
    expect(await hops.getByText(/Appends entry \d+/).count()).toBe(3);
    expect(await page.locator('.map .badge').count()).toBeGreaterThanOrEqual(7);
    expect(await page.locator('.map .faded').count()).toBeGreaterThan(5);
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'This cluster' }).waitFor();
    expect(await page.locator('.map .faded').count()).toBe(0);
    await page.evaluate(() => lab.run('kubectl delete pod traced --wait=false'));
  });

  test('shows, scales and deletes a Deployment in the dashboard', async () => {
    await page.evaluate(() => lab.run('kubectl create deployment scaled --image=nginx'));
    await page.getByRole('button', { name: 'Dashboard' }).click();
    await page.getByRole('button', { name: 'Deployments' }).click();
    const table = page.getByRole('region', { name: 'Deployments' });
    await table.getByRole('row', { name: /default scaled 1\/1/ }).waitFor();
    await table.getByRole('button', { name: 'scaled' }).click();
    await page.getByRole('spinbutton', { name: 'Replicas' }).fill('2');
    await page.getByRole('button', { name: 'Scale', exact: true }).click();
    await page.getByText('The same in the terminal: kubectl scale deployments scaled --replicas=2').waitFor();
    await table.getByRole('row', { name: /default scaled 2\/2/ }).waitFor();
    await page.getByText('Scaled up replica set scaled-').first().waitFor();
    await page.locator('summary').click();
    await page.locator('details pre').getByText('kind: Deployment').waitFor();
    await page.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Delete scaled' }).click();
    await page.getByText('It does not exist any more.').waitFor();
    await table.getByText('No resources found.').or(table.getByRole('table')).first().waitFor();
    await page.getByRole('button', { name: 'Map', exact: true }).click();
  });

  test('kills the leader by one click, tells who takes over, switches it on again by another, and no pod notices', async () => {
    const pods = () => page.evaluate(async () => (await lab.run('kubectl get pods -A --field-selector=spec.nodeName!=x -o name')).stdout);
    await expect.poll(pods).not.toContain('scaled');
    const before = await pods();
    await page.getByRole('button', { name: /^Kill the leader/ }).click();
    const told = page.getByRole('log', { name: 'What follows from it' });
    await told.getByText(/^\S+ s control-plane-\d has lost its power; it led etcd in term \d+\./).waitFor();
    await told.getByText(/is elected leader of term \d+, \d+\.\d\ss after the loss\. 2 of 3 members are a quorum/).waitFor();
    await told.getByText('The load balancer sends requests to 2 of 3 API servers').waitFor();
    expect(await pods()).toBe(before);
    await page
      .getByRole('button', { name: /^Switch control-plane-\d on again/ })
      .first()
      .click();
    await page
      .locator('aside')
      .getByText(/control-plane-\d is back\. Leadership stays with control-plane-\d/)
      .waitFor({ timeout: 90_000 });
    await page.getByRole('button', { name: /^Kill the leader/ }).waitFor();
  });

  test('stands still when time is paused, and moves by steps', async () => {
    const clock = () => page.evaluate(() => window.lab?.time.now ?? 0);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Time is paused: the shell answers when it goes on.').waitFor();
    const before = await clock();
    await page.getByRole('button', { name: 'Step 1 s' }).click();
    await expect.poll(clock).toBe(before + 1_000);
    await page.getByRole('button', { name: 'Resume' }).first().click();
  });

  test('says that a machine is off, and remembers it over a reload', async () => {
    await page.getByRole('button', { name: /^worker-1 running/ }).click();
    await page.getByRole('button', { name: 'Power off' }).click();
    await page.getByText('No power. What it had stored is kept.').waitFor();
    await page.goto(served.url);
    await page.getByRole('button', { name: /^worker-1 off/ }).waitFor();
    await page.getByRole('button', { name: /^worker-1 off/ }).click();
    await page.getByRole('button', { name: 'Power on' }).click();
    await page.getByRole('button', { name: 'kubelet on worker-1, running' }).waitFor({ timeout: 60_000 });
    expect(errors).toEqual([]);
  });
});
