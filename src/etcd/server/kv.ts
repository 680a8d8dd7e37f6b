/** The KV service: Range, Put, DeleteRange, Txn, Compact. Reads are linearizable unless asked to be local; writes go through the log. */
import type { etcd } from '#contracts';
import type { RpcCall } from '#host';
import { isEtcdError } from '../errors.ts';
import type { EtcdMember } from '../member.ts';
import { applyTxn } from '../mvcc/apply-kv.ts';
import { checkRangeRequest, executeRange } from '../mvcc/range-request.ts';
import { checkDeleteRequest, checkPutRequest, checkTxnRequest, txnWrites } from '../mvcc/txn-check.ts';
import { isOverQuota, raiseNoSpace } from './quota.ts';

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
  call: RpcCall,
): Promise<Response> {
  if (isOverQuota(member, bytes)) raiseNoSpace(member);
  try {
    return await member.propose<Response>(request, call.traceparent);
  } catch (error) {
    if (isEtcdError(error, 'noSpace')) raiseNoSpace(member);
    throw error;
  }
}

/** The unary methods of the KV service. */
export function kvMethods(member: EtcdMember) {
  return {
    async 'KV/Range'(request: etcd.RangeRequest): Promise<etcd.RangeResponse> {
      checkRangeRequest(request);
      if (!request.serializable) await member.linearize();
      const outcome = executeRange(member.state.store, request);
      return { header: member.header(), ...outcome };
    },
    async 'KV/Put'(request: etcd.PutRequest, call: RpcCall): Promise<etcd.PutResponse> {
      checkPutRequest(request);
      return proposeGrowth(member, { put: request }, request.key.length + request.value.length, call);
    },
    async 'KV/DeleteRange'(request: etcd.DeleteRangeRequest, call: RpcCall): Promise<etcd.DeleteRangeResponse> {
      checkDeleteRequest(request);
      return member.propose({ deleteRange: request }, call.traceparent);
    },
    async 'KV/Txn'(request: etcd.TxnRequest, call: RpcCall): Promise<etcd.TxnResponse> {
      checkTxnRequest(request);
      if (txnWrites(request)) return proposeGrowth(member, { txn: request }, 0, call);
      if (!isSerializable(request)) await member.linearize();
      const { store, lessor } = member.state;
      return applyTxn({ store, lessor }, request, (revision) => member.headerAt(revision));
    },
    async 'KV/Compact'(request: etcd.CompactionRequest, call: RpcCall): Promise<etcd.CompactionResponse> {
      return member.propose({ compaction: { revision: request.revision } }, call.traceparent);
    },
  };
}
