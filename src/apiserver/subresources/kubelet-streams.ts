/** log, exec, attach and portforward: found by the pod, spoken to the kubelet of its node, passed through as it comes. */
import { kindByGroupKind, storageKey, type Kind, type Node, type Pod, type Subresource } from '#api';
import { badRequest, failure, notFound, serviceUnavailable, type StatusError, type StatusReason } from '#apimachinery';
import { header, type Duplex, type HttpAnswer, type HttpRequest, type HttpResponse } from '#host';
import type { Core, Exchange } from '../core.ts';

const KUBELET_PORT = 10250;

async function podOf(core: Core, exchange: Exchange, kind: Kind): Promise<Pod> {
  const { name, namespace } = exchange.info;
  const stored = await core.store.get(kind, storageKey(kind, name, namespace));
  if (!stored) throw notFound({ group: '', resource: 'pods' }, name);
  return stored.object as Pod;
}

/** Where a node's kubelet listens, by --kubelet-preferred-address-types. Throws StatusError. */
export async function kubeletOf(core: Core, nodeName: string): Promise<{ address: string; port: number }> {
  const kind = kindByGroupKind('', 'Node');
  const key = kind && storageKey(kind, nodeName);
  const node =
    kind && key ? ((core.caches.of(kind).get(key)?.object ?? (await core.store.get(kind, key))?.object) as Node | undefined) : undefined;
  if (!node) throw notFound({ group: '', resource: 'nodes' }, nodeName);
  const endpoint = (node.status as { daemonEndpoints?: { kubeletEndpoint?: { Port?: number } } } | undefined)?.daemonEndpoints
    ?.kubeletEndpoint;
  for (const type of core.config.kubeletAddressTypes) {
    const found = node.status?.addresses?.find((each) => each.type === type);
    if (found) return { address: found.address, port: endpoint?.Port || KUBELET_PORT };
  }
  throw failure(500, '', `no preferred addresses found; known addresses: ${JSON.stringify(node.status?.addresses ?? [])}`);
}

/** The container a request means: the one it names, or the only one. Throws 400. */
function containerOf(pod: Pod, asked: string | null): string {
  const { name } = pod.metadata;
  const containers = (pod.spec?.containers ?? []).map((container) => container.name);
  const inits = (pod.spec?.initContainers ?? []).map((container) => container.name);
  const ephemeral = (pod.spec?.ephemeralContainers ?? []).map((container) => container.name);
  if (asked) {
    if (![...containers, ...inits, ...ephemeral].includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  if (containers.length === 1) return containers[0]!;
  const others = inits.length > 0 ? ` or one of the init containers: [${inits.join(' ')}]` : '';
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${others}`);
}

const reasons: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

async function refusal(response: HttpResponse): Promise<StatusError> {
  const text = (await response.text()).trimEnd();
  return failure(response.status, reasons[response.status] ?? '', text);
}

/** Asks a kubelet. Throws StatusError, also for a kubelet that cannot be reached. */
export async function askKubelet(core: Core, exchange: Exchange, nodeName: string, request: HttpRequest): Promise<HttpResponse> {
  if (!core.kubelets) throw serviceUnavailable('this server has no way to its nodes');
  const { address, port } = await kubeletOf(core, nodeName);
  try {
    return await core.kubelets.request(address, port, request, exchange.signal);
  } catch (error) {
    const verb = request.method === 'GET' ? 'Get' : 'Post';
    const detail = error instanceof Error ? error.message : String(error);
    throw failure(500, '', `${verb} "https://${address}:${port}${request.path}": ${detail}`);
  }
}

function nodeNameOf(pod: Pod): string {
  const nodeName = pod.spec?.nodeName ?? '';
  if (!nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  return nodeName;
}

const logParameters: readonly string[] = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
  'stream',
];

/** Serves pods/log. */
export async function serveLog(core: Core, exchange: Exchange, kind: Kind): Promise<HttpAnswer> {
  const { query } = exchange.info;
  const pod = await podOf(core, exchange, kind);
  const container = containerOf(pod, query.get('container'));
  const passed = new URLSearchParams();
  for (const parameter of logParameters) {
    const value = query.get(parameter);
    if (value !== null) passed.append(parameter, value);
  }
  // Nothing has run where no node was chosen: an empty log, as a real server answers.
  if (!pod.spec?.nodeName) return { status: 200, headers: [['content-type', 'text/plain']], body: '' };
  const { namespace = '', name } = pod.metadata;
  const suffix = passed.toString() ? `?${passed.toString()}` : '';
  const response = await askKubelet(core, exchange, pod.spec.nodeName, {
    method: 'GET',
    path: `/containerLogs/${namespace}/${name}/${container}${suffix}`,
    headers: [],
  });
  if (response.status !== 200) throw await refusal(response);
  return { status: 200, headers: [['content-type', 'text/plain']], body: response.chunks() };
}

/** Carries messages both ways until either side ends. */
export async function pump(client: Duplex, kubelet: Duplex): Promise<void> {
  const carry = async (from: Duplex, to: Duplex): Promise<void> => {
    for (let message = await from.receive(); message !== undefined; message = await from.receive()) await to.send(message);
    to.end();
  };
  try {
    await Promise.all([carry(client, kubelet), carry(kubelet, client)]);
  } catch {
    // One side is gone; the other shall know.
    client.cancel();
    kubelet.cancel();
  }
}

const kubeletPaths: Readonly<Record<string, string>> = { exec: 'exec', attach: 'attach', portforward: 'portForward' };

/** Serves exec, attach and portforward: the kubelet's 101 becomes ours, channel messages pass through. */
export async function serveExec(core: Core, exchange: Exchange, kind: Kind, subresource: Subresource): Promise<HttpAnswer> {
  const { query } = exchange.info;
  const pod = await podOf(core, exchange, kind);
  const nodeName = nodeNameOf(pod);
  const { namespace = '', name } = pod.metadata;
  const isForward = subresource.name === 'portforward';
  const place = isForward ? `${namespace}/${name}` : `${namespace}/${name}/${containerOf(pod, query.get('container'))}`;
  const passed = new URLSearchParams();
  for (const [key, value] of query.entries()) if (key !== 'container') passed.append(key, value);
  const suffix = passed.toString() ? `?${passed.toString()}` : '';
  const headers = exchange.headers.filter(
    ([key]) => key === 'upgrade' || key === 'connection' || key.startsWith('sec-websocket-') || key === 'x-stream-protocol-version',
  );
  const response = await askKubelet(core, exchange, nodeName, {
    method: 'POST',
    path: `/${kubeletPaths[subresource.name]}/${place}${suffix}`,
    headers,
  });
  if (response.status !== 101) throw await refusal(response);
  const protocol = header(response.headers, 'sec-websocket-protocol');
  return {
    status: 101,
    headers: [['upgrade', 'websocket'], ['connection', 'Upgrade'], ...(protocol ? ([['sec-websocket-protocol', protocol]] as const) : [])],
    upgrade: (stream) => pump(stream, response.duplex),
  };
}
