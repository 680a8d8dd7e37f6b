/** A client of etcd's client port: typed calls with fail-over between servers. After clientv3, without its own reconnecting watches. */
import type { etcd } from '#contracts';
import { RpcError, type CallOptions, type Clock, type Random, type RpcStream } from '#host';
import { Endpoints, NotSentError, type Endpoint, type EndpointSettings } from './endpoints.ts';
import { createLogin, isTokenRefused, noLogin, type Credentials, type Login } from './login.ts';
import { openWatch, type EtcdWatch, type WatchOptions } from './watch.ts';
import { keepLeaseAlive, type LeaseKeeper } from './lease-keeper.ts';

/** What a client is made from. */
export interface EtcdClientOptions extends EndpointSettings {
  readonly random: Random;
  /** How long a call may take, fail-over included; default 10,000 (etcd itself gives up after 7,000). */
  readonly timeoutMs?: number;
  /** Logs in with this password before the first call, and again when the token is no longer taken. */
  readonly user?: Credentials;
}

/** Limits of one call. */
export interface EtcdCallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly traceparent?: string;
}

type Header = { readonly header: etcd.ResponseHeader };
type Call<Request, Response> = (request: Request, options?: EtcdCallOptions) => Promise<Response>;

/** Typed calls; every one rejects with RpcError, whose message is etcd's own text. */
export interface EtcdClient {
  readonly range: Call<etcd.RangeRequest, etcd.RangeResponse>;
  readonly put: Call<etcd.PutRequest, etcd.PutResponse>;
  readonly deleteRange: Call<etcd.DeleteRangeRequest, etcd.DeleteRangeResponse>;
  readonly txn: Call<etcd.TxnRequest, etcd.TxnResponse>;
  readonly compact: Call<etcd.CompactionRequest, etcd.CompactionResponse>;
  /** Opens a watch; resolves once the server has confirmed it. What breaks it afterwards is thrown by `receive`; reconnecting is the caller's. */
  watch(request: etcd.WatchCreateRequest, options?: WatchOptions): Promise<EtcdWatch>;
  readonly leaseGrant: Call<etcd.LeaseGrantRequest, etcd.LeaseGrantResponse>;
  readonly leaseRevoke: Call<{ readonly id: string }, Header>;
  readonly leaseTimeToLive: Call<etcd.LeaseTimeToLiveRequest, etcd.LeaseTimeToLiveResponse>;
  readonly leases: Call<Record<string, never>, Header & { readonly leases: readonly { readonly id: string }[] }>;
  /** One keep-alive; TTL 0: the lease is gone. */
  readonly leaseKeepAliveOnce: Call<{ readonly id: string }, etcd.LeaseKeepAliveResponse>;
  /** Keeps a lease alive every third of its TTL until stopped. */
  keepLease(id: string, ttlSeconds: number): LeaseKeeper;
  readonly memberList: Call<{ readonly linearizable?: boolean }, etcd.MemberListResponse>;
  readonly memberAdd: Call<
    { readonly peerUrls: readonly string[]; readonly isLearner?: boolean },
    etcd.MemberListResponse & { readonly member: etcd.Member }
  >;
  readonly memberPromote: Call<{ readonly id: string }, etcd.MemberListResponse>;
  readonly memberRemove: Call<{ readonly id: string }, etcd.MemberListResponse>;
  readonly memberUpdate: Call<{ readonly id: string; readonly peerUrls: readonly string[] }, etcd.MemberListResponse>;
  /** Of the server that happens to be called; make a client with one endpoint to ask a certain one. */
  readonly status: Call<Record<string, never>, etcd.StatusResponse>;
  readonly alarm: Call<
    { readonly action: 'GET' | 'ACTIVATE' | 'DEACTIVATE'; readonly memberId?: string; readonly alarm?: 'NONE' | 'NOSPACE' | 'CORRUPT' },
    Header & { readonly alarms: readonly etcd.AlarmMember[] }
  >;
  readonly defragment: Call<Record<string, never>, Header>;
  readonly hashKv: Call<{ readonly revision?: number }, etcd.HashKvResponse>;
  readonly moveLeader: Call<{ readonly targetId: string }, Header>;
  /** A method of the Auth service by its name there, `UserAdd` …; fields as in `contracts/etcd.ts`. */
  auth<Response>(method: string, request: Readonly<Record<string, unknown>>, options?: EtcdCallOptions): Promise<Header & Response>;
  /** The whole state as text, piece by piece. */
  snapshot(): AsyncGenerator<etcd.SnapshotChunk>;
  close(): void;
}

/** Pause before a call is tried again, as clientv3's back-off. */
const RETRY_PAUSE_MS = 25;
const RETRIES_MAX = 100;

const isUnavailable = (error: unknown): error is RpcError => error instanceof RpcError && error.code === 'Unavailable';
/** etcd waited as long as it waits; asking again would only double that. */
const isEtcdTimeout = (error: RpcError): boolean => error.message.startsWith('etcdserver: request timed out');

class Caller {
  constructor(
    readonly endpoints: Endpoints,
    private readonly clock: Clock,
    private readonly random: Random,
    readonly timeoutMs: number,
    private readonly login: Login,
  ) {}

  /** Calls a server with the caller's token; once more with a new one where the old one is no longer taken. */
  async call<Response>(method: string, isRead: boolean, request: unknown, options: EtcdCallOptions = {}): Promise<Response> {
    if (this.login === noLogin) return this.#callOne<Response>(method, isRead, request, options);
    const metadata = await this.login.metadata();
    try {
      return await this.#callOne<Response>(method, isRead, request, { ...options, metadata });
    } catch (error) {
      if (metadata === undefined || !isTokenRefused(error)) throw error;
      this.login.forget();
      return this.#callOne<Response>(method, isRead, request, { ...options, metadata: await this.login.metadata() });
    }
  }

  /** Calls a server; another one where that is safe: reads when a server is not available, writes only if they were not sent. */
  async #callOne<Response>(
    method: string,
    isRead: boolean,
    request: unknown,
    options: EtcdCallOptions & Pick<CallOptions, 'metadata'>,
  ): Promise<Response> {
    const deadlineMs = this.clock.monotonicMs() + (options.timeoutMs ?? this.timeoutMs);
    for (let attempt = 1; ; attempt++) {
      let endpoint: Endpoint | undefined;
      let done: (() => void) | undefined;
      try {
        endpoint = await this.#connected(deadlineMs);
        done = endpoint.waits();
        const response = await endpoint.client.call<Response>(method, request, {
          ...options,
          timeoutMs: Math.max(1, deadlineMs - this.clock.monotonicMs()),
        });
        endpoint.worked();
        return response;
      } catch (error) {
        if (endpoint) this.#note(endpoint, error);
        const mayRetry = error instanceof NotSentError || (isRead && isUnavailable(error) && !isEtcdTimeout(error));
        if (!mayRetry || attempt >= RETRIES_MAX || this.clock.monotonicMs() >= deadlineMs) throw error;
      } finally {
        done?.();
      }
      if (attempt >= this.endpoints.count) await this.#pause(deadlineMs, options.signal);
    }
  }

  /** The server whose turn it is, once one is connected; rejects with RpcError. */
  async #connected(deadlineMs: number): Promise<Endpoint> {
    const picked = this.endpoints.pick();
    if (!(picked instanceof Promise)) return picked;
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new RpcError('DeadlineExceeded', 'context deadline exceeded'));
      const stop = this.clock.after(Math.max(1, deadlineMs - this.clock.monotonicMs()), late);
      picked.then(resolve, reject).finally(stop);
    });
  }

  /** Keeps a call from going from server to server in circles: a moment, and until one of them has rested. */
  async #pause(deadlineMs: number, signal: AbortSignal | undefined): Promise<void> {
    const pauseMs = Math.max(this.endpoints.restMs, RETRY_PAUSE_MS * (0.9 + this.random.next() / 5));
    await this.clock.sleep(Math.max(1, Math.min(pauseMs, deadlineMs - this.clock.monotonicMs())), signal);
  }

  #note(endpoint: Endpoint, error: unknown): void {
    if (!(error instanceof RpcError)) return;
    const isOfServer = error.message.startsWith('etcdserver:');
    if (error.code === 'DeadlineExceeded' || (error.code === 'Unavailable' && !isOfServer)) endpoint.failed();
  }

  async stream<In, Out>(method: string): Promise<{ stream: RpcStream<In, Out>; endpoint: Endpoint }> {
    const deadlineMs = this.clock.monotonicMs() + this.timeoutMs;
    const metadata = await this.login.metadata();
    for (let attempt = 1; ; attempt++) {
      let endpoint: Endpoint | undefined;
      try {
        endpoint = await this.#connected(deadlineMs);
        return { stream: await endpoint.client.stream<In, Out>(method, { timeoutMs: this.timeoutMs, metadata }), endpoint };
      } catch (error) {
        if (endpoint) this.#note(endpoint, error);
        if (!(error instanceof NotSentError) || this.clock.monotonicMs() >= deadlineMs) throw error;
      }
      if (attempt >= this.endpoints.count) await this.#pause(deadlineMs, undefined);
    }
  }

  async keepAliveOnce(id: string, options: EtcdCallOptions = {}): Promise<etcd.LeaseKeepAliveResponse> {
    const { stream, endpoint } = await this.stream<etcd.LeaseKeepAliveResponse, etcd.LeaseKeepAliveRequest>('Lease/LeaseKeepAlive');
    const stop = this.clock.after(options.timeoutMs ?? this.timeoutMs, () => stream.cancel());
    const done = endpoint.waits();
    try {
      await stream.send({ id });
      const response = await stream.receive();
      if (!response) throw new RpcError('Unavailable', 'error reading from server: EOF');
      return response;
    } finally {
      done();
      stop();
      stream.cancel();
    }
  }

  async *snapshot(): AsyncGenerator<etcd.SnapshotChunk> {
    const { stream } = await this.stream<etcd.SnapshotChunk, never>('Maintenance/Snapshot');
    try {
      for (let chunk = await stream.receive(); chunk; chunk = await stream.receive()) yield chunk;
    } finally {
      stream.cancel();
    }
  }
}

/** A client of the etcd servers at `endpoints`. Connections are made when they are needed and kept. */
export function createEtcdClient(options: EtcdClientOptions): EtcdClient {
  const endpoints = new Endpoints(options, options.random.below(options.endpoints.length));
  const login = createLogin(options.user, (request) => loginCaller.call('Auth/Authenticate', false, request));
  const loginCaller = new Caller(endpoints, options.clock, options.random, options.timeoutMs ?? 10_000, noLogin);
  const caller = new Caller(endpoints, options.clock, options.random, options.timeoutMs ?? 10_000, login);
  const read =
    <Request, Response>(method: string): Call<Request, Response> =>
    (request, limits) =>
      caller.call(method, true, request, limits);
  const write =
    <Request, Response>(method: string): Call<Request, Response> =>
    (request, limits) =>
      caller.call(method, false, request, limits);
  const leaseKeepAliveOnce: EtcdClient['leaseKeepAliveOnce'] = ({ id }, limits) => caller.keepAliveOnce(id, limits);
  return {
    range: read('KV/Range'),
    put: write('KV/Put'),
    deleteRange: write('KV/DeleteRange'),
    txn: write('KV/Txn'),
    compact: write('KV/Compact'),
    async watch(request, limits) {
      const { stream, endpoint } = await caller.stream<etcd.WatchResponse, etcd.WatchRequest>('Watch/Watch');
      return openWatch(stream, endpoint.waits(), options.clock, request, { timeoutMs: caller.timeoutMs, ...limits });
    },
    leaseGrant: write('Lease/LeaseGrant'),
    leaseRevoke: write('Lease/LeaseRevoke'),
    leaseTimeToLive: read('Lease/LeaseTimeToLive'),
    leases: read('Lease/LeaseLeases'),
    leaseKeepAliveOnce,
    keepLease: (id, ttlSeconds) => keepLeaseAlive(options.clock, ttlSeconds, (timeoutMs) => leaseKeepAliveOnce({ id }, { timeoutMs })),
    memberList: read('Cluster/MemberList'),
    memberAdd: write('Cluster/MemberAdd'),
    memberPromote: write('Cluster/MemberPromote'),
    memberRemove: write('Cluster/MemberRemove'),
    memberUpdate: write('Cluster/MemberUpdate'),
    status: read('Maintenance/Status'),
    alarm: write('Maintenance/Alarm'),
    defragment: write('Maintenance/Defragment'),
    hashKv: read('Maintenance/HashKV'),
    moveLeader: write('Maintenance/MoveLeader'),
    auth: (method, request, limits) => caller.call(`Auth/${method}`, false, request, limits),
    snapshot: () => caller.snapshot(),
    close: () => endpoints.close(),
  };
}
