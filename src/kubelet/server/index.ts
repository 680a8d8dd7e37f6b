/** The kubelet's API: 10250 over TLS for the API server (logs, exec, attach, port-forward, pods, stats, metrics) and 10248 for health on the loopback. */
import type { Pod, PodStatus } from '#api';
import { maybeParseTime } from '#apimachinery';
import { servingIdentity } from '#client';
import { listenHttp, type HttpAnswer, type HttpHandler, type IncomingRequest, type RpcStream } from '#host';
import type { cri } from '#contracts';
import type { KubeletContext } from '../context.ts';
import { LABEL_CONTAINER_NAME } from '../cri-client.ts';
import { statsSummary, resourceMetrics } from '../stats.ts';
import { joinExec, joinPortForward } from './exec-channel.ts';
import { readLog, type LogOptions } from './log-reader.ts';

/** What the server shows. */
export interface KubeletServerOptions {
  readonly context: KubeletContext;
  readonly pods: () => Pod[];
  readonly status: (uid: string) => PodStatus | undefined;
}

const text = (status: number, body: string): HttpAnswer => ({ status, headers: [['content-type', 'text/plain; charset=utf-8']], body });
const json = (value: unknown): HttpAnswer => ({
  status: 200,
  headers: [['content-type', 'application/json']],
  body: JSON.stringify(value),
});
const flag = (query: URLSearchParams, name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
const number = (query: URLSearchParams, name: string): number | undefined => (query.has(name) ? Number(query.get(name)) : undefined);

/** Users who may do everything here, as the RBAC of kubeadm grants it through system:kubelet-api-admin. */
const ADMINISTRATORS: readonly string[] = ['kube-apiserver-kubelet-client'];
const MONITORS: readonly string[] = ['system:serviceaccount:kube-system:metrics-server'];

function refusal(request: IncomingRequest): HttpAnswer | undefined {
  const { certificate } = request.peer;
  if (!certificate) return text(401, 'Unauthorized');
  const { commonName, organizations } = certificate.subject;
  const isReading = request.method === 'GET' && /^\/(metrics|stats)/.test(request.path);
  if (ADMINISTRATORS.includes(commonName) || organizations.includes('system:masters') || (isReading && MONITORS.includes(commonName)))
    return undefined;
  const verb = request.method === 'GET' ? 'get' : 'create';
  return text(403, `Forbidden (user=${commonName}, verb=${verb}, resource=nodes, subresource(s)=[proxy])`);
}

function podOf(options: KubeletServerOptions, namespace: string, name: string): Pod | undefined {
  return options.pods().find((pod) => pod.metadata.namespace === namespace && pod.metadata.name === name);
}

async function instancesOf({ context }: KubeletServerOptions, pod: Pod, container: string): Promise<readonly cri.ContainerStatus[]> {
  const runtime = await context.cri.pod(pod.metadata.uid!);
  return (runtime?.containers ?? []).filter((status) => status.labels[LABEL_CONTAINER_NAME] === container);
}

async function containerLogs(
  options: KubeletServerOptions,
  request: IncomingRequest,
  namespace: string,
  name: string,
  container: string,
  query: URLSearchParams,
): Promise<HttpAnswer> {
  const { context } = options;
  const { files, clock } = context.process;
  const pod = podOf(options, namespace, name);
  if (!pod) return text(404, `pod "${name}" does not exist\n`);
  const known = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []), ...(pod.spec?.ephemeralContainers ?? [])].some(
    (candidate) => candidate.name === container,
  );
  if (!known) return text(404, `container "${container}" not found in pod "${name}"\n`);
  const instances = await instancesOf(options, pod, container);
  const previous = flag(query, 'previous');
  const instance = previous
    ? instances.filter(
        (status) =>
          status.state === 'CONTAINER_EXITED' && status !== (instances[0]?.state === 'CONTAINER_EXITED' ? undefined : instances[0]),
      )[0]
    : instances[0];
  if (previous && !instance) return text(400, `previous terminated container "${container}" in pod "${name}" not found\n`);
  if (!instance) {
    const state = options.status(pod.metadata.uid!)?.containerStatuses?.find((status) => status.name === container)?.state?.waiting;
    const why =
      state?.reason === 'ErrImagePull' || state?.reason === 'ImagePullBackOff'
        ? `trying and failing to pull image`
        : (state?.reason ?? 'ContainerCreating');
    return text(400, `container "${container}" in pod "${name}" is waiting to start: ${why}\n`);
  }
  const sinceSeconds = number(query, 'sinceSeconds');
  const log: LogOptions = {
    follow: flag(query, 'follow'),
    tailLines: number(query, 'tailLines'),
    sinceMs: sinceSeconds === undefined ? maybeParseTime(query.get('sinceTime')) : clock.wallMs() - sinceSeconds * 1000,
    timestamps: flag(query, 'timestamps'),
    limitBytes: number(query, 'limitBytes'),
  };
  const isRunning = async (): Promise<boolean> =>
    (await instancesOf(options, pod, container)).some((status) => status.id === instance.id && status.state === 'CONTAINER_RUNNING');
  const lines = readLog(files, clock, instance.logPath, log, isRunning, request.signal);
  if (log.follow)
    return {
      status: 200,
      headers: [
        ['content-type', 'text/plain'],
        ['transfer-encoding', 'chunked'],
      ],
      body: lines,
    };
  let body = '';
  for await (const piece of lines) body += piece;
  return { status: 200, headers: [['content-type', 'text/plain']], body };
}

async function exec(
  options: KubeletServerOptions,
  namespace: string,
  name: string,
  container: string,
  query: URLSearchParams,
  attach: boolean,
): Promise<HttpAnswer> {
  const pod = podOf(options, namespace, name);
  if (!pod) return text(404, `pod does not exist\n`);
  const instance = (await instancesOf(options, pod, container))[0];
  if (!instance || instance.state !== 'CONTAINER_RUNNING') return text(400, `container not found ("${container}")\n`);
  const on = (short: string, long: string): boolean => flag(query, short) || flag(query, long);
  const wanted: cri.ExecRequest = {
    containerId: instance.id,
    command: query.getAll('command'),
    stdin: on('stdin', 'input'),
    stdout: on('stdout', 'output'),
    stderr: on('stderr', 'error'),
    tty: flag(query, 'tty'),
    ...(attach ? { attach: true } : {}),
  };
  return {
    status: 101,
    headers: [['sec-websocket-protocol', 'v5.channel.k8s.io']],
    upgrade: (duplex) => joinExec(duplex, () => options.context.cri.exec(wanted)),
  };
}

async function portForward(options: KubeletServerOptions, namespace: string, name: string, query: URLSearchParams): Promise<HttpAnswer> {
  const pod = podOf(options, namespace, name);
  const sandbox =
    pod && (await options.context.cri.pod(pod.metadata.uid!))?.sandboxes.find((candidate) => candidate.state === 'SANDBOX_READY');
  if (!sandbox) return text(404, 'pod does not exist\n');
  const port = number(query, 'port') ?? number(query, 'ports') ?? 0;
  return {
    status: 101,
    headers: [['sec-websocket-protocol', 'v5.channel.k8s.io']],
    async upgrade(duplex) {
      const stream: RpcStream<{ data: unknown }, unknown> = await options.context.cri.rpc.stream('Runtime/PortForward', {
        timeoutMs: Infinity,
      });
      await joinPortForward(duplex, stream, { podSandboxId: sandbox.id, port });
    },
  };
}

/** The handler of 10250. */
export function kubeletHandler(options: KubeletServerOptions): HttpHandler {
  const { context } = options;
  return async (request) => {
    const refused = refusal(request);
    if (refused) return refused;
    const [path = '/', queryText = ''] = request.path.split('?');
    const query = new URLSearchParams(queryText);
    const parts = path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    const [verb, namespace = '', name = '', ...rest] = parts;
    // With a pod's UID between name and container, as the API server may ask.
    const container = rest.at(-1) ?? '';
    switch (verb) {
      case 'healthz':
        return text(200, 'ok');
      case 'pods':
        return json({
          kind: 'PodList',
          apiVersion: 'v1',
          metadata: {},
          items: options.pods().map((pod) => ({ ...pod, status: options.status(pod.metadata.uid!) ?? pod.status })),
        });
      case 'containerLogs':
        return containerLogs(options, request, namespace, name, container, query);
      case 'exec':
        return exec(options, namespace, name, container, query, false);
      case 'attach':
        return exec(options, namespace, name, container, query, true);
      case 'portForward':
        return portForward(options, namespace, name, query);
      case 'stats':
        return json(await statsSummary(context, options.pods()));
      case 'metrics':
        return text(200, namespace === 'resource' ? await resourceMetrics(context) : context.process.telemetry.metrics.text());
      default:
        return text(404, '404 page not found\n');
    }
  };
}

/** Listens on both ports. */
export async function serveKubelet(options: KubeletServerOptions): Promise<void> {
  const { process, settings } = options.context;
  const { files, crypto, network, telemetry } = process;
  const onFault = (error: unknown): void =>
    telemetry.log('error', `the kubelet's API failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  await listenHttp(
    network,
    settings.healthzPort,
    { address: '127.0.0.1' },
    async (request) => (request.path === '/healthz' ? text(200, 'ok') : text(404, '404 page not found\n')),
    onFault,
  );
  const isGiven = files.stat(settings.certificatePath) !== undefined && files.stat(settings.keyPath) !== undefined;
  const paths = isGiven ? [settings.certificatePath, settings.keyPath] : [];
  const identity = servingIdentity(crypto, process.clock, files, settings.nodeName, settings.nodeIp, ...paths);
  // A certificate of its own is made once and kept, as the kubelet does without serverTLSBootstrap.
  if (!isGiven) {
    files.makeDirectory(settings.certificatePath.slice(0, settings.certificatePath.lastIndexOf('/')), { recursive: true });
    files.write(settings.certificatePath, crypto.certificatesToPem(identity.chain));
    files.write(settings.keyPath, crypto.keyToPem(identity.key), { mode: 0o600 });
  }
  const clientCas =
    settings.clientCaPath && files.stat(settings.clientCaPath) ? crypto.certificatesFromPem(files.readText(settings.clientCaPath)) : [];
  await listenHttp(network, settings.port, { identity, clientCas, clientAuth: 'request' }, kubeletHandler(options), onFault);
}
