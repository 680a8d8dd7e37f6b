// The order that etcd names itself: every answer carries a revision, and must show the keys as they were at that revision; an answer
// to a call made after another one was answered may not carry an older one. All keys and transactions in one pass.

import type { etcd } from '#contracts';
import type { StoreEvent } from '../../../src/etcd/mvcc/version.ts';
import type { ClientCall } from './clients.ts';

/** Keys as they were after each revision. */
class Timeline {
  /** Changes of each key, oldest first; undefined: deleted. */
  readonly #changes = new Map<string, { readonly revision: number; readonly kv: etcd.KeyValue | undefined }[]>();
  readonly #byRevision = new Map<number, StoreEvent[]>();

  constructor(events: readonly StoreEvent[]) {
    for (const event of events) {
      const { key, modRevision } = event.kv;
      const changes = this.#changes.get(key) ?? [];
      this.#changes.set(key, changes);
      changes.push({ revision: modRevision, kv: event.type === 'PUT' ? event.kv : undefined });
      const same = this.#byRevision.get(modRevision);
      if (same) same.push(event);
      else this.#byRevision.set(modRevision, [event]);
    }
  }

  at(revision: number): readonly StoreEvent[] {
    return this.#byRevision.get(revision) ?? [];
  }

  get(key: string, revision: number): etcd.KeyValue | undefined {
    return this.#changes.get(key)?.findLast((change) => change.revision <= revision)?.kv;
  }

  range({ key, rangeEnd }: { readonly key: string; readonly rangeEnd?: string }, revision: number): etcd.KeyValue[] {
    if (rangeEnd === undefined) return [this.get(key, revision) ?? []].flat();
    return [...this.#changes.keys()]
      .filter((name) => name >= key && (rangeEnd === '\0' || name < rangeEnd))
      .sort()
      .flatMap((name) => this.get(name, revision) ?? []);
  }
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

function brokenRange(timeline: Timeline, request: etcd.RangeRequest, response: etcd.RangeResponse, revision: number): string | undefined {
  const wanted = timeline.range(request, request.revision && request.revision > 0 ? request.revision : revision);
  if (request.sortTarget === 'MOD') wanted.sort((one, other) => other.modRevision - one.modRevision);
  const cut = request.limit ? wanted.slice(0, request.limit) : wanted;
  if (same(cut.map(plain), response.kvs.map(plain)) && response.count === wanted.length) return undefined;
  return `a read of ${request.key} at revision ${revision} shows ${JSON.stringify(response.kvs)}, it was ${JSON.stringify(cut)}`;
}

const plain = ({ key, value, createRevision, modRevision, version, lease }: etcd.KeyValue): unknown[] => [
  key,
  value,
  createRevision,
  modRevision,
  version,
  lease,
];

function brokenTxn(timeline: Timeline, request: etcd.TxnRequest, response: etcd.TxnResponse): string | undefined {
  const { revision } = response.header;
  const [compare] = request.compare;
  // What it wrote carries its own revision; what it compared is of the one before.
  const wrote = writes(response);
  const before = wrote ? revision - 1 : revision;
  const isTrue = !compare || holds(compare, timeline.get(compare.key, before));
  if (isTrue !== response.succeeded) return `a transaction at revision ${revision} took the wrong branch`;
  const ops = response.succeeded ? request.success : request.failure;
  const keys = putKeys(ops);
  if (wrote && keys.length > 0) {
    const made = timeline.at(revision).map(({ kv }) => kv.key);
    if (!same([...made].sort(), [...keys].sort()))
      return `the transaction at revision ${revision} changed ${made.join()} instead of ${keys.join()}`;
  }
  for (const [at, op] of ops.entries()) {
    const answer = response.responses[at];
    if (!('range' in op) || !answer || !('range' in answer)) continue;
    const broken = brokenRange(timeline, op.range, answer.range, revision);
    if (broken !== undefined) return `inside a transaction ${broken}`;
  }
  return undefined;
}

const writes = ({ responses }: etcd.TxnResponse): boolean =>
  responses.some((op) => 'put' in op || ('deleteRange' in op && op.deleteRange.deleted > 0) || ('txn' in op && writes(op.txn)));

const putKeys = (ops: readonly etcd.RequestOp[]): string[] =>
  ops.flatMap((op) => ('put' in op ? [op.put.key] : 'txn' in op ? putKeys(op.txn.success) : []));

function holds(compare: etcd.Compare, kv: etcd.KeyValue | undefined): boolean {
  if (compare.target === 'VALUE') return kv?.value === compare.value;
  if (compare.target !== 'VERSION') throw new Error(`no client compares ${compare.target}`);
  const version = kv?.version ?? 0;
  return compare.result === 'GREATER' ? version > compare.version : version === compare.version;
}

function brokenWrite(timeline: Timeline, { method, request, response }: ClientCall): string | undefined {
  const { revision } = (response as etcd.PutResponse).header;
  if (method === 'KV/Put') {
    const { key, value, prevKv } = request as etcd.PutRequest;
    const made = timeline.at(revision);
    if (made.length !== 1 || made[0]!.kv.key !== key || made[0]!.kv.value !== value)
      return `${key}=${value} was acknowledged at revision ${revision} and is not there`;
    const [told, was] = [(response as etcd.PutResponse).prevKv, timeline.get(key, revision - 1)];
    if (prevKv && !same(told && plain(told), was && plain(was)))
      return `the put at revision ${revision} says something else of what was before`;
    return undefined;
  }
  const { key } = request as etcd.DeleteRangeRequest;
  const { deleted } = response as etcd.DeleteRangeResponse;
  const was = timeline.get(key, deleted > 0 ? revision - 1 : revision);
  return deleted === (was ? 1 : 0) ? undefined : `the deletion of ${key} at revision ${revision} says ${deleted}`;
}

/** Whether the changes themselves are what a store of versions makes: numbers without gaps, counted from each creation. */
function brokenHistory(events: readonly StoreEvent[]): string | undefined {
  const live = new Map<string, etcd.KeyValue>();
  let last = 1;
  for (const { type, kv } of events) {
    const { key, modRevision } = kv;
    if (modRevision !== last && modRevision !== last + 1) return `revision ${modRevision} comes after ${last}`;
    last = modRevision;
    const before = live.get(key);
    if (type === 'DELETE') {
      if (!before) return `${key} is deleted at revision ${modRevision} and was not there`;
      live.delete(key);
      continue;
    }
    if (kv.version !== (before?.version ?? 0) + 1 || kv.createRevision !== (before?.createRevision ?? modRevision))
      return `${key} at revision ${modRevision} has version ${kv.version}, created at ${kv.createRevision}`;
    live.set(key, kv);
  }
  return undefined;
}

/** What is wrong with the first answer that does not fit what happened; undefined if all do. */
export function checkByRevision(calls: readonly ClientCall[], events: readonly StoreEvent[]): string | undefined {
  const impossible = brokenHistory(events);
  if (impossible !== undefined) return impossible;
  const timeline = new Timeline(events);
  const answered = calls.filter((call) => call.ret !== undefined);
  for (const call of answered) {
    const { method, request, response } = call;
    let broken: string | undefined;
    if (method === 'KV/Range')
      broken = brokenRange(timeline, request as etcd.RangeRequest, response as etcd.RangeResponse, revisionOf(call));
    else if (method === 'KV/Txn') broken = brokenTxn(timeline, request as etcd.TxnRequest, response as etcd.TxnResponse);
    else if (method === 'KV/Put' || method === 'KV/DeleteRange') broken = brokenWrite(timeline, call);
    if (broken !== undefined) return broken;
  }
  return brokenOrder(answered);
}

const revisionOf = ({ response }: ClientCall): number => (response as { readonly header: etcd.ResponseHeader }).header.revision;

/** Real time and revisions agree: whoever calls after another was answered is not told of an older revision. */
function brokenOrder(answered: readonly ClientCall[]): string | undefined {
  const moments = answered
    .filter(({ isLinearizable, method }) => isLinearizable && method.startsWith('KV/'))
    .flatMap((call) => [
      { at: call.call, call, isReturn: false },
      { at: call.ret!, call, isReturn: true },
    ])
    .sort((one, other) => one.at - other.at);
  let newest = 0;
  const least = new Map<ClientCall, number>();
  for (const { call, isReturn } of moments) {
    if (!isReturn) {
      least.set(call, newest);
      continue;
    }
    const revision = revisionOf(call);
    if (revision < least.get(call)!) return `${call.method} was answered at revision ${revision} after ${least.get(call)} had been seen`;
    newest = Math.max(newest, revision);
  }
  return undefined;
}
