/** What a member serves on its client port (2379): all services together, with what etcd's interceptors refuse. */
import type { etcd } from '#contracts';
import type { RpcCall, RpcService, RpcStream } from '#host';
import { etcdError } from '../errors.ts';
import type { EtcdMember } from '../member.ts';
import { clusterMethods, type ClusterSettings } from './cluster.ts';
import { kvMethods } from './kv.ts';
import { leaseMethods, serveKeepAlive } from './lease.ts';
import { maintenanceMethods, serveSnapshot } from './maintenance.ts';
import type { WatchServer } from './watch.ts';

type Unary = RpcService['unary'];

/** Whether a learner, which may be far behind, answers the call. */
function isServedByLearner(method: string, request: unknown): boolean {
  if (method === 'Maintenance/Status' || method === 'Maintenance/Snapshot') return true;
  return method === 'KV/Range' && (request as etcd.RangeRequest).serializable === true;
}

function guarded(member: EtcdMember, methods: Unary): Unary {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      async (request: never, call: RpcCall): Promise<unknown> => {
        if (member.isLearner && !isServedByLearner(name, request)) throw etcdError('notSupportedForLearner');
        return method(request, call);
      },
    ]),
  );
}

/** The service of the client port. */
export function clientService(member: EtcdMember, watch: WatchServer, settings: ClusterSettings): RpcService {
  const checkLearner = (): void => {
    if (member.isLearner) throw etcdError('notSupportedForLearner');
  };
  return {
    unary: guarded(member, {
      ...kvMethods(member),
      ...leaseMethods(member, settings.leader),
      ...clusterMethods(member, settings),
      ...maintenanceMethods(member),
    }),
    streaming: {
      async 'Watch/Watch'(stream: RpcStream<etcd.WatchRequest, etcd.WatchResponse>): Promise<void> {
        checkLearner();
        await watch.serve(stream);
      },
      async 'Lease/LeaseKeepAlive'(stream: RpcStream<etcd.LeaseKeepAliveRequest, etcd.LeaseKeepAliveResponse>): Promise<void> {
        checkLearner();
        await serveKeepAlive(member, settings.leader, stream);
      },
      'Maintenance/Snapshot': (stream: RpcStream<never, etcd.SnapshotChunk>): Promise<void> => serveSnapshot(member, stream),
    },
  };
}
