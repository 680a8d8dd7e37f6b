/** What goes through the log: the requests of clients and of members themselves, as text. After etcd's InternalRaftRequest. */
import type { etcd } from '#contracts';
import { encodeConfChange, type MemberChange } from '#raft';
import type { AuthChange, AuthInfo } from './auth/auth-requests.ts';
import { raftIdOf } from './membership.ts';

/**
 * A request in the log. `id` is unique for its lifetime: the member that proposed it finds its waiting caller by it. `caller` is who it
 * comes from, where somebody is known; it counts only while authentication is on. `trace` is the traceparent of a request that is
 * followed; it stands first, so that members find it without decoding, and means nothing to the state.
 */
export type LogRequest = { readonly trace?: string | undefined; readonly id: string; readonly caller?: AuthInfo | undefined } & (
  | { readonly put: etcd.PutRequest }
  | { readonly deleteRange: etcd.DeleteRangeRequest }
  | { readonly txn: etcd.TxnRequest }
  | { readonly compaction: { readonly revision: number } }
  /** `ttl` in seconds, the least allowed already taken into account. */
  | { readonly leaseGrant: { readonly id: string; readonly ttl: number } }
  | { readonly leaseRevoke: { readonly id: string } }
  | { readonly alarm: { readonly action: 'ACTIVATE' | 'DEACTIVATE'; readonly memberId: string; readonly alarm: 'NOSPACE' | 'CORRUPT' } }
  | { readonly auth: AuthChange }
  | { readonly memberAttributes: { readonly id: string; readonly name: string; readonly clientUrls: readonly string[] } }
);

/** A request without its id, as it is handed to the member. */
export type NewRequest = LogRequest extends infer Request ? (Request extends unknown ? Omit<Request, 'id'> : never) : never;

/** What a membership entry says beyond the change of the configuration itself. */
export interface ChangeContext {
  readonly id: string;
  readonly kind: 'add' | 'promote' | 'remove' | 'update';
  readonly member: etcd.Member;
}

/** What etcd logs when a change is applied. */
export const CHANGE_LOGS = Object.freeze({
  add: 'added member',
  promote: 'promote member',
  remove: 'removed member',
  update: 'updated peerURLs',
} as const);

/** Text of a request for the log. */
export function encodeRequest(request: LogRequest): string {
  return JSON.stringify(request);
}

export function decodeRequest(data: string): LogRequest {
  return JSON.parse(data) as LogRequest;
}

/** What the consensus core is told for a change of the membership. */
export function memberChange(context: ChangeContext, raftId: number): MemberChange {
  switch (context.kind) {
    case 'add':
      return { type: context.member.isLearner ? 'learner' : 'voter', id: raftId };
    case 'promote':
      return { type: 'voter', id: raftId };
    case 'remove':
      return { type: 'remove', id: raftId };
    case 'update':
      return { type: 'update', id: raftId };
  }
}

/** Text of the entry that makes one of the first members a voter, the same on all of them. */
export function bootstrapChange(member: etcd.Member): string {
  const context: ChangeContext = { id: '', kind: 'add', member };
  return encodeConfChange({ transition: 'auto', changes: [memberChange(context, raftIdOf(member.id))], context: JSON.stringify(context) });
}
