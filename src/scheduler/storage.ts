/** Storage as the scheduler sees it: claims, volumes and classes, and a way to wait until claims are bound. */
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '#api';
import { objectKey, type KubeObject } from '#apimachinery';
import { resources, type Informer, type InformerFactory, type InformerHandler, type Lister } from '#client';
import type { Clock } from '#host';
import type { ClusterEvent } from './framework.ts';

/** What plugins ask of storage. */
export interface Storage {
  readonly claims: Lister<PersistentVolumeClaim>;
  readonly volumes: Lister<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
  /** Resolves with true when `isDone` holds after a change of a claim, with false after `timeoutMs`. */
  untilClaims(isDone: () => boolean, timeoutMs: number): Promise<boolean>;
}

type StorageResource = 'PersistentVolumeClaim' | 'PersistentVolume' | 'StorageClass';

/** Follows claims, volumes and classes; `told` hears what may let a pod be scheduled. */
export function storageOf(informers: InformerFactory, clock: Clock, told: (event: ClusterEvent) => void): Storage {
  const claims = informers.informer(resources.persistentvolumeclaims);
  const volumes = informers.informer(resources.persistentvolumes);
  const classes = informers.informer(resources.storageclasses);
  const waiting = new Set<() => void>();
  const follow = <T extends KubeObject>(informer: Informer<T>, resource: StorageResource): void => {
    const handler: InformerHandler<T> = {
      added: () => told({ resource, action: 'Add' }),
      updated: (object, old) => {
        if (objectKey(object) === objectKey(old)) told({ resource, action: 'Update' });
      },
    };
    informer.addHandler(handler);
  };
  follow(claims, 'PersistentVolumeClaim');
  follow(volumes, 'PersistentVolume');
  follow(classes, 'StorageClass');
  const look = (): void => {
    for (const check of [...waiting]) check();
  };
  claims.addHandler({ updated: look, deleted: look });
  return {
    claims: claims.lister,
    volumes: volumes.lister,
    classes: classes.lister,
    untilClaims: (isDone, timeoutMs) =>
      new Promise((resolve) => {
        if (isDone()) return resolve(true);
        const end = (result: boolean): void => {
          waiting.delete(check);
          stop();
          resolve(result);
        };
        const check = (): void => {
          if (isDone()) end(true);
        };
        const stop = clock.after(timeoutMs, () => end(false));
        waiting.add(check);
      }),
  };
}
