/**
 * The provisioner of the class `standard` (rancher.io/local-path): a directory on the node the scheduler chose, for each claim. A real
 * cluster of this kind runs it as a Deployment; here it is a part of kube-controller-manager, under the binder's account.
 */
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '#api';
import { isAlreadyExists, isNotFound } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import type { ManagerController } from '../settings.ts';
import { classOf, PROVISIONED_BY, PROVISIONER_ANNOTATIONS, SELECTED_NODE } from './matching.ts';

/** The provisioner's name, and where its directories are. */
export const LOCAL_PATH = 'rancher.io/local-path';
const ROOT = '/var/local-path-provisioner';

/** The volume of a claim on a node. */
export function localVolume(claim: PersistentVolumeClaim, storageClass: StorageClass, node: string): PersistentVolume {
  const { name: claimName, namespace = '', uid = '', resourceVersion = '' } = claim.metadata;
  const name = `pvc-${uid}`;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { 'local.path.provisioner/selected-node': node, [PROVISIONED_BY]: LOCAL_PATH } },
    spec: {
      accessModes: [...(claim.spec?.accessModes ?? [])],
      capacity: { storage: String(claim.spec?.resources?.requests?.['storage'] ?? '0') },
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name: claimName, uid, resourceVersion },
      hostPath: { path: `${ROOT}/${name}_${namespace}_${claimName}`, type: 'DirectoryOrCreate' },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }] },
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
    },
  };
}

/** The controller. */
export const localPathProvisioner: ManagerController = defineController({
  name: 'local-path-provisioner',
  account: 'persistent-volume-binder',
  eventSource: `${LOCAL_PATH}_local-path-provisioner`,
  workers: 1,
  build({ client, informers, events }) {
    const claims = informers.informer(resources.persistentvolumeclaims);
    const volumes = informers.informer(resources.persistentvolumes);
    const classes = informers.informer(resources.storageclasses);

    const provision = async (key: string): Promise<void> => {
      const claim = claims.lister.get(key);
      const node = claim?.metadata.annotations?.[SELECTED_NODE];
      if (!claim || claim.metadata.deletionTimestamp || claim.spec?.volumeName || node === undefined) return;
      if (claim.metadata.annotations?.[PROVISIONER_ANNOTATIONS[1]] !== LOCAL_PATH) return;
      const storageClass = classes.lister.get(classOf(claim));
      if (!storageClass) return;
      const volume = localVolume(claim, storageClass, node);
      if (volumes.lister.get(volume.metadata.name)) return;
      events.event(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${key}"`);
      try {
        await client.create(resources.persistentvolumes, volume);
      } catch (error) {
        if (isAlreadyExists(error)) return;
        throw error;
      }
      events.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name}`);
    };

    /** A released volume of ours goes, if its class says so. */
    const reclaim = async (name: string): Promise<void> => {
      const volume = volumes.lister.get(name);
      if (!volume || volume.metadata.deletionTimestamp || volume.metadata.annotations?.[PROVISIONED_BY] !== LOCAL_PATH) return;
      if (volume.status?.phase !== 'Released' || volume.spec?.persistentVolumeReclaimPolicy !== 'Delete') return;
      try {
        await client.delete(resources.persistentvolumes, name);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    };

    return {
      watches: [
        watchObjects(claims),
        {
          informer: volumes,
          connect(queue) {
            const changed = ({ metadata }: PersistentVolume): void => queue.add(`volume:${metadata.name}`);
            volumes.addHandler({ added: changed, updated: changed });
          },
        },
        { informer: classes, connect: () => undefined },
      ],
      reconcile: (key) => (key.startsWith('volume:') ? reclaim(key.slice('volume:'.length)) : provision(key)),
    };
  },
});
