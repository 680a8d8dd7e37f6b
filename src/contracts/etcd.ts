/**
 * The wire of etcd's client port (2379): KV, Watch, Lease, Cluster, Maintenance, Auth, after etcd 3.5's rpc.proto. Types only.
 * Unary methods are called `KV/Range`, `KV/Put`, `KV/DeleteRange`, `KV/Txn`, `KV/Compact`, `Lease/LeaseGrant`, `Lease/LeaseRevoke`,
 * `Lease/LeaseTimeToLive`, `Lease/LeaseLeases`, `Cluster/MemberAdd|MemberRemove|MemberUpdate|MemberList|MemberPromote`,
 * `Maintenance/Status|Alarm|Defragment|Hash|HashKV|MoveLeader`, `Auth/AuthEnable|AuthDisable|AuthStatus|Authenticate|UserAdd|UserGet|UserList|
 * UserDelete|UserChangePassword|UserGrantRole|UserRevokeRole|RoleAdd|RoleGet|RoleList|RoleDelete|RoleGrantPermission|RoleRevokePermission`;
 * a logged-in caller sends its `token` as metadata. Streaming ones `Watch/Watch`, `Lease/LeaseKeepAlive`, `Maintenance/Snapshot`.
 * Keys and values are text; sizes count their UTF-8 bytes. A range end of '\0' means "from the key on", as in etcd.
 */

/** On every response. Ids are lower-case hexadecimal. */
export interface ResponseHeader {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: number;
  readonly raftTerm: number;
}

/** A key with its value and its history in numbers (mvccpb.KeyValue). */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 at creation; +1 for each change. */
  readonly version: number;
  /** Lease id in hexadecimal, '0' for none. */
  readonly lease: string;
}

/** `KV/Range`: one key, or the keys from `key` up to `rangeEnd` (excluded). */
export interface RangeRequest {
  readonly key: string;
  readonly rangeEnd?: string;
  /** 0 or left out: no limit. */
  readonly limit?: number;
  /** 0 or left out: the newest. */
  readonly revision?: number;
  readonly sortOrder?: 'NONE' | 'ASCEND' | 'DESCEND';
  readonly sortTarget?: 'KEY' | 'VERSION' | 'CREATE' | 'MOD' | 'VALUE';
  /** A local read of this member, possibly stale. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

/** Answer of `KV/Range`, in the order asked for. */
export interface RangeResponse {
  readonly header: ResponseHeader;
  readonly kvs: readonly KeyValue[];
  /** Whether the limit cut the answer. */
  readonly more: boolean;
  /** Keys in the range, whatever the limit. */
  readonly count: number;
}

/** `KV/Put`. `ignoreValue` and `ignoreLease` keep what the key has; `prevKv` asks for what was there before. */
export interface PutRequest {
  readonly key: string;
  readonly value: string;
  readonly lease?: string;
  readonly prevKv?: boolean;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}

/** Answer of `KV/Put`; its header carries the revision of the write. */
export interface PutResponse {
  readonly header: ResponseHeader;
  readonly prevKv?: KeyValue;
}

/** `KV/DeleteRange`: one key or a range of keys. */
export interface DeleteRangeRequest {
  readonly key: string;
  readonly rangeEnd?: string;
  readonly prevKv?: boolean;
}

/** Answer of `KV/DeleteRange`: how many keys went, and with `prevKv` what they held. */
export interface DeleteRangeResponse {
  readonly header: ResponseHeader;
  readonly deleted: number;
  readonly prevKvs?: readonly KeyValue[];
}

/** How a key must stand to the value of a comparison. */
export type CompareResult = 'EQUAL' | 'GREATER' | 'LESS' | 'NOT_EQUAL';

/** A guard of a transaction: a fact of one key, or of every key of a range. A missing key has version and revisions 0. */
export type Compare = { readonly key: string; readonly rangeEnd?: string; readonly result: CompareResult } & (
  | { readonly target: 'VERSION'; readonly version: number }
  | { readonly target: 'CREATE'; readonly createRevision: number }
  | { readonly target: 'MOD'; readonly modRevision: number }
  | { readonly target: 'VALUE'; readonly value: string }
  | { readonly target: 'LEASE'; readonly lease: string }
);
/** One step of a transaction. */
export type RequestOp =
  | { readonly range: RangeRequest }
  | { readonly put: PutRequest }
  | { readonly deleteRange: DeleteRangeRequest }
  | { readonly txn: TxnRequest };

/** The answer to the step of a transaction at the same place. */
export type ResponseOp =
  | { readonly range: RangeResponse }
  | { readonly put: PutResponse }
  | { readonly deleteRange: DeleteRangeResponse }
  | { readonly txn: TxnResponse };

/** `KV/Txn`: if all of `compare` holds, `success` is done, else `failure`; all in one revision. */
export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

/** Answer of `KV/Txn`: which branch was taken, and its answers in order. */
export interface TxnResponse {
  readonly header: ResponseHeader;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

/** `KV/Compact`: revisions below `revision` may no longer be read. */
export interface CompactionRequest {
  readonly revision: number;
  /** Wait until it is physically done on this member. */
  readonly physical?: boolean;
}

/** Answer of `KV/Compact`. */
export interface CompactionResponse {
  readonly header: ResponseHeader;
}

/** Client to server on `Watch/Watch`. */
export type WatchRequest =
  | { readonly create: WatchCreateRequest }
  | { readonly cancel: { readonly watchId: number } }
  | { readonly progress: Record<string, never> };

/** A new watch of one key or a range of keys. */
export interface WatchCreateRequest {
  readonly key: string;
  readonly rangeEnd?: string;
  /** First revision wanted; 0 or left out: from now on. */
  readonly startRevision?: number;
  readonly progressNotify?: boolean;
  readonly filters?: readonly ('NOPUT' | 'NODELETE')[];
  readonly prevKv?: boolean;
  /** 0 or left out: the server chooses. */
  readonly watchId?: number;
  readonly fragment?: boolean;
}

/** One change of one key. */
export interface WatchEvent {
  readonly type: 'PUT' | 'DELETE';
  /** For a DELETE only key and modRevision count. */
  readonly kv: KeyValue;
  readonly prevKv?: KeyValue;
}

/** Server to client. All events of one revision come in one response (unless fragment was asked for). */
export interface WatchResponse {
  readonly header: ResponseHeader;
  readonly watchId: number;
  readonly created?: boolean;
  readonly canceled?: boolean;
  /** Set when the watch was cancelled because its start was compacted. */
  readonly compactRevision?: number;
  readonly cancelReason?: string;
  readonly fragment?: boolean;
  readonly events: readonly WatchEvent[];
}

/** `Lease/LeaseGrant`: `ttl` in seconds; without `id` the server chooses one. */
export interface LeaseGrantRequest {
  readonly ttl: number;
  readonly id?: string;
}

/** Answer of `Lease/LeaseGrant`: the id and the seconds really granted. */
export interface LeaseGrantResponse {
  readonly header: ResponseHeader;
  readonly id: string;
  readonly ttl: number;
}

/** Client to server on `Lease/LeaseKeepAlive`: the lease to renew. */
export interface LeaseKeepAliveRequest {
  readonly id: string;
}

/** Server to client on `Lease/LeaseKeepAlive`: seconds the lease has again. */
export interface LeaseKeepAliveResponse {
  readonly header: ResponseHeader;
  readonly id: string;
  /** 0: the lease is gone. */
  readonly ttl: number;
}

/** `Lease/LeaseTimeToLive`; `keys` asks for the attached keys too. */
export interface LeaseTimeToLiveRequest {
  readonly id: string;
  readonly keys?: boolean;
}

/** Answer of `Lease/LeaseTimeToLive`. */
export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader;
  readonly id: string;
  /** Seconds left; -1: no such lease. */
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: readonly string[];
}

/** A member of the cluster; its name is empty until it has started. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** Answer of every method of `Cluster` that changes or lists members. */
export interface MemberListResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}

/** An alarm that a member has raised: no space left, or data that differ from the others'. */
export interface AlarmMember {
  readonly memberId: string;
  readonly alarm: 'NOSPACE' | 'CORRUPT';
}

/** Answer of `Maintenance/Status`: this member alone, sizes in bytes. */
export interface StatusResponse {
  readonly header: ResponseHeader;
  readonly version: string;
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  /** Hexadecimal id, '0' for none. */
  readonly leader: string;
  readonly raftIndex: number;
  readonly raftTerm: number;
  readonly raftAppliedIndex: number;
  readonly errors: readonly string[];
  readonly isLearner: boolean;
}

/** Answer of `Maintenance/HashKV`: a hash over all revisions up to `hashRevision`, equal on members that agree. */
export interface HashKvResponse {
  readonly header: ResponseHeader;
  readonly hash: number;
  readonly compactRevision: number;
  readonly hashRevision: number;
}

/** What a role allows (authpb.Permission): a key, [key, rangeEnd), or with '\0' everything from the key on. */
export interface Permission {
  readonly type: 'READ' | 'WRITE' | 'READWRITE';
  readonly key: string;
  readonly rangeEnd?: string;
}

/** Answer of `Auth/AuthStatus`. */
export interface AuthStatusResponse {
  readonly header: ResponseHeader;
  readonly enabled: boolean;
  readonly authRevision: number;
}

/** One piece of `Maintenance/Snapshot`'s stream. */
export interface SnapshotChunk {
  readonly remainingBytes: number;
  readonly blob: string;
}
