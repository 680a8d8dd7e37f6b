/**
 * Faults planted one at a time, each of which the simulation must catch: a text of a source file is replaced by another one while the
 * simulation is bundled, nothing on disk is touched. Run by `planted.ts`, kept in docs/TESTING.md.
 */

/** A fault: what it comes to, and how it is planted. */
export interface PlantedFault {
  readonly what: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What must catch it; etcd alone if left out. */
  readonly topology?: 'stacked' | 'raft';
}

const RAFT = 'src/raft';
const ETCD = 'src/etcd';

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  // Raft
  {
    what: 'a member votes for two candidates of one term',
    file: `${RAFT}/election.ts`,
    find: 'const isFree = r.vote === m.from ||',
    replace: 'const isFree = true ||',
  },
  {
    what: 'a vote is given to a candidate whose log is behind',
    file: `${RAFT}/election.ts`,
    find: 'const granted = isFree && r.log.isUpToDate(m.index, m.logTerm);',
    replace: 'const granted = isFree;',
  },
  {
    what: 'heartbeats carry a commit index beyond what the follower is known to hold',
    file: `${RAFT}/replication.ts`,
    find: 'const commit = Math.min(progress.match, r.log.committed);',
    replace: 'const commit = r.log.committed;',
  },
  {
    what: 'conflicting entries are kept instead of overwritten',
    file: `${RAFT}/log.ts`,
    find: 'if (!this.matchTerm(entry.index, entry.term)) return entry.index;',
    replace: 'if (this.maybeTerm(entry.index) === undefined) return entry.index;',
  },
  {
    what: 'half of the voters elect',
    file: `${RAFT}/quorum.ts`,
    find: 'const needed = (voters.length >> 1) + 1;',
    replace: 'const needed = Math.max(1, voters.length >> 1);',
  },
  {
    what: 'what one member holds counts as committed',
    file: `${RAFT}/quorum.ts`,
    find: 'return sorted[count - (count >> 1) - 1]!;',
    replace: 'return sorted[count - 1]!;',
  },
  {
    what: 'no read index: a leader answers reads without asking a quorum',
    file: `${RAFT}/leader.ts`,
    find: "if (r.config.readOnly === 'lease') {",
    replace: 'if (r.config.readOnly !== undefined) {',
  },
  {
    what: 'a new leader answers reads before it has committed in its term',
    file: `${RAFT}/leader.ts`,
    find: '} else if (r.hasCommittedInTerm()) {',
    replace: '} else if (r.role === "leader") {',
    topology: 'raft',
  },
  {
    what: 'messages of older terms are taken',
    file: `${RAFT}/step.ts`,
    find: ': takeOlderTerm(r, m);',
    replace: ': takeOlderTerm(r, m) || true;',
  },
  {
    what: 'a lost snapshot is never sent again',
    file: `${RAFT}/leader.ts`,
    find: "if (progress === undefined || progress.mode !== 'snapshot') return;",
    replace: 'if (progress !== undefined) return;',
  },
  // Durability
  {
    what: 'the vote is not persisted',
    file: `${ETCD}/log-writer.ts`,
    find: 'await wal.append(entries, hardState,',
    replace: 'await wal.append(entries, { ...hardState, vote: 0 },',
  },
  {
    what: 'messages leave before what they promise is on disk',
    file: `${ETCD}/ready-loop.ts`,
    find: "if (message.type === 'storageAppend') this.#writer.add(message);",
    replace:
      "if (message.type === 'storageAppend') { this.#parts.send(message.replies.filter(({ to }) => to !== raft.view().id)); this.#writer.add(message); }",
  },
  {
    what: 'a leader counts its own copy before it is on disk',
    file: `${ETCD}/ready-loop.ts`,
    find: "if (message.type === 'storageAppend') this.#writer.add(message);",
    replace:
      "if (message.type === 'storageAppend') { this.#writer.add(message); for (const reply of message.replies) if (reply.type === 'appendReply' && reply.to === raft.view().id) raft.step(reply); }",
  },
  {
    what: 'a write is taken for durable when it is only under way',
    file: `${ETCD}/wal.ts`,
    find: 'await this.#log.append(firstIndex, texts, JSON.stringify(meta));',
    replace: 'this.#log.append(firstIndex, texts, JSON.stringify(meta)).catch(() => undefined);',
  },
  {
    what: 'the log forgets entries that no snapshot covers',
    file: `${ETCD}/wal.ts`,
    find: 'await this.#log.compactTo(Math.min(index, this.#newestFirstIndex));',
    replace: 'await this.#log.compactTo(index + 3);',
  },
  {
    what: 'the log is not begun anew behind a received snapshot',
    file: `${ETCD}/ready-loop.ts`,
    find: 'wal.restartAfter(snapshot.index);',
    replace: '',
  },
  // State machine
  {
    what: 'snapshots carry no leases',
    file: `${ETCD}/state-image.ts`,
    find: 'leases: state.lessor.list().map(',
    replace: 'leases: state.lessor.list().slice(0, 0).map(',
  },
  {
    what: 'a snapshot forgets what was compacted',
    file: `${ETCD}/mvcc/store.ts`,
    find: 'return { revision: this.#revision, compactRevision: this.#compactRevision };',
    replace: 'return { revision: this.#revision, compactRevision: -1 };',
  },
  {
    what: 'compaction drops the version that is still to be read',
    file: `${ETCD}/mvcc/store.ts`,
    find: 'let keptFrom = Math.max(0, versionAt(versions, revision));',
    replace: 'let keptFrom = Math.min(versions.length - 1, versionAt(versions, revision) + 1);',
  },
  {
    what: 'a put makes the key anew',
    file: `${ETCD}/mvcc/store.ts`,
    find: 'createRevision: prevKv?.createRevision ?? modRevision,',
    replace: 'createRevision: modRevision,',
  },
  {
    what: 'a transaction is done if one of its guards holds',
    file: `${ETCD}/mvcc/apply-kv.ts`,
    find: 'request.compare.every(',
    replace: 'request.compare.some(',
  },
  {
    what: 'a key that changes its lease hangs on both',
    file: `${ETCD}/lease/lessor.ts`,
    find: 'this.#leases.get(former)?.keys.delete(key);',
    replace: '',
  },
  {
    what: 'a new leader counts leases as run out',
    file: `${ETCD}/lease/expiry.ts`,
    find: 'for (const lease of leases) this.#deadlines.set(lease.id, nowMs + lease.ttlSeconds * 1000);',
    replace: 'for (const lease of leases) this.#deadlines.set(lease.id, nowMs);',
  },
  // Reads and watches
  {
    what: 'reads are answered from the local state',
    file: `${ETCD}/server/kv.ts`,
    find: 'if (!request.serializable) await member.linearize();',
    replace: '',
  },
  {
    what: 'a confirmed read does not wait until its index is applied',
    file: `${ETCD}/linearizable-reads.ts`,
    find: 'this.#confirmed[0]!.index <= appliedIndex',
    replace: 'this.#confirmed[0]!.index > 0',
  },
  {
    what: 'watches go on behind a received snapshot and miss what it held',
    file: `${ETCD}/mvcc/watch-hub.ts`,
    find: 'watcher.nextRevision = Math.max(watcher.nextRevision, this.#revision + 1);',
    replace: 'watcher.nextRevision = Math.max(watcher.nextRevision, store.revision + 1);',
  },
  {
    what: 'a watch that begins in the past is taken for one of the present',
    file: `${ETCD}/mvcc/watch-hub.ts`,
    find: 'if (watcher.nextRevision > this.#store.revision) this.#sync(watcher);',
    replace: 'if (watcher.nextRevision >= this.#store.revision) this.#sync(watcher);',
  },
  {
    what: 'a watch of compacted revisions is not cancelled',
    file: `${ETCD}/mvcc/watch-hub.ts`,
    find: 'if (watcher.nextRevision < store.compactRevision)',
    replace: 'if (watcher.nextRevision < -1)',
  },
  // Membership
  // Whole clusters
  {
    what: 'a Lease that another holds is taken: two schedulers act',
    file: 'src/client/leader-election.ts',
    find: 'if (old.holderIdentity && observedAgeMs < heldMs) return undefined;',
    replace: '',
    topology: 'stacked',
  },
  {
    what: 'a kubelet starts a container that runs already',
    file: 'src/kubelet/pod-actions.ts',
    find: "return status.state === 'CONTAINER_CREATED';",
    replace: 'return true;',
    topology: 'stacked',
  },
];
