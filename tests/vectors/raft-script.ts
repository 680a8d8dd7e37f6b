// Runs raft-script/1: a whole cluster on one queue of messages, compared member by member after each step.

import { LOCAL_APPEND, LOCAL_APPLY, type Message, type StorageWork } from '#raft';
import { readConfig, VectorDisk, VectorMember } from './raft-adapter.ts';
import { readConf } from './raft-forms.ts';
import { reconfigure, reportSnapshot, stateField } from './raft-scenario.ts';
import { asList, asNumber, asObject, asString, difference, isObject, numbers, onlyFields, type Json, type JsonObject } from './strict.ts';

/** One member of a script, with the storage work that waits in asynchronous mode. */
class ScriptMember extends VectorMember {
  appendWork: StorageWork[] = [];
  applyWork: StorageWork[] = [];
}

/** What a script's run showed at the three levels. */
export interface ScriptResult {
  /** The first difference at the end, undefined if the final states are as they should be. */
  final: string | undefined;
  statesTotal: number;
  statesEqual: number;
  wiresTotal: number;
  wiresEqual: number;
  /** The first difference of each step that has one. */
  deviations: string[];
}

/** Rounds after which a cluster that does not settle never will. */
export const mostRounds = 500;

/** Messages in flight at which a cluster has got out of hand. */
export const mostMessages = 10_000;

const stepFields: Record<string, readonly string[]> = {
  boot: ['count', 'voters', 'learners', 'outgoing', 'learnersNext', 'autoLeave', 'snapshotIndex', 'snapshotData', 'options'],
  campaign: ['node'],
  propose: ['node', 'data', 'fails'],
  ready: ['nodes'],
  settle: ['nodes'],
  deliver: ['to', 'drop'],
  persistOne: ['nodes'],
  applyOne: ['nodes'],
  tick: ['node', 'n'],
  tickElection: ['node'],
  tickHeartbeat: ['node'],
  reconfigure: ['node', 'changes', 'style', 'fails'],
  transfer: ['from', 'to'],
  forgetLeader: ['node'],
  readIndex: ['node', 'ctx'],
  reportUnreachable: ['node', 'peer'],
  reportSnapshot: ['node', 'peer', 'status', 'failed', 'ok'],
  sendSnapshot: ['from', 'to'],
  compact: ['node', 'firstIndex'],
  setElectionTimeout: ['node', 'ticks'],
  restart: ['node'],
  check: ['state'],
};

class Script {
  readonly members: ScriptMember[] = [];
  queue: Message[] = [];

  member(step: JsonObject, field = 'node'): ScriptMember {
    const found = this.members[asNumber(step[field], field) - 1];
    if (found === undefined) throw new Error(`no node ${String(step[field])}`);
    return found;
  }

  chosen(step: JsonObject): ScriptMember[] {
    if (!('nodes' in step)) return this.members;
    return numbers(step['nodes'], 'nodes').map((id) => this.members[id - 1]!);
  }

  run(step: JsonObject, where: string): void {
    const op = asString(step['op'], where);
    const fields = stepFields[op];
    if (fields === undefined) throw new Error(`${where}: unknown step "${op}"`);
    onlyFields(step, ['op', 'after', 'wire', ...fields], where);
    const ticks = (n: number): void => {
      for (; n > 0; n--) this.member(step).node.tick();
    };
    switch (op) {
      case 'boot':
        return this.boot(step, where);
      case 'campaign':
        return this.member(step).node.campaign();
      case 'propose':
        return this.propose(step, where);
      case 'ready':
        return this.chosen(step).forEach((member) => this.ready(member));
      case 'settle':
        return this.settle(this.chosen(step));
      case 'deliver':
        return this.deliver(step, where);
      case 'persistOne':
        return this.chosen(step).forEach((member) => this.work(member, member.appendWork));
      case 'applyOne':
        return this.chosen(step).forEach((member) => this.work(member, member.applyWork));
      case 'tick':
        return ticks(asNumber(step['n'] ?? 1, where));
      case 'tickElection':
        return ticks(this.member(step).config.electionTick);
      case 'tickHeartbeat':
        return ticks(this.member(step).config.heartbeatTick);
      case 'reconfigure':
        return reconfigure(this.member(step), without(step), where);
      case 'transfer':
        return this.member(step, 'from').node.transferLeader(asNumber(step['to'], where));
      case 'forgetLeader':
        return this.member(step).node.forgetLeader();
      case 'readIndex':
        return this.member(step).node.readIndex(asString(step['ctx'], where));
      case 'reportUnreachable':
        return this.member(step).node.reportUnreachable(asNumber(step['peer'], where));
      case 'reportSnapshot':
        return reportSnapshot(this.member(step), without(step), where);
      case 'sendSnapshot':
        return this.sendSnapshot(step);
      case 'compact':
        return this.member(step).disk.compact(asNumber(step['firstIndex'], where));
      case 'setElectionTimeout':
        return this.member(step).node.setElectionTimeout(asNumber(step['ticks'], where));
      case 'restart':
        return this.member(step).restart();
      default:
        return undefined;
    }
  }

  boot(step: JsonObject, where: string): void {
    const options = asObject(step['options'] ?? {}, where);
    const index = asNumber(step['snapshotIndex'] ?? 0, where);
    const data = asString(step['snapshotData'] ?? '', where);
    for (let n = asNumber(step['count'], where); n > 0; n--) {
      const id = this.members.length + 1;
      const disk = new VectorDisk({ index, term: index > 0 ? 1 : 0, conf: readConf({ ...step }, where), data });
      this.members.push(new ScriptMember(readConfig(options, id, `${where}.options`), disk));
    }
  }

  propose(step: JsonObject, where: string): void {
    const isTaken = this.member(step).propose(asString(step['data'], where));
    const mayFail = step['fails'] === true;
    if (isTaken === mayFail) throw new Error(`${where}: proposal ${isTaken ? 'taken' : 'dropped'}`);
  }

  ready(member: ScriptMember): void {
    if (!member.node.hasReady()) return;
    if (member.config.asyncStorageWrites !== true) {
      this.queue.push(...member.processReady());
      return;
    }
    const ready = member.node.ready();
    member.reads.push(...ready.readStates);
    for (const message of ready.messages) {
      if (message.type === 'storageAppend') member.appendWork.push(message);
      else if (message.type === 'storageApply') member.applyWork.push(message);
      else this.queue.push(message);
    }
  }

  work(member: ScriptMember, waiting: StorageWork[]): void {
    const next = waiting.shift();
    if (next === undefined) return;
    if (next.type === 'storageAppend') member.persist(next);
    else member.apply(next.entries);
    this.queue.push(...next.replies);
  }

  take(id: number): Message[] {
    const taken = this.queue.filter(({ to }) => to === id);
    if (taken.length > 0) this.queue = this.queue.filter(({ to }) => to !== id);
    return taken;
  }

  deliver(step: JsonObject, where: string): void {
    for (const id of numbers(step['to'] ?? [], where)) {
      for (const message of this.take(id)) this.members[id - 1]!.node.step(message);
    }
    for (const id of numbers(step['drop'] ?? [], where)) this.take(id);
  }

  settle(members: readonly ScriptMember[]): void {
    let rounds = 0;
    for (let isDone = false; !isDone;) {
      isDone = true;
      if (++rounds > mostRounds || this.queue.length > mostMessages) throw new Error(`not settled after ${rounds} rounds`);
      for (const member of members) {
        if (!member.node.hasReady()) continue;
        isDone = false;
        this.ready(member);
      }
      for (const member of members) {
        const messages = this.take(member.config.id);
        if (messages.length > 0) isDone = false;
        for (const message of messages) member.node.step(message);
      }
      for (const member of members) {
        for (const waiting of [member.appendWork, member.applyWork]) {
          if (waiting.length > 0) isDone = false;
          while (waiting.length > 0) this.work(member, waiting);
        }
      }
    }
  }

  sendSnapshot(step: JsonObject): void {
    const from = this.member(step, 'from');
    const to = asNumber(step['to'], 'to');
    const { term } = from.node.view();
    this.queue.push({ type: 'snapshot', from: from.config.id, to, term, snapshot: from.disk.snapshot() });
  }
}

function without(step: JsonObject): JsonObject {
  const { after: _after, wire: _wire, ...rest } = step;
  return rest;
}

/** A message in flight in the short form of the scripts. */
export function writeWire(message: Message): string {
  const thread = (id: number): string => {
    if (id === LOCAL_APPEND) return '18446744073709551615';
    return id === LOCAL_APPLY ? '18446744073709551614' : String(id);
  };
  const head = `${thread(message.from)}>${message.to} ${message.type} t${message.term}`;
  switch (message.type) {
    case 'append':
      return `${head} prev=${message.logTerm}/${message.index} commit=${message.commit} n=${message.entries.length}`;
    case 'appendReply': {
      const refusal = message.success ? '' : ` reject hint=${message.hintTerm ?? 0}/${message.hintIndex ?? 0}`;
      return `${head} i=${message.index}${refusal}`;
    }
    case 'heartbeat':
      return `${head} commit=${message.commit}`;
    case 'vote':
    case 'preVote':
      return `${head} last=${message.logTerm}/${message.index}`;
    case 'voteReply':
    case 'preVoteReply':
      return message.granted ? head : `${head} reject`;
    case 'snapshot':
      return `${head} snap=${message.snapshot.term}/${message.snapshot.index}`;
    default:
      return head;
  }
}

const rowFields = ['applied', 'appliedState', 'commit', 'conf', 'first', 'id', 'last', 'lead', 'log', 'progress', 'role', 'term', 'vote'];
const required = ['role', 'term', 'commit', 'log', 'conf'];

/** Compares the listed members, all of a member's listed fields or those that `fields` names. */
function rowsDifference(rows: Json[], members: readonly VectorMember[], where: string, fields = rowFields): string | undefined {
  for (const value of rows) {
    const row = asObject(value, where);
    onlyFields(row, rowFields, where, ['id']);
    const id = asNumber(row['id'], where);
    const member = members[id - 1];
    if (member === undefined) return `${where}: no node ${id}`;
    const actual = member.describe();
    for (const [name, expected] of Object.entries(row)) {
      if (!fields.includes(name)) continue;
      const found = difference(
        name === 'conf' ? fullConf(expected) : expected,
        name === 'conf' ? fullConf(actual[name]!) : actual[name],
        `${where} node ${id} ${name}`,
      );
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function fullConf(value: Json): JsonObject {
  const conf = asObject(value, 'conf');
  onlyFields(conf, ['voters', 'outgoing', 'learners', 'learnersNext', 'autoLeave'], 'conf');
  const { autoLeave: _autoLeave, ...lists } = conf;
  return { outgoing: [], learners: [], learnersNext: [], ...lists };
}

function afterDifference(rows: Json[], columns: readonly string[], members: readonly VectorMember[], where: string): string | undefined {
  if (rows.length !== members.length) return `${where}: ${rows.length} rows for ${members.length} nodes`;
  for (const [i, row] of rows.entries()) {
    const actual = columns.map((column) => stateField(members[i]!, column));
    const found = difference(row, actual, `${where} node ${i + 1} (${columns.join(' ')})`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Runs one script to its end, and tells how far it agreed. */
export function runScript(from: JsonObject, columns: readonly string[]): ScriptResult {
  onlyFields(from, ['id', 'note', 'rule', 'steps', 'final'], 'script', ['id', 'steps', 'final']);
  const script = new Script();
  const result: ScriptResult = { final: undefined, statesTotal: 0, statesEqual: 0, wiresTotal: 0, wiresEqual: 0, deviations: [] };
  asList(from['steps'], 'steps').forEach((value, i) => {
    const step = asObject(value, 'step');
    const where = `step ${i} ${String(step['op'])}`;
    script.run(step, where);
    result.statesTotal++;
    const state = 'state' in step ? rowsDifference(asList(step['state'], where), script.members, where) : undefined;
    const after = 'after' in step ? afterDifference(asList(step['after'], where), columns, script.members, where) : undefined;
    const found = after ?? state;
    if (found === undefined) result.statesEqual++;
    else result.deviations.push(found);
    if ('wire' in step) {
      result.wiresTotal++;
      if (difference(step['wire']!, script.queue.map(writeWire), where) === undefined) result.wiresEqual++;
    }
  });
  const final = asList(from['final'], 'final');
  if (final.length === 0 || !final.every((row) => isObject(row) && required.every((name) => name in row)))
    throw new Error('final states are missing');
  result.final = rowsDifference(final, script.members, 'final', required);
  const whole = rowsDifference(final, script.members, 'final');
  if (result.final === undefined && whole !== undefined) result.deviations.push(whole);
  return result;
}
