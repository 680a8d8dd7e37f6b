/** root-ca-certificate-publisher-controller: every live namespace has the ConfigMap kube-root-ca.crt, by which pods trust the API server. */
import type { ConfigMap } from '#api';
import { isAlreadyExists } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import type { ManagerController } from './settings.ts';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION = 'kubernetes.io/description';
const DESCRIPTION_TEXT =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** The ConfigMap to write over what is there; undefined where it is right. */
export function planRootCa(namespace: string, rootCa: string, current: ConfigMap | undefined): ConfigMap | undefined {
  const isRight =
    current &&
    Object.keys(current.data ?? {}).length === 1 &&
    current.data?.['ca.crt'] === rootCa &&
    current.metadata.annotations?.[DESCRIPTION] !== undefined;
  if (isRight) return undefined;
  const metadata = current
    ? { ...current.metadata, annotations: { ...current.metadata.annotations, [DESCRIPTION]: DESCRIPTION_TEXT } }
    : { name: NAME, namespace, annotations: { [DESCRIPTION]: DESCRIPTION_TEXT } };
  return { apiVersion: 'v1', kind: 'ConfigMap', ...current, metadata, data: { 'ca.crt': rootCa } };
}

/** The controller. */
export const rootCaCertificatePublisher: ManagerController = defineController({
  name: 'root-ca-certificate-publisher-controller',
  account: 'root-ca-cert-publisher',
  workers: 1,
  build({ client, informers, settings }) {
    const namespaces = informers.informer(resources.namespaces);
    const configmaps = informers.informer(resources.configmaps);
    return {
      watches: [
        watchObjects(namespaces),
        watchObjects(configmaps, (configmap) => (configmap.metadata.name === NAME ? [configmap.metadata.namespace ?? ''] : [])),
      ],
      async reconcile(name) {
        const namespace = namespaces.lister.get(name);
        if (!settings.rootCa || !namespace || namespace.status?.phase === 'Terminating') return;
        const current = configmaps.lister.get(`${name}/${NAME}`);
        const planned = planRootCa(name, settings.rootCa, current);
        if (!planned) return;
        try {
          if (current) await client.update(resources.configmaps, planned);
          else await client.create(resources.configmaps, planned);
        } catch (error) {
          if (!isAlreadyExists(error)) throw error;
        }
      },
    };
  },
});
