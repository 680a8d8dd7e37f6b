/** ServiceAccount: a pod runs as a service account that exists, and gets its token, CA and namespace as a projected volume. */
import { kindByGroupKind, storageKey, type Pod, type ServiceAccount } from '#api';
import type { Core } from '../core.ts';
import { isAbout, refuse, type AdmissionAttributes, type AdmissionPlugin } from './plugin.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A little over an hour: the kubelet renews at 80 %, and legacy clients never reload. */
const tokenExpirationSeconds = 3607;

async function accountOf(core: Core, namespace: string, name: string): Promise<ServiceAccount | undefined> {
  const kind = kindByGroupKind('', 'ServiceAccount');
  if (!kind) return undefined;
  const key = storageKey(kind, name, namespace);
  const cached = core.caches.of(kind).get(key);
  return (cached?.object ?? (await core.store.get(kind, key))?.object) as ServiceAccount | undefined;
}

function refuseMirrorPod(attributes: AdmissionAttributes, pod: Pod): void {
  if (pod.spec?.serviceAccountName) throw refuse(attributes, 'a mirror pod may not reference service accounts');
  const volumes = pod.spec?.volumes ?? [];
  if (volumes.some((volume) => (volume.projected?.sources ?? []).some((source) => source.serviceAccountToken))) {
    throw refuse(attributes, 'a mirror pod may not use ServiceAccountToken volume projections');
  }
}

function mountToken(pod: Pod, core: Core): void {
  const spec = pod.spec!;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const lacking = containers.filter((container) => !(container.volumeMounts ?? []).some((mount) => mount.mountPath === mountPath));
  if (lacking.length === 0) return;
  const existing = (spec.volumes ?? []).find((volume) => volume.name.startsWith('kube-api-access-'));
  const name = existing?.name ?? `kube-api-access-${core.strategyContext().randomSuffix(5)}`;
  for (const container of lacking) container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  if (existing) return;
  const sources = [
    { serviceAccountToken: { expirationSeconds: tokenExpirationSeconds, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
  ];
  spec.volumes = [...(spec.volumes ?? []), { name, projected: { sources, defaultMode: 0o644 } }];
}

/** The plugin. */
export const serviceAccountAdmission: AdmissionPlugin = {
  name: 'ServiceAccount',
  async admit(attributes, core) {
    if (attributes.operation !== 'CREATE' || !isAbout(attributes, '', 'pods')) return;
    const pod = attributes.object as Pod;
    if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return refuseMirrorPod(attributes, pod);
    if (!pod.spec) return;
    pod.spec.serviceAccountName ||= 'default';
    const name = pod.spec.serviceAccountName;
    pod.spec.serviceAccount = name;
    const account = await accountOf(core, attributes.namespace, name);
    if (!account) {
      throw refuse(attributes, `error looking up service account ${attributes.namespace}/${name}: serviceaccount "${name}" not found`);
    }
    const mounts = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
    if (mounts) mountToken(pod, core);
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      pod.spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
  },
  async validate(attributes, core) {
    if (attributes.operation !== 'CREATE' || !isAbout(attributes, '', 'pods')) return;
    const pod = attributes.object as Pod;
    if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return refuseMirrorPod(attributes, pod);
    const name = pod.spec?.serviceAccountName ?? '';
    if (!name) throw refuse(attributes, `no service account specified for pod ${attributes.namespace}/${attributes.name}`);
    if (!(await accountOf(core, attributes.namespace, name))) {
      throw refuse(attributes, `error looking up service account ${attributes.namespace}/${name}: serviceaccount "${name}" not found`);
    }
  },
};
