// Puts the consensus core under the vectors: one member with its disk and application, and the vectors' forms of
// messages, entries, configurations and states. Nothing here decides anything about Raft.

import {
  create,
  emptyConf,
  isDropped,
  MemoryStorage,
  NONE,
  type Config,
  type ConfChange,
  type ConfChangeTransition,
  type ConfState,
  type Entry,
  type MemberChange,
  type Message,
  type RaftNode,
  type Ready,
  type Snapshot,
  decodeConfChange,
  encodeConfChange,
} from '#raft';
import { seededRandom } from '../simulation/random.ts';
import { asList, asNumber, asObject, asString, numbers, onlyFields, type Json, type JsonObject } from './strict.ts';

/** A disk that also keeps what the application looked like after each applied entry. */
export class VectorDisk extends MemoryStorage {
  /** One snapshot per applied entry, oldest first; the last one is what a leader may send. */
  readonly history: Snapshot[];

  constructor(start: Snapshot) {
    super(start);
    this.history = [start];
  }

  override snapshot(): Snapshot {
    const stored = super.snapshot();
    const made = this.history.at(-1)!;
    return made.index >= stored.index ? made : stored;
  }

  /** After a compaction the configuration to start from is the one in force where the log begins. */
  override initialState(): ReturnType<MemoryStorage['initialState']> {
    const { hardState, conf } = super.initialState();
    return { hardState, conf: this.atLogStart()?.conf ?? conf };
  }

  atLogStart(): Snapshot | undefined {
    return this.history.findLast((snapshot) => snapshot.index === this.firstIndex() - 1);
  }
}

const optionFields = [
  'preVote', 'checkQuorum', 'inflight', 'maxInflight', 'inflightBytes', 'maxInflightBytes', 'readOnly',
  'disableConfChangeValidation', 'stepDownOnRemoval', 'maxCommittedSizePerReady', 'asyncStorageWrites',
  'maxSizePerMsg', 'maxMessageBytes', 'maxUncommittedSize', 'maxUncommittedBytes', 'disableProposalForwarding',
];
const nodeFields = ['id', 'electionTick', 'heartbeatTick', 'voters', 'outgoing', 'learners', 'learnersNext', 'autoLeave'];

/** A member's settings from a vector's `node` or `options`; unknown ones are refused. */
export function readConfig(from: JsonObject, id: number, where: string): Config {
  onlyFields(from, [...optionFields, ...nodeFields], where);
  const flag = (name: string): boolean => from[name] === true;
  const bound = (...names: string[]): number | undefined => {
    const value = names.map((name) => from[name]).find((one) => one !== undefined && one !== 0);
    return value === undefined ? undefined : asNumber(value, where);
  };
  return {
    id,
    electionTick: asNumber(from['electionTick'] ?? 3, where),
    heartbeatTick: asNumber(from['heartbeatTick'] ?? 1, where),
    random: seededRandom(id * 7919),
    preVote: flag('preVote'),
    checkQuorum: flag('checkQuorum'),
    readOnly: readReadOnly(from['readOnly'], where),
    disableConfChangeValidation: flag('disableConfChangeValidation'),
    disableProposalForwarding: flag('disableProposalForwarding'),
    stepDownOnRemoval: flag('stepDownOnRemoval'),
    asyncStorageWrites: flag('asyncStorageWrites'),
    maxInflight: bound('inflight', 'maxInflight') ?? 1 << 30,
    maxInflightBytes: bound('inflightBytes', 'maxInflightBytes') ?? 0,
    maxMessageBytes: bound('maxSizePerMsg', 'maxMessageBytes'),
    maxCommittedSizePerReady: bound('maxCommittedSizePerReady'),
    maxUncommittedSize: bound('maxUncommittedSize', 'maxUncommittedBytes'),
  };
}

function readReadOnly(value: Json | undefined, where: string): 'safe' | 'lease' {
  if (value === undefined || value === 'safe') return 'safe';
  if (typeof value === 'string' && value.startsWith('lease')) return 'lease';
  throw new Error(`${where}: unknown readOnly option ${JSON.stringify(value)}`);
}

/** The configuration named by the member lists of a vector object. */
export function readConf(from: JsonObject, where: string): ConfState {
  const list = (name: string): number[] => numbers(from[name] ?? [], `${where}.${name}`);
  return {
    voters: list('voters'),
    outgoing: list('outgoing'),
    learners: list('learners'),
    learnersNext: list('learnersNext'),
    autoLeave: from['autoLeave'] === true,
  };
}

/** A configuration in the vectors' form, in which empty lists are left out. */
export function writeConf(conf: ConfState): JsonObject {
  const written: JsonObject = { voters: [...conf.voters] };
  if (conf.outgoing.length > 0) written['outgoing'] = [...conf.outgoing];
  if (conf.learners.length > 0) written['learners'] = [...conf.learners];
  if (conf.learnersNext.length > 0) written['learnersNext'] = [...conf.learnersNext];
  if (conf.autoLeave) written['autoLeave'] = true;
  return written;
}

const letterOf = { voter: 'v', learner: 'l', remove: 'r', update: 'u' } as const;

/** Reads changes such as v3 l4 r1. */
export function readChanges(words: readonly string[], style: string): ConfChange {
  const changes = words.map((word): MemberChange => {
    const type = (Object.keys(letterOf) as MemberChange['type'][]).find((one) => letterOf[one] === word[0]);
    const id = Number(word.slice(1));
    if (type === undefined || !Number.isSafeInteger(id)) throw new Error(`unknown change "${word}"`);
    return { type, id };
  });
  const styles: Record<string, ConfChangeTransition> = { single: 'auto', auto: 'auto', implicit: 'implicit', explicit: 'explicit' };
  const transition = styles[style];
  if (transition === undefined) throw new Error(`unknown style "${style}"`);
  return { transition, changes };
}

function writeChanges(data: string): string {
  return decodeConfChange(data).changes.map(({ type, id }) => letterOf[type] + id).join(' ');
}

/** An entry of the log as a script row: term, kind and data. */
export function writeRow(entry: Entry): Json[] {
  if (entry.kind === 'conf') return [entry.term, 'conf', writeChanges(entry.data)];
  return [entry.term, entry.data === '' ? 'noop' : 'data', entry.data];
}

export function writeEntry(entry: Entry): JsonObject {
  const { index, term, kind } = entry;
  return kind === 'conf' ? { index, term, kind, data: writeChanges(entry.data) } : { index, term, data: entry.data };
}

function readEntry(value: Json, where: string): Entry {
  const from = asObject(value, where);
  onlyFields(from, ['index', 'term', 'data', 'kind', 'style'], where, ['index', 'term']);
  const kind = from['kind'] === 'conf' ? 'conf' : 'normal';
  const text = asString(from['data'] ?? '', where);
  const words = text.split(' ').filter((word) => word !== '');
  const data = kind === 'conf' ? encodeConfChange(readChanges(words, asString(from['style'] ?? 'auto', where))) : text;
  return { index: asNumber(from['index'], where), term: asNumber(from['term'], where), kind, data };
}

function readSnapshot(value: Json | undefined, where: string): Snapshot {
  const from = asObject(value, where);
  onlyFields(from, ['index', 'term', 'voters', 'outgoing', 'learners', 'learnersNext', 'autoLeave', 'data'], where);
  const data = asString(from['data'] ?? '', where);
  return { index: asNumber(from['index'], where), term: asNumber(from['term'], where), conf: readConf(from, where), data };
}

/** Fields of each kind of message, besides type, from, to and term. */
const messageFields: Record<string, readonly string[]> = {
  append: ['index', 'logTerm', 'commit', 'entries'],
  appendReply: ['index', 'success', 'hintIndex', 'hintTerm', 'commit'],
  heartbeat: ['commit', 'ctx'],
  heartbeatReply: ['ctx'],
  vote: ['index', 'logTerm', 'transfer'],
  preVote: ['index', 'logTerm', 'transfer'],
  voteReply: ['granted'],
  preVoteReply: ['granted'],
  snapshot: ['snapshot'],
  timeoutNow: [],
  propose: ['entries', 'data'],
  readIndex: ['ctx'],
  readIndexReply: ['index', 'ctx'],
  transferLeader: ['transferee'],
};

/** Checks that a message pattern of a vector names nothing unknown. */
export function checkPattern(pattern: JsonObject, where: string): JsonObject {
  const type = pattern['type'];
  const known = type === undefined ? Object.values(messageFields).flat() : messageFields[asString(type, where)];
  if (known === undefined) throw new Error(`${where}: unknown message type "${String(type)}"`);
  onlyFields(pattern, ['type', 'from', 'to', 'term', ...known], where);
  return pattern;
}

/** A message of the core from a vector's; fields left out are 0, false or empty. */
export function readMessage(value: Json, where: string): Message {
  const m = checkPattern(asObject(value, where), where);
  const n = (name: string): number => asNumber(m[name] ?? 0, `${where}.${name}`);
  const s = (name: string): string => asString(m[name] ?? '', `${where}.${name}`);
  const head = { from: n('from'), to: n('to'), term: n('term') };
  const type = asString(m['type'], where) as Message['type'];
  switch (type) {
    case 'append': {
      const entries = asList(m['entries'] ?? [], where).map((entry) => readEntry(entry, where));
      return { type, ...head, index: n('index'), logTerm: n('logTerm'), commit: n('commit'), entries };
    }
    case 'appendReply': {
      const success = m['success'] === true;
      const reply = { type, ...head, index: n('index'), success } as const;
      return success ? reply : { ...reply, hintIndex: n('hintIndex'), hintTerm: n('hintTerm') };
    }
    case 'heartbeat':
      return { type, ...head, commit: n('commit'), ctx: s('ctx') };
    case 'heartbeatReply':
    case 'readIndex':
      return { type, ...head, ctx: s('ctx') };
    case 'vote':
    case 'preVote':
      return { type, ...head, index: n('index'), logTerm: n('logTerm'), transfer: m['transfer'] === true };
    case 'voteReply':
    case 'preVoteReply':
      return { type, ...head, granted: m['granted'] === true };
    case 'snapshot':
      return { type, ...head, snapshot: readSnapshot(m['snapshot'], `${where}.snapshot`) };
    case 'timeoutNow':
      return { type, ...head };
    case 'propose': {
      const texts = m['entries'] === undefined ? [s('data')] : asList(m['entries'], where).map(proposedData);
      return { type, ...head, term: 0, entries: texts.map((data) => ({ kind: 'normal', data })) };
    }
    case 'readIndexReply':
      return { type, ...head, index: n('index'), ctx: s('ctx') };
    case 'transferLeader':
      return { type, ...head, transferee: m['transferee'] === undefined ? head.from : n('transferee') };
    default:
      throw new Error(`${where}: unknown message type "${type}"`);
  }
}

function proposedData(value: Json): string {
  return typeof value === 'string' ? value : asString(asObject(value, 'propose')['data'] ?? '', 'propose');
}

/** A message in the vectors' form. */
export function writeMessage(m: Message): JsonObject {
  const { type, from, to, term } = m;
  switch (m.type) {
    case 'append': {
      const entries = m.entries.map(writeEntry);
      return { type, from, to, term, index: m.index, logTerm: m.logTerm, commit: m.commit, entries };
    }
    case 'appendReply': {
      const reply = { type, from, to, term, index: m.index, success: m.success };
      return m.success ? reply : { ...reply, hintIndex: m.hintIndex ?? 0, hintTerm: m.hintTerm ?? 0 };
    }
    case 'heartbeat':
      return { type, from, to, term, commit: m.commit, ctx: m.ctx };
    case 'heartbeatReply':
    case 'readIndex':
      return { type, from, to, term, ctx: m.ctx };
    case 'vote':
    case 'preVote':
      return { type, from, to, term, index: m.index, logTerm: m.logTerm, transfer: m.transfer };
    case 'voteReply':
    case 'preVoteReply':
      return { type, from, to, term, granted: m.granted };
    case 'snapshot': {
      const { index, term: snapshotTerm, conf, data } = m.snapshot;
      return { type, from, to, term, snapshot: { index, term: snapshotTerm, ...writeConf(conf), data } };
    }
    case 'propose':
      return { type, from, to, term, data: m.entries[0]!.data, entries: m.entries.map(({ data }) => ({ data })) };
    case 'readIndexReply':
      return { type, from, to, term, index: m.index, ctx: m.ctx };
    case 'transferLeader':
      return { type, from: m.transferee, to, term, transferee: m.transferee };
    default:
      return { type, from, to, term };
  }
}

/** One member under test: the core, its disk, and an application that appends what it is given. */
export class VectorMember {
  node: RaftNode;
  readonly config: Config;
  readonly disk: VectorDisk;
  /** Committed entries handed to the application, since the start or the last clearing. */
  applied: Entry[] = [];
  /** Answers to read requests, since the start. */
  reads: { index: number; ctx: string }[] = [];
  /** The application's state: the data of all applied entries. */
  appliedState: string;

  constructor(config: Config, disk: VectorDisk) {
    this.config = config;
    this.disk = disk;
    this.appliedState = disk.history[0]!.data;
    this.node = create({ ...config, applied: disk.firstIndex() - 1 }, disk);
  }

  /** Throws the core away and builds it anew from the disk. */
  restart(): void {
    const { history } = this.disk;
    // What was applied behind the start of the log is applied again.
    while (history.length > 1 && history.at(-1)!.index >= this.disk.firstIndex()) history.pop();
    this.appliedState = history.at(-1)!.data;
    this.reads = [];
    this.node = create({ ...this.config, applied: this.disk.firstIndex() - 1 }, this.disk);
  }

  propose(data: string): boolean {
    return !isDropped(this.node.propose(data));
  }

  reconfigure(words: readonly string[], style: string): boolean {
    return !isDropped(this.node.proposeConfChange(readChanges(words, style)));
  }

  /** One Ready, persisted and applied; what is to be sent. */
  processReady(): readonly Message[] {
    const ready = this.node.ready();
    this.persist(ready);
    this.apply(ready.committedEntries);
    this.reads.push(...ready.readStates);
    this.node.advance();
    return ready.messages;
  }

  persist({ hardState, snapshot, entries }: Pick<Ready, 'hardState' | 'snapshot' | 'entries'>): void {
    if (hardState !== undefined) this.disk.setHardState(hardState);
    if (snapshot !== undefined) this.disk.applySnapshot(snapshot);
    if (entries.length > 0) this.disk.append(entries);
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { index, term, kind, data } = entry;
      this.applied.push(entry);
      let { conf } = this.disk.history.at(-1)!;
      if (kind === 'conf') conf = this.node.applyConfChange(decodeConfChange(data));
      else this.appliedState += data;
      this.disk.history.push({ index, term, conf, data: this.appliedState });
    }
  }

  /** All that a script says of a member, in the form of its `final` rows. */
  describe(): JsonObject {
    const view = this.node.view();
    const { id, role, term, vote, lead, commit, applied, firstIndex: first, lastIndex: last } = view;
    const described: JsonObject = { id, role, term, vote, lead, commit, applied, first, last };
    described['appliedState'] = this.appliedState;
    described['conf'] = writeConf(view.config);
    described['log'] = view.log.map(writeRow);
    if (role === 'leader') described['progress'] = this.describeProgress();
    return described;
  }

  describeProgress(): JsonObject {
    const progress: JsonObject = {};
    for (const [peer, one] of this.node.view().progress) {
      const { match, mode, next, isLearner: learner, pendingSnapshot, recentActive, inflights } = one;
      progress[String(peer)] = { match, mode, next, learner, pendingSnapshot, recentActive, paused: one.isPaused(), inflight: inflights.count() };
    }
    return progress;
  }
}

/** A disk as a vector describes it: hard state, and a log from index 1 or behind a snapshot. */
export function readDisk(from: JsonObject, conf: ConfState, where: string): VectorDisk {
  onlyFields(from, ['term', 'vote', 'commit', 'log', 'snapshotIndex', 'snapshotTerm', 'snapshotData', 'voters', 'outgoing', 'learners', 'learnersNext', 'autoLeave', 'snapshot'], where);
  const n = (name: string): number => asNumber(from[name] ?? 0, `${where}.${name}`);
  const stored = from['snapshot'] === undefined || from['snapshot'] === null ? undefined : readSnapshot(from['snapshot'], where);
  const index = stored?.index ?? n('snapshotIndex');
  const named = from['voters'] === undefined ? conf : readConf(from, where);
  const snapshot: Snapshot = {
    index,
    term: stored?.term ?? (from['snapshotTerm'] === undefined ? Math.min(index, 1) : n('snapshotTerm')),
    conf: stored !== undefined && stored.conf.voters.length > 0 ? stored.conf : named,
    data: stored?.data ?? asString(from['snapshotData'] ?? '', where),
  };
  const disk = new VectorDisk(snapshot);
  const entries = asList(from['log'] ?? [], where).map((row, i): Entry => readRow(row, index + 1 + i, where));
  if (entries.length > 0) disk.append(entries);
  disk.setHardState({ term: n('term'), vote: n('vote') || NONE, commit: Math.max(n('commit'), index) });
  return disk;
}

function readRow(value: Json, index: number, where: string): Entry {
  if (typeof value === 'number') return { index, term: value, kind: 'normal', data: '' };
  const row = asList(value, where);
  if (row.length === 3) {
    const [term, kind, data] = row;
    const entry: JsonObject = { index, term: term!, data: data! };
    if (kind === 'conf') entry['kind'] = 'conf';
    return readEntry(entry, where);
  }
  if (row.length !== 2) throw new Error(`${where}: a log row is [term, data], not ${JSON.stringify(row)}`);
  return readEntry({ index, term: row[0]!, data: row[1]! }, where);
}

/** A configuration of nobody: what a member joins with. */
export const nobody: ConfState = emptyConf;
