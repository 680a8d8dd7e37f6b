/** Connections to kubelets: https with --kubelet-client-certificate, one kept per node. */
import { createHttpClient, type Certificate, type HttpClient, type Identity, type Process } from '#host';
import type { KubeletConnector } from './core.ts';

/** Connections kept at most; a cluster has fewer nodes. */
const KEPT_MAX = 64;
/** Time for a kubelet's answer to begin. */
const ANSWER_MS = 30_000;

/** Makes the connector. Without --kubelet-certificate-authority a kubelet's own certificate is not verified, as in real clusters. */
export function createKubeletConnector(
  process: Process,
  identity: Identity | undefined,
  rootCas: readonly Certificate[],
): KubeletConnector {
  const clients = new Map<string, HttpClient>();
  const clientOf = (address: string, port: number): HttpClient => {
    const key = `${address}:${port}`;
    const kept = clients.get(key);
    if (kept) return kept;
    if (clients.size >= KEPT_MAX) {
      for (const client of clients.values()) client.close();
      clients.clear();
    }
    const client = createHttpClient(process.network, process.clock, {
      address,
      port,
      ...(identity ? { identity } : {}),
      ...(rootCas.length > 0 ? { rootCas } : { insecureSkipVerify: true }),
    });
    clients.set(key, client);
    return client;
  };
  return {
    request: (address, port, request, signal) => clientOf(address, port).request(request, { timeoutMs: ANSWER_MS, signal }),
  };
}

/** Time a component on this host has for its answer. */
const PROBE_MS = 5_000;

/** Asks a component on this host over https without looking at its certificate; the connection is closed again. */
export async function probeComponent(process: Process, port: number, path: string): Promise<{ status: number; text: string }> {
  const client = createHttpClient(process.network, process.clock, { address: '127.0.0.1', port, insecureSkipVerify: true });
  try {
    const response = await client.request({ method: 'GET', path, headers: [] }, { timeoutMs: PROBE_MS });
    return { status: response.status, text: await response.text() };
  } finally {
    client.close();
  }
}
