/** Making what must be there: looked up in the cache, created through the chain's own stages, and no error when another server was faster. */
import { applyDefaults, beforeCreate, kindOf, storageKey } from '#api';
import { fieldsOf, invalidObject, isAlreadyExists, type KubeObject } from '#apimachinery';
import type { Core } from '../core.ts';
import { createObject } from '../registry/create.ts';
import { fieldWriteOf, loopbackContext, recordManagedFields } from '../registry/write-context.ts';
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

/** Creates an object with its status unless it is there: in one write what its manager and then its controller would say in two. Throws StatusError. */
export async function ensureReported(core: Core, object: KubeObject, manager: string): Promise<void> {
  const kind = kindOf(object.apiVersion, object.kind);
  if (!kind) throw new Error(`${object.apiVersion} ${object.kind} is not registered`);
  const key = storageKey(kind, object.metadata.name, object.metadata.namespace);
  const cache = core.caches.of(kind);
  await cache.start();
  if (cache.get(key)) return;
  const context = { ...loopbackContext(core), manager };
  const { status, ...wanted } = copyOf(fieldsOf(object));
  const created = applyDefaults(kind, wanted as unknown as KubeObject);
  recordManagedFields(kind, undefined, created, fieldWriteOf(kind, undefined, context));
  const errors = beforeCreate(kind, created, core.strategyContext());
  if (errors.length > 0) throw invalidObject(kind, created.metadata.name, errors);
  const told = { ...copyOf(created), status } as KubeObject;
  const subresource = kind.subresources.find(({ name }) => name === 'status');
  if (status !== undefined) recordManagedFields(kind, created, told, fieldWriteOf(kind, subresource, context));
  // Somebody who was faster wrote the same.
  await core.store.create(kind, key, told);
}

/** Creates every object that is missing, all at once: etcd writes them in few batches. */
export async function ensureObjects(core: Core, objects: readonly KubeObject[]): Promise<void> {
  await Promise.all(objects.map((object) => ensureObject(core, object)));
}
