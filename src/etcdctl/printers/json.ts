/** `-w json`: answers as Go's encoder writes etcd's structures: ids as decimal numbers, keys and values in base64, empty fields left out. */
import type { etcd } from '#contracts';
import { decimal, type AuthField, type Printer } from './printer.ts';

type Json = string | number | bigint | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json };

/** JSON text with whole numbers of any size; undefined fields are left out. */
export function jsonText(value: Json): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(jsonText).join(',')}]`;
  if (value === undefined || value === null) return 'null';
  if (typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value as Record<string, Json>).filter(([, field]) => field !== undefined);
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${jsonText(field)}`).join(',')}}`;
}

function base64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Zero, empty and false are left out (`omitempty`). */
const orNone = <Value extends string | number | bigint | boolean>(value: Value): Value | undefined =>
  value === '' || value === 0 || value === 0n || value === false ? undefined : value;
const listOrNone = (items: readonly Json[]): Json => (items.length === 0 ? undefined : items);

const headerOf = (header: etcd.ResponseHeader): Record<string, Json> => ({
  cluster_id: orNone(decimal(header.clusterId)),
  member_id: orNone(decimal(header.memberId)),
  revision: orNone(header.revision),
  raft_term: orNone(header.raftTerm),
});
const kvOf = (kv: etcd.KeyValue): Json => ({
  key: orNone(base64(kv.key)),
  create_revision: orNone(kv.createRevision),
  mod_revision: orNone(kv.modRevision),
  version: orNone(kv.version),
  value: orNone(base64(kv.value)),
  lease: orNone(decimal(kv.lease)),
});
const memberOf = (member: etcd.Member): Json => ({
  ID: decimal(member.id),
  name: orNone(member.name),
  peerURLs: listOrNone(member.peerUrls),
  clientURLs: listOrNone(member.clientUrls),
  isLearner: orNone(member.isLearner),
});
const rangeOf = ({ header, kvs, more, count }: etcd.RangeResponse): Json => ({
  header: headerOf(header),
  kvs: listOrNone(kvs.map(kvOf)),
  more: orNone(more),
  count: orNone(count),
});
const putOf = ({ header, prevKv }: etcd.PutResponse): Json => ({ header: headerOf(header), prev_kv: prevKv && kvOf(prevKv) });
const deleteOf = ({ header, deleted, prevKvs = [] }: etcd.DeleteRangeResponse): Json => ({
  header: headerOf(header),
  deleted: orNone(deleted),
  prev_kvs: listOrNone(prevKvs.map(kvOf)),
});
const responseOf = (response: etcd.ResponseOp): Json => {
  if ('range' in response) return { Response: { response_range: rangeOf(response.range) } };
  if ('put' in response) return { Response: { response_put: putOf(response.put) } };
  if ('deleteRange' in response) return { Response: { response_delete_range: deleteOf(response.deleteRange) } };
  return { Response: { response_txn: txnOf(response.txn) } };
};
const txnOf = ({ header, succeeded, responses }: etcd.TxnResponse): Json => ({
  header: headerOf(header),
  succeeded: orNone(succeeded),
  responses: listOrNone(responses.map(responseOf)),
});
const membersOf = ({ header, members }: etcd.MemberListResponse): Json => ({ header: headerOf(header), members: members.map(memberOf) });
const statusOf = (status: etcd.StatusResponse): Json => ({
  header: headerOf(status.header),
  version: status.version,
  dbSize: status.dbSize,
  leader: orNone(decimal(status.leader)),
  raftIndex: status.raftIndex,
  raftTerm: status.raftTerm,
  raftAppliedIndex: status.raftAppliedIndex,
  errors: listOrNone(status.errors),
  dbSizeInUse: status.dbSizeInUse,
  isLearner: orNone(status.isLearner),
});

/** AlarmType numbers of rpc.proto. */
const ALARM_NUMBERS = { NOSPACE: 1, CORRUPT: 2 } as const;

const watchOf = ({ header, events, compactRevision, canceled, created }: etcd.WatchResponse): Json => ({
  Header: headerOf(header),
  Events: events.map(({ type, kv, prevKv }) => ({
    type: type === 'DELETE' ? 1 : undefined,
    kv: kvOf(kv),
    prev_kv: prevKv && kvOf(prevKv),
  })),
  CompactRevision: compactRevision ?? 0,
  Canceled: canceled ?? false,
  Created: created ?? false,
});

/** Type numbers of authpb.Permission. */
const PERMISSION_NUMBERS = { READ: 0, WRITE: 1, READWRITE: 2 } as const;

const authOf = (value: AuthField): Json => {
  if (typeof value === 'boolean' || typeof value === 'number') return orNone(value);
  return listOrNone(
    value.map((one) =>
      typeof one === 'string'
        ? one
        : {
            permType: orNone(PERMISSION_NUMBERS[one.type]),
            key: base64(one.key),
            range_end: one.rangeEnd === undefined ? undefined : base64(one.rangeEnd),
          },
    ),
  );
};

/** The printer. */
export function jsonPrinter(): Printer {
  const line = (value: Json): string => `${jsonText(value)}\n`;
  return {
    format: 'json',
    get: (answer) => line(rangeOf(answer)),
    put: (answer) => line(putOf(answer)),
    del: (answer) => line(deleteOf(answer)),
    txn: (answer) => line(txnOf(answer)),
    watch: (answer) => line(watchOf(answer)),
    grant: ({ header, id, ttl }) => line({ ...headerOf(header), ID: decimal(id), TTL: ttl, Error: '' }),
    revoke: (_, { header }) => line({ header: headerOf(header) }),
    keepAlive: ({ header, id, ttl }) => line({ ...headerOf(header), ID: decimal(id), TTL: ttl }),
    timeToLive: ({ header, id, ttl, grantedTtl, keys }, withKeys) =>
      line({ ...headerOf(header), id: decimal(id), ttl, 'granted-ttl': grantedTtl, keys: withKeys ? keys.map(base64) : null }),
    leases: ({ header, leases }) => line({ ...headerOf(header), leases: leases.map(({ id }) => ({ id: decimal(id) })) }),
    memberAdd: ({ header, member, members }) =>
      line({ header: headerOf(header), member: memberOf(member), members: members.map(memberOf) }),
    memberRemove: (_, answer) => line(membersOf(answer)),
    memberUpdate: (_, answer) => line(membersOf(answer)),
    memberPromote: (_, answer) => line(membersOf(answer)),
    memberList: (answer) => line(membersOf(answer)),
    endpointStatus: (list) => line(list.map(({ endpoint, status }) => ({ Endpoint: endpoint, Status: statusOf(status) }))),
    endpointHealth: (list) =>
      line(list.map(({ endpoint, isHealthy, took, error }) => ({ endpoint, health: isHealthy, took, error: orNone(error) }))),
    endpointHash: (list) =>
      line(
        list.map(({ endpoint, hash }) => ({
          Endpoint: endpoint,
          HashKV: { header: headerOf(hash.header), hash: hash.hash, compact_revision: hash.compactRevision },
        })),
      ),
    alarm: ({ header, alarms }) =>
      line({
        header: headerOf(header),
        alarms: listOrNone(alarms.map(({ memberId, alarm }) => ({ memberID: decimal(memberId), alarm: ALARM_NUMBERS[alarm] }))),
      }),
    databaseStatus: ({ hash, revision, totalKeys, totalSize }) => line({ hash, revision, totalKey: totalKeys, totalSize }),
    auth: ({ header }, _, more) =>
      line({ header: headerOf(header), ...Object.fromEntries(Object.entries(more).map(([name, value]) => [name, authOf(value)])) }),
    moveLeader: () => line({}),
  };
}
