// Runs raft-quorum/1, raft-confchange/1 and raft-tables/1: the pure functions below the roles.

import {
  changeSimply,
  committedIndex,
  create,
  emptyConf,
  enterJoint,
  leaveJoint,
  MembershipError,
  MemoryStorage,
  noMembers,
  RaftInvariantError,
  RaftLog,
  voteOutcome,
  type Entry,
  type MemberChange,
  type Membership,
  type RaftNode,
} from '#raft';
import { asList, asNumber, asObject, asString, difference, isObject, numbers, onlyFields, type Json, type JsonObject } from './strict.ts';

function mustEqual(expected: Json, actual: Json | undefined, where: string): void {
  const found = difference(expected, actual, where);
  if (found !== undefined) throw new Error(found);
}

export function runQuorum(from: JsonObject): void {
  onlyFields(from, ['id', 'kind', 'voters', 'outgoing', 'acked', 'votes', 'expect'], 'case', ['id', 'kind', 'voters', 'expect']);
  const voters = numbers(from['voters'], 'voters');
  const outgoing = numbers(from['outgoing'] ?? [], 'outgoing');
  // Swapping the two halves must not change the result.
  for (const quorum of [
    { voters, outgoing },
    { voters: outgoing, outgoing: voters },
  ]) {
    if (from['kind'] === 'commit') {
      const acked = asObject(from['acked'], 'acked');
      const index = committedIndex(quorum, (id) => acked[String(id)] as number | undefined);
      mustEqual(from['expect']!, index === Number.POSITIVE_INFINITY ? 'infinity' : index, 'expect');
    } else if (from['kind'] === 'vote') {
      const votes = asObject(from['votes'], 'votes');
      mustEqual(
        from['expect']!,
        voteOutcome(quorum, (id) => votes[String(id)] as boolean | undefined),
        'expect',
      );
    } else {
      throw new Error(`unknown kind "${String(from['kind'])}"`);
    }
  }
}

const window = { maxInflight: 10, maxInflightBytes: 0 };

function readChange(value: Json): MemberChange {
  const change = asObject(value, 'change');
  onlyFields(change, ['type', 'id'], 'change', ['type', 'id']);
  const type = asString(change['type'], 'change.type');
  if (type !== 'voter' && type !== 'learner' && type !== 'remove' && type !== 'update') throw new Error(`unknown change "${type}"`);
  return { type, id: asNumber(change['id'], 'change.id') };
}

function changed(from: Membership, step: JsonObject, lastIndex: number, where: string): Membership {
  onlyFields(step, ['op', 'changes', 'autoLeave', 'expect', 'expectError'], where, ['op']);
  const changes = asList(step['changes'] ?? [], where).map(readChange);
  switch (step['op']) {
    case 'simple':
      return changeSimply(from, changes, lastIndex, window);
    case 'enterJoint':
      return enterJoint(from, step['autoLeave'] === true, changes, lastIndex, window);
    case 'leaveJoint':
      return leaveJoint(from, lastIndex, window);
    default:
      throw new Error(`${where}: unknown step "${String(step['op'])}"`);
  }
}

export function runConfChanges(from: JsonObject): void {
  onlyFields(from, ['id', 'steps'], 'sequence', ['id', 'steps']);
  let membership = noMembers();
  asList(from['steps'], 'steps').forEach((value, lastIndex) => {
    const step = asObject(value, 'step');
    const where = `step ${lastIndex}`;
    const before = describe(membership);
    let error: Json = null;
    try {
      membership = changed(membership, step, lastIndex, where);
    } catch (caught) {
      if (!(caught instanceof MembershipError)) throw caught;
      error = caught.reason;
    }
    mustEqual(step['expectError'] ?? null, error, `${where}.expectError`);
    mustEqual(step['expect'] ?? before, describe(membership), `${where}.expect`);
    if (isObject(step['expect'])) {
      const expected = Object.keys(asObject(step['expect']['progress'], where)).sort();
      mustEqual(expected, [...membership.progress.keys()].map(String).sort(), `${where}.members`);
    }
  });
}

function describe({ voters, outgoing, learners, learnersNext, autoLeave, progress }: Membership): JsonObject {
  const rows: JsonObject = {};
  for (const [id, { match, next, isLearner }] of progress) rows[String(id)] = { match, next, learner: isLearner };
  const config = { voters: [...voters], outgoing: [...outgoing], learners: [...learners], learnersNext: [...learnersNext], autoLeave };
  return { config, progress: rows };
}

function entriesOf(terms: readonly number[], first = 1): Entry[] {
  return terms.map((term, i) => ({ index: first + i, term, kind: 'normal', data: '' }));
}

function readEntries(value: Json | undefined): Entry[] {
  return asList(value, 'entries').map((one) => {
    const entry = asObject(one, 'entry');
    onlyFields(entry, ['index', 'term'], 'entry', ['index', 'term']);
    return { index: asNumber(entry['index'], 'index'), term: asNumber(entry['term'], 'term'), kind: 'normal', data: '' };
  });
}

function logOf(terms: readonly number[]): RaftLog {
  const log = new RaftLog(new MemoryStorage());
  log.append(entriesOf(terms));
  return log;
}

/** A leader of the given term whose peers acknowledge what the row says; the core as a whole, not a helper of it. */
function leaderWith(row: JsonObject): RaftNode {
  const match = numbers(row['match'], 'match');
  const terms = numbers(row['logTerms'], 'logTerms');
  const term = asNumber(row['leaderTerm'], 'leaderTerm');
  const voters = match.map((_, i) => i + 1);
  const disk = new MemoryStorage({ index: 0, term: 0, conf: { ...emptyConf, voters }, data: '' });
  disk.append(entriesOf(terms));
  disk.setHardState({ term: term - 1, vote: 0, commit: 0 });
  const node = create({ id: 1, electionTick: 10, heartbeatTick: 1, random: () => 0 }, disk);
  node.campaign();
  settle(node, disk, 0);
  for (const id of voters.slice(1)) node.step({ type: 'voteReply', from: id, to: 1, term, granted: true });
  return node;
}

/** Works off what is ready, but lets the leader's own disk keep only `durable` entries. */
function settle(node: RaftNode, disk: MemoryStorage, rounds: number): void {
  for (let round = 0; round <= rounds && node.hasReady(); round++) {
    const ready = node.ready();
    if (ready.hardState !== undefined) disk.setHardState(ready.hardState);
    disk.append(ready.entries);
    node.advance();
  }
}

/**
 * The rows name acknowledgements before the new leader's no-op: here peers acknowledge as the row says, the no-op stays
 * unacknowledged by its own disk, and the leader's own place in the row is given by an acknowledgement from itself.
 */
function runCommitRule(row: JsonObject): void {
  onlyFields(row, ['id', 'match', 'logTerms', 'leaderTerm', 'expectCommit'], 'row', ['match', 'logTerms', 'leaderTerm', 'expectCommit']);
  const match = numbers(row['match'], 'match');
  const quorum = { voters: match.map((_, i) => i + 1), outgoing: [] };
  const log = logOf(numbers(row['logTerms'], 'logTerms'));
  log.maybeCommit(
    committedIndex(quorum, (id) => match[id - 1]),
    asNumber(row['leaderTerm'], 'leaderTerm'),
  );
  mustEqual(row['expectCommit']!, log.committed, 'expectCommit');
  if (match.length === 1) return;
  // The same through a whole leader. Its own no-op is of leaderTerm, but beyond what anybody acknowledges here.
  const terms = numbers(row['logTerms'], 'logTerms');
  if (Math.max(...terms) >= asNumber(row['leaderTerm'], 'leaderTerm')) return;
  const node = leaderWith(row);
  match.forEach((index, i) => {
    node.step({ type: 'appendReply', from: i + 1, to: 1, term: node.view().term, index, success: true });
  });
  mustEqual(row['expectCommit']!, node.view().commit, 'commit of a whole leader');
}

function runTryAppend(row: JsonObject): void {
  const log = logOf(numbers(row['logTerms'], 'logTerms'));
  log.commitTo(asNumber(row['commit'], 'commit'));
  const prev = asObject(row['prev'], 'prev');
  const entries = readEntries(row['entries']);
  let last: number | undefined;
  let isFatal = false;
  try {
    last = log.maybeAppend(asNumber(prev['index'], 'prev'), asNumber(prev['term'], 'prev'), entries, asNumber(row['leaderCommit'], 'row'));
  } catch (caught) {
    if (!(caught instanceof RaftInvariantError)) throw caught;
    isFatal = true;
  }
  mustEqual(row['expectFatal'] === true, isFatal, 'expectFatal');
  mustEqual(row['expectAccepted']!, last !== undefined, 'expectAccepted');
  mustEqual(row['expectLastNew']!, last ?? null, 'expectLastNew');
  mustEqual(row['expectCommit']!, log.committed, 'expectCommit');
}

function runTruncateAndAppend(row: JsonObject): void {
  const stable = numbers(row['stable'], 'stable');
  const disk = new MemoryStorage();
  disk.append(entriesOf(stable));
  const log = new RaftLog(disk);
  log.append(readEntries(row['entries']));
  mustEqual(row['expectLast']!, log.lastIndex(), 'expectLast');
  mustEqual(
    row['expectTerms']!,
    log.entries(1, Infinity).map(({ term }) => term),
    'expectTerms',
  );
  mustEqual(row['expectFirstUnstable']!, log.unstable.offset, 'expectFirstUnstable');
}

function runFindByTerm(row: JsonObject): void {
  const snapshot = row['snapshot'] === null ? { index: 0, term: 0 } : asObject(row['snapshot'], 'snapshot');
  const index = asNumber(snapshot['index'], 'snapshot');
  const disk = new MemoryStorage({ index, term: asNumber(snapshot['term'], 'snapshot'), conf: emptyConf, data: '' });
  mustEqual(row['first']!, disk.firstIndex(), 'first');
  disk.append(entriesOf(numbers(row['logTerms'], 'logTerms'), index + 1));
  const found = new RaftLog(disk).findConflictByTerm(asNumber(row['from'], 'from'), asNumber(row['term'], 'term'));
  mustEqual(row['expect']!, found.index, 'expect');
}

function runUpToDate(row: JsonObject): void {
  const candidate = asObject(row['candidate'], 'candidate');
  const log = logOf(numbers(row['logTerms'], 'logTerms'));
  const isFresh = log.isUpToDate(asNumber(candidate['index'], 'candidate'), asNumber(candidate['term'], 'candidate'));
  mustEqual(row['expect']!, isFresh, 'expect');
}

/** The tables by name: the fields of a row, and how to judge it. */
export const tables: Record<string, { readonly fields: readonly string[]; readonly run: (row: JsonObject) => void }> = {
  commitRule: { fields: ['match', 'logTerms', 'leaderTerm', 'expectCommit'], run: runCommitRule },
  findConflict: {
    fields: ['logTerms', 'entries', 'expect'],
    run: (row) =>
      mustEqual(row['expect']!, logOf(numbers(row['logTerms'], 'logTerms')).findConflict(readEntries(row['entries'])), 'expect'),
  },
  largestIndexNotAboveTerm: { fields: ['snapshot', 'first', 'logTerms', 'from', 'term', 'expect'], run: runFindByTerm },
  upToDate: { fields: ['logTerms', 'candidate', 'expect'], run: runUpToDate },
  truncateAndAppend: { fields: ['stable', 'entries', 'expectLast', 'expectTerms', 'expectFirstUnstable'], run: runTruncateAndAppend },
  tryAppend: {
    fields: ['logTerms', 'commit', 'prev', 'leaderCommit', 'entries', 'expectAccepted', 'expectLastNew', 'expectCommit', 'expectFatal'],
    run: runTryAppend,
  },
};

export function runTableRow(table: string, row: JsonObject): void {
  const known = tables[table];
  if (known === undefined) throw new Error(`unknown table "${table}"`);
  onlyFields(
    row,
    ['id', ...known.fields],
    table,
    known.fields.filter((field) => field !== 'expectFatal'),
  );
  known.run(row);
}
