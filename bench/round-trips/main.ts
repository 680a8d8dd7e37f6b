/** The page of two machines: links them, has one measure the other, measures comlink, and what IndexedDB gives by itself. */
import * as Comlink from 'comlink';
import { openDB } from 'idb';
import type { BenchMachine } from './machine.ts';

type Figures = Record<string, number>;
declare global {
  interface Window {
    measureRoundTrips(): Promise<Figures>;
    measureStorage(): Promise<Figures>;
  }
}

const CALLS = 3_000;
const IN_FLIGHT = 64;
/** About what a Raft message or a small request weighs. */
const MESSAGE = { key: '/registry/configmaps/default/example', value: 'x'.repeat(256) };

const start = (): Worker => new Worker(new URL('./machine.ts', import.meta.url), { type: 'module' });

async function rateOf(call: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  for (let at = 0; at < CALLS; at++) await call();
  return CALLS / ((performance.now() - startMs) / 1_000);
}

window.measureRoundTrips = async () => {
  const [a, b] = [start(), start()];
  const [left, right] = [Comlink.wrap<BenchMachine>(a), Comlink.wrap<BenchMachine>(b)];
  const [link, bare, direct] = [new MessageChannel(), new MessageChannel(), new MessageChannel()];
  await left.boot('10.0.0.1', '10.0.0.2', Comlink.transfer(link.port1, [link.port1]), Comlink.transfer(bare.port1, [bare.port1]));
  await right.boot('10.0.0.2', '10.0.0.1', Comlink.transfer(link.port2, [link.port2]), Comlink.transfer(bare.port2, [bare.port2]));
  await left.serve();
  const one = await right.measure('10.0.0.1', MESSAGE, CALLS, 1);
  const many = await right.measure('10.0.0.1', MESSAGE, CALLS * 3, IN_FLIGHT);
  await left.echoOn(Comlink.transfer(direct.port2, [direct.port2]));
  const waiting: ((answer: unknown) => void)[] = [];
  direct.port1.onmessage = ({ data }) => waiting.shift()?.(data);
  const bareCall = (): Promise<unknown> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      direct.port1.postMessage(MESSAGE);
    });
  const fromPage = { bare: 0, comlink: 0 };
  for (let turn = 0; turn < 2; turn++) {
    fromPage.bare += (await rateOf(bareCall)) / 2;
    fromPage.comlink += (await rateOf(() => left.echo(MESSAGE))) / 2;
  }
  a.terminate();
  b.terminate();
  const shared = (part: number, whole: number): number => (part / whole) * 100;
  return {
    'bare port between workers, round trips/s': one.bare,
    'messages of a connection, round trips/s': one.messages,
    'messages of a connection, % of bare': shared(one.messages, one.bare),
    'calls, round trips/s': one.calls,
    'calls, % of bare': shared(one.calls, one.bare),
    [`bare port, ${IN_FLIGHT} in flight, round trips/s`]: many.bare,
    [`messages, ${IN_FLIGHT} in flight, % of bare`]: shared(many.messages, many.bare),
    [`calls, ${IN_FLIGHT} in flight, % of bare`]: shared(many.calls, many.bare),
    'bare port from page to worker, round trips/s': fromPage.bare,
    'comlink from page to worker, round trips/s': fromPage.comlink,
    'comlink, % of bare': shared(fromPage.comlink, fromPage.bare),
  };
};

const VALUE = 'x'.repeat(1_024);
const STORAGE_MS = 3_000;

/** Entries a second that strict transactions take, each one record of `packed` entries of 1 KB, as an etcd member packs them. */
async function putsPerSecond(packed: number): Promise<number> {
  const database = await openDB(`bench-${packed}`, 1, { upgrade: (fresh) => void fresh.createObjectStore('log') });
  const startMs = performance.now();
  let entries = 0;
  while (performance.now() - startMs < STORAGE_MS) {
    const transaction = database.transaction('log', 'readwrite', { durability: 'strict' });
    void transaction.store.put({ entries: Array.from({ length: packed }, () => VALUE) }, entries);
    await transaction.done;
    entries += packed;
  }
  const seconds = (performance.now() - startMs) / 1_000;
  database.close();
  indexedDB.deleteDatabase(`bench-${packed}`);
  return entries / seconds;
}

window.measureStorage = async () => ({
  'IndexedDB, strict, one 1 KB entry at a time, puts/s': await putsPerSecond(1),
  [`IndexedDB, strict, ${IN_FLIGHT} entries to a record, puts/s`]: await putsPerSecond(IN_FLIGHT),
});
