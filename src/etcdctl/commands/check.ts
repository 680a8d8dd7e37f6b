/** `etcdctl check perf`: a minute of writes at the rate of a workload, judged by etcdctl's own limits. Left out: check datascale. */
import { CommandError, EXIT, prefixEnd, type Command } from '../command.ts';

/** Writes per second, clients, and how long, as etcdctl has them. */
const LOADS: Readonly<Record<string, { readonly limit: number; readonly clients: number; readonly seconds: number }>> = Object.freeze({
  s: { limit: 150, clients: 50, seconds: 60 },
  m: { limit: 1_000, clients: 200, seconds: 60 },
  l: { limit: 8_000, clients: 500, seconds: 60 },
  xl: { limit: 15_000, clients: 1_000, seconds: 60 },
});
const NAMES: Readonly<Record<string, string>> = { small: 's', medium: 'm', large: 'l', xLarge: 'xl' };
const SLOWEST_SECONDS_MAX = 0.5;
const DEVIATION_SECONDS_MAX = 0.1;
const VALUE_BYTES = 1_024;

const perf: Command = {
  name: 'check perf',
  usage: '[options]',
  summary: 'Check the performance of the etcd cluster',
  flags: [
    {
      name: 'load',
      fallback: 's',
      usage: "The performance check's workload model. Accepted workloads: s(small), m(medium), l(large), xl(xLarge)",
    },
    { name: 'prefix', fallback: '/etcdctl-check-perf/', usage: "The prefix for writing the performance check's keys." },
    { name: 'auto-compact', fallback: 'false', isSwitch: true, usage: 'Compact storage with last revision after test is finished.' },
    { name: 'auto-defrag', fallback: 'false', isSwitch: true, usage: 'Defragment storage after test is finished.' },
  ],
  async run({ flags, client, process, print, interrupted, timeoutMs, endpoints }) {
    const { clock } = process;
    const load = LOADS[NAMES[flags.text('load')] ?? flags.text('load')];
    if (!load) throw new CommandError(`unknown load option ${flags.text('load')}`, EXIT.badFeature);
    const prefix = flags.text('prefix');
    const range = { key: prefix, rangeEnd: prefixEnd(prefix) };
    if ((await client().range({ ...range, limit: 1 }, { timeoutMs })).kvs.length > 0)
      throw new CommandError(`prefix "${prefix}" has got keys. Delete with \`etcdctl del --prefix ${prefix}\` first.`, EXIT.interrupted);
    const value = 'x'.repeat(VALUE_BYTES);
    const startedMs = clock.monotonicMs();
    const endMs = startedMs + load.seconds * 1_000;
    const tookMs: number[] = [];
    let issued = 0;
    let error: unknown;
    const work = async (): Promise<void> => {
      while (!interrupted.aborted && error === undefined) {
        const dueMs = startedMs + (issued++ * 1_000) / load.limit;
        if (dueMs >= endMs) return;
        const waitMs = dueMs - clock.monotonicMs();
        if (waitMs > 0) await clock.sleep(waitMs);
        if (clock.monotonicMs() >= endMs) return;
        const sentMs = clock.monotonicMs();
        try {
          await client().put({ key: `${prefix}${String(issued).padStart(8, '0')}`, value });
        } catch (failure) {
          error ??= failure;
          return;
        }
        tookMs.push(clock.monotonicMs() - sentMs);
      }
    };
    await Promise.all(Array.from({ length: load.clients }, work));
    const { header } = await client().deleteRange(range, { timeoutMs });
    if (error !== undefined) throw error as Error;
    if (flags.switch('auto-compact')) {
      await client().compact({ revision: header.revision }, { timeoutMs });
      await print(`Compacting with revision ${header.revision}\nCompacted with revision ${header.revision}`);
    }
    if (flags.switch('auto-defrag')) {
      for (const endpoint of endpoints) {
        await client(endpoint).defragment({}, { timeoutMs });
        await print(`Defragmenting "${endpoint}"\nDefragmented "${endpoint}"`);
      }
    }
    const seconds = tookMs.map((ms) => ms / 1_000);
    const mean = seconds.reduce((sum, each) => sum + each, 0) / Math.max(1, seconds.length);
    const deviation = Math.sqrt(seconds.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, seconds.length));
    const slowest = Math.max(0, ...seconds);
    const throughput = Math.floor(seconds.length / ((clock.monotonicMs() - startedMs) / 1_000)) + 1;
    const verdicts = [
      throughput > load.limit * 0.9 ? `PASS: Throughput is ${throughput} writes/s` : `FAIL: Throughput too low: ${throughput} writes/s`,
      slowest <= SLOWEST_SECONDS_MAX
        ? `PASS: Slowest request took ${slowest.toFixed(6)}s`
        : `Slowest request took too long: ${slowest.toFixed(6)}s`,
      deviation <= DEVIATION_SECONDS_MAX ? `PASS: Stddev is ${deviation.toFixed(6)}s` : `Stddev too high: ${deviation.toFixed(6)}s`,
    ];
    const isPassed = verdicts.every((verdict) => verdict.startsWith('PASS'));
    await print(`${verdicts.join('\n')}\n${isPassed ? 'PASS' : 'FAIL'}`);
    return isPassed ? 0 : EXIT.error;
  },
};

/** The commands. */
export const checkCommands: readonly Command[] = [perf];
