/** Making what must be there: looked up in the cache, created through the chain's own stages, and no error when another server was faster. */
import { applyDefaults, kindOf, storageKey } from '#api';
import { isAlreadyExists, type KubeObject } from '#apimachinery';
import type { Core } from '../core.ts';
import { createObject } from '../registry/create.ts';
import { loopbackContext } from '../registry/write-context.ts';
import { copyOf } from '../store/codec.ts';

/** Creates an object unless it is there. Throws StatusError. */
export async function ensureObject(core: Core, object: KubeObject): Promise<void> {
  const kind = kindOf(object.apiVersion, object.kind);
  if (!kind) throw new Error(`${object.apiVersion} ${object.kind} is not registered`);
  const { name, namespace = '' } = object.metadata;
  const cache = core.caches.of(kind);
  await cache.start();
  if (cache.get(storageKey(kind, name, namespace))) return;
  try {
    await createObject(core, kind, namespace, applyDefaults(kind, copyOf(object)), loopbackContext(core));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** Creates every object that is missing, all at once: etcd writes them in few batches. */
export async function ensureObjects(core: Core, objects: readonly KubeObject[]): Promise<void> {
  await Promise.all(objects.map((object) => ensureObject(core, object)));
}
