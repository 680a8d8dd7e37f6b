/** resourcequota-controller: counts what each namespace uses under its quotas, when they change, when objects go, and every few minutes. */
import { addUsage, isInScope, kinds, usageOf, usageUnder, type ResourceQuota, type Usage } from '#api';
import { canonicalQuantity, deepEqual, formatQuantity, isConflict, isNotFound, objectKey, type KubeObject } from '#apimachinery';
import { defineController, resources, watchObjects, type Informer, type Watch } from '#client';
import type { ManagerController } from '../settings.ts';

/** --resource-quota-sync-period. */
const SYNC_MS = 300_000;
/** Kinds whose amounts or deletions are followed; others are counted by a list, when a quota names them. */
const followed = [resources.pods, resources.services, resources.persistentvolumeclaims, resources.configmaps, resources.secrets] as const;

/** The controller. */
export const resourceQuotaController: ManagerController = defineController({
  name: 'resourcequota-controller',
  workers: 5,
  build({ client, informers }) {
    const quotas = informers.informer(resources.resourcequotas);
    const caches = followed.map((resource) => ({
      resource,
      informer: informers.informer(resource as typeof resources.pods) as Informer<KubeObject>,
    }));

    /** What frees something makes a recount worth it; what takes something was booked by admission. */
    const watchFreed = (informer: Informer<KubeObject>): Watch => ({
      informer,
      connect(queue) {
        const recount = ({ metadata }: KubeObject): void => {
          for (const quota of quotas.lister.inNamespace(metadata.namespace ?? '')) queue.add(objectKey(quota));
        };
        informer.addHandler({
          deleted: recount,
          updated: (object, old) => {
            const phase = (each: KubeObject): string | undefined => (each as { status?: { phase?: string } }).status?.phase;
            if (phase(object) !== phase(old) && (phase(object) === 'Succeeded' || phase(object) === 'Failed')) recount(object);
          },
        });
      },
    });

    const objectsOf = async (quota: ResourceQuota, group: string, plural: string): Promise<readonly KubeObject[]> => {
      const namespace = quota.metadata.namespace ?? '';
      const cache = caches.find(({ resource }) => resource.group === group && resource.plural === plural);
      if (cache) return cache.informer.lister.inNamespace(namespace);
      const kind = kinds.find(
        (each) => each.group === group && each.plural === plural && each.scope === 'Namespaced' && each.storagePrefix,
      );
      return kind ? (await client.list(kind, { namespace })).items : [];
    };

    const usageFor = async (quota: ResourceQuota): Promise<Usage> => {
      const names = Object.keys(quota.spec?.hard ?? {});
      const wanted = new Set(['/pods', '/services', '/persistentvolumeclaims']);
      for (const name of names) {
        const [, plural, group = ''] = /^(?:count\/)?([a-z]+)(?:\.([a-z.0-9]+))?$/.exec(name) ?? [];
        if (plural && name.startsWith('count/')) wanted.add(`${group}/${plural}`);
        else if (plural && !group) wanted.add(`/${plural}`);
      }
      let usage: Usage = {};
      for (const each of wanted) {
        const [group = '', plural = ''] = each.split('/');
        for (const object of await objectsOf(quota, group, plural))
          if (isInScope(quota, group, plural, object)) usage = addUsage(usage, usageOf(group, plural, object));
      }
      return usageUnder(quota, usage);
    };

    return {
      watches: [watchObjects(quotas), ...caches.map(({ informer }) => watchFreed(informer))],
      async reconcile(key) {
        const quota = quotas.lister.get(key);
        if (!quota) return undefined;
        const used = Object.fromEntries(Object.entries(await usageFor(quota)).map(([name, amount]) => [name, formatQuantity(amount)]));
        const hard = Object.fromEntries(Object.entries(quota.spec?.hard ?? {}).map(([name, amount]) => [name, canonicalQuantity(amount)]));
        const status = { hard, used };
        if (!deepEqual(status, quota.status ?? {})) {
          await client.updateStatus(resources.resourcequotas, { ...quota, status }).catch((error: unknown) => {
            // The watch brings the newer version, and with it another pass.
            if (!isConflict(error) && !isNotFound(error)) throw error;
          });
        }
        return { requeueAfterMs: SYNC_MS };
      },
    };
  },
});
