/** NamespaceLifecycle: nothing is created in a namespace that is not there or is going away; the system's own namespaces stay. */
import { kindByGroupKind, storageKey, type Namespace } from '#api';
import { failure, forbidden, formatGroupResource, notFound } from '#apimachinery';
import type { Core } from '../core.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts';

const immortal: readonly string[] = ['default', 'kube-system', 'kube-public'];
/** Reviews say something about a namespace without putting anything into it. */
const accessReviews: readonly string[] = ['localsubjectaccessreviews'];

async function namespaceOf(core: Core, name: string): Promise<Namespace | undefined> {
  const kind = kindByGroupKind('', 'Namespace');
  if (!kind) return undefined;
  const key = storageKey(kind, name);
  const cached = core.caches.of(kind).get(key);
  if (cached) return cached.object as Namespace;
  // The cache may be a moment behind a namespace that was just made.
  return (await core.store.get(kind, key))?.object as Namespace | undefined;
}

/** The plugin. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  async admit(attributes: AdmissionAttributes, core) {
    const { operation, kind, namespace, name } = attributes;
    const isNamespace = kind.group === '' && kind.plural === 'namespaces';
    if (operation === 'DELETE' && isNamespace && immortal.includes(name)) {
      throw forbidden({ group: '', resource: 'namespaces' }, name, 'this namespace may not be deleted');
    }
    if (!namespace || isNamespace || operation === 'DELETE' || accessReviews.includes(kind.plural)) return;
    const found = await namespaceOf(core, namespace);
    if (!found) throw notFound({ group: '', resource: 'namespaces' }, namespace);
    if (operation !== 'CREATE' || found.status?.phase !== 'Terminating') return;
    const resource = { group: kind.group, resource: kind.plural };
    const about = name ? `${formatGroupResource(resource)} "${name}"` : formatGroupResource(resource);
    const message = `${about} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`;
    throw failure(403, 'Forbidden', message, {
      ...(name ? { name } : {}),
      ...(kind.group ? { group: kind.group } : {}),
      kind: kind.plural,
      causes: [{ reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }],
    });
  },
};
