// Runs raft-cluster/1: several members on one queue of messages that can be delivered, lost, repeated and reversed.

import type { Message } from '#raft';
import { configFields, readConfig, readDisk, VectorMember } from './raft-adapter.ts';
import { readConf, readMessage } from './raft-forms.ts';
import { reconfigure, reportSnapshot, stateDifference } from './raft-scenario.ts';
import { mostMessages, mostRounds } from './raft-script.ts';
import { asList, asNumber, asObject, asString, isObject, numbers, onlyFields, type Json, type JsonObject } from './strict.ts';

const stepFields: Record<string, readonly string[]> = {
  tick: ['node', 'nodes', 'n'],
  campaign: ['node'],
  propose: ['node', 'data', 'fails'],
  readIndex: ['node', 'ctx'],
  transfer: ['node', 'from', 'to'],
  reconfigure: ['node', 'changes', 'style', 'fails'],
  forgetLeader: ['node'],
  reportUnreachable: ['node', 'peer'],
  reportSnapshot: ['node', 'peer', 'status', 'failed', 'ok'],
  setElectionTimeout: ['node', 'ticks'],
  compact: ['node', 'firstIndex', 'index'],
  restart: ['node', 'nodes'],
  ready: ['node', 'nodes'],
  deliver: ['to'],
  drop: ['to'],
  dropLink: ['from', 'to'],
  duplicate: [],
  reverse: [],
  inject: ['msg', 'message'],
  settle: ['nodes'],
  clearApplied: ['node', 'nodes'],
  expect: ['nodes', 'node', 'state', 'states'],
};

/** Where a case may keep its settings. */
const settingsIn = ['node', 'nodes', 'config', 'options'];

class Cluster {
  readonly members: VectorMember[];
  queue: Message[] = [];
  expectations = 0;

  constructor(from: JsonObject) {
    const disks = asList(from['disks'], 'disks');
    this.members = disks.map((value, i) => {
      const config = this.config(from, i, disks.length);
      const disk = readDisk(asObject(value ?? {}, 'disk'), readConf(config, 'node'), `disk ${i + 1}`);
      return new VectorMember(readConfig({ electionTick: 10, ...config }, i + 1, 'node'), disk);
    });
  }

  /** Settings may stand beside the steps, in an object for all members, or in a list with one object for each. */
  config(from: JsonObject, at: number, size: number): JsonObject {
    const given = settingsIn.map((name) => from[name]).find((one) => isObject(one) || Array.isArray(one)) ?? {};
    const own = asObject(Array.isArray(given) ? given[at] : given, 'settings');
    const beside = Object.fromEntries(Object.entries(from).filter(([name]) => configFields.includes(name) && name !== 'id'));
    return { voters: Array.from({ length: size }, (_, i) => i + 1), ...beside, ...own };
  }

  member(value: Json | undefined, where: string): VectorMember {
    const found = this.members[asNumber(value, where) - 1];
    if (found === undefined) throw new Error(`${where}: no node ${String(value)}`);
    return found;
  }

  /** The members named by `node` or `nodes`; all where neither is there. */
  chosen(step: JsonObject, where: string): VectorMember[] {
    if ('node' in step) return [this.member(step['node'], where)];
    if (!('nodes' in step)) return this.members;
    return numbers(step['nodes'], where).map((id) => this.member(id, where));
  }

  run(step: JsonObject, where: string): void {
    const op = asString(step['op'], where);
    const fields = stepFields[op];
    if (fields === undefined) throw new Error(`${where}: unknown step "${op}"`);
    onlyFields(step, ['op', ...fields], where);
    switch (op) {
      case 'ready':
        return this.chosen(step, where).forEach((member) => this.ready(member));
      case 'deliver':
        return this.receivers(step, where).forEach((id) => this.deliver(id));
      case 'drop':
        return this.receivers(step, where).forEach((id) => this.remove((m) => m.to === id));
      case 'dropLink':
        return this.remove((m) => m.from === step['from'] && m.to === step['to']);
      case 'duplicate':
        this.queue = [...this.queue, ...this.queue];
        return undefined;
      case 'reverse':
        this.queue.reverse();
        return undefined;
      case 'inject':
        return this.inject(step, where);
      case 'settle':
        return this.settle(this.chosen(step, where));
      case 'expect':
        return this.expect(step, where);
      default:
        return this.act(op, step, where);
    }
  }

  act(op: string, step: JsonObject, where: string): void {
    const one = (): VectorMember => this.member(step['node'], where);
    switch (op) {
      case 'tick':
        for (const { node } of this.chosen(step, where)) for (let n = asNumber(step['n'] ?? 1, where); n > 0; n--) node.tick();
        return;
      case 'campaign':
        return one().node.campaign();
      case 'propose': {
        const isTaken = one().propose(asString(step['data'], where));
        if ('fails' in step && isTaken === (step['fails'] === true)) throw new Error(`${where}: proposal ${isTaken ? 'taken' : 'dropped'}`);
        return;
      }
      case 'readIndex':
        return one().node.readIndex(asString(step['ctx'], where));
      case 'transfer':
        return this.member(step['node'] ?? step['from'], where).node.transferLeader(asNumber(step['to'], where));
      case 'reconfigure':
        return reconfigure(one(), step, where);
      case 'forgetLeader':
        return one().node.forgetLeader();
      case 'reportUnreachable':
        return one().node.reportUnreachable(asNumber(step['peer'], where));
      case 'reportSnapshot':
        return reportSnapshot(one(), step, where);
      case 'setElectionTimeout':
        return one().node.setElectionTimeout(asNumber(step['ticks'], where));
      case 'compact':
        return one().disk.compact(asNumber(step['firstIndex'] ?? step['index'], where));
      case 'restart':
        return this.chosen(step, where).forEach((member) => member.restart());
      case 'clearApplied':
        for (const member of this.chosen(step, where)) member.applied = [];
        return;
      default:
        throw new Error(`${where}: unknown step "${op}"`);
    }
  }

  receivers(step: JsonObject, where: string): number[] {
    return typeof step['to'] === 'number' ? [step['to']] : numbers(step['to'], where);
  }

  ready(member: VectorMember): boolean {
    let isBusy = false;
    for (let rounds = 0; member.node.hasReady(); rounds++) {
      if (rounds > mostRounds) throw new Error(`still ready after ${mostRounds} rounds`);
      isBusy = true;
      this.queue.push(...member.processReady());
    }
    return isBusy;
  }

  deliver(id: number): boolean {
    const taken = this.queue.filter(({ to }) => to === id);
    this.remove((m) => m.to === id);
    const member = this.members[id - 1];
    for (const message of taken) member?.node.step(message);
    return taken.length > 0;
  }

  remove(matches: (message: Message) => boolean): void {
    this.queue = this.queue.filter((message) => !matches(message));
  }

  inject(step: JsonObject, where: string): void {
    const message = readMessage(step['msg'] ?? step['message'] ?? null, where);
    this.member(message.to, where).node.step(message);
  }

  settle(members: readonly VectorMember[]): void {
    const ordered = [...members].sort((a, b) => a.config.id - b.config.id);
    let rounds = 0;
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      if (++rounds > mostRounds || this.queue.length > mostMessages) throw new Error(`not settled after ${rounds} rounds`);
      for (const member of ordered) if (this.ready(member)) isBusy = true;
      for (const member of ordered) if (this.deliver(member.config.id)) isBusy = true;
    }
  }

  expect(step: JsonObject, where: string): void {
    const { op: _op, node, ...rest } = step;
    const listed = rest['nodes'] ?? rest['states'] ?? rest['state'];
    if (node !== undefined) return this.compare(asNumber(node, where), asObject(rest['state'], where), where);
    if (Array.isArray(listed)) {
      for (const [i, value] of listed.entries()) {
        const { id, node: named, ...state } = asObject(value, where);
        this.compare(asNumber(id ?? named ?? i + 1, where), state, where);
      }
      return;
    }
    for (const [id, state] of Object.entries(asObject(listed, where))) this.compare(Number(id), asObject(state, where), where);
  }

  compare(id: number, state: JsonObject, where: string): void {
    this.expectations++;
    const found = stateDifference(this.member(id, where), state, `${where} node ${id}`);
    if (found !== undefined) throw new Error(found);
  }
}

/** Runs one cluster case; throws where it departs from what is expected. */
export function runCluster(from: JsonObject): void {
  const known = ['id', 'rule', 'note', 'disks', 'steps', ...settingsIn, ...configFields];
  onlyFields(from, known, 'case', ['id', 'disks', 'steps']);
  const cluster = new Cluster(from);
  asList(from['steps'], 'steps').forEach((value, i) => {
    const step = asObject(value, 'step');
    cluster.run(step, `step ${i} ${String(step['op'])}`);
  });
  if (cluster.expectations === 0) throw new Error('a case without an expectation');
}
