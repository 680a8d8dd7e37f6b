/**
 * The API server as a function from request to answer: it takes its etcd, clock, chance and keys from outside, so that the
 * same server runs behind a socket, in the simulator and in a test. The chain's stages are in chain/, in order of their numbers.
 */
import type { StrategyContext } from '#api';
import type { KubeObject } from '#apimachinery';
import { header, randomSuffix, randomUid, type HeaderPairs, type HttpAnswer, type HttpHandler, type IncomingRequest } from '#host';
import { admissionFor } from './admission/index.ts';
import { createServedKinds } from './apiextensions/served-kinds.ts';
import { createClusterIps } from './allocation/cluster-ips.ts';
import { createNodePorts } from './allocation/node-ports.ts';
import { createServiceAllocator } from './allocation/service-allocator.ts';
import { createTokenVerifier } from './authentication/service-account-token.ts';
import { createAuthorizer } from './authorization/authorizer.ts';
import { createRbac } from './authorization/rbac.ts';
import { startBootstrap, type Bootstrap } from './bootstrap/index.ts';
import { authenticate } from './chain/1-authentication.ts';
import { authorize } from './chain/2-authorization.ts';
import { serveFromStorage } from './chain/6-storage.ts';
import type { ApiServerOptions, Core, Exchange, User } from './core.ts';
import { createClassifier } from './flowcontrol/classification.ts';
import { createHealthChecks } from './health/checks.ts';
import { etcdCheck } from './health/etcd-check.ts';
import { createServerMetrics } from './health/server-metrics.ts';
import { createInFlight, isLongRunning, type InFlight, readLimitedBody, withTimeout } from './limits.ts';
import { createOpenApiDocuments } from './openapi/index.ts';
import type { Descriptions } from './openapi/schemas.ts';
import { renderError } from './render.ts';
import { requestInfoOf, type RequestInfo } from './request-info.ts';
import { createObjectStore } from './store/object-store.ts';
import { objectAttributes, stagedAtOnce, type Trace } from './trace.ts';
import { createWatchCaches } from './watch-cache/caches.ts';

/** A running API server. */
export interface ApiServer {
  readonly handler: HttpHandler;
  /** Fills the caches and runs the post-start hooks; settles when the server is ready. */
  start(): Promise<void>;
  /** Ends watches, takes the server out of the `kubernetes` Service. */
  stop(): Promise<void>;
  readonly core: Core;
}

function quoteWarning(text: string): string {
  return `299 - "${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', ' ')}"`;
}

/** The descriptions of types; none where they cannot be had, which the log says. */
async function descriptionsOf({ descriptions, log }: ApiServerOptions): Promise<Descriptions> {
  if (!descriptions) return {};
  try {
    return JSON.parse(await descriptions()) as Descriptions;
  } catch (error) {
    log('warning', `OpenAPI is served without descriptions: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
}

/** Headers every answer of a request carries. */
function withCommonHeaders(answer: HttpAnswer, auditId: string, flowHeaders: HeaderPairs, warnings: Iterable<string>): HttpAnswer {
  const headers: [string, string][] = [['audit-id', auditId]];
  const hasCacheControl = answer.headers.some(([name]) => name === 'cache-control');
  if (!hasCacheControl && answer.status !== 101) headers.push(['cache-control', 'no-cache, private']);
  for (const [name, value] of [...flowHeaders, ...answer.headers]) headers.push([name, value]);
  for (const warning of warnings) headers.push(['warning', quoteWarning(warning)]);
  return { ...answer, headers };
}

/** OpenTelemetry's names for what a request is about. */
function spanAttributes(request: IncomingRequest, info: RequestInfo): Record<string, string> {
  const { resource, subresource, namespace, name, verb } = info;
  return {
    'http.request.method': request.method,
    'url.path': info.path,
    'user_agent.original': header(request.headers, 'user-agent') ?? '',
    'k8s.verb': verb,
    'k8s.resource': subresource ? `${resource}/${subresource}` : resource,
    'k8s.namespace.name': namespace,
    'k8s.object.name': name,
  };
}

function createCore(options: ApiServerOptions): Core {
  const { etcd, clock, random, crypto, config, metrics } = options;
  const serverMetrics = createServerMetrics(metrics);
  const store = createObjectStore(etcd, clock, (operation, ms) => serverMetrics.etcdRequest(operation, ms));
  const caches = createWatchCaches(etcd, clock);
  const served = createServedKinds(caches, clock, crypto);
  const rules = createRbac(caches);
  const health = createHealthChecks({
    etcd: etcdCheck(clock, () => store.currentRevision()),
    etcdReadiness: etcdCheck(clock, () => store.currentRevision()),
    informersUnsynced: () => caches.unsynced,
    log: (message) => options.log('info', message),
    onReadiness: (isReady) => options.onReadiness?.(isReady),
  });
  const strategyContext = (): StrategyContext => ({
    nowMs: clock.wallMs(),
    newUid: () => randomUid(random),
    randomSuffix: (length) => randomSuffix(random, length),
  });
  const ips = createClusterIps(etcd, clock, random, config.serviceClusterIpRange);
  const ports = createNodePorts(etcd, random, config.serviceNodePortRange);
  return {
    ...options,
    store,
    caches,
    served,
    rules,
    authorizer: createAuthorizer(config.authorizationModes, caches, rules),
    verifyToken: createTokenVerifier(crypto, config.verificationKeys),
    admission: admissionFor(config),
    services: createServiceAllocator(ips, ports),
    health,
    serverMetrics,
    openApi: createOpenApiDocuments(crypto, clock, served, () => descriptionsOf(options)),
    strategyContext,
    loopbackUser: { name: 'system:apiserver', groups: ['system:masters'] },
  };
}

/** What a request's span is told as the stages find it out. */
interface Told {
  user?: User;
  written?: KubeObject;
  readonly trace?: Trace;
}

/** The stages in order. `told` learns who asks even where a later stage refuses. */
async function runChain(
  core: Core,
  inFlight: InFlight,
  request: IncomingRequest,
  info: RequestInfo,
  warnings: Set<string>,
  nowMs: number,
  told: Told,
): Promise<HttpAnswer> {
  const { trace } = told;
  const caller = stagedAtOnce(trace, 'authentication', () => authenticate(core, request.headers, request.peer, nowMs));
  told.user = caller;
  const leave = inFlight.enter(info, caller.groups.includes('system:masters'));
  try {
    const user = stagedAtOnce(trace, 'authorization', () => authorize(core, info, request.headers, caller));
    const exchange: Exchange = {
      info,
      headers: request.headers,
      peer: request.peer,
      signal: request.signal,
      user,
      nowMs,
      warnings,
      ...(trace ? { trace } : {}),
      wrote: (object) => (told.written = object),
      readBody: () => readLimitedBody(request),
    };
    if (isLongRunning(info)) return await serveFromStorage(core, exchange);
    const context = new AbortController();
    const cancel = (): void => context.abort();
    request.signal.addEventListener('abort', cancel, { once: true });
    const work = serveFromStorage({ ...core, store: core.store.during(context.signal, trace), ...(trace ? { trace } : {}) }, exchange);
    return await withTimeout(core.clock, core.config.requestTimeoutMs, work, cancel);
  } finally {
    leave();
  }
}

/** Makes a server; it serves at once, and is ready after `start`. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const core = createCore(options);
  const inFlight = createInFlight(core.config, core.serverMetrics);
  const flowHeaders = createClassifier(core);
  let bootstrap: Bootstrap | undefined;

  const handler: HttpHandler = async (request) => {
    const startedMs = core.clock.monotonicMs();
    const info = requestInfoOf(request.method, request.path);
    const auditId = header(request.headers, 'audit-id') ?? randomUid(core.random);
    const warnings = new Set<string>();
    const traceparent = header(request.headers, 'traceparent');
    const span = core.span?.(`${info.verb} ${info.resource || info.path}`, spanAttributes(request, info), traceparent);
    const told: Told = traceparent && span ? { trace: (stage, attributes = {}) => core.span!(stage, attributes, span.traceparent) } : {};
    let answer: HttpAnswer;
    try {
      answer = await runChain(core, inFlight, request, info, warnings, core.clock.wallMs(), told);
    } catch (error) {
      answer = renderError(error);
      if (answer.status === 500)
        core.log('error', `${request.method} ${request.path}: ${error instanceof Error ? error.message : String(error)}`);
    }
    span?.end({
      'http.response.status_code': answer.status,
      'enduser.id': told.user?.name ?? '',
      ...(told.written ? objectAttributes(told.written) : {}),
    });
    core.serverMetrics.request(info, answer.status, (core.clock.monotonicMs() - startedMs) / 1000);
    return withCommonHeaders(answer, auditId, told.user ? flowHeaders(info, told.user) : [], warnings);
  };

  return {
    core,
    handler,
    async start() {
      bootstrap = startBootstrap(core);
      const informers = core.caches.startAll().then(() => core.health.hookDone('generic-apiserver-start-informers'));
      // A hook that fails ends the server, even while its caches still wait for etcd.
      await Promise.all([bootstrap.ready, informers]);
    },
    async stop() {
      core.health.shutDown();
      await bootstrap?.stop();
      core.caches.stop();
    },
  };
}
