/** `etcdctl check perf`: a minute of writes at the rate of a workload, judged by etcdctl's own limits. Left out: check datascale. */
import { RpcError } from '#host';
import { CommandError, EXIT, prefixEnd, type Command } from '../command.ts';
import { Report, type Stats } from '../report.ts';

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

/** Bytes of a key, without the prefix. */
const KEY_CHARACTERS = 256;
/** What deleting the keys again may take. */
const CLEAN_UP_MS = 30_000;

/** etcdctl's sentences; those that do not begin with PASS make the check fail. */
function verdictsOn({ perSecond, slowest, deviation, errors }: Stats, limit: number): string[] {
  const throughput = Math.floor(perSecond) + 1;
  return [
    ...(errors.size > 0 ? ['FAIL: too many errors', ...[...errors].map(([text, count]) => `FAIL: ERROR(${text}) -> ${count}`)] : []),
    perSecond > limit * 0.9 ? `PASS: Throughput is ${throughput} writes/s` : `FAIL: Throughput too low: ${throughput} writes/s`,
    slowest <= SLOWEST_SECONDS_MAX
      ? `PASS: Slowest request took ${slowest.toFixed(6)}s`
      : `Slowest request took too long: ${slowest.toFixed(6)}s`,
    deviation <= DEVIATION_SECONDS_MAX ? `PASS: Stddev is ${deviation.toFixed(6)}s` : `Stddev too high: ${deviation.toFixed(6)}s`,
  ];
}

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
      throw new CommandError(`prefix "${prefix}" has keys. Delete with etcdctl del --prefix ${prefix} first`, EXIT.invalidInput);
    const value = 'x'.repeat(VALUE_BYTES);
    const startedMs = clock.monotonicMs();
    const endMs = startedMs + load.seconds * 1_000;
    const report = new Report();
    let issued = 0;
    const work = async (): Promise<void> => {
      while (!interrupted.aborted) {
        const at = issued++;
        const dueMs = startedMs + (at * 1_000) / load.limit;
        if (dueMs >= endMs) return;
        const waitMs = dueMs - clock.monotonicMs();
        if (waitMs > 0) await clock.sleep(waitMs);
        if (clock.monotonicMs() >= endMs) return;
        const sentMs = clock.monotonicMs();
        try {
          await client().put({ key: `${prefix}${String(at).padStart(KEY_CHARACTERS, '0')}`, value });
          report.answered((clock.monotonicMs() - sentMs) / 1_000);
        } catch (failure) {
          if (!(failure instanceof RpcError)) throw failure;
          report.failed(failure.message);
        }
      }
    };
    await Promise.all(Array.from({ length: load.clients }, work));
    const stats = report.stats((clock.monotonicMs() - startedMs) / 1_000);
    const { header } = await client().deleteRange(range, { timeoutMs: CLEAN_UP_MS });
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
    const verdicts = verdictsOn(stats, load.limit);
    const isPassed = verdicts.every((verdict) => verdict.startsWith('PASS'));
    await print(`${verdicts.join('\n')}\n${isPassed ? 'PASS' : 'FAIL'}`);
    return isPassed ? 0 : EXIT.error;
  },
};

/** The commands. */
export const checkCommands: readonly Command[] = [perf];
