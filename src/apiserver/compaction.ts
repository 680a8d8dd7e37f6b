/**
 * Who compacts etcd: every five minutes the API servers compete for the key compact_rev_key; the one that wins compacts to the
 * revision of the round before, so that nothing younger than five minutes is lost.
 */
import type { Clock, Stop } from '#host';
import type { Etcd } from './store/etcd.ts';

const PERIOD_MS = 5 * 60_000;
const key = 'compact_rev_key';

/** Starts the rounds; answers how to stop them. */
export function startCompaction(etcd: Etcd, clock: Clock, log: (message: string) => void): Stop {
  let round = 0;
  let revision = 0;
  const compact = async (): Promise<void> => {
    const answer = await etcd.txn({
      compare: [{ key, target: 'VERSION', result: 'EQUAL', version: round }],
      success: [{ put: { key, value: String(revision) } }],
      failure: [{ range: { key } }],
    });
    const before = revision;
    revision = answer.header.revision;
    if (!answer.succeeded) {
      const found = answer.responses[0];
      round = found && 'range' in found ? (found.range.kvs[0]?.version ?? 0) : 0;
      return;
    }
    round++;
    // The first round has nothing to compact to yet.
    if (before === 0) return;
    await etcd.compact(before);
    log(`etcd: compacted rev (${before}), endpoints`);
  };
  return clock.every(PERIOD_MS, () => {
    compact().catch((error: unknown) => log(`etcd: endpoint compact failed: ${error instanceof Error ? error.message : String(error)}`));
  });
}
