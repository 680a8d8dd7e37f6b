/** What pods read of the API through their kubelet: ConfigMaps, Secrets and Services, which are watched, tokens, and volumes of claims. */
import type { Pod } from '#api';
import { createInformer, resources, type RestClient } from '#client';
import type { Process } from '#host';
import type { ApiReader } from './context.ts';
import { createObjectCache } from './object-cache.ts';
import { referencesOf } from './pod-references.ts';
import { createTokens } from './tokens.ts';

/** How long the first list of Services is waited for. */
const SYNC_TIMEOUT_MS = 1_000;

/** The reader of a kubelet; starts its watch of Services. */
export function apiReader(process: Process, client: RestClient): ApiReader {
  const services = createInformer(resources.services, {
    client,
    clock: process.clock,
    random: process.random.fork('services'),
    telemetry: process.telemetry,
  });
  services.run(new AbortController().signal);
  const configMaps = createObjectCache(process, client, resources.configmaps, 'configmap');
  const secrets = createObjectCache(process, client, resources.secrets, 'secret');
  const tokens = createTokens(client, process.clock);
  return {
    configMap: (namespace, name) => configMaps.get(namespace, name),
    secret: (namespace, name) => secrets.get(namespace, name),
    async services() {
      // Right after a start the first list is on its way: worth a moment, or every container would begin with a back-off.
      if (!services.hasSynced) await Promise.race([services.synced(), process.clock.sleep(SYNC_TIMEOUT_MS)]);
      return services.hasSynced ? services.lister.list() : undefined;
    },
    async volumeOfClaim(namespace, name) {
      const claim = await client.get(resources.persistentvolumeclaims, name, namespace);
      const volume = claim.spec?.volumeName;
      if (!volume || claim.status?.phase !== 'Bound') throw new Error(`PVC is not bound`);
      return client.get(resources.persistentvolumes, volume);
    },
    token: (pod: Pod, wish) => tokens.get(pod, wish),
    forget(uid, rest) {
      tokens.forget(uid);
      const references = referencesOf(rest);
      configMaps.keepOnly(references.configMaps);
      secrets.keepOnly(references.secrets);
    },
  };
}
