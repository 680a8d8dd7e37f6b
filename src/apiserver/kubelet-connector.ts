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
