/** Which permissions a request needs; after etcd's authApplierV3. Each check throws the error that the request then ends with. */
import type { etcd } from '#contracts';
import type { Lessor } from '../lease/lessor.ts';
import type { LogRequest } from '../requests.ts';
import type { AuthInfo } from './auth-requests.ts';
import type { AuthStore } from './auth-store.ts';

interface Guarded {
  readonly auth: AuthStore;
  readonly lessor: Lessor;
}

/** Whoever changes a lease changes the keys that hang on it. */
function checkLease({ auth, lessor }: Guarded, caller: AuthInfo | undefined, lease: string | undefined): void {
  const keys = lease === undefined ? undefined : lessor.get(lease)?.keys;
  for (const key of keys ?? []) auth.check(caller, 'WRITE', key);
}

function checkPut(guarded: Guarded, caller: AuthInfo | undefined, put: etcd.PutRequest): void {
  guarded.auth.check(caller, 'WRITE', put.key);
  checkLease(guarded, caller, put.lease);
  if (put.prevKv) guarded.auth.check(caller, 'READ', put.key);
}

function checkDelete({ auth }: Guarded, caller: AuthInfo | undefined, request: etcd.DeleteRangeRequest): void {
  auth.check(caller, 'WRITE', request.key, request.rangeEnd);
  if (request.prevKv) auth.check(caller, 'READ', request.key, request.rangeEnd);
}

/** Both branches of a transaction, and everything it looks at. */
export function checkTxnPermitted(guarded: Guarded, caller: AuthInfo | undefined, request: etcd.TxnRequest): void {
  for (const { key, rangeEnd } of request.compare) guarded.auth.check(caller, 'READ', key, rangeEnd);
  for (const op of [...request.success, ...request.failure]) {
    if ('range' in op) guarded.auth.check(caller, 'READ', op.range.key, op.range.rangeEnd);
    else if ('put' in op) checkPut(guarded, caller, op.put);
    else if ('deleteRange' in op) checkDelete(guarded, caller, op.deleteRange);
    else checkTxnPermitted(guarded, caller, op.txn);
  }
}

/** Throws unless the one a request of the log comes from may have it done. */
export function checkRequestPermitted(guarded: Guarded, request: LogRequest): void {
  const { caller } = request;
  if ('put' in request) checkPut(guarded, caller, request.put);
  else if ('deleteRange' in request) checkDelete(guarded, caller, request.deleteRange);
  else if ('txn' in request) checkTxnPermitted(guarded, caller, request.txn);
  else if ('leaseRevoke' in request) checkLease(guarded, caller, request.leaseRevoke.id);
  else if ('auth' in request && !('authenticate' in request.auth)) guarded.auth.checkAdmin(caller);
}
