/** The wire between real workers: what a dead process, a dead machine and a cut link look like from outside, and that every wait ends. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './chromium.ts';
import { openLab, until, type LabPage } from './lab-page.ts';

declare global {
  interface Window {
    /** Renewals of the controller manager's Lease as a watch told them, by resource version. */
    renewals: { version: number; renewMs: number; heardMs: number }[];
    watchEnded: string | undefined;
  }
}

/** How a call ended and how long it took, in lab and real milliseconds. */
interface Ended {
  readonly outcome: string;
  readonly labMs: number;
}

describe.skipIf(!browserPath)('the wire of one control plane and one worker', () => {
  let tab: LabPage;

  /** Calls a port of a machine from the workstation. */
  const dial = (machine: string, port: number): Promise<Ended> =>
    tab.page.evaluate(
      async ([name, to]) => {
        const startMs = lab.time.now;
        const service = (await lab.dial(name, to)) as { call(method: string, request: unknown): Promise<unknown> };
        const outcome = await service.call('Maintenance.Status', {}).then(
          () => 'answered',
          (error: unknown) => (error as Error).message,
        );
        return { outcome, labMs: lab.time.now - startMs };
      },
      [machine, port] as const,
    );
  const kubectl = (line: string) => tab.run(`kubectl --request-timeout=3s ${line}`);

  beforeAll(async () => {
    tab = await openLab();
    await tab.ready();
  });
  afterAll(() => tab?.close());

  it('stalls over a cut link and goes on in order, without a gap, when it heals', async () => {
    await tab.page.evaluate(async () => {
      window.renewals = [];
      const { body } = await lab.fetch(
        '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?watch=true&fieldSelector=metadata.name%3Dkube-controller-manager',
      );
      let rest = '';
      const take = (text: string): void => {
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          const { object } = JSON.parse(line) as { object: { metadata: { resourceVersion: string }; spec: { renewTime: string } } };
          window.renewals.push({
            version: Number(object.metadata.resourceVersion),
            renewMs: Date.parse(object.spec.renewTime),
            heardMs: lab.time.now,
          });
        }
      };
      void body!
        .pipeThrough(new TextDecoderStream())
        .pipeTo(new WritableStream({ write: take }))
        .then(
          () => (window.watchEnded = 'ended'),
          (error: unknown) => (window.watchEnded = String(error)),
        );
    });
    const renewals = () => tab.page.evaluate(() => window.renewals);
    await until('two renewals', async () => (await renewals()).length > 2);
    await tab.page.evaluate(() => lab.network.partition(['workstation'], ['control-plane']));
    const cutMs = await tab.page.evaluate(() => lab.time.now);
    const heard = (await renewals()).length;
    await until('the cut lasts', () => tab.page.evaluate((endMs) => lab.time.now > endMs, cutMs + 7_000));
    expect((await renewals()).length).toBe(heard);
    expect((await kubectl('get nodes')).exitCode).not.toBe(0);
    const healedMs = await tab.page.evaluate(() => lab.time.now);
    await tab.page.evaluate(() => lab.network.heal());
    const after = await until('the watch goes on', async () => {
      const seen = await renewals();
      return seen.some(({ renewMs }) => renewMs > healedMs) ? seen : undefined;
    });
    // What was said during the cut was heard after it, and nothing was left out: a renewal every two seconds.
    expect(after.some(({ renewMs, heardMs }) => renewMs < healedMs && renewMs > cutMs && heardMs >= healedMs)).toBe(true);
    for (const [at, { version, renewMs }] of after.entries()) {
      if (at === 0) continue;
      expect(version).toBeGreaterThan(after[at - 1]!.version);
      expect(renewMs - after[at - 1]!.renewMs).toBeLessThan(4_500);
    }
    expect(await tab.page.evaluate(() => window.watchEnded)).toBeUndefined();
    expect((await kubectl('get nodes')).exitCode).toBe(0);
  });

  it('refuses a connection at once where the process is dead and its machine lives', async () => {
    // Without its kubelet nobody restarts it.
    await tab.page.evaluate(() => lab.machines.stop('control-plane', 'kubelet'));
    await until('the kubelet has stopped', async () => (await dial('control-plane', 10_250)).outcome.includes('refused'));
    await tab.page.evaluate(() => lab.machines.kill('control-plane', 'kube-apiserver'));
    const { outcome, labMs } = await dial('control-plane', 6443);
    expect(outcome).toContain('connection refused');
    expect(labMs).toBeLessThan(1_000);
    const { stderr, exitCode } = await tab.run('kubectl --server https://10.0.0.11:6443 get nodes');
    expect([stderr, exitCode]).toEqual([
      'The connection to the server 10.0.0.11:6443 was refused - did you specify the right host or port?\n',
      1,
    ]);
  });

  it('gives no answer where the machine is dead, until a deadline ends the wait', async () => {
    await tab.page.evaluate(() => lab.machines.powerOff('control-plane'));
    const { outcome, labMs } = await dial('control-plane', 6443);
    expect(outcome).toContain('context deadline exceeded');
    expect(labMs).toBeGreaterThan(4_500);
    expect(labMs).toBeLessThan(15_000);
    await tab.page.evaluate(() => lab.machines.powerOn('control-plane'));
    await until('the API server answers', async () => (await kubectl('get nodes')).exitCode === 0);
  });

  it('ends a watch whose machine died at the latest when a keep-alive finds out, although nobody told it', async () => {
    const { exitCode, stderr, labMs } = await tab.page.evaluate(async () => {
      let isThere: () => void;
      const firstRow = new Promise<void>((resolve) => (isThere = resolve));
      const answer = lab.run('kubectl --server https://10.0.0.11:6443 get nodes -w', { session: 'under-way', onOutput: () => isThere() });
      await firstRow;
      await lab.machines.powerOff('control-plane');
      const startMs = lab.time.now;
      await lab.time.setRate(60);
      const ended = await answer;
      const passedMs = lab.time.now - startMs;
      await lab.time.setRate(1);
      return { ...ended, labMs: passedMs };
    });
    // Asked after 30 s of silence, given up 15 s later; a watch that ended is asked for once more, and nobody answers the dial either.
    expect(labMs).toBeLessThan(120_000);
    expect([exitCode, stderr]).not.toEqual([0, '']);
    await tab.page.evaluate(() => lab.machines.powerOn('control-plane'));
    await until('the API server answers', async () => (await kubectl('get nodes')).exitCode === 0);
  });

  it('ends what the page waits for when the worker behind it is terminated', async () => {
    const outcome = await tab.page.evaluate(async () => {
      const line = lab.run('sleep 1000', { session: 'doomed' });
      const logs = lab.fetch('/api/v1/pods?watch=true').then((response) => response.text());
      await lab.run('true');
      await lab.machines.powerOff('workstation');
      const told = (promise: Promise<unknown>): Promise<string> =>
        promise.then(
          () => 'answered',
          (error: unknown) => (error as Error).message,
        );
      return Promise.all([told(line), told(logs), told(lab.run('true'))]);
    });
    for (const sentence of outcome) expect(sentence).toContain('workstation');
    await tab.page.evaluate(() => lab.machines.powerOn('workstation'));
    expect(await tab.sh('echo back')).toBe('back\n');
  });
});
