// Runs raft-scenario/1: one member, fed with messages and ticks, judged by its state and by what it sends.

import { readConfig, readDisk, VectorMember } from './raft-adapter.ts';
import { checkPattern, readConf, readMessage, writeConf, writeEntry, writeMessage, writeRow } from './raft-forms.ts';
import { asList, asNumber, asObject, asString, difference, numbers, onlyFields, type Json, type JsonObject } from './strict.ts';

/** Checks one field of a member's state; throws for a field that it does not know. */
export function stateField(member: VectorMember, name: string): Json {
  const view = member.node.view();
  switch (name) {
    case 'id':
    case 'role':
    case 'term':
    case 'vote':
    case 'lead':
    case 'commit':
    case 'applied':
    case 'firstIndex':
    case 'lastIndex':
    case 'leadTransferee':
      return view[name];
    case 'lastTerm':
      return view.termAt(view.lastIndex) ?? 0;
    case 'first':
      return view.firstIndex;
    case 'last':
      return view.lastIndex;
    case 'conf':
    case 'config':
      return { voters: [], outgoing: [], learners: [], learnersNext: [], autoLeave: false, ...writeConf(view.config) };
    case 'voters':
    case 'outgoing':
    case 'learners':
    case 'learnersNext':
      return [...view.config[name]];
    case 'autoLeave':
      return view.config.autoLeave;
    case 'progress':
      return member.describeProgress();
    case 'logTerms':
      return view.log.map(({ term }) => term);
    case 'isLearner':
    case 'learner':
      return view.config.learners.includes(view.id);
    case 'electionElapsed':
      return view.electionElapsed;
    case 'appliedState':
      return member.appliedState;
    case 'reads':
      return member.reads;
    default:
      throw new Error(`unknown state field "${name}"`);
  }
}

/** A field whose vector form is a list: entries in the form of the expected rows, or a plain list. */
function listField(member: VectorMember, name: string, like: Json[]): Json {
  if (name !== 'log' && name !== 'applied' && name !== 'reads') return stateField(member, name);
  if (name === 'reads') return member.reads;
  const entries = name === 'log' ? member.node.view().log : member.applied;
  const sample = like[0];
  if (typeof sample === 'string') return entries.map(({ data }) => data);
  if (typeof sample === 'number') return entries.map(({ term }) => term);
  if (Array.isArray(sample)) return entries.map((entry) => (sample.length === 3 ? writeRow(entry) : [entry.term, entry.data]));
  return entries.map(writeEntry);
}

export function stateDifference(member: VectorMember, expected: JsonObject, where: string): string | undefined {
  for (const [name, value] of Object.entries(expected)) {
    const actual = Array.isArray(value) ? listField(member, name, value) : stateField(member, name);
    const found = difference(value, actual, `${where}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether two lists of messages are the same multiset; each pattern must find a message of its own. */
export function multisetDifference(patterns: Json[], sent: readonly JsonObject[], where: string): string | undefined {
  if (patterns.length !== sent.length) {
    return `${where}: ${patterns.length} messages expected, ${sent.length} sent: ${JSON.stringify(sent)}`;
  }
  // The narrowest patterns choose first, so that a wide one does not take their only match.
  const ordered = [...patterns].sort((a, b) => JSON.stringify(b).length - JSON.stringify(a).length);
  const left = [...sent];
  for (const pattern of ordered) {
    const at = left.findIndex((message) => difference(pattern, message, '') === undefined);
    if (at < 0) return `${where}: nothing sent like ${JSON.stringify(pattern)} in ${JSON.stringify(left)}`;
    left.splice(at, 1);
  }
  return undefined;
}

const expectFields = ['op', 'state', 'sent', 'someSent', 'noneSent', 'allSent', 'sentTo', 'logTerms', 'logTail', 'applied', 'reads'];

class Scenario {
  readonly member: VectorMember;
  outbox: JsonObject[] = [];

  constructor(from: JsonObject) {
    const node = asObject(from['node'], 'node');
    const disk = readDisk(asObject(from['disk'], 'disk'), readConf(node, 'node'), 'disk');
    this.member = new VectorMember(readConfig(node, asNumber(node['id'], 'node.id'), 'node'), disk);
  }

  run(step: JsonObject, where: string): void {
    const { node } = this.member;
    const allow = (...fields: string[]): void => onlyFields(step, ['op', ...fields], where, ['op', ...fields]);
    switch (asString(step['op'], where)) {
      case 'tick':
        allow('n');
        for (let n = asNumber(step['n'], where); n > 0; n--) node.tick();
        return;
      case 'campaign':
        allow();
        return node.campaign();
      case 'propose':
        return this.propose(step, where);
      case 'recv':
        allow('msg');
        node.step(readMessage(step['msg']!, where));
        return;
      case 'readIndex':
        allow('ctx');
        return node.readIndex(asString(step['ctx'], where));
      case 'transfer':
        allow('to');
        return node.transferLeader(asNumber(step['to'], where));
      case 'forgetLeader':
        allow();
        return node.forgetLeader();
      case 'reportUnreachable':
        allow('peer');
        return node.reportUnreachable(asNumber(step['peer'], where));
      case 'reportSnapshot':
        return reportSnapshot(this.member, step, where);
      case 'reconfigure':
        return reconfigure(this.member, step, where);
      case 'setElectionTimeout':
        allow('ticks');
        return node.setElectionTimeout(asNumber(step['ticks'], where));
      case 'compact':
        allow('firstIndex');
        return this.member.disk.compact(asNumber(step['firstIndex'], where));
      case 'ready':
        allow();
        return this.ready(where);
      case 'restart':
        allow();
        return this.member.restart();
      case 'clearSent':
        allow();
        this.outbox = [];
        return;
      case 'clearApplied':
        allow();
        this.member.applied = [];
        return;
      case 'expect':
        this.expect(step, where);
        this.outbox = [];
        return;
      default:
        throw new Error(`${where}: unknown step "${String(step['op'])}"`);
    }
  }

  ready(where: string): void {
    for (let rounds = 0; this.member.node.hasReady(); rounds++) {
      if (rounds > 5_000) throw new Error(`${where}: still ready after ${rounds} rounds`);
      this.outbox.push(...this.member.processReady().map(writeMessage));
    }
  }

  propose(step: JsonObject, where: string): void {
    onlyFields(step, ['op', 'data', 'fails'], where, ['data']);
    const isTaken = this.member.propose(asString(step['data'], where));
    if ('fails' in step && isTaken === (step['fails'] === true)) throw new Error(`${where}: proposal ${isTaken ? 'taken' : 'dropped'}`);
  }

  expect(step: JsonObject, where: string): void {
    onlyFields(step, expectFields, where);
    const problems: (string | undefined)[] = [];
    const patterns = (name: string): Json[] => {
      const value = step[name];
      const list = Array.isArray(value) ? value : [value!];
      return list.map((pattern) => checkPattern(asObject(pattern, `${where}.${name}`), `${where}.${name}`));
    };
    const isLike = (pattern: Json, message: JsonObject): boolean => difference(pattern, message, '') === undefined;
    const { outbox, member } = this;
    const text = JSON.stringify(outbox);
    if ('state' in step) problems.push(stateDifference(member, asObject(step['state'], where), `${where}.state`));
    if ('sent' in step) problems.push(multisetDifference(patterns('sent'), outbox, `${where}.sent`));
    if ('someSent' in step) {
      for (const one of patterns('someSent'))
        if (!outbox.some((m) => isLike(one, m))) problems.push(`${where}: nothing like ${JSON.stringify(one)} in ${text}`);
    }
    if ('noneSent' in step) {
      for (const one of patterns('noneSent'))
        if (outbox.some((m) => isLike(one, m))) problems.push(`${where}: ${JSON.stringify(one)} must not be in ${text}`);
    }
    if ('allSent' in step) {
      for (const one of patterns('allSent'))
        if (!outbox.every((m) => isLike(one, m))) problems.push(`${where}: not all like ${JSON.stringify(one)}: ${text}`);
    }
    if ('sentTo' in step) {
      const receivers = outbox.map((m) => asNumber(m['to'], 'to')).sort((a, b) => a - b);
      problems.push(
        difference(
          numbers(step['sentTo'], where).sort((a, b) => a - b),
          receivers,
          `${where}.sentTo`,
        ),
      );
    }
    problems.push(...logProblems(member, step, where));
    const found = problems.find((problem) => problem !== undefined);
    if (found !== undefined) throw new Error(found);
  }
}

function logProblems(member: VectorMember, step: JsonObject, where: string): (string | undefined)[] {
  const problems: (string | undefined)[] = [];
  const view = member.node.view();
  if ('logTerms' in step)
    problems.push(
      difference(
        step['logTerms']!,
        view.log.map(({ term }) => term),
        `${where}.logTerms`,
      ),
    );
  if ('logTail' in step) {
    const tail = asList(step['logTail'], where);
    const held = view.log.slice(Math.max(0, view.log.length - tail.length)).map(writeEntry);
    problems.push(difference(tail, held, `${where}.logTail`));
  }
  if ('applied' in step) problems.push(difference(step['applied']!, member.applied.map(writeEntry), `${where}.applied`));
  if ('reads' in step) {
    const expected = asList(step['reads'], where);
    // A read is a pair of index and ctx in either order, or an object.
    const reads = member.reads.map(({ index, ctx }, i): Json => {
      const like = expected[i];
      if (!Array.isArray(like)) return { index, ctx };
      return typeof like[0] === 'number' ? [index, ctx] : [ctx, index];
    });
    problems.push(difference(expected, reads, `${where}.reads`));
  }
  return problems;
}

/** The step that carries the host's word on a snapshot it sent. */
export function reportSnapshot(member: VectorMember, step: JsonObject, where: string): void {
  onlyFields(step, ['op', 'node', 'peer', 'status', 'failed', 'ok'], where, ['peer']);
  const isFailed = step['failed'] === true || step['ok'] === false || ['failed', 'failure'].includes(String(step['status']));
  member.node.reportSnapshot(asNumber(step['peer'], where), isFailed ? 'failed' : 'finished');
}

/** The step that proposes a membership change. */
export function reconfigure(member: VectorMember, step: JsonObject, where: string): void {
  onlyFields(step, ['op', 'node', 'changes', 'style', 'fails'], where, ['changes']);
  const words = asList(step['changes'], where).map((word) => asString(word, where));
  const isTaken = member.reconfigure(words, asString(step['style'] ?? 'auto', where));
  if ('fails' in step && isTaken === (step['fails'] === true)) throw new Error(`${where}: change ${isTaken ? 'taken' : 'dropped'}`);
}

/** Runs one scenario; throws where it departs from what is expected. */
export function runScenario(from: JsonObject): void {
  onlyFields(from, ['id', 'rule', 'note', 'node', 'disk', 'steps'], 'scenario', ['id', 'node', 'disk', 'steps']);
  const scenario = new Scenario(from);
  const steps = asList(from['steps'], 'steps');
  if (!steps.some((step) => asObject(step, 'step')['op'] === 'expect')) throw new Error('a scenario without an expectation');
  steps.forEach((step, i) => scenario.run(asObject(step, `step ${i}`), `step ${i}`));
}

/** A member with nothing but peers that never answer. */
function loner(id: number, electionTick: number): VectorMember {
  const node: JsonObject = { id, voters: [1, 2, 3, 4, 5], electionTick, heartbeatTick: 1 };
  return new VectorMember(readConfig(node, id, 'node'), readDisk({}, readConf(node, 'node'), 'disk'));
}

/** Ticks until the member stands; how many. */
function ticksUntilElection(member: VectorMember): number {
  const { term } = member.node.view();
  for (let ticks = 1; ticks < 1000; ticks++) {
    member.node.tick();
    if (member.node.view().term > term) return ticks;
  }
  throw new Error('no election in 1000 ticks');
}

/** Judges the rules about chance: how election timeouts spread, and how often they collide. */
export function runStatistical(rule: JsonObject): void {
  const spread = ['everyValueSeen', 'neverBelow', 'neverAbove'];
  const collide = ['servers', 'maxShareWithCollision'];
  onlyFields(rule, ['id', 'rule', 'electionTick', 'rounds', ...spread, ...collide], 'statistical', ['id', 'electionTick', 'rounds']);
  const electionTick = asNumber(rule['electionTick'], 'electionTick');
  const rounds = asNumber(rule['rounds'], 'rounds');
  if ('everyValueSeen' in rule) judgeSpread(rule, electionTick, rounds);
  else if ('maxShareWithCollision' in rule) judgeCollisions(rule, electionTick, rounds);
  else throw new Error('a statistical rule without a bound');
}

function judgeSpread(rule: JsonObject, electionTick: number, rounds: number): void {
  const [from, to] = numbers(rule['everyValueSeen'], 'everyValueSeen');
  for (const role of ['follower', 'candidate'] as const) {
    const member = loner(1, electionTick);
    const seen = new Set<number>();
    for (let round = 0; round < rounds; round++) {
      if (role === 'follower') {
        member.node.step({ type: 'heartbeat', from: 2, to: 1, term: member.node.view().term + 1, commit: 0, ctx: '' });
      }
      if (member.node.view().role !== role && round > 0) throw new Error(`not a ${role} in round ${round}`);
      seen.add(ticksUntilElection(member));
    }
    for (const ticks of seen) {
      if (ticks < asNumber(rule['neverBelow'], 'neverBelow') || ticks > asNumber(rule['neverAbove'], 'neverAbove'))
        throw new Error(`a ${role} waited ${ticks} ticks`);
    }
    for (let ticks = from!; ticks <= to!; ticks++) if (!seen.has(ticks)) throw new Error(`no ${role} waited ${ticks} ticks`);
  }
}

function judgeCollisions(rule: JsonObject, electionTick: number, rounds: number): void {
  const servers = Array.from({ length: asNumber(rule['servers'], 'servers') }, (_, i) => loner(i + 1, electionTick));
  let collisions = 0;
  for (let round = 1; round <= rounds; round++) {
    for (const { node } of servers) node.step({ type: 'heartbeat', from: 9, to: node.view().id, term: round * 2, commit: 0, ctx: '' });
    const waits = servers.map(ticksUntilElection);
    const first = Math.min(...waits);
    if (waits.filter((wait) => wait === first).length > 1) collisions++;
  }
  if (collisions / rounds > asNumber(rule['maxShareWithCollision'], 'maxShare'))
    throw new Error(`${collisions} collisions in ${rounds} rounds`);
}
