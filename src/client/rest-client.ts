/**
 * The REST client: client-go's rest.Request and typed clients over one kept connection. Answers objects, throws StatusError
 * for what the server refused and RequestError where no answer came; repeats what the server asks to repeat (Retry-After).
 * Left out: protobuf, client-side rate limiting (the server's is enough).
 */
import { collectionPath } from '#api';
import type { KubeList, KubeObject, Status } from '#apimachinery';
import {
  createHttpClient,
  header,
  NetworkError,
  type BodyChunk,
  type Clock,
  type Files,
  type HeaderPairs,
  type HttpClient,
  type HttpResponse,
  type Network,
} from '#host';
import { statusErrorOf } from './server-response.ts';
import { resolveServer } from './server-address.ts';
import { requestErrorOf } from './request-error.ts';
import type { Resource } from './resource.ts';
import type { RestConfig } from './kubeconfig.ts';
import { followSignal } from './signals.ts';
import { decodeWatch, type WatchStream } from './watch-stream.ts';

/** What a client stands on. `files` is read for /etc/hosts where the server is given by name. */
export interface RestClientOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly files?: Files;
  readonly config: RestConfig;
  /** `kube-scheduler/v1.33.0 (linux/amd64) kubernetes/60a317e/leader-election`. */
  readonly userAgent: string;
}

/** A request below the typed verbs. `path` starts at the API's root and carries the query. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: HeaderPairs;
  /** A value that is neither text nor bytes is sent as JSON. */
  readonly body?: unknown;
  /** Deadline until the answer's head is there; default that of the configuration. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** `traceparent` of the work this belongs to. */
  readonly traceparent?: string;
  /** False: an answer with Retry-After is given as it came, for a caller that passes answers on. */
  readonly repeats?: boolean;
}

/** Options of every typed verb. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly traceparent?: string;
}
/** Which objects of a collection. */
export interface ListOptions extends RequestOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  readonly limit?: number;
  readonly continue?: string;
}
/** Which changes of a collection. */
export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean;
  readonly timeoutSeconds?: number;
}
/** How to write. */
export interface WriteOptions extends RequestOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  /** `status`, `binding`, `scale`, `eviction` … */
  readonly subresource?: string;
}
/** Which patch a body is, by the last part of its media type. */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';
/** How to delete (meta/v1 DeleteOptions). */
export interface DeleteOptions extends RequestOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

/** A client of one API server (or of the load balancer in front of several). Typed verbs reject with StatusError or RequestError. */
export interface RestClient {
  readonly config: RestConfig;
  /** Sends a request and answers whatever comes, also failures; rejects only with RequestError. */
  request(request: RawRequest): Promise<HttpResponse>;
  /** As `request`, the decoded JSON body; rejects with StatusError for status 400 and up. */
  json<T>(request: RawRequest): Promise<T>;
  get<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    namespace?: string,
    options?: RequestOptions & { resourceVersion?: string; subresource?: string },
  ): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<KubeList<T>>;
  /** Resolves when the server has answered 200; the events then come until the server ends the watch or `stop` is called. */
  watch<T extends KubeObject>(resource: Resource<T>, options?: WatchOptions): Promise<WatchStream<T>>;
  /** Creates in the object's namespace; with `subresource` below the object's name (pods/x/binding). */
  create<T extends KubeObject, R extends KubeObject = T>(resource: Resource<T>, object: R, options?: WriteOptions): Promise<R>;
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** `force` only for apply. */
  patch<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    namespace: string | undefined,
    type: PatchType,
    body: unknown,
    options?: WriteOptions & { force?: boolean },
  ): Promise<T>;
  /** Answers the object that is now going, or a Success Status. */
  delete<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string, options?: DeleteOptions): Promise<T | Status>;
  deleteCollection<T extends KubeObject>(resource: Resource<T>, options?: ListOptions & DeleteOptions): Promise<void>;
  /** Ends the kept connection and what runs on it. */
  close(): void;
}

const PATCH_MEDIA_TYPES: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};
const DEFAULT_TIMEOUT_MS = 60_000;
/** How often client-go repeats a request that was answered with Retry-After. */
const MAX_RETRIES = 10;

/** The path of an object or collection below the API's root, with a query of the given parameters (undefined ones left out). */
export function resourcePath(
  resource: Resource,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  let path = collectionPath(resource, namespace);
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  if (subresource) path += `/${subresource}`;
  const parameters = Object.entries(query).filter(
    (entry): entry is [string, string | number | boolean] => entry[1] !== undefined && entry[1] !== '' && entry[1] !== false,
  );
  if (!parameters.length) return path;
  return `${path}?${parameters.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join('&')}`;
}

function encodeBody(body: unknown): BodyChunk | undefined {
  if (body === undefined) return undefined;
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}

/** Seconds of a Retry-After of an answer that client-go repeats (429 and 5xx). */
function retryAfterSecondsOf(response: HttpResponse): number | undefined {
  if (response.status !== 429 && response.status < 500) return undefined;
  const text = header(response.headers, 'retry-after');
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The response, letting go of its signal once its body was read or given up. */
function releasing(response: HttpResponse, release: () => void): HttpResponse {
  return {
    ...response,
    text: () => response.text().finally(release),
    async *chunks() {
      try {
        yield* response.chunks();
      } finally {
        release();
      }
    },
    cancel() {
      release();
      response.cancel();
    },
  };
}

/** The sending half: addresses, credentials, repeats. */
function transport(options: RestClientOptions): { request: (request: RawRequest) => Promise<HttpResponse>; close: () => void } {
  const { config, clock } = options;
  const server = resolveServer(config.server, options.files);
  let http: HttpClient | undefined;
  const clientOf = (): HttpClient => {
    const isTls = server.protocol === 'https';
    http ??= createHttpClient(options.network, clock, {
      address: server.address(),
      port: server.port,
      ...(config.identity && isTls ? { identity: config.identity } : {}),
      ...(isTls ? { rootCas: config.rootCas ?? [], serverName: config.serverName ?? server.name } : {}),
      ...(config.insecureSkipVerify && isTls ? { insecureSkipVerify: true } : {}),
    });
    return http;
  };
  const headersOf = (request: RawRequest): HeaderPairs => {
    const headers: [string, string][] = [['host', server.host]];
    for (const [name, value] of request.headers ?? []) headers.push([name, value]);
    const has = (name: string): boolean => headers.some(([key]) => key === name);
    if (!has('user-agent')) headers.push(['user-agent', options.userAgent]);
    if (!has('accept')) headers.push(['accept', 'application/json']);
    if (request.body !== undefined && !has('content-type')) headers.push(['content-type', 'application/json']);
    const token = config.token?.();
    if (token && !has('authorization')) headers.push(['authorization', `Bearer ${token}`]);
    if (config.impersonate) {
      headers.push(['impersonate-user', config.impersonate.user]);
      for (const group of config.impersonate.groups ?? []) headers.push(['impersonate-group', group]);
    }
    if (request.traceparent) headers.push(['traceparent', request.traceparent]);
    return headers;
  };
  const send = async (request: RawRequest): Promise<HttpResponse> => {
    const body = encodeBody(request.body);
    const path = server.prefix + request.path;
    const followed = request.signal && followSignal(request.signal);
    const limits = {
      timeoutMs: request.timeoutMs ?? config.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      ...(followed ? { signal: followed.signal } : {}),
    };
    try {
      const response = await clientOf().request(
        { method: request.method, path, headers: headersOf(request), ...(body === undefined ? {} : { body }) },
        limits,
      );
      return followed ? releasing(response, followed.release) : response;
    } catch (error) {
      followed?.release();
      throw requestErrorOf(error, request.method, `${server.protocol}://${server.host}${path}`, server.host);
    }
  };
  return {
    async request(request) {
      for (let attempt = 0; ; attempt++) {
        const response = await send(request);
        if (request.repeats === false) return response;
        const retryAfterSeconds = retryAfterSecondsOf(response);
        if (retryAfterSeconds === undefined || attempt >= MAX_RETRIES) return response;
        response.cancel();
        await clock.sleep(retryAfterSeconds * 1000, request.signal);
      }
    },
    close: () => http?.close(),
  };
}

const nameOf = (object: KubeObject): string => object.metadata.name;
const limitsOf = ({ signal, timeoutMs, traceparent }: RequestOptions = {}): RequestOptions => ({
  ...(signal ? { signal } : {}),
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  ...(traceparent ? { traceparent } : {}),
});
const listQuery = (options: ListOptions): Record<string, string | number | boolean | undefined> => ({
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
  resourceVersion: options.resourceVersion,
  resourceVersionMatch: options.resourceVersionMatch,
  limit: options.limit,
  continue: options.continue,
});
const writeQuery = (options: WriteOptions): Record<string, string | undefined> => ({
  dryRun: options.dryRun ? 'All' : undefined,
  fieldManager: options.fieldManager,
  fieldValidation: options.fieldValidation,
});
const deleteBody = (options: DeleteOptions): Record<string, unknown> => ({
  kind: 'DeleteOptions',
  apiVersion: 'v1',
  ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
  ...(options.propagationPolicy ? { propagationPolicy: options.propagationPolicy } : {}),
  ...(options.preconditions ? { preconditions: options.preconditions } : {}),
  ...(options.dryRun ? { dryRun: ['All'] } : {}),
});

type Wire = ReturnType<typeof transport>;
type Json = RestClient['json'];

function jsonOf(wire: Wire, server: string): Json {
  return async <T>(request: RawRequest): Promise<T> => {
    const response = await wire.request(request);
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      throw error instanceof NetworkError ? requestErrorOf(error, request.method, server + request.path, server) : error;
    }
    if (response.status >= 400) throw statusErrorOf(response.status, text, request.method, request.path);
    return JSON.parse(text) as T;
  };
}

function readVerbs(wire: Wire, json: Json, server: string): Pick<RestClient, 'get' | 'list' | 'watch'> {
  return {
    get: (resource, name, namespace, get = {}) =>
      json({
        method: 'GET',
        path: resourcePath(resource as Resource, namespace, name, get.subresource, { resourceVersion: get.resourceVersion }),
        ...limitsOf(get),
      }),
    list: (resource, list = {}) =>
      json({
        method: 'GET',
        path: resourcePath(resource as Resource, list.namespace, undefined, undefined, listQuery(list)),
        ...limitsOf(list),
      }),
    async watch(resource, watch = {}) {
      const query = {
        ...listQuery(watch),
        watch: true,
        allowWatchBookmarks: watch.allowWatchBookmarks,
        timeoutSeconds: watch.timeoutSeconds,
      };
      const path = resourcePath(resource as Resource, watch.namespace, undefined, undefined, query);
      const response = await wire.request({ method: 'GET', path, ...limitsOf(watch) });
      if (response.status >= 400) throw statusErrorOf(response.status, await response.text(), 'GET', path);
      return decodeWatch(response, (error) => requestErrorOf(error, 'GET', server + path, server));
    },
  };
}

function writeVerbs(json: Json): Pick<RestClient, 'create' | 'update' | 'updateStatus' | 'patch' | 'delete' | 'deleteCollection'> {
  const put = <T extends KubeObject>(resource: Resource<T>, object: T, write: WriteOptions): Promise<T> =>
    json<T>({
      method: 'PUT',
      path: resourcePath(resource as Resource, object.metadata.namespace, nameOf(object), write.subresource, writeQuery(write)),
      body: object,
      ...limitsOf(write),
    });
  return {
    create: (resource, object, write = {}) => {
      const below = write.subresource ? nameOf(object) : undefined;
      return json({
        method: 'POST',
        path: resourcePath(resource as Resource, object.metadata.namespace, below, write.subresource, writeQuery(write)),
        body: object,
        ...limitsOf(write),
      });
    },
    update: (resource, object, write = {}) => put(resource, object, write),
    updateStatus: (resource, object, write = {}) => put(resource, object, { ...write, subresource: 'status' }),
    patch: (resource, name, namespace, type, body, write = {}) =>
      json({
        method: 'PATCH',
        path: resourcePath(resource as Resource, namespace, name, write.subresource, { ...writeQuery(write), force: write.force }),
        headers: [['content-type', PATCH_MEDIA_TYPES[type]]],
        body,
        ...limitsOf(write),
      }),
    delete: (resource, name, namespace, deletion = {}) =>
      json({
        method: 'DELETE',
        path: resourcePath(resource as Resource, namespace, name),
        body: deleteBody(deletion),
        ...limitsOf(deletion),
      }),
    async deleteCollection(resource, deletion = {}) {
      await json({
        method: 'DELETE',
        path: resourcePath(resource as Resource, deletion.namespace, undefined, undefined, listQuery(deletion)),
        body: deleteBody(deletion),
        ...limitsOf(deletion),
      });
    },
  };
}

/** A client of the API at `config.server`. Nothing is dialled before the first request. */
export function restClient(options: RestClientOptions): RestClient {
  const { config } = options;
  const wire = transport(options);
  const json = jsonOf(wire, config.server);
  return { config, request: wire.request, json, close: wire.close, ...readVerbs(wire, json, config.server), ...writeVerbs(json) };
}
