/** What pods read of the API through their kubelet: ConfigMaps, Secrets, tokens, Services. Objects are asked for when they are needed; Services are watched. */
import type { Pod } from '#api';
import { parseTime } from '#apimachinery';
import { createInformer, resources, type RestClient } from '#client';
import type { Process } from '#host';
import type { ApiReader } from './context.ts';

interface TokenRequest {
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

/** The reader of a kubelet; starts its watch of Services. */
export function apiReader(process: Process, client: RestClient): ApiReader {
  const services = createInformer(resources.services, {
    client,
    clock: process.clock,
    random: process.random.fork('services'),
    telemetry: process.telemetry,
  });
  services.run(new AbortController().signal);
  return {
    configMap: (namespace, name) => client.get(resources.configmaps, name, namespace),
    secret: (namespace, name) => client.get(resources.secrets, name, namespace),
    services: () => (services.hasSynced ? services.lister.list() : undefined),
    async token(pod: Pod, { audience, expirationSeconds }) {
      const { name, namespace = '', uid } = pod.metadata;
      const account = pod.spec?.serviceAccountName || 'default';
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: audience ? [audience] : [], expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
      };
      const { status } = await client.json<TokenRequest>({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
        body,
      });
      return { token: status.token, expiresMs: parseTime(status.expirationTimestamp) };
    },
  };
}
