/** The Maintenance service: status, alarms, defragmentation, hashes, leadership, and the snapshot as a stream. */
import type { etcd } from '#contracts';
import type { RpcStream } from '#host';
import { NONE } from '#raft';
import { etcdError } from '../errors.ts';
import type { EtcdMember } from '../member.ts';
import { raftIdOf } from '../membership.ts';
import { utf8Length } from '../mvcc/key-range.ts';
import { chunksOf } from '../snapshot.ts';

/** The version this etcd answers with. */
export const ETCD_VERSION = '3.5.21';

/** Characters per piece of a streamed snapshot, as etcd's 32 KiB. */
const SNAPSHOT_CHUNK_CHARACTERS = 32 * 1024;

interface AlarmRequest {
  readonly action: 'GET' | 'ACTIVATE' | 'DEACTIVATE';
  /** '0' or left out: all members. */
  readonly memberId?: string;
  readonly alarm?: 'NONE' | 'NOSPACE' | 'CORRUPT';
}
interface AlarmResponse {
  readonly header: etcd.ResponseHeader;
  readonly alarms: readonly etcd.AlarmMember[];
}

function statusOf(member: EtcdMember): etcd.StatusResponse {
  const { store } = member.state;
  const { term, commit } = member.raft.view();
  const errors = [
    ...(member.leaderId === '0' ? [etcdError('noLeader').message] : []),
    ...member.state.alarms().map(({ memberId, alarm }) => `memberID:${BigInt(`0x${memberId}`)} alarm:${alarm} `),
  ];
  return {
    header: member.header(),
    version: ETCD_VERSION,
    dbSize: store.size,
    dbSizeInUse: store.sizeInUse,
    leader: member.leaderId,
    raftIndex: commit,
    raftTerm: term,
    raftAppliedIndex: member.applier.appliedIndex,
    errors,
    isLearner: member.isLearner,
  };
}

async function changeAlarm(member: EtcdMember, request: AlarmRequest): Promise<AlarmResponse> {
  if (request.action === 'GET')
    return {
      header: member.header(),
      alarms: member.state.alarms().filter(({ alarm }) => (request.alarm ?? 'NONE') === 'NONE' || alarm === request.alarm),
    };
  const named = request.memberId === undefined || request.memberId === '0' ? undefined : request.memberId;
  // Disarming without naming anything clears every standing alarm.
  const standing =
    request.action === 'DEACTIVATE'
      ? member.state
          .alarms()
          .filter(
            ({ memberId, alarm }) => (named ?? memberId) === memberId && ((request.alarm ?? 'NONE') === 'NONE' || request.alarm === alarm),
          )
      : [];
  const targets =
    request.action === 'ACTIVATE' && request.alarm !== undefined && request.alarm !== 'NONE'
      ? [{ memberId: named ?? member.settings.memberId, alarm: request.alarm }]
      : standing;
  const alarms: etcd.AlarmMember[] = [];
  for (const target of targets)
    alarms.push(...(await member.propose<AlarmResponse>({ alarm: { action: request.action, ...target } })).alarms);
  return { header: member.header(), alarms };
}

/** The unary methods of the Maintenance service. */
export function maintenanceMethods(member: EtcdMember) {
  return {
    'Maintenance/Status': (): Promise<etcd.StatusResponse> => Promise.resolve(statusOf(member)),
    'Maintenance/Alarm': (request: AlarmRequest): Promise<AlarmResponse> => changeAlarm(member, request),
    'Maintenance/Defragment'(): Promise<{ header: etcd.ResponseHeader }> {
      const before = member.state.store.size;
      member.state.store.defragment();
      member.telemetry.log('info', 'finished defragmenting directory', { 'current-db-size-bytes-diff': member.state.store.size - before });
      return Promise.resolve({ header: member.header() });
    },
    'Maintenance/Hash': (): Promise<{ header: etcd.ResponseHeader; hash: number }> =>
      Promise.resolve({ header: member.header(), hash: member.state.store.hashAt() }),
    async 'Maintenance/HashKV'(request: { readonly revision?: number }): Promise<etcd.HashKvResponse> {
      const { store } = member.state;
      const revision = request.revision ?? 0;
      const hash = store.hashAt(revision);
      return {
        header: member.header(),
        hash,
        compactRevision: store.compactRevision,
        hashRevision: revision > 0 ? revision : store.revision,
      };
    },
    async 'Maintenance/MoveLeader'(request: { readonly targetId: string }): Promise<{ header: etcd.ResponseHeader }> {
      if (!member.isLeader) throw etcdError('notLeader');
      const target = member.state.membership.get(request.targetId);
      if (!target || target.isLearner || raftIdOf(request.targetId) === NONE) throw etcdError('badLeaderTransferee');
      await member.moveLeader(request.targetId);
      return { header: member.header() };
    },
  };
}

/** `Maintenance/Snapshot`: the state as it is now, piece by piece. */
export async function serveSnapshot(member: EtcdMember, stream: RpcStream<never, etcd.SnapshotChunk>): Promise<void> {
  const text = member.applier.encode();
  let remainingBytes = utf8Length(text);
  for (const blob of chunksOf(text, SNAPSHOT_CHUNK_CHARACTERS)) {
    remainingBytes -= utf8Length(blob);
    await stream.send({ remainingBytes, blob });
  }
}
