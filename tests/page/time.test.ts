/** Time in a real browser: a pause in which nothing moves, steps that are exact, ten minutes at sixty times the speed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './chromium.ts';
import { openLab, until, type LabPage } from './lab-page.ts';

/** What moved in the lab since `watchMovements`, by kind. */
interface Movements {
  readonly span: number;
  readonly raft: number;
  readonly log: number;
  /** Chunks of a watch of every Lease. */
  readonly lease: number;
}
declare global {
  interface Window {
    movements: Record<keyof Movements, number>;
    terms: number[];
  }
}

describe.skipIf(!browserPath)('time of one control plane and one worker', () => {
  let tab: LabPage;

  const now = (): Promise<number> => tab.page.evaluate(() => lab.time.now);
  const setRate = (rate: number): Promise<void> => tab.page.evaluate((wanted) => lab.time.setRate(wanted), rate);
  const step = (ms: number): Promise<void> => tab.page.evaluate((wanted) => lab.time.step(wanted), ms);
  const movements = (): Promise<Movements> => tab.page.evaluate(() => ({ ...window.movements }));
  /** Counts what moves from now on. */
  const watchMovements = (): Promise<void> =>
    tab.page.evaluate(async () => {
      window.movements = { span: 0, raft: 0, log: 0, lease: 0 };
      for (const kind of ['span', 'raft', 'log'] as const) lab.on(kind, () => window.movements[kind]++);
      const { body } = await lab.fetch('/apis/coordination.k8s.io/v1/leases?watch=true');
      void body!.pipeTo(new WritableStream({ write: () => void window.movements.lease++ }));
    });
  /** What was on its way when time stopped has arrived: nothing moves between two looks any more. */
  const settled = async (): Promise<Movements> => {
    let last = '';
    return until('nothing moves', async () => {
      const seen = await movements();
      const isSame = JSON.stringify(seen) === last;
      last = JSON.stringify(seen);
      if (!isSame) return undefined;
      await tab.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
      return JSON.stringify(await movements()) === last ? seen : undefined;
    });
  };

  beforeAll(async () => {
    tab = await openLab();
    await tab.page.evaluate(() => {
      window.terms = [];
      lab.on('raft', ({ term }) => window.terms.push(term));
    });
    await tab.ready();
    await watchMovements();
  });
  afterAll(() => tab?.close());

  it('moves on by itself, with leases renewed and spans told', async () => {
    const first = await movements();
    await until('leases, spans and Raft movements', async () => {
      const { lease, span, raft } = await movements();
      return lease > first.lease && span > first.span && raft > first.raft;
    });
  });

  it('stands still while it is paused: no span, no log entry, no Raft movement, no lease for two seconds', async () => {
    await setRate(0);
    const before = await settled();
    const startMs = await now();
    await tab.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2_000)));
    expect(await now()).toBe(startMs);
    expect(await movements()).toEqual(before);
    expect(await tab.page.evaluate(() => lab.time.rate)).toBe(0);
  });

  it('moves by exactly what a step says, and stands still again', async () => {
    const before = await movements();
    const startMs = await now();
    await step(1_000);
    expect(await now()).toBe(startMs + 1_000);
    await step(1);
    expect(await now()).toBe(startMs + 1_001);
    await step(4_000);
    expect(await now()).toBe(startMs + 5_001);
    const stepped = await settled();
    expect(stepped.lease).toBeGreaterThan(before.lease);
    expect(await now()).toBe(startMs + 5_001);
  });

  it('ends a command that sleeps one second after exactly one second of steps', async () => {
    await tab.page.evaluate(() => {
      document.body.dataset['slept'] = 'no';
      void lab.run('sleep 1').then(() => (document.body.dataset['slept'] = 'yes'));
    });
    const slept = (): Promise<string | undefined> => tab.page.evaluate(() => document.body.dataset['slept']);
    await step(999);
    await settled();
    expect(await slept()).toBe('no');
    await step(1);
    await until('the command ends', async () => (await slept()) === 'yes');
  });

  it('keeps every lease and its one leader over ten minutes at sixty times the speed, and tells the rate it reaches', async () => {
    const leases = (): Promise<string> =>
      tab.sh(
        'kubectl get leases -n kube-system -o jsonpath=\'{range .items[*]}{.metadata.name} {.spec.holderIdentity} {.spec.leaseTransitions}{"\\n"}{end}\'',
      );
    const nodes = (): Promise<string> =>
      tab.sh(
        'kubectl get nodes -o jsonpath=\'{range .items[*]}{.metadata.name} {range .status.conditions[*]}{.type}={.status} {.lastTransitionTime} {end}{"\\n"}{end}\'',
      );
    const restarts = (): Promise<string> =>
      tab.sh(
        'kubectl get pods -A -o jsonpath=\'{range .items[*]}{.metadata.name} {.status.containerStatuses[*].restartCount}{"\\n"}{end}\'',
      );
    await setRate(1);
    const before = [await leases(), await nodes(), await restarts()];
    const startMs = await now();
    const real = performance.now();
    await setRate(60);
    const reached = await until(
      'ten minutes have passed',
      () => tab.page.evaluate((endMs) => lab.time.now >= endMs && lab.time.trueRate, startMs + 600_000),
      120_000,
    );
    const passedMs = (await now()) - startMs;
    const realMs = performance.now() - real;
    await setRate(1);
    expect([await leases(), await nodes(), await restarts()]).toEqual(before);
    expect(new Set(await tab.page.evaluate(() => window.terms)).size).toBe(1);
    expect(reached).toBeGreaterThan(1);
    // The rate told is of the last second, which may make up for a short delay before it; the ceiling holds for the whole.
    expect(passedMs / realMs).toBeLessThanOrEqual(60);
  });
});
