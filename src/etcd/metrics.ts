/** A member's metrics, under etcd's names. */
import type { Counter, Gauge, Histogram, Metrics } from '#host';

/** What the member counts. */
export interface MemberMetrics {
  readonly hasLeader: Gauge;
  readonly isLeader: Gauge;
  readonly isLearner: Gauge;
  readonly leaderChanges: Counter;
  readonly proposalsCommitted: Gauge;
  readonly proposalsApplied: Gauge;
  readonly proposalsPending: Gauge;
  readonly proposalsFailed: Counter;
  readonly walFsync: Histogram;
  readonly dbSize: Gauge;
  readonly dbSizeInUse: Gauge;
  readonly revision: Gauge;
  readonly keys: Gauge;
  readonly puts: Counter;
  readonly deletes: Counter;
  readonly ranges: Counter;
  readonly txns: Counter;
  readonly events: Counter;
  readonly watchers: Gauge;
  readonly watchStreams: Gauge;
  readonly slowWatchers: Gauge;
  readonly leasesGranted: Counter;
  readonly leasesRevoked: Counter;
  readonly quotaBytes: Gauge;
}

/** etcd's buckets for the log's fsync: 1 ms doubling 14 times, in seconds. */
const FSYNC_BUCKETS = Array.from({ length: 14 }, (_, at) => 0.001 * 2 ** at);

/** Registers the metrics of one member. */
export function createMemberMetrics(metrics: Metrics): MemberMetrics {
  return {
    hasLeader: metrics.gauge('etcd_server_has_leader', 'Whether or not a leader exists. 1 is existence, 0 is not.'),
    isLeader: metrics.gauge('etcd_server_is_leader', 'Whether or not this member is a leader. 1 if is, 0 otherwise.'),
    isLearner: metrics.gauge('etcd_server_is_learner', 'Whether or not this member is a learner. 1 if is, 0 otherwise.'),
    leaderChanges: metrics.counter('etcd_server_leader_changes_seen_total', 'The number of leader changes seen.'),
    proposalsCommitted: metrics.gauge('etcd_server_proposals_committed_total', 'The total number of consensus proposals committed.'),
    proposalsApplied: metrics.gauge('etcd_server_proposals_applied_total', 'The total number of consensus proposals applied.'),
    proposalsPending: metrics.gauge('etcd_server_proposals_pending', 'The current number of pending proposals to commit.'),
    proposalsFailed: metrics.counter('etcd_server_proposals_failed_total', 'The total number of failed proposals seen.'),
    walFsync: metrics.histogram('etcd_disk_wal_fsync_duration_seconds', 'The latency distributions of fsync called by WAL.', FSYNC_BUCKETS),
    dbSize: metrics.gauge('etcd_mvcc_db_total_size_in_bytes', 'Total size of the underlying database physically allocated in bytes.'),
    dbSizeInUse: metrics.gauge(
      'etcd_mvcc_db_total_size_in_use_in_bytes',
      'Total size of the underlying database logically in use in bytes.',
    ),
    revision: metrics.gauge('etcd_debugging_mvcc_current_revision', 'The current revision of store.'),
    keys: metrics.gauge('etcd_debugging_mvcc_keys_total', 'Total number of keys.'),
    puts: metrics.counter('etcd_mvcc_put_total', 'Total number of puts seen by this member.'),
    deletes: metrics.counter('etcd_mvcc_delete_total', 'Total number of deletes seen by this member.'),
    ranges: metrics.counter('etcd_mvcc_range_total', 'Total number of ranges seen by this member.'),
    txns: metrics.counter('etcd_mvcc_txn_total', 'Total number of txns seen by this member.'),
    events: metrics.counter('etcd_debugging_mvcc_events_total', 'Total number of events sent by this member.'),
    watchers: metrics.gauge('etcd_debugging_mvcc_watcher_total', 'Total number of watchers.'),
    watchStreams: metrics.gauge('etcd_debugging_mvcc_watch_stream_total', 'Total number of watch streams.'),
    slowWatchers: metrics.gauge('etcd_debugging_mvcc_slow_watcher_total', 'Total number of unsynced slow watchers.'),
    leasesGranted: metrics.counter('etcd_debugging_lease_granted_total', 'The total number of granted leases.'),
    leasesRevoked: metrics.counter('etcd_debugging_lease_revoked_total', 'The total number of revoked leases.'),
    quotaBytes: metrics.gauge('etcd_server_quota_backend_bytes', 'Current backend storage quota size in bytes.'),
  };
}

/** Says once and for all who the member is and which version it runs. */
export function tellIdentity(metrics: Metrics, memberId: string, version: string): void {
  metrics
    .gauge('etcd_server_id', "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.", ['server_id'])
    .set(1, memberId);
  metrics
    .gauge('etcd_server_version', "Which version is running. 1 for 'server_version' label with current version.", ['server_version'])
    .set(1, version);
  const cluster = version.split('.').slice(0, 2).join('.');
  metrics
    .gauge('etcd_cluster_version', "Which version is running. 1 for 'cluster_version' label with current cluster version", [
      'cluster_version',
    ])
    .set(1, cluster);
}
