/** Storage object in use protection: claims that pods use and volumes that are bound stay until they are not (pvc- and pv-protection). */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '#api';
import { isConflict, isNotFound, objectKey, type KubeObject } from '#apimachinery';
import { defineController, resources, watchObjects, type Resource, type RestClient, type Watch } from '#client';
import type { ManagerController } from '../settings.ts';

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';

async function setFinalizer<T extends KubeObject>(
  client: RestClient,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  isWanted: boolean,
): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(finalizer) === isWanted) return;
  const changed = isWanted ? [...finalizers, finalizer] : finalizers.filter((each) => each !== finalizer);
  try {
    await client.update(resource, { ...object, metadata: { ...object.metadata, finalizers: changed } });
  } catch (error) {
    // The watch brings the newer version, and with it another pass.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

/** A pod keeps its claims until it has ended. */
const uses = (pod: Pod, name: string): boolean =>
  pod.status?.phase !== 'Succeeded' &&
  pod.status?.phase !== 'Failed' &&
  (pod.spec?.volumes ?? []).some(({ persistentVolumeClaim: claim }) => claim?.claimName === name);

/** Keeps claims that pods use. */
export const claimProtection: ManagerController = defineController({
  name: 'persistentvolumeclaim-protection-controller',
  account: 'pvc-protection-controller',
  workers: 1,
  build({ client, informers }) {
    const claims = informers.informer(resources.persistentvolumeclaims);
    const pods = informers.informer(resources.pods);
    const claimsOfPods: Watch = {
      informer: pods,
      connect(queue) {
        const changed = (pod: Pod): void => {
          for (const { persistentVolumeClaim: claim } of pod.spec?.volumes ?? [])
            if (claim) queue.add(`${pod.metadata.namespace ?? ''}/${claim.claimName}`);
        };
        pods.addHandler({ updated: changed, deleted: changed });
      },
    };
    return {
      watches: [watchObjects(claims), claimsOfPods],
      async reconcile(key) {
        const claim: PersistentVolumeClaim | undefined = claims.lister.get(key);
        if (!claim) return;
        const { namespace = '', name, deletionTimestamp } = claim.metadata;
        const isUsed = (): boolean => pods.lister.inNamespace(namespace).some((pod) => uses(pod, name));
        await setFinalizer(client, resources.persistentvolumeclaims, claim, CLAIM_FINALIZER, !deletionTimestamp || isUsed());
      },
    };
  },
});

/** Keeps volumes that are bound. */
export const volumeProtection: ManagerController = defineController({
  name: 'persistentvolume-protection-controller',
  account: 'pv-protection-controller',
  workers: 1,
  build({ client, informers }) {
    const volumes = informers.informer(resources.persistentvolumes);
    return {
      watches: [watchObjects(volumes)],
      async reconcile(key) {
        const volume: PersistentVolume | undefined = volumes.lister.get(key);
        if (!volume || objectKey(volume) !== key) return;
        const isWanted = !volume.metadata.deletionTimestamp || volume.status?.phase === 'Bound';
        await setFinalizer(client, resources.persistentvolumes, volume, VOLUME_FINALIZER, isWanted);
      },
    };
  },
});
