/** `-w simple`: what etcdctl prints unless told otherwise. */
import type { etcd } from '#contracts';
import { id16 } from '../command.ts';
import { humanBytes, type Printer } from './printer.ts';

const hexText = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

const statusOf = (member: etcd.Member): string => (member.name === '' ? 'unstarted' : 'started');

/** The columns of a member, as text. */
export const memberColumns = (member: etcd.Member): string[] => [
  member.id,
  statusOf(member),
  member.name,
  member.peerUrls.join(','),
  member.clientUrls.join(','),
  String(member.isLearner),
];

/** The columns of an endpoint's status, as text. */
export const statusColumns = (endpoint: string, status: etcd.StatusResponse): string[] => [
  endpoint,
  status.header.memberId,
  status.version,
  humanBytes(status.dbSize),
  String(status.leader === status.header.memberId),
  String(status.isLearner),
  String(status.raftTerm),
  String(status.raftIndex),
  String(status.raftAppliedIndex),
  status.errors.join(', '),
];

const lines = (rows: readonly (readonly string[])[]): string => rows.map((row) => `${row.join(', ')}\n`).join('');

/** The printer; `isHex` shows keys and values as bytes. */
export function simplePrinter(isHex: boolean): Printer {
  const show = (text: string): string => (isHex ? hexText(text) : text);
  const pair = (kv: etcd.KeyValue, isValueOnly = false): string => `${isValueOnly ? '' : `${show(kv.key)}\n`}${show(kv.value)}\n`;
  const get = (answer: etcd.RangeResponse, isValueOnly = false): string => answer.kvs.map((kv) => pair(kv, isValueOnly)).join('');
  const put = (answer: etcd.PutResponse): string => `OK\n${answer.prevKv ? pair(answer.prevKv) : ''}`;
  const del = (answer: etcd.DeleteRangeResponse): string => `${answer.deleted}\n${(answer.prevKvs ?? []).map((kv) => pair(kv)).join('')}`;
  const txn = (answer: etcd.TxnResponse): string => {
    const parts = answer.responses.map((response) => {
      if ('range' in response) return get(response.range);
      if ('put' in response) return put(response.put);
      if ('deleteRange' in response) return del(response.deleteRange);
      return txn(response.txn);
    });
    return `${answer.succeeded ? 'SUCCESS' : 'FAILURE'}\n${parts.map((part) => `\n${part}`).join('')}`;
  };
  const inCluster =
    (what: string) =>
    (id: string, { header }: etcd.MemberListResponse) =>
      `Member ${id.padStart(16)} ${what} cluster ${header.clusterId.padStart(16)}\n`;
  return {
    format: 'simple',
    get,
    put,
    del,
    txn,
    watch: ({ events }) =>
      events
        .map(({ type, kv, prevKv }) => `${type}\n${prevKv ? pair(prevKv) : ''}${pair(type === 'DELETE' ? { ...kv, value: '' } : kv)}`)
        .join(''),
    grant: ({ id, ttl }) => `lease ${id16(id)} granted with TTL(${ttl}s)\n`,
    revoke: (id) => `lease ${id16(id)} revoked\n`,
    keepAlive: ({ id, ttl }) => `lease ${id16(id)} keepalived with TTL(${ttl})\n`,
    timeToLive({ id, ttl, grantedTtl, keys }, withKeys) {
      if (grantedTtl === 0 && ttl === -1) return `lease ${id16(id)} already expired\n`;
      return `lease ${id16(id)} granted with TTL(${grantedTtl}s), remaining(${ttl}s)${withKeys ? `, attached keys([${keys.join(' ')}])` : ''}\n`;
    },
    leases: ({ leases }) => `found ${leases.length} leases\n${leases.map(({ id }) => `${id16(id)}\n`).join('')}`,
    memberAdd: ({ member, header }) =>
      `Member ${member.id.padStart(16)} added${member.isLearner ? ' as learner ' : ' '}to cluster ${header.clusterId.padStart(16)}\n`,
    memberRemove: inCluster('removed from'),
    memberUpdate: inCluster('updated in'),
    memberPromote: inCluster('promoted in'),
    memberList: ({ members }) => lines(members.map(memberColumns)),
    endpointStatus: (list) => lines(list.map(({ endpoint, status }) => statusColumns(endpoint, status))),
    // Unhealthy ones go to standard error; the command sees to it.
    endpointHealth: (list) =>
      list
        .filter(({ isHealthy }) => isHealthy)
        .map(({ endpoint, took }) => `${endpoint} is healthy: successfully committed proposal: took = ${took}\n`)
        .join(''),
    endpointHash: (list) => lines(list.map(({ endpoint, hash }) => [endpoint, String(hash.hash)])),
    alarm: ({ alarms }) => alarms.map(({ memberId, alarm }) => `memberID:${BigInt(`0x${memberId}`)} alarm:${alarm} \n`).join(''),
    databaseStatus: ({ hash, revision, totalKeys, totalSize }) =>
      lines([[hash.toString(16), String(revision), String(totalKeys), humanBytes(totalSize)]]),
    auth: (_, text) => text,
    moveLeader: (from, to) => `Leadership transferred from ${from} to ${to}\n`,
  };
}
