/** What the garbage collector does with one object, from what is known of its owners and dependents. Pure. */
import type { KubeObject, OwnerReference } from '#apimachinery';

/** State of one owner: there, going and waiting for its dependents, or gone. */
export type OwnerState = 'solid' | 'waiting' | 'absent';

/** What to do with an object that has owners. */
export type Collection =
  | { readonly action: 'keep' }
  /** Some owners stay: the references to the others are removed. */
  | { readonly action: 'unlink'; readonly uids: readonly string[] }
  | { readonly action: 'delete'; readonly propagationPolicy: 'Orphan' | 'Foreground' | 'Background' };

export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';

/** Whether the object is being deleted in the foreground: its dependents go first. */
export function isDeletingDependents(object: KubeObject): boolean {
  return Boolean(object.metadata.deletionTimestamp) && (object.metadata.finalizers ?? []).includes(FOREGROUND);
}

/** Whether the object is being deleted and its dependents are to stay. */
export function isOrphaning(object: KubeObject): boolean {
  return Boolean(object.metadata.deletionTimestamp) && (object.metadata.finalizers ?? []).includes(ORPHAN);
}

/** Decides over an object with owners. `hasDependents`: something it owns is still there. */
export function planCollection(object: KubeObject, stateOf: (owner: OwnerReference) => OwnerState, hasDependents: boolean): Collection {
  const owners = object.metadata.ownerReferences ?? [];
  if (!owners.length || (object.metadata.deletionTimestamp && !isDeletingDependents(object))) return { action: 'keep' };
  const states = owners.map((owner) => ({ owner, state: stateOf(owner) }));
  const gone = states.filter(({ state }) => state !== 'solid');
  if (gone.length < states.length) return gone.length ? { action: 'unlink', uids: gone.map(({ owner }) => owner.uid) } : { action: 'keep' };
  if (object.metadata.deletionTimestamp) return { action: 'keep' };
  if (hasDependents && states.some(({ state }) => state === 'waiting')) return { action: 'delete', propagationPolicy: 'Foreground' };
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(ORPHAN)) return { action: 'delete', propagationPolicy: 'Orphan' };
  return { action: 'delete', propagationPolicy: finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background' };
}
