/** The KV service: Range, Put, DeleteRange, Txn, Compact. Reads are linearizable unless asked to be local; writes go through the log. */
import type { etcd } from '#contracts';
import { checkTxnPermitted } from '../auth/request-permissions.ts';
import { isEtcdError } from '../errors.ts';
import type { EtcdMember } from '../member.ts';
import { applyTxn } from '../mvcc/apply-kv.ts';
import { checkRangeRequest, executeRange } from '../mvcc/range-request.ts';
import { checkDeleteRequest, checkPutRequest, checkTxnRequest, txnWrites } from '../mvcc/txn-check.ts';
import type { GuardedCall } from './callers.ts';
import { isOverQuota, raiseNoSpace } from './quota.ts';

/** The request with its caller, where one is known. */
const from = <Request extends object>(request: Request, { caller }: GuardedCall): Request => (caller ? { ...request, caller } : request);

/** A transaction that only reads locally needs no confirmation. */
const isSerializable = (request: etcd.TxnRequest): boolean =>
  [...request.success, ...request.failure].every(
    (op) => ('range' in op && op.range.serializable === true) || ('txn' in op && isSerializable(op.txn)),
  );

/** Proposes a write that may let the database grow; raises the NOSPACE alarm when the quota is used up. */
async function proposeGrowth<Response>(
  member: EtcdMember,
  request: Parameters<EtcdMember['propose']>[0],
  bytes: number,
  call: GuardedCall,
): Promise<Response> {
  if (isOverQuota(member, bytes)) raiseNoSpace(member);
  try {
    return await member.propose<Response>(from(request, call), call.traceparent);
  } catch (error) {
    if (isEtcdError(error, 'noSpace')) raiseNoSpace(member);
    throw error;
  }
}

/** The unary methods of the KV service. */
export function kvMethods(member: EtcdMember) {
  return {
    async 'KV/Range'(request: etcd.RangeRequest, call: GuardedCall): Promise<etcd.RangeResponse> {
      checkRangeRequest(request);
      member.metrics.ranges.add();
      if (!request.serializable) await member.linearize();
      member.state.auth.check(call.caller, 'READ', request.key, request.rangeEnd);
      const outcome = executeRange(member.state.store, request);
      return { header: member.header(), ...outcome };
    },
    async 'KV/Put'(request: etcd.PutRequest, call: GuardedCall): Promise<etcd.PutResponse> {
      checkPutRequest(request);
      return proposeGrowth(member, { put: request }, request.key.length + request.value.length, call);
    },
    async 'KV/DeleteRange'(request: etcd.DeleteRangeRequest, call: GuardedCall): Promise<etcd.DeleteRangeResponse> {
      checkDeleteRequest(request);
      return member.propose(from({ deleteRange: request }, call), call.traceparent);
    },
    async 'KV/Txn'(request: etcd.TxnRequest, call: GuardedCall): Promise<etcd.TxnResponse> {
      checkTxnRequest(request);
      member.metrics.txns.add();
      if (txnWrites(request)) return proposeGrowth(member, { txn: request }, 0, call);
      if (!isSerializable(request)) await member.linearize();
      if (member.state.auth.isEnabled) checkTxnPermitted(member.state, call.caller, request);
      const { store, lessor } = member.state;
      return applyTxn({ store, lessor }, request, (revision) => member.headerAt(revision));
    },
    async 'KV/Compact'(request: etcd.CompactionRequest, call: GuardedCall): Promise<etcd.CompactionResponse> {
      return member.propose({ compaction: { revision: request.revision } }, call.traceparent);
    },
  };
}
