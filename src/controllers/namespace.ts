/**
 * namespace-controller: a namespace with a deletion timestamp is emptied (pods first, then everything else discovery lists),
 * tells by conditions what is left, and is finalized once nothing is.
 */
import type { Namespace } from '#api';
import { deepEqual, formatTime, isConflict, isMethodNotSupported, isNotFound, type KubeObject } from '#apimachinery';
import { defineController, preferredResources, resourcePath, resources, watchObjects, type RestClient, type ServedResource } from '#client';
import { namespaceConditions, type Remaining } from './namespace-conditions.ts';
import type { ManagerController } from './settings.ts';

const FINALIZER = 'kubernetes';
/** Every event waits that long (namespaceDeletionGracePeriod): all API servers see the deletion meanwhile and refuse new objects. */
const DELETION_GRACE_MS = 5_000;
/** How soon it looks again while content is going (half of a pod's grace period, at most that long). */
const LOOK_AGAIN_MS = 5_000;
const MAX_LOOK_AGAIN_MS = 15_000;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Deletes what a namespace holds of a resource; answers what is left. */
async function deleteAll(client: RestClient, resource: ServedResource, namespace: string): Promise<readonly KubeObject[]> {
  if (resource.verbs.includes('deletecollection')) {
    try {
      await client.deleteCollection(resource, { namespace, propagationPolicy: 'Background' });
    } catch (error) {
      if (!isMethodNotSupported(error) && !isNotFound(error)) throw error;
    }
  }
  const { items } = await client.list(resource, { namespace });
  if (resource.verbs.includes('deletecollection')) return items;
  for (const item of items) {
    try {
      await client.delete(resource, item.metadata.name, namespace, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return (await client.list(resource, { namespace })).items;
}

async function deleteContent(client: RestClient, namespace: string): Promise<Remaining & { graceSeconds: number }> {
  const discovered = await preferredResources(client);
  const targets = discovered.resources.filter(
    ({ scope, verbs, group, plural }) =>
      scope === 'Namespaced' && verbs.includes('delete') && verbs.includes('list') && !(group === 'events.k8s.io' && plural === 'events'),
  );
  const byResource = new Map<string, number>();
  const byFinalizer = new Map<string, number>();
  const deletionFailures: string[] = [];
  let graceSeconds = 0;
  const empty = async (resource: ServedResource): Promise<void> => {
    try {
      const left = await deleteAll(client, resource, namespace);
      if (!left.length) return;
      byResource.set(`${resource.plural}.${resource.group}`, left.length);
      for (const object of left) {
        graceSeconds = Math.max(graceSeconds, object.metadata.deletionGracePeriodSeconds ?? 0);
        for (const finalizer of object.metadata.finalizers ?? []) byFinalizer.set(finalizer, (byFinalizer.get(finalizer) ?? 0) + 1);
      }
    } catch (error) {
      deletionFailures.push(textOf(error));
    }
  };
  const isPods = (resource: ServedResource): boolean => resource.group === '' && resource.plural === 'pods';
  for (const resource of targets.filter(isPods)) await empty(resource);
  // Nothing a pod may still need goes before its pods are gone (OrderedNamespaceDeletion).
  if (!byResource.size && !deletionFailures.length) await Promise.all(targets.filter((resource) => !isPods(resource)).map(empty));
  return { byResource, byFinalizer, deletionFailures, discoveryFailures: discovered.failures, graceSeconds };
}

async function finalize(client: RestClient, namespace: Namespace): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
  const path = resourcePath(resources.namespaces as never, undefined, namespace.metadata.name, 'finalize');
  await client.json({ method: 'PUT', path, body: { ...namespace, spec: { ...namespace.spec, finalizers } } });
}

/** The controller. */
export const namespaceController: ManagerController = defineController({
  name: 'namespace-controller',
  workers: 10,
  build({ client, informers, clock }) {
    const namespaces = informers.informer(resources.namespaces);
    return {
      watches: [watchObjects(namespaces, ({ metadata }) => (metadata.deletionTimestamp ? [metadata.name] : []), DELETION_GRACE_MS)],
      backOff: { baseDelayMs: 5_000, maxDelayMs: 60_000 },
      async reconcile(name) {
        const cached = namespaces.lister.get(name);
        if (!cached?.metadata.deletionTimestamp || !cached.spec?.finalizers?.includes(FINALIZER)) return undefined;
        try {
          let namespace = await client.get(resources.namespaces, name);
          if (namespace.metadata.uid !== cached.metadata.uid || !namespace.spec?.finalizers?.includes(FINALIZER)) return undefined;
          if (namespace.status?.phase !== 'Terminating')
            namespace = await client.updateStatus(resources.namespaces, {
              ...namespace,
              status: { ...namespace.status, phase: 'Terminating' },
            });
          const left = await deleteContent(client, name);
          const conditions = namespaceConditions(namespace.status?.conditions, left, formatTime(clock.wallMs()));
          if (!deepEqual(conditions, namespace.status?.conditions))
            namespace = await client.updateStatus(resources.namespaces, { ...namespace, status: { ...namespace.status, conditions } });
          if (left.deletionFailures.length || left.discoveryFailures.length)
            throw new Error([...left.deletionFailures, ...left.discoveryFailures].join(', '));
          if (left.byResource.size)
            return { requeueAfterMs: Math.min(Math.max(left.graceSeconds * 500, LOOK_AGAIN_MS), MAX_LOOK_AGAIN_MS) };
          await finalize(client, namespace);
        } catch (error) {
          if (isNotFound(error)) return undefined;
          if (isConflict(error)) return { requeueAfterMs: 1_000 };
          throw error;
        }
        return undefined;
      },
    };
  },
});
