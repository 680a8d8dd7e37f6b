/** `-w fields`: one `"Name" : value` a line. */
import type { etcd } from '#contracts';
import { decimal, type Printer } from './printer.ts';

type Field = readonly [name: string, value: string | number | bigint | boolean, isBare?: boolean];

const quoted = (text: string): string => JSON.stringify(text);
const fields = (list: readonly Field[]): string =>
  list.map(([name, value, isBare]) => `"${name}" : ${typeof value === 'string' && !isBare ? quoted(value) : String(value)}\n`).join('');

const header = ({ clusterId, memberId, revision, raftTerm }: etcd.ResponseHeader): string =>
  fields([
    ['ClusterID', decimal(clusterId)],
    ['MemberID', decimal(memberId)],
    ['Revision', revision],
    ['RaftTerm', raftTerm],
  ]);
const pair = (prefix: string, kv: etcd.KeyValue): string =>
  fields([
    [`${prefix}Key`, kv.key],
    [`${prefix}CreateRevision`, kv.createRevision],
    [`${prefix}ModRevision`, kv.modRevision],
    [`${prefix}Version`, kv.version],
    [`${prefix}Value`, kv.value],
    [`${prefix}Lease`, decimal(kv.lease)],
  ]);
const member = ({ id, name, peerUrls, clientUrls, isLearner }: etcd.Member): string =>
  fields([
    ['ID', decimal(id)],
    ['Name', name],
    ...peerUrls.map((url): Field => ['PeerURL', url]),
    ...clientUrls.map((url): Field => ['ClientURL', url]),
    ['IsLearner', isLearner],
  ]);

const get = (answer: etcd.RangeResponse): string =>
  header(answer.header) +
  answer.kvs.map((kv) => pair('', kv)).join('') +
  fields([
    ['More', answer.more],
    ['Count', answer.count],
  ]);
const put = (answer: etcd.PutResponse): string => header(answer.header) + (answer.prevKv ? pair('Prev', answer.prevKv) : '');
const del = (answer: etcd.DeleteRangeResponse): string =>
  header(answer.header) + fields([['Deleted', answer.deleted]]) + (answer.prevKvs ?? []).map((kv) => pair('Prev', kv)).join('');
const txn = (answer: etcd.TxnResponse): string =>
  header(answer.header) +
  fields([['Succeeded', answer.succeeded]]) +
  answer.responses
    .map((response) => {
      if ('range' in response) return get(response.range);
      if ('put' in response) return put(response.put);
      return 'deleteRange' in response ? del(response.deleteRange) : txn(response.txn);
    })
    .join('');
const members = (answer: etcd.MemberListResponse): string =>
  header(answer.header) + answer.members.map((each) => `${member(each)}\n`).join('');

/** The printer. */
export function fieldsPrinter(): Printer {
  return {
    format: 'fields',
    get,
    put,
    del,
    txn,
    watch: (answer) =>
      header(answer.header) +
      answer.events
        .map(({ type, kv, prevKv }) => fields([['Type', type, true]]) + (prevKv ? pair('Prev', prevKv) : '') + pair('', kv))
        .join(''),
    grant: (answer) =>
      header(answer.header) +
      fields([
        ['ID', decimal(answer.id)],
        ['TTL', answer.ttl],
      ]),
    revoke: (_, answer) => header(answer.header),
    keepAlive: (answer) =>
      header(answer.header) +
      fields([
        ['ID', decimal(answer.id)],
        ['TTL', answer.ttl],
      ]),
    timeToLive: (answer) =>
      header(answer.header) +
      fields([
        ['ID', decimal(answer.id)],
        ['TTL', answer.ttl],
        ['GrantedTTL', answer.grantedTtl],
        ...answer.keys.map((key): Field => ['Key', key]),
      ]),
    leases: (answer) => header(answer.header) + fields(answer.leases.map(({ id }): Field => ['ID', decimal(id)])),
    memberAdd: (answer) => header(answer.header) + member(answer.member),
    memberRemove: (_, answer) => header(answer.header),
    memberUpdate: (_, answer) => header(answer.header),
    memberPromote: (_, answer) => header(answer.header),
    memberList: members,
    endpointStatus: (list) =>
      list
        .map(
          ({ endpoint, status }) =>
            header(status.header) +
            fields([
              ['Version', status.version],
              ['DBSize', status.dbSize],
              ['DBSizeInUse', status.dbSizeInUse],
              ['Leader', decimal(status.leader)],
              ['IsLearner', status.isLearner],
              ['RaftIndex', status.raftIndex],
              ['RaftTerm', status.raftTerm],
              ['RaftAppliedIndex', status.raftAppliedIndex],
              ['Errors', `[${status.errors.join(' ')}]`, true],
              ['Endpoint', endpoint],
            ]),
        )
        .join('\n'),
    endpointHealth: (list) =>
      list
        .map(
          ({ endpoint, isHealthy, took, error }) =>
            `${fields([
              ['Endpoint', endpoint],
              ['Health', isHealthy],
              ['Took', took],
              ['Error', error],
            ])}\n`,
        )
        .join(''),
    endpointHash: (list) =>
      list
        .map(
          ({ endpoint, hash }) =>
            `${header(hash.header)}${fields([
              ['Endpoint', endpoint],
              ['Hash', hash.hash],
            ])}\n`,
        )
        .join(''),
    alarm: (answer) =>
      header(answer.header) +
      answer.alarms
        .map(
          ({ memberId, alarm }) =>
            `${fields([
              ['MemberID', decimal(memberId)],
              ['AlarmType', alarm, true],
            ])}\n`,
        )
        .join(''),
    databaseStatus: ({ hash, revision, totalKeys, totalSize }) =>
      fields([
        ['Hash', hash],
        ['Revision', revision],
        ['Keys', totalKeys],
        ['Size', totalSize],
      ]),
    auth: (answer) => header(answer.header),
    moveLeader: () => '',
  };
}
