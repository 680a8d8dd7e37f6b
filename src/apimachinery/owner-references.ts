// Owner references: who made an object, and which controller manages it.
import type { KubeObject, OwnerReference } from './meta.ts';

/** The reference of the managing controller. */
export function controllerOf(object: { metadata: { ownerReferences?: OwnerReference[] } }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** Whether `owner` manages the object (by uid). */
export function isControlledBy(
  object: { metadata: { ownerReferences?: OwnerReference[] } },
  owner: { metadata: { uid?: string } },
): boolean {
  const reference = controllerOf(object);
  return reference !== undefined && reference.uid === owner.metadata.uid;
}

/** A controller reference to an owner (controller and blockOwnerDeletion true). */
export function newControllerRef(owner: KubeObject): OwnerReference {
  const { name, uid = '' } = owner.metadata;
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}
