/**
 * Put, DeleteRange and Txn carried out on the store, with the leases of the keys they touch. After etcd's applierV3backend:
 * which branch of a transaction runs, nested ones included, is decided before its first operation; what could fail is checked
 * before anything changes, so a request changes all or nothing, in one revision.
 */
import type { etcd } from '#contracts';
import { etcdError } from '../errors.ts';
import type { Lessor } from '../lease/lessor.ts';
import { compareHolds } from './compare.ts';
import { keyRange } from './key-range.ts';
import { executeRange } from './range-request.ts';
import type { Store } from './store.ts';
import { NO_LEASE } from './version.ts';

/** What a write changes: keys with their versions, and which lease each key hangs on. */
export interface KeySpace {
  readonly store: Store;
  readonly lessor: Lessor;
}

/** Makes the header of a response at a revision. */
export type HeaderAt = (revision: number) => etcd.ResponseHeader;

function checkPut({ store, lessor }: KeySpace, request: etcd.PutRequest): void {
  lessor.check(request.lease ?? NO_LEASE);
  if ((request.ignoreValue || request.ignoreLease) && !store.current(request.key)) throw etcdError('keyNotFound');
}

function put({ store, lessor }: KeySpace, request: etcd.PutRequest, headerAt: HeaderAt): etcd.PutResponse {
  const before = request.ignoreValue || request.ignoreLease ? store.current(request.key) : undefined;
  const value = request.ignoreValue && before ? before.value : request.value;
  const lease = request.ignoreLease && before ? before.lease : (request.lease ?? NO_LEASE);
  const prevKv = store.put(request.key, value, lease);
  lessor.attach(request.key, lease);
  return { header: headerAt(store.writeRevision), ...(request.prevKv && prevKv ? { prevKv } : {}) };
}

function deleteRange({ store, lessor }: KeySpace, request: etcd.DeleteRangeRequest, headerAt: HeaderAt): etcd.DeleteRangeResponse {
  const prevKvs = store.deleteRange(keyRange(request.key, request.rangeEnd));
  for (const { key } of prevKvs) lessor.attach(key, NO_LEASE);
  return { header: headerAt(store.writeRevision), deleted: prevKvs.length, ...(request.prevKv ? { prevKvs } : {}) };
}

/** Which branch runs, and the same for the transactions nested in it, in order. */
interface Path {
  readonly succeeded: boolean;
  readonly nested: readonly Path[];
}

function choosePath(store: Store, request: etcd.TxnRequest): Path {
  const succeeded = request.compare.every((compare) => compareHolds(store, compare));
  const ops = succeeded ? request.success : request.failure;
  return { succeeded, nested: ops.flatMap((op) => ('txn' in op ? [choosePath(store, op.txn)] : [])) };
}

function checkPath(space: KeySpace, request: etcd.TxnRequest, path: Path): void {
  let nested = 0;
  for (const op of path.succeeded ? request.success : request.failure) {
    if ('range' in op) space.store.checkRevision(op.range.revision ?? 0);
    else if ('put' in op) checkPut(space, op.put);
    else if ('txn' in op) checkPath(space, op.txn, path.nested[nested++]!);
  }
}

function runPath(space: KeySpace, request: etcd.TxnRequest, path: Path, headerAt: HeaderAt): etcd.TxnResponse {
  let nested = 0;
  const responses = (path.succeeded ? request.success : request.failure).map((op): etcd.ResponseOp => {
    if ('range' in op) return { range: { header: headerAt(space.store.writeRevision), ...executeRange(space.store, op.range) } };
    if ('put' in op) return { put: put(space, op.put, headerAt) };
    if ('deleteRange' in op) return { deleteRange: deleteRange(space, op.deleteRange, headerAt) };
    return { txn: runPath(space, op.txn, path.nested[nested++]!, headerAt) };
  });
  return { header: headerAt(space.store.writeRevision), succeeded: path.succeeded, responses };
}

/** Puts a value; inside a write of the store. Throws `leaseNotFound` or `keyNotFound`. */
export function applyPut(space: KeySpace, request: etcd.PutRequest, headerAt: HeaderAt): etcd.PutResponse {
  checkPut(space, request);
  return put(space, request, headerAt);
}

/** Deletes a range; inside a write of the store. */
export const applyDeleteRange = deleteRange;

/** The header of an answer inside a transaction, where etcd fills in the revision only. */
const innerHeaderAt: HeaderAt = (revision) => ({ clusterId: '0', memberId: '0', revision, raftTerm: 0 });

/** Carries out a transaction; inside a write of the store unless it only reads. Throws before it changes anything. */
export function applyTxn(space: KeySpace, request: etcd.TxnRequest, headerAt: HeaderAt): etcd.TxnResponse {
  const path = choosePath(space.store, request);
  checkPath(space, request, path);
  return { ...runPath(space, request, path, innerHeaderAt), header: headerAt(space.store.writeRevision) };
}

/** Ends a lease: deletes its keys, all in the revision of the write it is in. Throws `leaseNotFound`. */
export function applyLeaseRevoke({ store, lessor }: KeySpace, id: string): void {
  if (!lessor.get(id)) throw etcdError('leaseNotFound');
  for (const key of lessor.revoke(id)) store.deleteRange(keyRange(key, undefined));
}
