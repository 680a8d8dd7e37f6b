/** One watch of a client, on a stream of its own. */
import type { etcd } from '#contracts';
import { RpcError, type Clock, type RpcStream } from '#host';

/** How a watch is opened. */
export interface WatchOptions {
  /** End the watch when its server has been without a leader for long (clientv3's WithRequireLeader). */
  readonly requireLeader?: boolean;
  /** How long the confirmation may take. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A watch that the server has confirmed. */
export interface EtcdWatch {
  readonly watchId: number;
  /** The store's revision when the watch began. */
  readonly startedAtRevision: number;
  /**
   * The next response: events (all of a revision together), or progress (no events; everything up to `header.revision` was sent).
   * Undefined once cancelled here. Throws RpcError: `OutOfRange` with etcd's compaction text if the start was compacted
   * (see `compactRevision`), `Canceled` if the server cancelled it, `Unavailable` if the server is gone.
   */
  receive(): Promise<etcd.WatchResponse | undefined>;
  /** Asks for a progress response. */
  requestProgress(): Promise<void>;
  cancel(): void;
  /** Set when the watch ended because its start was compacted. */
  readonly compactRevision: number | undefined;
}

type ClientStream = RpcStream<etcd.WatchResponse, etcd.WatchRequest>;

async function confirmation(stream: ClientStream, clock: Clock, timeoutMs: number): Promise<etcd.WatchResponse> {
  let isLate = false;
  const stop = clock.after(timeoutMs, () => {
    isLate = true;
    stream.cancel();
  });
  try {
    const response = await stream.receive();
    if (!response) throw new RpcError('Unavailable', 'error reading from server: EOF');
    return response;
  } catch (error) {
    throw isLate ? new RpcError('DeadlineExceeded', 'context deadline exceeded') : error;
  } finally {
    stop();
  }
}

/** Begins a watch on a fresh stream; `done` is called when it has ended. */
export async function openWatch(
  stream: ClientStream,
  done: () => void,
  clock: Clock,
  request: etcd.WatchCreateRequest,
  options: WatchOptions & { timeoutMs: number },
): Promise<EtcdWatch> {
  let isCancelled = false;
  let compactRevision: number | undefined;
  const cancel = (): void => {
    if (isCancelled) return;
    isCancelled = true;
    done();
    stream.cancel();
  };
  options.signal?.addEventListener('abort', cancel, { once: true });
  const ended = (response: etcd.WatchResponse): RpcError => {
    compactRevision = response.compactRevision;
    if (compactRevision !== undefined) return new RpcError('OutOfRange', 'etcdserver: mvcc: required revision has been compacted');
    return new RpcError('Canceled', response.cancelReason ?? 'etcdserver: watch canceled');
  };
  let created: etcd.WatchResponse;
  try {
    await stream.send({ create: { ...request, ...(options.requireLeader ? { requireLeader: true } : {}) } });
    created = await confirmation(stream, clock, options.timeoutMs);
    if (created.canceled) throw ended(created);
  } catch (error) {
    cancel();
    throw error;
  }
  return {
    watchId: created.watchId,
    startedAtRevision: created.header.revision,
    async receive() {
      if (isCancelled) return undefined;
      try {
        const response = await stream.receive();
        if (response && !response.canceled) return response;
        throw response ? ended(response) : new RpcError('Unavailable', 'error reading from server: EOF');
      } catch (error) {
        if (isCancelled) return undefined;
        cancel();
        throw error;
      }
    },
    requestProgress: () => stream.send({ progress: {} }),
    cancel,
    get compactRevision() {
      return compactRevision;
    },
  };
}
