/** persistentvolume-binder-controller: binds claims to volumes, releases the volumes of claims that are gone, asks provisioners for more. */
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '#api';
import { isConflict, isNotFound, objectKey } from '#apimachinery';
import { defineController, resources, watchObjects, type Informer, type RestClient, type Watch } from '#client';
import type { ManagerController } from '../settings.ts';
import {
  BIND_COMPLETED,
  boundStatus,
  claimWithVolume,
  classOf,
  isFor,
  PROVISIONER_ANNOTATIONS,
  reservedVolume,
  SELECTED_NODE,
  volumeFor,
} from './matching.ts';

/** Claims that wait are looked at again so often, as in the real controller. */
const RESYNC_MS = 15_000;

type Phase = 'Available' | 'Bound' | 'Released' | 'Failed';

async function ignoringChanges(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    // The watch brings the newer version, and with it another pass.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

const setPhase = async (client: RestClient, volume: PersistentVolume, phase: Phase): Promise<void> => {
  if (volume.status?.phase === phase) return;
  const status = { ...volume.status, phase } as NonNullable<PersistentVolume['status']>;
  await ignoringChanges(client.updateStatus(resources.persistentvolumes, { ...volume, status }));
};

async function bind(client: RestClient, volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
  const reserved =
    volume.spec?.claimRef?.uid === claim.metadata.uid
      ? volume
      : await client.update(resources.persistentvolumes, reservedVolume(volume, claim));
  await setPhase(client, reserved, 'Bound');
  const isNamed = claim.spec?.volumeName === volume.metadata.name && claim.metadata.annotations?.[BIND_COMPLETED] === 'yes';
  const named = isNamed ? claim : await client.update(resources.persistentvolumeclaims, claimWithVolume(claim, volume));
  if (named.status?.phase !== 'Bound')
    await ignoringChanges(client.updateStatus(resources.persistentvolumeclaims, { ...named, status: boundStatus(volume) }));
}

/** Volumes that change concern the claims that might use them. */
function watchVolumes(volumes: Informer<PersistentVolume>, claims: Informer<PersistentVolumeClaim>): Watch {
  return {
    informer: volumes,
    connect(queue) {
      const changed = (volume: PersistentVolume): void => {
        queue.add(`volume:${volume.metadata.name}`);
        for (const claim of claims.lister.list()) {
          if (isFor(volume, claim) || (claim.status?.phase === 'Pending' && classOf(claim) === classOf(volume)))
            queue.add(objectKey(claim));
        }
      };
      volumes.addHandler({ added: changed, updated: changed, deleted: changed });
    },
  };
}

/** Claims that change concern their volume, and a claim that goes its release. */
function watchClaimsOf(claims: Informer<PersistentVolumeClaim>): Watch {
  return {
    informer: claims,
    connect(queue) {
      claims.addHandler({
        deleted: ({ spec }) => {
          if (spec?.volumeName) queue.add(`volume:${spec.volumeName}`);
        },
      });
    },
  };
}

/** The controller. */
export const persistentVolumeBinder: ManagerController = defineController({
  name: 'persistentvolume-binder-controller',
  account: 'persistent-volume-binder',
  eventSource: 'persistentvolume-controller',
  workers: 1,
  build({ client, informers, events }) {
    const claims = informers.informer(resources.persistentvolumeclaims);
    const volumes = informers.informer(resources.persistentvolumes);
    const classes = informers.informer(resources.storageclasses);

    const syncVolume = async (name: string): Promise<void> => {
      const volume = volumes.lister.get(name);
      if (!volume || volume.metadata.deletionTimestamp) return;
      const reference = volume.spec?.claimRef;
      if (!reference) return setPhase(client, volume, 'Available');
      // Reserved by its author for a claim that is still to come.
      if (!reference.uid) return setPhase(client, volume, 'Available');
      const claim = claims.lister.get(`${reference.namespace ?? ''}/${reference.name ?? ''}`);
      if (claim?.metadata.uid === reference.uid) return claim.spec?.volumeName === name ? setPhase(client, volume, 'Bound') : undefined;
      return setPhase(client, volume, 'Released');
    };

    /** Asks a provisioner, or says why the claim waits. */
    const provide = async (claim: PersistentVolumeClaim, storageClass: StorageClass | undefined): Promise<void> => {
      const name = classOf(claim);
      if (name === '')
        return events.event(claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set');
      if (!storageClass) return events.event(claim, 'Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io "${name}" not found`);
      const { provisioner } = storageClass;
      if (provisioner === 'kubernetes.io/no-provisioner')
        return events.event(claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set');
      if (claim.metadata.annotations?.[PROVISIONER_ANNOTATIONS[1]] !== provisioner) {
        const annotations = Object.fromEntries(PROVISIONER_ANNOTATIONS.map((annotation) => [annotation, provisioner]));
        const changed = { ...claim, metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, ...annotations } } };
        await ignoringChanges(client.update(resources.persistentvolumeclaims, changed));
      }
      events.event(
        claim,
        'Normal',
        'ExternalProvisioning',
        `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
      );
    };

    const syncClaim = async (key: string): Promise<{ requeueAfterMs: number } | undefined> => {
      const claim = claims.lister.get(key);
      if (!claim || claim.metadata.deletionTimestamp) return undefined;
      const all = volumes.lister.list();
      const { volumeName } = claim.spec ?? {};
      if (volumeName) {
        const volume = volumes.lister.get(volumeName);
        if (volume) {
          if (!volume.spec?.claimRef || isFor(volume, claim)) await bind(client, volume, claim);
        } else if (claim.status?.phase === 'Bound') {
          events.event(claim, 'Warning', 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
          await ignoringChanges(client.updateStatus(resources.persistentvolumeclaims, { ...claim, status: { phase: 'Lost' } }));
        }
        return undefined;
      }
      const storageClass = classes.lister.get(classOf(claim));
      const isDelayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
      const reserved = all.find((volume) => isFor(volume, claim));
      const found = isDelayed ? reserved : volumeFor(claim, all);
      if (found) {
        await bind(client, found, claim);
        return undefined;
      }
      if (isDelayed && !claim.metadata.annotations?.[SELECTED_NODE])
        events.event(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
      else await provide(claim, storageClass);
      return { requeueAfterMs: RESYNC_MS };
    };

    return {
      watches: [
        watchObjects(claims),
        watchClaimsOf(claims),
        watchVolumes(volumes, claims),
        { informer: classes, connect: () => undefined },
      ],
      reconcile: (key) => (key.startsWith('volume:') ? syncVolume(key.slice('volume:'.length)) : syncClaim(key)),
    };
  },
});
