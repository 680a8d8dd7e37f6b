// Puts the consensus core under the vectors: one member with its disk and application, made from a vector's settings
// and shown in a vector's form. Nothing here decides anything about Raft.

import {
  create,
  decodeConfChange,
  isDropped,
  MemoryStorage,
  NONE,
  type Config,
  type ConfState,
  type Entry,
  type Message,
  type RaftNode,
  type Ready,
  type Snapshot,
} from '#raft';
import { seededRandom } from '../simulation/random.ts';
import { confFields, readChanges, readConf, readEntry, readSnapshot, writeConf, writeRow } from './raft-forms.ts';
import { asList, asNumber, asString, onlyFields, type Json, type JsonObject } from './strict.ts';

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
  'preVote',
  'checkQuorum',
  'inflight',
  'maxInflight',
  'inflightBytes',
  'maxInflightBytes',
  'readOnly',
  'disableConfChangeValidation',
  'stepDownOnRemoval',
  'maxCommittedSizePerReady',
  'asyncStorageWrites',
  'maxSizePerMsg',
  'maxMessageBytes',
  'maxUncommittedSize',
  'maxUncommittedBytes',
  'disableProposalForwarding',
  'maxInflightMsgs',
  'maxUncommittedEntriesSize',
];
const nodeFields = ['id', 'electionTick', 'heartbeatTick', 'voters', 'outgoing', 'learners', 'learnersNext', 'autoLeave'];

/** Every setting of a member that a vector may name. */
export const configFields = [...optionFields, ...nodeFields];

/** A member's settings from a vector's `node` or `options`; unknown ones are refused. */
export function readConfig(from: JsonObject, id: number, where: string): Config {
  onlyFields(from, configFields, where);
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
    maxInflight: bound('inflight', 'maxInflight', 'maxInflightMsgs') ?? 1 << 30,
    maxInflightBytes: bound('inflightBytes', 'maxInflightBytes') ?? 0,
    maxMessageBytes: from['maxSizePerMsg'] === 0 ? 0 : bound('maxSizePerMsg', 'maxMessageBytes'),
    maxCommittedSizePerReady: bound('maxCommittedSizePerReady'),
    maxUncommittedSize: bound('maxUncommittedSize', 'maxUncommittedBytes', 'maxUncommittedEntriesSize'),
  };
}

function readReadOnly(value: Json | undefined, where: string): 'safe' | 'lease' {
  if (value === undefined || value === 'safe') return 'safe';
  if (typeof value === 'string' && value.startsWith('lease')) return 'lease';
  throw new Error(`${where}: unknown readOnly option ${JSON.stringify(value)}`);
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
      progress[String(peer)] = {
        match,
        mode,
        next,
        learner,
        pendingSnapshot,
        recentActive,
        paused: one.isPaused(),
        inflight: inflights.count(),
      };
    }
    return progress;
  }
}

const diskFields = ['term', 'vote', 'commit', 'log', 'snapshot', 'snapshotIndex', 'snapshotTerm', 'snapshotData'];

/** A disk as a vector describes it: hard state, and a log from index 1 or behind a snapshot. */
export function readDisk(from: JsonObject, conf: ConfState, where: string): VectorDisk {
  onlyFields(from, [...diskFields, ...confFields], where);
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
