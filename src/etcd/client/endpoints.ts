/**
 * The servers a client may call, and which one is next: round-robin over those that are connected, as gRPC's balancer does for
 * clientv3; the others are dialled in the background. A server whose connection is silent while something waits for it is given up by
 * a keep-alive, or by TCP's user timeout where its machine itself is silent.
 */
import {
  createRpcClient,
  NetworkError,
  RpcError,
  type Certificate,
  type Clock,
  type DialOptions,
  type Identity,
  type Network,
  type RpcClient,
} from '#host';

/** A call that certainly did not reach a server: the connection could not be made. */
export class NotSentError extends RpcError {
  constructor(cause: NetworkError) {
    super('Unavailable', `connection error: desc = "transport: Error while dialing: ${cause.message}"`);
    this.name = 'NotSentError';
  }
}

/** How to reach the servers. */
export interface EndpointSettings {
  readonly network: Network;
  readonly clock: Clock;
  /** URLs such as `https://10.0.0.11:2379`. */
  readonly endpoints: readonly string[];
  readonly identity?: Identity;
  readonly rootCas?: readonly Certificate[];
  /** Default 20,000. */
  readonly dialTimeoutMs?: number;
  /** A connection that waits for something is asked for a sign of life after that long without one. Default 30,000. */
  readonly keepAliveMs?: number;
  /** How long that sign may take. Default 10,000. */
  readonly keepAliveTimeoutMs?: number;
}

/** A server that failed is passed over for so long, doubling up to the most. */
const BACK_OFF_MS_MIN = 50;
const BACK_OFF_MS_MAX = 1_000;

/** One server. */
export class Endpoint {
  readonly client: RpcClient;
  #backOffMs = 0;
  #passedOverUntilMs = 0;
  #waiting = 0;
  #dialling: Promise<this | Error> | undefined;
  #stopKeepAlive: (() => void) | undefined;

  constructor(
    readonly url: string,
    private readonly settings: EndpointSettings,
  ) {
    const match = /^(https?):\/\/([^:/]+):(\d+)\/?$/.exec(url);
    if (!match) throw new Error(`etcd endpoint is no URL with a port: ${url}`);
    const [, scheme, host, port] = match;
    const { network, clock, identity, rootCas, dialTimeoutMs = 20_000 } = settings;
    const options: DialOptions = {
      timeoutMs: dialTimeoutMs,
      userTimeoutMs: settings.keepAliveTimeoutMs ?? 10_000,
      ...(scheme === 'https' ? { ...(identity ? { identity } : {}), rootCas: rootCas ?? [] } : {}),
    };
    // Failing to connect must be told apart from failing afterwards: only then may a write be sent elsewhere.
    const dialling: Network = {
      addresses: network.addresses,
      listen: (...args) => network.listen(...args),
      datagram: (...args) => network.datagram(...args),
      dial: (...args) =>
        network.dial(...args).catch((error: unknown) => {
          throw error instanceof NetworkError ? new NotSentError(error) : error;
        }),
    };
    this.client = createRpcClient(dialling, clock, host === 'localhost' ? '127.0.0.1' : host!, Number(port), options);
  }

  /** Whether it is passed over just now. */
  isResting(nowMs: number): boolean {
    return nowMs < this.#passedOverUntilMs;
  }
  get restsUntilMs(): number {
    return this.#passedOverUntilMs;
  }

  /** Whether calls go to it at once. */
  get isConnected(): boolean {
    return this.client.isConnected;
  }
  /** Dials it unless it is connected or being dialled. Gives itself, or why it cannot be reached; then it rests. */
  connect(): Promise<this | Error> {
    this.#dialling ??= this.client.connect().then(
      () => {
        this.#dialling = undefined;
        return this;
      },
      (error: unknown) => {
        this.#dialling = undefined;
        this.failed();
        return error instanceof Error ? error : new Error(String(error));
      },
    );
    return this.#dialling;
  }

  failed(): void {
    this.#backOffMs = Math.min(Math.max(BACK_OFF_MS_MIN, this.#backOffMs * 2), BACK_OFF_MS_MAX);
    this.#passedOverUntilMs = this.settings.clock.monotonicMs() + this.#backOffMs;
  }
  worked(): void {
    this.#backOffMs = 0;
    this.#passedOverUntilMs = 0;
  }

  /** Watches over the connection until the returned function is called. */
  waits(): () => void {
    if (++this.#waiting === 1) this.#stopKeepAlive = this.settings.clock.every(this.settings.keepAliveMs ?? 30_000, () => this.#ping());
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      if (--this.#waiting > 0) return;
      this.#stopKeepAlive?.();
      this.#stopKeepAlive = undefined;
    };
  }

  #ping(): void {
    this.client.call('Maintenance/Status', {}, { timeoutMs: this.settings.keepAliveTimeoutMs ?? 10_000 }).then(
      () => this.worked(),
      (error: unknown) => {
        // An answer of the server is a sign of life, whatever it says.
        if (error instanceof RpcError && error.code !== 'DeadlineExceeded' && error.code !== 'Unavailable') return;
        this.failed();
        this.client.close();
      },
    );
  }

  close(): void {
    this.#stopKeepAlive?.();
    this.client.close();
  }
}

/** The first that gets connected; rejects with the last failure when none does. */
function firstConnected(dials: readonly Promise<Endpoint | Error>[]): Promise<Endpoint> {
  let left = dials.length;
  return new Promise((resolve, reject) => {
    for (const dial of dials)
      void dial.then((outcome) => {
        if (!(outcome instanceof Error)) resolve(outcome);
        else if (--left === 0) reject(outcome);
      });
  });
}

/** The servers of a client. */
export class Endpoints {
  readonly #endpoints: readonly Endpoint[];
  readonly #clock: Clock;
  #next: number;

  /** `first`: which server is called first, so that clients spread. */
  constructor(settings: EndpointSettings, first: number) {
    this.#endpoints = settings.endpoints.map((url) => new Endpoint(url, settings));
    if (this.#endpoints.length === 0) throw new Error('etcdclient: no available endpoints');
    this.#clock = settings.clock;
    this.#next = first % this.#endpoints.length;
  }

  get count(): number {
    return this.#endpoints.length;
  }

  /**
   * The server to call now: the next one that is connected and not resting. Where none is, the first that can be connected (of those not
   * resting, or else the one whose rest is over first); rejects with the RpcError of the last one that cannot.
   */
  pick(): Endpoint | Promise<Endpoint> {
    const nowMs = this.#clock.monotonicMs();
    const awake = this.#endpoints.filter((endpoint) => !endpoint.isResting(nowMs));
    // Who cannot be reached rests; a later pick dials again.
    const dials = awake.filter(({ isConnected }) => !isConnected).map((endpoint) => endpoint.connect());
    for (let tried = 0; tried < this.#endpoints.length; tried++) {
      const endpoint = this.#endpoints[(this.#next + tried) % this.#endpoints.length]!;
      if (endpoint.isResting(nowMs) || !endpoint.isConnected) continue;
      this.#next = (this.#next + tried + 1) % this.#endpoints.length;
      return endpoint;
    }
    const [soonest] = [...this.#endpoints].sort((one, other) => one.restsUntilMs - other.restsUntilMs);
    return firstConnected(dials.length > 0 ? dials : [soonest!.connect()]);
  }

  /** How long until some server is not resting; 0 if one is not now. */
  get restMs(): number {
    const nowMs = this.#clock.monotonicMs();
    return Math.max(0, Math.min(...this.#endpoints.map((endpoint) => endpoint.restsUntilMs)) - nowMs);
  }

  close(): void {
    for (const endpoint of this.#endpoints) endpoint.close();
  }
}
