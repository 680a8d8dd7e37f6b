/** etcd's own auto-compaction (`--auto-compaction-*`), off unless asked for: Kubernetes' API servers compact by themselves. */
import type { EtcdConfig } from './config.ts';
import { isEtcdError } from './errors.ts';
import type { EtcdMember } from './member.ts';

/** How often the revision compactor looks (etcd's revInterval). */
const REVISION_CHECK_MS = 5 * 60_000;
/** The periodic compactor notes revisions ten times within its retention. */
const PERIODIC_PARTS = 10;
const HOUR_MS = 3_600_000;

function compact(member: EtcdMember, revision: number): void {
  if (!member.isLeader || revision <= member.state.store.compactRevision || revision < 1) return;
  member.propose({ compaction: { revision } }).then(
    () => member.telemetry.log('info', 'completed auto compaction', { revision }),
    (error: unknown) => {
      if (!isEtcdError(error, 'compacted'))
        member.telemetry.log('warning', 'failed auto compaction', {
          revision,
          error: error instanceof Error ? error.message : String(error),
        });
    },
  );
}

/** Starts what the flags ask for; the leader alone proposes. */
export function startAutoCompaction(member: EtcdMember, { mode, retention }: EtcdConfig['autoCompaction']): void {
  if (retention <= 0) return;
  if (mode === 'revision') {
    member.clock.every(REVISION_CHECK_MS, () => compact(member, member.state.store.revision - retention));
    return;
  }
  const noted: number[] = [];
  const everyMs = Math.max(1, Math.min(retention, HOUR_MS) / PERIODIC_PARTS);
  const keep = Math.ceil(retention / everyMs);
  member.clock.every(everyMs, () => {
    noted.push(member.state.store.revision);
    if (noted.length <= keep) return;
    compact(member, noted.shift()!);
  });
}
