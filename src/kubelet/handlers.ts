/** Actions a probe or a lifecycle hook takes on a container: exec, httpGet, tcpSocket, grpc, sleep. */
import type { Container, LifecycleHandler, Pod, Probe } from '#api';
import { createHttpClient, createRpcClient, NetworkError, RpcError, type HttpClient } from '#host';
import type { KubeletContext } from './context.ts';
import { rpcText } from './cri-client.ts';

/** What an action found; `output` explains a failure as the kubelet's event does. */
export interface ActionResult {
  readonly ok: boolean;
  readonly output: string;
}

/** A port by number or by its name in the container. */
function portOf(port: string | number | undefined, container: Container): number {
  const number = Number(port);
  if (Number.isInteger(number) && number > 0) return number;
  return container.ports?.find((candidate) => candidate.name === port)?.containerPort ?? 0;
}

const OUTPUT_MAX = 10 * 1024;

function dialFailure(error: unknown, host: string, port: number): string {
  if (!(error instanceof NetworkError)) return error instanceof Error ? error.message : String(error);
  if (error.code === 'ETIMEDOUT') return `dial tcp ${host}:${port}: i/o timeout`;
  if (error.message.startsWith('dial ')) return error.message;
  return `dial tcp ${host}:${port}: ${error.code === 'ECONNREFUSED' ? 'connect: connection refused' : error.message}`;
}

/** Connections a prober keeps between its probes, by target: a handshake per second and probe would be most of what an idle node does. */
export type KeptClients = Map<string, HttpClient>;

async function httpGet(
  context: KubeletContext,
  get: NonNullable<Probe['httpGet']>,
  container: Container,
  podIp: string,
  timeoutMs: number,
  kept?: KeptClients,
): Promise<ActionResult> {
  const { network, clock } = context.process;
  const host = get.host || podIp;
  const port = portOf(get.port as string | number, container);
  const scheme = (get.scheme ?? 'HTTP').toLowerCase();
  const path = get.path ? (get.path.startsWith('/') ? get.path : `/${get.path}`) : '/';
  const url = `${scheme}://${host}:${port}${path}`;
  const target = `${scheme}://${host}:${port}`;
  const client =
    kept?.get(target) ??
    createHttpClient(network, clock, { address: host, port, ...(scheme === 'https' ? { insecureSkipVerify: true } : {}) });
  kept?.set(target, client);
  const headers: [string, string][] = [
    ['host', `${host}:${port}`],
    ['user-agent', 'kube-probe/1.33'],
    ['accept', '*/*'],
    ['connection', 'close'],
  ];
  for (const header of get.httpHeaders ?? []) headers.push([(header.name ?? '').toLowerCase(), header.value ?? '']);
  try {
    const response = await client.request({ method: 'GET', path, headers }, { timeoutMs });
    const ok = response.status >= 200 && response.status < 400;
    response.cancel();
    return { ok, output: ok ? '' : `HTTP probe failed with statuscode: ${response.status}` };
  } catch (error) {
    if (error instanceof NetworkError && error.code === 'ETIMEDOUT')
      return { ok: false, output: `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)` };
    return { ok: false, output: `Get "${url}": ${dialFailure(error, host, port)}` };
  } finally {
    if (!kept) client.close();
  }
}

async function tcpSocket(context: KubeletContext, host: string, port: number, timeoutMs: number): Promise<ActionResult> {
  try {
    const connection = await context.process.network.dial(host, port, { timeoutMs });
    connection.close();
    return { ok: true, output: '' };
  } catch (error) {
    return { ok: false, output: dialFailure(error, host, port) };
  }
}

/** grpc.health.v1.Health/Check, as the kubelet asks it. */
async function grpcHealth(
  { process }: KubeletContext,
  host: string,
  { port, service }: NonNullable<Probe['grpc']>,
  timeoutSeconds: number,
): Promise<ActionResult> {
  const client = createRpcClient(process.network, process.clock, host, port);
  try {
    const { status } = await client.call<{ status: string }>(
      'grpc.health.v1.Health/Check',
      { service: service ?? '' },
      { timeoutMs: timeoutSeconds * 1000 },
    );
    return status === 'SERVING' ? { ok: true, output: '' } : { ok: false, output: `service unhealthy (responded with "${status}")` };
  } catch (error) {
    if (error instanceof RpcError && error.code === 'Unimplemented')
      return {
        ok: false,
        output: `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.message}`,
      };
    if (error instanceof RpcError && error.code !== 'Unavailable' && error.code !== 'DeadlineExceeded')
      return { ok: false, output: `error: health rpc failed: ${rpcText(error)}` };
    return {
      ok: false,
      output: `timeout: failed to connect service "${host}:${port}" within ${timeoutSeconds}s: context deadline exceeded`,
    };
  } finally {
    client.close();
  }
}

/** Runs the action of a probe. */
export async function runProbe(
  context: KubeletContext,
  probe: Probe,
  container: Container,
  containerId: string,
  podIp: string,
  kept: KeptClients,
): Promise<ActionResult> {
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  if (probe.exec) {
    try {
      const { exitCode, stdout, stderr } = await context.cri.execSync(containerId, probe.exec.command ?? [], timeoutSeconds);
      return { ok: exitCode === 0, output: (stdout + stderr).slice(0, OUTPUT_MAX) };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (error.code === 'DeadlineExceeded')
        return { ok: false, output: `command timed out: "${(probe.exec.command ?? []).join(' ')}" timed out after ${timeoutSeconds}s` };
      return { ok: false, output: rpcText(error) };
    }
  }
  if (probe.httpGet) return httpGet(context, probe.httpGet, container, podIp, timeoutSeconds * 1000, kept);
  if (probe.tcpSocket)
    return tcpSocket(
      context,
      probe.tcpSocket.host || podIp,
      portOf(probe.tcpSocket.port as string | number, container),
      timeoutSeconds * 1000,
    );
  if (probe.grpc) return grpcHealth(context, podIp, probe.grpc, timeoutSeconds);
  return { ok: true, output: '' };
}

/** Runs a lifecycle hook; a failure's output is the text of its event. */
export async function runHook(
  context: KubeletContext,
  handler: LifecycleHandler,
  pod: Pod,
  container: Container,
  containerId: string,
  podIp: string,
  timeoutSeconds: number,
): Promise<ActionResult> {
  if (handler.sleep) {
    await context.process.clock.sleep(Math.min(handler.sleep.seconds, timeoutSeconds) * 1000);
    return { ok: true, output: '' };
  }
  if (handler.exec) {
    try {
      const { exitCode } = await context.cri.execSync(containerId, handler.exec.command ?? [], timeoutSeconds);
      return {
        ok: exitCode === 0,
        output: exitCode === 0 ? '' : `command '${(handler.exec.command ?? []).join(' ')}' exited with ${exitCode}`,
      };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return { ok: false, output: rpcText(error) };
    }
  }
  if (handler.httpGet) return httpGet(context, handler.httpGet, container, podIp, timeoutSeconds * 1000);
  return { ok: false, output: `Cannot run handler: invalid type: ${pod.metadata.name}` };
}
