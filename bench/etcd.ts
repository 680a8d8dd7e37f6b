/**
 * etcd of the built lab in a real Chromium: what three members on strict disks take, beside what bare IndexedDB takes in the same browser
 * with the same number of entries to a record; and whether anybody stands for election while nothing happens. Needs a build.
 */
import { processesOf, processorSeconds } from '../tests/page/browser-processes.ts';
import { until, type LabPage } from '../tests/page/lab-page.ts';
import type { Benchmark, Figures } from './simulation.ts';
import { withLab } from './with-lab.ts';

const MEMBERS = 3;
const VALUE_BYTES = 1_024;
const IN_FLIGHT = 64;
const SEQUENTIAL_PUTS = 1_000;
const PIPELINED_PUTS = 10_000;
const BARE_MS = 3_000;
const IDLE_LAB_MS = 600_000;
/** A slow machine does not get through ten lab minutes in less; what it got through is told. */
const IDLE_REAL_LIMIT_MS = 300_000;
const BUSY_REAL_MS = 60_000;
const PKI = '/etc/kubernetes/pki/etcd';
const TLS = `--cacert=${PKI}/ca.crt --cert=${PKI}/healthcheck-client.crt --key=${PKI}/healthcheck-client.key`;
const LINE_LIMIT_MS = 120_000;

interface Leader {
  readonly machine: string;
  readonly address: string;
  readonly term: number;
}

/** The member that leads in the highest term. */
const leaderOf = (tab: LabPage): Promise<Leader> =>
  until('a leader', async () => {
    const machines = await tab.page.evaluate(() => lab.machines.list());
    const leaders = machines.flatMap(({ name, address, components }) =>
      components
        .filter((component) => component.name === 'etcd' && component.raft?.role === 'leader')
        .map(({ raft }) => ({ machine: name, address, term: raft!.term })),
    );
    return leaders.sort((one, other) => other.term - one.term)[0];
  });

/** What one run of `benchmark put` printed: puts a second, and latencies in milliseconds. */
interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Entries to a record of the leader's log, on average. */
  readonly packed: number;
  /** Processor time of all of the browser's processes, in milliseconds. */
  readonly processorMsPerPut: number;
}

/** Requests that a member has made durable, and in how many writes. */
async function written(tab: LabPage, { machine }: Leader): Promise<{ entries: number; writes: number }> {
  const text = await tab.sh(`ssh ${machine} curl -s http://127.0.0.1:2381/metrics`);
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return { entries: value('etcd_server_proposals_committed_total'), writes: value('etcd_disk_wal_fsync_duration_seconds_count') };
}

async function put(tab: LabPage, leader: Leader, clients: number, total: number): Promise<Load> {
  const before = await written(tab, leader);
  const line = `benchmark --endpoints=https://127.0.0.1:2379 ${TLS} --precise --conns=1 --clients=${clients} put --total=${total} --key-size=32 --val-size=${VALUE_BYTES} --key-space-size=1000 --sequential-keys`;
  const pids = processesOf(tab.profile.folder);
  const startSeconds = processorSeconds(pids);
  const { stdout, stderr } = await tab.run(`ssh ${leader.machine} ${line}`, { limitMs: LINE_LIMIT_MS });
  const processorMsPerPut = ((processorSeconds(pids) - startSeconds) * 1_000) / total;
  const after = await written(tab, leader);
  const found = (pattern: RegExp): number => {
    const [, value] = pattern.exec(stdout) ?? [];
    if (value === undefined || stdout.includes('Error distribution')) throw new Error(`${line}\n${stdout}${stderr}`);
    return Number(value);
  };
  return {
    perSecond: found(/Requests\/sec:\t(\S+)/),
    p50: found(/ 50% in (\S+)/) * 1_000,
    p95: found(/ 95% in (\S+)/) * 1_000,
    p99: found(/ 99% in (\S+)/) * 1_000,
    packed: (after.entries - before.entries) / (after.writes - before.writes),
    processorMsPerPut,
  };
}

/** Entries a second that strict transactions take, one after the other, each one record of `packed` entries, in each of `databases` at once. */
const bare = (tab: LabPage, databases: number, packed: number): Promise<number> =>
  tab.page.evaluate(
    async ([count, entriesPerRecord, bytes, forMs]) => {
      const value = 'x'.repeat(bytes);
      const open = (name: string): Promise<IDBDatabase> =>
        new Promise((resolve, reject) => {
          const request = indexedDB.open(name, 1);
          request.onupgradeneeded = () => request.result.createObjectStore('log');
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error!);
        });
      const fill = async (name: string): Promise<number> => {
        const database = await open(name);
        const startMs = performance.now();
        let [entries, owed] = [0, 0];
        for (let at = 0; performance.now() - startMs < forMs; at++) {
          // So that the average is met where it is not a whole number.
          owed += entriesPerRecord;
          const now = Math.round(owed);
          owed -= now;
          await new Promise<void>((resolve, reject) => {
            const transaction = database.transaction('log', 'readwrite', { durability: 'strict' });
            transaction.oncomplete = () => resolve();
            transaction.onabort = () => reject(transaction.error!);
            transaction.objectStore('log').put({ entries: Array.from({ length: now }, () => value) }, at);
            transaction.commit();
          });
          entries += now;
        }
        const perSecond = entries / ((performance.now() - startMs) / 1_000);
        database.close();
        indexedDB.deleteDatabase(name);
        return perSecond;
      };
      const rates = await Promise.all(Array.from({ length: count }, (_, at) => fill(`bare-${at}`)));
      return rates.reduce((sum, rate) => sum + rate, 0) / count;
    },
    [databases, packed, VALUE_BYTES, BARE_MS] as const,
  );

const figuresOf = (name: string, load: Load, alone: number, together: number): Figures => ({
  [`${name}, puts/s`]: load.perSecond,
  [`${name}, p50, ms`]: load.p50,
  [`${name}, p95, ms`]: load.p95,
  [`${name}, p99, ms`]: load.p99,
  [`${name}, entries to a record`]: load.packed,
  [`${name}, processor ms a put, all processes`]: load.processorMsPerPut,
  [`${name}, bare IndexedDB so packed, one database, puts/s`]: alone,
  [`${name}, bare IndexedDB so packed, ${MEMBERS} databases, puts/s`]: together,
  [`${name}, of one bare database, %`]: (load.perSecond / alone) * 100,
  [`${name}, of ${MEMBERS} bare databases, %`]: (load.perSecond / together) * 100,
});

const puts: Benchmark = {
  name: `etcd puts in the browser, ${MEMBERS} members, strict`,
  run: () =>
    withLab(`?controlPlanes=${MEMBERS}&workers=0`, async (tab) => {
      await tab.ready();
      const leader = await leaderOf(tab);
      // So that every program has run warm.
      await put(tab, leader, IN_FLIGHT, SEQUENTIAL_PUTS);
      const one = await put(tab, leader, 1, SEQUENTIAL_PUTS);
      const many = await put(tab, leader, IN_FLIGHT, PIPELINED_PUTS);
      await tab.page.evaluate(() => lab.time.setRate(0));
      return {
        ...figuresOf('1 KB, one at a time', one, await bare(tab, 1, 1), await bare(tab, MEMBERS, 1)),
        ...figuresOf(`1 KB, ${IN_FLIGHT} in flight`, many, await bare(tab, 1, many.packed), await bare(tab, MEMBERS, many.packed)),
      };
    }),
};

/** Blocks the page for 200 of every 300 ms from now on. */
const keepPageBusy = (tab: LabPage): Promise<void> =>
  tab.page.evaluate(() => {
    setInterval(() => {
      const endMs = performance.now() + 200;
      while (performance.now() < endMs);
    }, 300);
  });

/** Lets lab time pass until `labMs` more are over, or the patience is; gives how much has passed. */
async function pass(tab: LabPage, labMs: number): Promise<number> {
  const now = (): Promise<number> => tab.page.evaluate(() => lab.time.now);
  const startMs = await now();
  const endMs = performance.now() + IDLE_REAL_LIMIT_MS;
  await until('lab time passes', async () => (await now()) >= startMs + labMs || performance.now() > endMs, 2 * IDLE_REAL_LIMIT_MS);
  return (await now()) - startMs;
}

const idle: Benchmark = {
  name: 'etcd idle in the browser, 3 control planes, 3 workers',
  run: () =>
    withLab('?controlPlanes=3&workers=3', async (tab) => {
      await tab.ready();
      const started = await leaderOf(tab);
      const figures: Record<string, number> = {};
      let { term } = started;
      const count = async (what: string, labMs: number): Promise<void> => {
        const passedMs = await pass(tab, labMs);
        const now = await leaderOf(tab);
        figures[`lab minutes, ${what}`] = passedMs / 60_000;
        figures[`elections, ${what}`] = now.term - term;
        term = now.term;
      };
      await tab.page.evaluate(() => lab.time.setRate(60));
      await count('at up to 60 times the speed', IDLE_LAB_MS);
      await keepPageBusy(tab);
      await count('the same, page blocked two thirds of the time', IDLE_LAB_MS);
      await tab.page.evaluate(() => lab.time.setRate(1));
      await count('at real speed, page blocked two thirds of the time', BUSY_REAL_MS);
      return figures;
    }),
};

/** Benchmarks of etcd in a browser, for `npm run bench -- etcd`. */
export const etcdBenchmarks: readonly Benchmark[] = [puts, idle];
