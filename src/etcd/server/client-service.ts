/** What a member serves on its client port (2379): all services together, with what etcd's interceptors refuse. */
import type { etcd } from '#contracts';
import type { RpcCall, RpcService, RpcStream } from '#host';
import { etcdError } from '../errors.ts';
import type { EtcdMember } from '../member.ts';
import { authMethods } from './auth.ts';
import type { Callers, GuardedCall } from './callers.ts';
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

/** Methods that only an administrator may call while authentication is on; what else needs a permission is checked where it is done. */
const OF_ADMINISTRATORS: ReadonlySet<string> = new Set([
  'Cluster/MemberAdd',
  'Cluster/MemberRemove',
  'Cluster/MemberUpdate',
  'Cluster/MemberPromote',
  'Maintenance/Defragment',
  'Maintenance/Hash',
  'Maintenance/HashKV',
]);

function guarded(member: EtcdMember, callers: Callers, methods: Unary): Unary {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      async (request: never, call: RpcCall): Promise<unknown> => {
        if (member.isLearner && !isServedByLearner(name, request)) throw etcdError('notSupportedForLearner');
        if (!callers.isNeeded) return method(request, call);
        // Who logs in has nothing yet to show.
        if (name === 'Auth/Authenticate') return method(request, call);
        const caller = await callers.of(call);
        if (OF_ADMINISTRATORS.has(name)) member.state.auth.checkAdmin(caller);
        const guardedCall: GuardedCall = { ...call, caller };
        return method(request, guardedCall);
      },
    ]),
  );
}

/** The service of the client port. */
export function clientService(member: EtcdMember, watch: WatchServer, callers: Callers, settings: ClusterSettings): RpcService {
  const checkLearner = (): void => {
    if (member.isLearner) throw etcdError('notSupportedForLearner');
  };
  return {
    unary: guarded(member, callers, {
      ...kvMethods(member),
      ...leaseMethods(member, settings.leader),
      ...clusterMethods(member, settings),
      ...maintenanceMethods(member),
      ...authMethods(member, settings.crypto),
    }),
    streaming: {
      async 'Watch/Watch'(stream: RpcStream<etcd.WatchRequest, etcd.WatchResponse>, call: RpcCall): Promise<void> {
        checkLearner();
        await watch.serve(stream, (key, rangeEnd) => {
          if (callers.isNeeded) member.state.auth.check(callers.now(call), 'READ', key, rangeEnd);
        });
      },
      async 'Lease/LeaseKeepAlive'(stream: RpcStream<etcd.LeaseKeepAliveRequest, etcd.LeaseKeepAliveResponse>): Promise<void> {
        checkLearner();
        await serveKeepAlive(member, settings.leader, stream);
      },
      async 'Maintenance/Snapshot'(stream: RpcStream<never, etcd.SnapshotChunk>, call: RpcCall): Promise<void> {
        if (callers.isNeeded) member.state.auth.checkAdmin(await callers.of(call));
        await serveSnapshot(member, stream);
      },
    },
  };
}
