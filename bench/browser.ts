/**
 * What the built lab costs in a real Chromium: boots, reloads, bytes, round trips, idle processor time, writes, failovers, crashes.
 * Each run opens a browser of its own. Needs a build (`npm run build`).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright';
import { build } from 'vite';
import { serveFolder } from '../scripts/static-server.mjs';
import { checkLinearizable, register } from '../tests/simulation/linearizability.ts';
import { processesOf, processorSeconds } from '../tests/page/browser-processes.ts';
import { createProfile } from '../tests/page/chromium.ts';
import { CRASHES, crashOnce } from '../tests/page/crash-runs.ts';
import { failOver, WAYS } from '../tests/page/failover.ts';
import { SMALL as SMALL_QUERY, until, type LabPage } from '../tests/page/lab-page.ts';
import {
  createRegisters,
  keepAcknowledged,
  lostWrites,
  operationsOf,
  readRegisters,
  startLoad,
  stopLoad,
} from '../tests/page/write-load.ts';
import type { Benchmark, Figures } from './simulation.ts';
import { withLab } from './with-lab.ts';

const SMALL = { name: '1 control plane, 1 worker', query: SMALL_QUERY };
const LARGE = { name: '3 control planes, 3 workers', query: '?controlPlanes=3&workers=3' };
const OBJECTS = 2_000;
const IDLE_MS = 60_000;
const WRITE_MS = 5_000;
const IN_FLIGHT = 64;
/** Five runs of ten are the fifty that the goals speak of. */
const FAULTS_PER_RUN = 10;
const KIB = 1_024;
/** A browser is quiet when it used at most this share of one core for so long. */
const QUIET_SHARE = 0.05;
const QUIET_LOOK_MS = 500;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Milliseconds from the navigation to `lab.ready`, as the page's own clock has them, and the lab time of it. */
async function bootTimes(tab: LabPage): Promise<{ realMs: number; labMs: number }> {
  return tab.page.evaluate(async () => {
    const startedMs = lab.time.now;
    await lab.ready;
    return { realMs: performance.now(), labMs: lab.time.now - startedMs };
  });
}

/** Waits until the browser's own start is over: the lab is opened in one that runs already, as a student's does. */
async function untilQuiet(tab: LabPage): Promise<void> {
  const used = (): number => processorSeconds(processesOf(tab.profile.folder));
  let before = used();
  await until('a quiet browser', async () => {
    await new Promise((resolve) => setTimeout(resolve, QUIET_LOOK_MS));
    const isQuiet = used() - before <= (QUIET_SHARE * QUIET_LOOK_MS) / 1_000;
    before = used();
    return isQuiet;
  });
}

/** Makes ConfigMaps by POST, `inFlight` at a time, until `count` are there or `limitMs` is over; gives how many a second. */
const createConfigMaps = (tab: LabPage, prefix: string, count: number, inFlight: number, limitMs = Infinity): Promise<number> =>
  tab.page.evaluate(
    async ([stem, wanted, clients, endMs]) => {
      const startMs = performance.now();
      let next = 0;
      let done = 0;
      const client = async (): Promise<void> => {
        while (next < wanted && performance.now() - startMs < endMs) {
          const body = JSON.stringify({
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: `${stem}-${next++}` },
            data: { value: 'x'.repeat(1_024) },
          });
          const response = await lab.fetch('/api/v1/namespaces/default/configmaps', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body,
          });
          if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
          await response.text();
          done++;
        }
      };
      await Promise.all(Array.from({ length: clients }, client));
      return done / ((performance.now() - startMs) / 1_000);
    },
    // Infinity does not cross.
    [prefix, count, inFlight, Math.min(limitMs, 1e9)] as const,
  );

const boot = ({ name, query }: typeof SMALL, objects: number): Benchmark => ({
  name: `browser boot, ${name}`,
  run: () =>
    withLab(null, async (tab) => {
      await untilQuiet(tab);
      await tab.open(query);
      const fresh = await bootTimes(tab);
      const readyBytes = tab.served.reduce((sum, { bytes }) => sum + bytes, 0);
      const workerBytes = tab.served.filter(({ path }) => path.includes('/workers/')).reduce((sum, { bytes }) => sum + bytes, 0);
      const paintedBytes = await tab.page.evaluate(() => {
        const paintedMs = performance.getEntriesByName('first-paint')[0]?.startTime ?? Infinity;
        const entries = [
          ...performance.getEntriesByType('navigation'),
          ...performance.getEntriesByType('resource'),
        ] as PerformanceResourceTiming[];
        return entries.filter(({ startTime }) => startTime < paintedMs).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
      });
      if (objects > 0) await createConfigMaps(tab, 'stored', objects, IN_FLIGHT);
      await tab.reload();
      const again = await bootTimes(tab);
      return {
        'fresh to lab.ready, ms': fresh.realMs,
        'lab time of it, ms': fresh.labMs,
        [`reload to lab.ready${objects > 0 ? `, ${objects} objects more` : ''}, ms`]: again.realMs,
        'lab time of that, ms': again.labMs,
        'asked for before the first paint, KiB gzip': paintedBytes / KIB,
        'served until ready, KiB gzip': readyBytes / KIB,
        'of it for workers, KiB gzip': workerBytes / KIB,
      };
    }),
});

const idle = ({ name, query }: typeof SMALL): Benchmark => ({
  name: `browser idle, ${name}`,
  run: () =>
    withLab(query, async (tab) => {
      await tab.ready();
      const pids = processesOf(tab.profile.folder);
      const startMs = performance.now();
      const before = processorSeconds(pids);
      // The minute itself is what is measured.
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      const percent = ((processorSeconds(pids) - before) / ((performance.now() - startMs) / 1_000)) * 100;
      return { 'of one core, all processes, page visible, %': percent };
    }),
});

const writes = (members: 1 | 3): Benchmark => ({
  name: `browser writes, ${members} etcd member${members > 1 ? 's' : ''}`,
  run: () =>
    withLab(`?controlPlanes=${members}&workers=0`, async (tab) => {
      await tab.ready();
      const one = await createConfigMaps(tab, 'one', 1e9, 1, WRITE_MS);
      const many = await createConfigMaps(tab, 'many', 1e9, IN_FLIGHT, WRITE_MS);
      return { 'creates of 1 KB by the API, one at a time, /s': one, [`creates of 1 KB by the API, ${IN_FLIGHT} in flight, /s`]: many };
    }),
});

/** Builds a page of this folder, opens it and gives what `measure` finds there. */
async function onBenchPage(folder: 'round-trips' | 'beside', measure: (page: Page) => Promise<Figures>): Promise<Figures> {
  const outDir = await mkdtemp(join(tmpdir(), 'tabernetes-bench-'));
  const profile = await createProfile();
  try {
    await build({
      root: resolve('bench', folder),
      configFile: false,
      base: './',
      logLevel: 'warn',
      worker: { format: 'es' },
      build: { outDir, emptyOutDir: true, target: 'es2023', reportCompressedSize: false },
    });
    const server = await serveFolder({ folder: outDir });
    const { context, page } = await profile.launch();
    await page.goto(server.url);
    const figures = await measure(page);
    await context.close();
    await server.close();
    return figures;
  } finally {
    await profile.remove();
    await rm(outDir, { recursive: true, force: true });
  }
}

const failover: Benchmark = {
  name: 'browser failover, 3 control planes, 3 workers, under write load',
  run: () =>
    withLab(LARGE.query, async (tab) => {
      const acknowledged = await keepAcknowledged(tab);
      await tab.ready();
      await createRegisters(tab.page);
      await startLoad(tab.page, 0);
      const seen = [];
      for (let at = 0; at < FAULTS_PER_RUN; at++) seen.push(await failOver(tab, WAYS[at % WAYS.length]!));
      const history = await stopLoad(tab.page);
      const lost = lostWrites(acknowledged, await readRegisters(tab.page)).length;
      const direct = seen.map(({ directMs }) => directMs);
      const balanced = seen.map(({ throughBalancerMs }) => throughBalancerMs);
      return {
        'write again where the member survives, median, lab ms': median(direct),
        'write again where the member survives, worst, lab ms': Math.max(...direct),
        'through the load balancer, median, lab ms': median(balanced),
        'through the load balancer, worst, lab ms': Math.max(...balanced),
        'leaders lost': seen.length,
        'acknowledged writes': acknowledged.count,
        'acknowledged writes lost': lost,
        'histories not linearizable': checkLinearizable(operationsOf(history), register).verdict === 'legal' ? 0 : 1,
      };
    }),
};

const crashes: Benchmark = {
  name: 'browser crashes, 3 control planes, under write load',
  run: (at) =>
    withLab('?controlPlanes=3&workers=0', async (tab) => {
      const acknowledged = await keepAcknowledged(tab);
      await tab.ready();
      await createRegisters(tab.page);
      let [lost, illegal] = [0, 0];
      for (let run = at * FAULTS_PER_RUN; run < (at + 1) * FAULTS_PER_RUN; run++) {
        const ended = await crashOnce(tab, CRASHES[run % CRASHES.length]!, acknowledged, run);
        lost += ended.lost.length;
        if (ended.verdict !== 'legal') illegal++;
      }
      await until('writes were acknowledged', () => acknowledged.count > 0);
      return {
        crashes: FAULTS_PER_RUN,
        'acknowledged writes': acknowledged.count,
        'acknowledged writes lost': lost,
        'histories not linearizable': illegal,
      };
    }),
};

/** A Deployment from kubectl's call until rollout status says it is done, and how long the page was held up at worst meanwhile. */
const deploymentBenchmark = (pods: number, workers: number): Benchmark => ({
  name: `browser deployment of ${pods} pods, 3 control planes, ${workers} workers`,
  run: () =>
    withLab(`?controlPlanes=3&workers=${workers}`, (tab) =>
      tab.page.evaluate(async (count) => {
        await lab.ready;
        let longestMs = 0;
        const observer = new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) longestMs = Math.max(longestMs, duration);
        });
        observer.observe({ type: 'longtask' });
        const startMs = performance.now();
        await lab.run(`kubectl create deployment bench --image=nginx:1.27 --replicas=${count}`);
        await lab.run('kubectl rollout status deployment/bench');
        const seconds = (performance.now() - startMs) / 1_000;
        observer.disconnect();
        return { 'until rolled out, real s': seconds, 'longest task of the page, ms': longestMs };
      }, pods),
    ),
});

const BESIDE = { pods: 100, requests: 200 };

/** The lab doing what @ngrok/webernetes can do as well: three nodes, a Deployment until its pods are ready, requests by NodePort. */
const besideLab = (): Promise<Figures> =>
  withLab(null, async (tab) => {
    await tab.open('?controlPlanes=1&workers=2');
    const { realMs } = await bootTimes(tab);
    const figures = await tab.page.evaluate(async ({ pods, requests }) => {
      const sh = async (line: string): Promise<void> => {
        const { exitCode, stderr } = await lab.run(line);
        if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
      };
      let longestMs = 0;
      const observer = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longestMs = Math.max(longestMs, duration);
      });
      observer.observe({ type: 'longtask' });
      const startMs = performance.now();
      await sh(`kubectl create deployment bench --image=nginx:1.27 --replicas=${pods}`);
      await sh('kubectl rollout status deployment/bench');
      const readyMs = performance.now();
      await sh('kubectl create service nodeport bench --tcp=80:80 --node-port=31000');
      await sh('until curl -sf -o /dev/null http://worker-1:31000; do sleep 0.1; done');
      const askedMs = performance.now();
      await sh(`for i in $(seq ${requests}); do curl -sf -o /dev/null http://worker-1:31000 || exit 1; done`);
      const answeredMs = performance.now();
      observer.disconnect();
      return {
        [`lab: ${pods} pods of a Deployment ready, s`]: (readyMs - startMs) / 1_000,
        'lab: requests by NodePort, one at a time, /s': requests / ((answeredMs - askedMs) / 1_000),
        'lab: longest task of the page, ms': longestMs,
      };
    }, BESIDE);
    return { 'lab: fresh to ready with page and code, ms': realMs, ...figures };
  });

const beside: Benchmark = {
  name: 'browser beside webernetes, 3 nodes',
  run: async () => ({
    ...(await besideLab()),
    ...(await onBenchPage('beside', (page) => page.evaluate(({ pods, requests }) => window.measureWebernetes(3, pods, requests), BESIDE))),
  }),
};

/** Benchmarks of the built lab in a browser, for `npm run bench -- browser`. */
export const browserBenchmarks: readonly Benchmark[] = [
  boot(SMALL, 0),
  boot(LARGE, OBJECTS),
  deploymentBenchmark(100, 3),
  deploymentBenchmark(500, 5),
  { name: 'browser round trips', run: () => onBenchPage('round-trips', (page) => page.evaluate(() => window.measureRoundTrips())) },
  { name: 'browser storage alone', run: () => onBenchPage('round-trips', (page) => page.evaluate(() => window.measureStorage())) },
  beside,
  writes(1),
  writes(3),
  idle(SMALL),
  idle(LARGE),
  failover,
  crashes,
];
