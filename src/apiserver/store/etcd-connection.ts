/** The store's view of etcd stood on a real client: calls pass through, watches become listeners. */
import type { EtcdClient } from '#etcd/client';
import type { Etcd, EtcdWatch, EtcdWatchListener } from './etcd.ts';
import type { etcd } from '#contracts';
import { RpcError } from '#host';

/** Follows one watch of the client until it ends, and tells why. */
function follow(client: EtcdClient, request: etcd.WatchCreateRequest, listener: EtcdWatchListener): EtcdWatch {
  let isCancelled = false;
  let opened: Awaited<ReturnType<EtcdClient['watch']>> | undefined;
  const end = (error: unknown): void => {
    if (isCancelled) return;
    const compactRevision = opened?.compactRevision;
    if (compactRevision !== undefined) {
      const header = { clusterId: '0', memberId: '0', revision: 0, raftTerm: 0 };
      listener.onResponse({ header, watchId: 0, canceled: true, compactRevision, events: [] });
    }
    listener.onEnd(error instanceof Error ? error : new Error(String(error)));
  };
  const run = async (): Promise<void> => {
    opened = await client.watch(request, { requireLeader: true });
    if (isCancelled) return opened.cancel();
    for (let response = await opened.receive(); response; response = await opened.receive()) {
      if (isCancelled) return;
      listener.onResponse(response);
    }
    end(new Error('the watch was closed'));
  };
  run().catch(end);
  return {
    cancel() {
      isCancelled = true;
      opened?.cancel();
    },
    requestProgress() {
      opened?.requestProgress().catch(() => opened?.cancel());
    },
  };
}

/** A failure as clientv3 hands it to the API server: etcd's own errors bare, those of the connection as gRPC writes them. */
function inGoWords(error: unknown): never {
  if (!(error instanceof RpcError) || error.code !== 'Unavailable' || error.message.startsWith('etcdserver:')) throw error;
  throw new RpcError(error.code, `rpc error: code = ${error.code} desc = ${error.message}`);
}

/** The store's etcd on a client. */
export function etcdConnection(client: EtcdClient): Etcd {
  return {
    range: (request, options) => client.range(request, options).catch(inGoWords),
    txn: (request, options) => client.txn(request, options).catch(inGoWords),
    watch: (request, listener) => follow(client, request, listener),
    grantLease: async (ttl) => (await client.leaseGrant({ ttl })).id,
    compact: async (revision) => void (await client.compact({ revision })),
  };
}
