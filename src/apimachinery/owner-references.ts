// Owner references: who made an object, and which controller manages it.
import type { KubeObject, OwnerReference } from './meta.ts';
/** The reference of the managing controller. */
export declare function controllerOf(object: { metadata: { ownerReferences?: OwnerReference[] } }): OwnerReference | undefined;
/** Whether `owner` manages the object (by uid). */
export declare function isControlledBy(object: { metadata: { ownerReferences?: OwnerReference[] } }, owner: { metadata: { uid?: string } }): boolean;
/** A controller reference to an owner (controller and blockOwnerDeletion true). */
export declare function newControllerRef(owner: KubeObject): OwnerReference;
