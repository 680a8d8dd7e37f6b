// The rare things that may happen to a simulated etcd cluster, and how often they did: a batch that never reaches one of them says
// nothing about it.

/** Everything that is counted, in the order in which it is printed. */
export const MARKS = [
  // Raft
  'elections',
  'pre-vote refused',
  'vote refused',
  'election without a winner',
  'leader stepped down: newer term',
  'leader stepped down: no quorum heard',
  'leadership transferred',
  'append refused',
  'entries overwritten',
  'proposal passed on to the leader',
  'read passed on to the leader',
  'snapshot sent',
  'snapshot received and restored',
  'snapshot lost on the way',
  'message of a removed member',
  'member added as a learner',
  'learner promoted',
  'member added as a voter',
  'member removed',
  'membership change refused',
  'membership changed during faults',
  // Disk
  'crash',
  'crash during a write',
  'unsynced write lost',
  'unsynced write kept',
  'several writes torn apart by a crash',
  'restart from log alone',
  'restart from snapshot and log',
  'restart behind a received snapshot',
  'own snapshot saved',
  'disk full',
  'disk failing',
  'disk slow',
  'corrupt tail found at start',
  'dead member replaced',
  // Network and clocks
  'message lost',
  'message repeated',
  'message late',
  'member cut off',
  'one-way partition',
  'partition in halves',
  'member frozen',
  'clocks run apart',
  // etcd
  'put',
  'delete',
  'linearizable read',
  'serializable read',
  'read at a past revision',
  'transaction: success branch',
  'transaction: failure branch',
  'transaction over several keys',
  'outcome unknown to the client',
  'request timed out at the server',
  'read refused: leader changed',
  'read refused: revision compacted',
  'history compacted',
  'database size fell by defragmentation',
  'quota reached: NOSPACE alarm',
  'write refused: NOSPACE',
  'alarm disarmed',
  'watch resumed after a break',
  'watch cancelled by compaction',
  'watch progress mark',
  'lease granted',
  'lease kept alive',
  'lease revoked by a client',
  'lease expired',
  'key deleted by its lease',
  'lease kept alive by a new leader',
  'lease unknown',
] as const;

export type Mark = (typeof MARKS)[number];
export type Marks = Record<Mark, number>;

export function noMarks(): Marks {
  return Object.fromEntries(MARKS.map((mark) => [mark, 0])) as Marks;
}

export function addMarks(sum: Marks, more: Marks): void {
  for (const mark of MARKS) sum[mark] += more[mark];
}
