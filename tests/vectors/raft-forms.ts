// The vectors' forms of messages, entries, snapshots and configurations, and how they become the core's.

import {
  decodeConfChange,
  encodeConfChange,
  type ConfChange,
  type ConfChangeTransition,
  type ConfState,
  type Entry,
  type MemberChange,
  type Message,
  type Snapshot,
} from '#raft';
import { asList, asNumber, asObject, asString, numbers, onlyFields, type Json, type JsonObject } from './strict.ts';

/** The lists of members, and the flag, that make a configuration. */
export const confFields = ['voters', 'outgoing', 'learners', 'learnersNext', 'autoLeave'];

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
  return decodeConfChange(data)
    .changes.map(({ type, id }) => letterOf[type] + id)
    .join(' ');
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

export function readEntry(value: Json, where: string): Entry {
  const from = asObject(value, where);
  onlyFields(from, ['index', 'term', 'data', 'kind', 'style'], where, ['index', 'term']);
  const kind = from['kind'] === 'conf' ? 'conf' : 'normal';
  const text = asString(from['data'] ?? '', where);
  const words = text.split(' ').filter((word) => word !== '');
  const data = kind === 'conf' ? encodeConfChange(readChanges(words, asString(from['style'] ?? 'auto', where))) : text;
  return { index: asNumber(from['index'], where), term: asNumber(from['term'], where), kind, data };
}

export function readSnapshot(value: Json | undefined, where: string): Snapshot {
  const from = asObject(value, where);
  onlyFields(from, ['index', 'term', 'data', 'conf', ...confFields], where);
  const data = asString(from['data'] ?? '', where);
  const conf = readConf(from['conf'] === undefined ? from : asObject(from['conf'], where), where);
  return { index: asNumber(from['index'], where), term: asNumber(from['term'], where), conf, data };
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
