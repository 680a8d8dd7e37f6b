/**
 * What every stage of the chain can reach: the server's stores and caches, and the one request it works on. Made by
 * `createApiServer`; nothing here is global.
 */
import type { Kind, StrategyContext } from '#api';
import type { KubeObject } from '#apimachinery';
import type { Attributes, Clock, Crypto, HeaderPairs, HttpRequest, HttpResponse, Metrics, Peer, Random, Span } from '#host';
import type { AdmissionChain } from './admission/plugin.ts';
import type { ServedKinds } from './apiextensions/served-kinds.ts';
import type { ServiceAllocator } from './allocation/service-allocator.ts';
import type { TokenVerifier } from './authentication/service-account-token.ts';
import type { Authorizer } from './authorization/authorizer.ts';
import type { RbacRules } from './authorization/rbac.ts';
import type { ApiServerConfig } from './config.ts';
import type { HealthChecks } from './health/checks.ts';
import type { ServerMetrics } from './health/server-metrics.ts';
import type { OpenApiDocuments } from './openapi/index.ts';
import type { RequestInfo } from './request-info.ts';
import type { Etcd } from './store/etcd.ts';
import type { ObjectStore } from './store/object-store.ts';
import type { Trace } from './trace.ts';
import type { WatchCaches } from './watch-cache/caches.ts';

/** Who asks. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Sends a request to a node's kubelet over https with the API server's client certificate. */
export interface KubeletConnector {
  request(address: string, port: number, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}

/** What a server stands on. */
export interface ApiServerOptions {
  readonly config: ApiServerConfig;
  readonly etcd: Etcd;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly metrics: Metrics;
  /** Absent: log, exec and their like answer 503. */
  readonly kubelets?: KubeletConnector;
  /** Asks a component on this host over https, whoever signed its certificate. Rejects when it does not answer. Absent: nothing to ask. */
  readonly probe?: (port: number, path: string) => Promise<{ readonly status: number; readonly text: string }>;
  /** What OpenAPI says of types and fields, as JSON; fetched when first asked for. Absent: documents without descriptions. */
  readonly descriptions?: () => Promise<string>;
  log(level: 'info' | 'warning' | 'error', message: string): void;
  /** Hears whether the server is ready, whenever somebody asks for /readyz. */
  onReadiness?(isReady: boolean): void;
  /** Begins a span of a request's trace; absent where nobody looks. */
  span?(name: string, attributes: Attributes, parent: string | undefined): Span;
}

/** The running server as its parts see it. */
export interface Core extends ApiServerOptions {
  readonly store: ObjectStore;
  readonly caches: WatchCaches;
  readonly served: ServedKinds;
  readonly verifyToken: TokenVerifier;
  readonly authorizer: Authorizer;
  readonly rules: RbacRules;
  readonly admission: AdmissionChain;
  readonly services: ServiceAllocator;
  readonly health: HealthChecks;
  readonly serverMetrics: ServerMetrics;
  readonly openApi: OpenApiDocuments;
  /** Of the one request that this copy of the core serves, where it is followed. */
  readonly trace?: Trace;
  /** Time and chance for strategies, as of now. */
  strategyContext(): StrategyContext;
  /** The user's own requests inside the server (post-start hooks, allocation): system:apiserver, never over a socket. */
  readonly loopbackUser: User;
}

/** One request on its way through the chain. */
export interface Exchange {
  readonly info: RequestInfo;
  readonly headers: HeaderPairs;
  readonly peer: Peer | undefined;
  readonly signal: AbortSignal;
  readonly user: User;
  /** Wall time at which the request came. */
  readonly nowMs: number;
  /** Texts for Warning headers, in order, each once. */
  readonly warnings: Set<string>;
  readonly trace?: Trace;
  /** Hears of the object that the request wrote, for its span. */
  wrote?(object: KubeObject): void;
  /** The whole body; throws 413 beyond the limit. */
  readBody(): Promise<string>;
}

/** What a stage answers when it has an object to show; rendering is left to the end of the chain. */
export interface ObjectReply {
  readonly status: number;
  readonly object: object;
  /** The kind of the object or of the list's items: lets it be rendered as a Table. */
  readonly kind?: Kind;
  /** The ready JSON of `object`, where a cache has it. */
  readonly json?: string;
}

/** An object as a kind's REST endpoint returns it. */
export function objectReply(status: number, object: KubeObject, kind?: Kind, json?: string): ObjectReply {
  return { status, object, ...(kind ? { kind } : {}), ...(json !== undefined ? { json } : {}) };
}
