/** The runtime's socket as crictl calls it, and the errors it ends with. */
import type { cri } from '#contracts';
import { createRpcClient, NetworkError, RpcError, type Process, type RpcClient } from '#host';

/** Loopback stand-in for unix:///run/containerd/containerd.sock (`WellKnownPorts.cri`). */
const CRI_PORT = 10010;
const TIMEOUT_MS = 10_000;
const SOCKET = 'unix:///run/containerd/containerd.sock';

/** Ends crictl with `FATA[0000] text` and 1. */
export class CrictlError extends Error {}

/** Calls of the CRI, with crictl's errors. */
export interface Runtime {
  call<Response>(method: string, request: unknown, timeoutMs?: number): Promise<Response>;
  readonly rpc: RpcClient;
  containers(filter?: cri.ContainerFilter): Promise<readonly cri.Container[]>;
  sandboxes(filter?: cri.PodSandboxFilter): Promise<readonly cri.PodSandbox[]>;
  images(): Promise<readonly cri.Image[]>;
  /** The one container whose id begins with `prefix`. */
  container(prefix: string): Promise<cri.Container>;
  sandbox(prefix: string): Promise<cri.PodSandbox>;
}

const notFound = (what: string, id: string): CrictlError =>
  new CrictlError(`rpc error: code = NotFound desc = an error occurred when try to find ${what} "${id}": not found`);

function onlyOne<Item extends { readonly id: string }>(items: readonly Item[], prefix: string, what: string): Item {
  const found = items.filter(({ id }) => id.startsWith(prefix));
  if (found.length === 0) throw notFound(what, prefix);
  if (found.length > 1)
    throw new CrictlError(
      `rpc error: code = NotFound desc = an error occurred when try to find ${what} "${prefix}": multiple IDs found with provided prefix: ${prefix}`,
    );
  return found[0]!;
}

/** A client of this machine's runtime. */
export function createRuntime({ network, clock }: Process): Runtime {
  const rpc = createRpcClient(network, clock, '127.0.0.1', CRI_PORT);
  const call = async <Response>(method: string, request: unknown, timeoutMs = TIMEOUT_MS): Promise<Response> => {
    try {
      return await rpc.call<Response>(method, request, { timeoutMs });
    } catch (error) {
      if (error instanceof NetworkError || (error instanceof RpcError && error.code === 'Unavailable'))
        throw new CrictlError(
          `validate service connection: validate CRI v1 runtime API for endpoint "${SOCKET}": rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"`,
        );
      if (error instanceof RpcError) throw new CrictlError(`rpc error: code = ${error.code} desc = ${error.message}`);
      throw error;
    }
  };
  const runtime: Runtime = {
    call,
    rpc,
    containers: async (filter = {}) => (await call<{ containers: cri.Container[] }>('Runtime/ListContainers', filter)).containers,
    sandboxes: async (filter = {}) => (await call<{ items: cri.PodSandbox[] }>('Runtime/ListPodSandbox', filter)).items,
    images: async () => (await call<{ images: cri.Image[] }>('Image/ListImages', {})).images,
    container: async (prefix) => onlyOne(await runtime.containers(), prefix, 'container'),
    sandbox: async (prefix) => onlyOne(await runtime.sandboxes(), prefix, 'sandbox'),
  };
  return runtime;
}
