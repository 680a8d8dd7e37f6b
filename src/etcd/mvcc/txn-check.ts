/** What etcd refuses before a write reaches the log: missing keys, values given twice, too many operations, keys changed twice in one transaction. */
import type { etcd } from '#contracts';
import { etcdError } from '../errors.ts';
import { keyRange, rangeHas, type KeyRange } from './key-range.ts';
import { checkRangeRequest } from './range-request.ts';
import { NO_LEASE } from './version.ts';

/** Operations and comparisons of one transaction at most (`--max-txn-ops`). */
export const TXN_OPS_MAX = 128;

/** Throws `emptyKey`, `valueProvided` or `leaseProvided`. */
export function checkPutRequest(request: etcd.PutRequest): void {
  if (request.key === '') throw etcdError('emptyKey');
  if (request.ignoreValue && request.value !== '') throw etcdError('valueProvided');
  if (request.ignoreLease && (request.lease ?? NO_LEASE) !== NO_LEASE) throw etcdError('leaseProvided');
}

/** Throws `emptyKey`. */
export function checkDeleteRequest(request: etcd.DeleteRangeRequest): void {
  if (request.key === '') throw etcdError('emptyKey');
}

interface Touched {
  readonly puts: Set<string>;
  readonly deletes: KeyRange[];
}

function collect(ops: readonly etcd.RequestOp[]): Touched {
  const touched: Touched = { puts: new Set(), deletes: [] };
  // Deletions of one branch may overlap each other, but no key may be put twice, or put and deleted.
  const addPut = (key: string): void => {
    if (touched.puts.has(key) || touched.deletes.some((range) => rangeHas(range, key))) throw etcdError('duplicateKey');
    touched.puts.add(key);
  };
  const addDelete = (range: KeyRange): void => {
    for (const key of touched.puts) if (rangeHas(range, key)) throw etcdError('duplicateKey');
    touched.deletes.push(range);
  };
  for (const op of ops) {
    if ('put' in op) addPut(op.put.key);
    else if ('deleteRange' in op) addDelete(keyRange(op.deleteRange.key, op.deleteRange.rangeEnd));
    else if ('txn' in op) {
      // Only one branch of the nested transaction runs, so its branches may touch the same keys.
      const branches = [collect(op.txn.success), collect(op.txn.failure)];
      for (const key of new Set(branches.flatMap((branch) => [...branch.puts]))) addPut(key);
      for (const range of branches.flatMap((branch) => branch.deletes)) {
        const isOwn = (key: string): boolean => branches.some((branch) => branch.puts.has(key));
        if ([...touched.puts].some((key) => rangeHas(range, key) && !isOwn(key))) throw etcdError('duplicateKey');
        touched.deletes.push(range);
      }
    }
  }
  return touched;
}

function checkOps(request: etcd.TxnRequest): void {
  if (request.compare.length > TXN_OPS_MAX || request.success.length > TXN_OPS_MAX || request.failure.length > TXN_OPS_MAX)
    throw etcdError('tooManyOps');
  for (const compare of request.compare) if (compare.key === '') throw etcdError('emptyKey');
  for (const op of [...request.success, ...request.failure]) {
    if ('range' in op) checkRangeRequest(op.range);
    else if ('put' in op) checkPutRequest(op.put);
    else if ('deleteRange' in op) checkDeleteRequest(op.deleteRange);
    else checkOps(op.txn);
  }
}

/** Throws `emptyKey`, `tooManyOps`, `duplicateKey` … for a transaction that is wrong whatever the store holds. */
export function checkTxnRequest(request: etcd.TxnRequest): void {
  checkOps(request);
  collect(request.success);
  collect(request.failure);
}

/** Whether a transaction may change something. */
export function txnWrites(request: etcd.TxnRequest): boolean {
  return [...request.success, ...request.failure].some((op) => 'put' in op || 'deleteRange' in op || ('txn' in op && txnWrites(op.txn)));
}
