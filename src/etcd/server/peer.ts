/** What a member serves on its peer port (2380): Raft messages, the list of members, and what only the leader can answer. */
import type { etcd, raftPeer } from '#contracts';
import { RpcError, type RpcService, type RpcStream } from '#host';
import type { PeerMembers } from '../bootstrap.ts';
import { etcdError } from '../errors.ts';
import type { EtcdMember } from '../member.ts';
import { promoteHere, type ClusterSettings } from './cluster.ts';
import { renewHere, timeToLiveHere } from './lease.ts';

/** The service of the peer port. */
export function peerService(member: EtcdMember, settings: ClusterSettings): RpcService {
  return {
    unary: {
      'Raft/Members': (): Promise<PeerMembers> =>
        Promise.resolve({ clusterId: member.settings.clusterId, members: member.state.membership.list() }),
      async 'Lease/LeaseRenew'(request: { readonly id: string }): Promise<number> {
        const ttl = await renewHere(member, request.id);
        if (ttl === undefined) throw etcdError('notLeader');
        return ttl;
      },
      async 'Lease/LeaseTimeToLive'(request: etcd.LeaseTimeToLiveRequest): Promise<etcd.LeaseTimeToLiveResponse> {
        const answer = timeToLiveHere(member, request);
        if (!answer) throw etcdError('notLeader');
        return answer;
      },
      'Cluster/MemberPromote': (request: { readonly id: string }): Promise<readonly etcd.Member[]> =>
        promoteHere(member, settings, request.id),
    },
    streaming: {
      async 'Raft/Message'(stream: RpcStream<raftPeer.PeerEnvelope, never>): Promise<void> {
        for (let envelope = await stream.receive(); envelope; envelope = await stream.receive()) member.receive(envelope);
      },
    },
  };
}

/** A value that comes later, and can be asked for meanwhile. */
export interface Deferred<Value> {
  readonly value: Value | undefined;
  readonly whenThere: Promise<Value>;
  resolve(value: Value): void;
}

export function deferred<Value>(): Deferred<Value> {
  let value: Value | undefined;
  let give: (value: Value) => void;
  const whenThere = new Promise<Value>((resolve) => (give = resolve));
  return {
    get value() {
      return value;
    },
    whenThere,
    resolve(given) {
      value = given;
      give(given);
    },
  };
}

/** The peer port of a member that may still be starting: who calls is told so at once, streams wait. */
export function peerServiceFrom(service: Deferred<RpcService>): RpcService {
  const unary = (name: string): readonly [string, RpcService['unary'][string]] => [
    name,
    async (request, call) => {
      const method = service.value?.unary[name];
      if (!method) throw new RpcError('Unavailable', 'etcdserver: server has not started yet');
      return method(request, call);
    },
  ];
  return {
    unary: Object.fromEntries(['Raft/Members', 'Lease/LeaseRenew', 'Lease/LeaseTimeToLive', 'Cluster/MemberPromote'].map(unary)),
    streaming: { 'Raft/Message': async (stream, call) => (await service.whenThere).streaming!['Raft/Message']!(stream, call) },
  };
}
