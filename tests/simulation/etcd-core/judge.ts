// What must be true of a simulated etcd cluster's history when all is over, by two independent ways: the general search for an order
// in which the operations on each key could have happened; and the order that etcd itself names by its revisions.

import type { etcd } from '#contracts';
import { checkLinearizable, register, type Operation, type RegisterAction } from '../linearizability.ts';
import { checkWatch } from '../watch-guarantees.ts';
import type { ClientCall, Told } from './clients.ts';
import type { AppliedRequest } from './cluster.ts';
import { checkByRevision } from './revisions.ts';
import { watchEventOf, type WatchPart } from './watchers.ts';
import type { StoreEvent } from '../../../src/etcd/mvcc/version.ts';

/** Thrown when a history breaks a promise. */
export class BrokenHistory extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'BrokenHistory';
  }
}

/** How much slower a clock may run than another one: the time of a lease is counted by its leader's. */
const CLOCK_TOLERANCE = 0.6;

export interface History {
  readonly told: Told;
  readonly applied: readonly AppliedRequest[];
  /** Every change in order. */
  readonly events: readonly StoreEvent[];
  readonly watches: readonly (readonly WatchPart[])[];
}

export function judge(history: History): void {
  const { told, applied, events, watches } = history;
  const happened = events.map(watchEventOf);
  for (const parts of watches)
    for (const { startRevision, responses } of parts) {
      const violation = checkWatch(happened, { prefix: '', startRevision }, responses);
      if (violation) throw new BrokenHistory(`a watch was not ${violation.guarantee}: ${violation.text}`);
    }
  const broken = checkByRevision(told.calls, events);
  if (broken !== undefined) throw new BrokenHistory(broken);
  const { verdict, key } = checkLinearizable(registerOperations(told.calls), register);
  if (verdict !== 'legal') throw new BrokenHistory(`the history of ${key} is ${verdict}`);
  checkLeases(told, applied);
}

function registerOperations(calls: readonly ClientCall[]): Operation<RegisterAction>[] {
  return calls.flatMap(({ method, request, response, call, ret, isLinearizable }): Operation<RegisterAction>[] => {
    const found = isLinearizable ? registerAction(method, request, response) : undefined;
    // A read without an answer says nothing.
    if (!found || (ret === undefined && found.action.op === 'get')) return [];
    return [{ key: found.key, call, ret, action: found.action }];
  });
}

function registerAction(method: string, request: unknown, response: unknown): { key: string; action: RegisterAction } | undefined {
  if (method === 'KV/Put') {
    const { key, value } = request as etcd.PutRequest;
    return key.startsWith('r/') ? { key, action: { op: 'put', value } } : undefined;
  }
  if (method === 'KV/DeleteRange') {
    const { key } = request as etcd.DeleteRangeRequest;
    return key.startsWith('r/') ? { key, action: { op: 'put', value: null } } : undefined;
  }
  if (method === 'KV/Range') {
    const { key, rangeEnd } = request as etcd.RangeRequest;
    const out = (response as etcd.RangeResponse | undefined)?.kvs[0]?.value ?? null;
    return rangeEnd === undefined ? { key, action: { op: 'get', out } } : undefined;
  }
  if (method !== 'KV/Txn') return undefined;
  const [compare] = (request as etcd.TxnRequest).compare;
  const [then] = (request as etcd.TxnRequest).success;
  if (!compare || !('value' in compare) || !then || !('put' in then)) return undefined;
  const isDone = (response as etcd.TxnResponse | undefined)?.succeeded ?? true;
  return { key: compare.key, action: { op: 'cas', expect: compare.value, value: then.put.value, isDone } };
}

/** No lease ends before its time unless a client revoked it, and it takes with it the keys that hang on it, and only those. */
function checkLeases({ renewals, revoked }: Told, applied: readonly AppliedRequest[]): void {
  const live = new Map<string, etcd.KeyValue>();
  for (const { request, error, events } of applied) {
    if ('leaseRevoke' in request && error === undefined) {
      const { id } = request.leaseRevoke;
      const due = [...live.values()].filter(({ lease }) => lease === id).map(({ key }) => key);
      const gone = events.map(({ kv }) => kv.key);
      if (due.sort().join() !== gone.sort().join())
        throw new BrokenHistory(`the end of lease ${id} deleted ${gone.join()}, on it hung ${due.join()}`);
    }
    for (const { type, kv } of events) {
      if (type === 'PUT') live.set(kv.key, kv);
      else live.delete(kv.key);
    }
  }
  const endedMs = new Map<string, number>();
  for (const { request, error, atMs } of applied)
    if ('leaseRevoke' in request && error === undefined) endedMs.set(request.leaseRevoke.id, atMs);
  for (const { id, askedMs, ttlSeconds } of renewals) {
    const ended = endedMs.get(id);
    if (ended === undefined || revoked.has(id)) continue;
    const leastMs = ttlSeconds * 1_000 * CLOCK_TOLERANCE;
    if (ended < askedMs + leastMs)
      throw new BrokenHistory(`lease ${id} was renewed at ${askedMs.toFixed(0)} for ${ttlSeconds} s and ended at ${ended.toFixed(0)}`);
  }
}
