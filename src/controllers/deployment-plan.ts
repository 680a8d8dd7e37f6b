/** The arithmetic of deployments: how far the new ReplicaSet may grow and the old ones must shrink. Pure. */
import type { Deployment, ReplicaSet } from '#api';
import { scaledValue, type IntOrString } from '#apimachinery';

/** A ReplicaSet and the size it should have. */
export interface Scaling {
  readonly replicaset: ReplicaSet;
  readonly replicas: number;
}

/** spec.replicas of a ReplicaSet. */
export const sizeOf = (replicaset: ReplicaSet): number => replicaset.spec?.replicas ?? 0;
/** Sum of the sizes. */
export const totalSize = (replicasets: readonly ReplicaSet[]): number =>
  replicasets.reduce((sum, replicaset) => sum + sizeOf(replicaset), 0);
const available = (replicaset: ReplicaSet): number => replicaset.status?.availableReplicas ?? 0;
/** spec.replicas of a Deployment. */
export const desiredOf = (deployment: Deployment): number => deployment.spec?.replicas ?? 1;
/** Whether it rolls (and does not recreate). */
export const isRolling = (deployment: Deployment): boolean => deployment.spec?.strategy?.type !== 'Recreate';

/** maxSurge and maxUnavailable as numbers: the first rounded up, the second down, never both zero. */
export function fenceposts(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  if (!isRolling(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const rolling = deployment.spec?.strategy?.rollingUpdate;
  const desired = desiredOf(deployment);
  const maxSurge = scaledValue((rolling?.maxSurge ?? '25%') as IntOrString, desired, true);
  const maxUnavailable = scaledValue((rolling?.maxUnavailable ?? '25%') as IntOrString, desired, false);
  if (maxSurge === 0 && maxUnavailable === 0) return { maxSurge, maxUnavailable: 1 };
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, desired) };
}

/** Size of the new ReplicaSet in the next step. */
export function newReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const desired = desiredOf(deployment);
  if (!isRolling(deployment)) return desired;
  const total = totalSize(all);
  const limit = desired + fenceposts(deployment).maxSurge;
  if (total >= limit) return current;
  return current + Math.min(limit - total, desired - current);
}

const oldestFirst = (a: ReplicaSet, b: ReplicaSet): number => {
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return left === right ? (a.metadata.name < b.metadata.name ? -1 : 1) : left < right ? -1 : 1;
};

/** Oldest first. */
export function byAge(replicasets: readonly ReplicaSet[]): ReplicaSet[] {
  return [...replicasets].sort(oldestFirst);
}

/** The old ReplicaSets' next sizes in a rolling update: first those pods that are not available anyway, then as many as may be missing. */
export function planOldReplicas(deployment: Deployment, newest: ReplicaSet, old: readonly ReplicaSet[]): Scaling[] {
  const oldTotal = totalSize(old);
  if (oldTotal === 0) return [];
  const minAvailable = desiredOf(deployment) - fenceposts(deployment).maxUnavailable;
  const newUnavailable = sizeOf(newest) - available(newest);
  const maxScaledDown = oldTotal + sizeOf(newest) - minAvailable - newUnavailable;
  if (maxScaledDown <= 0) return [];
  const sizes = new Map(byAge(old).map((replicaset) => [replicaset, sizeOf(replicaset)]));
  let cleaned = 0;
  for (const [replicaset, size] of sizes) {
    if (cleaned >= maxScaledDown || size === 0 || size === available(replicaset)) continue;
    const down = Math.min(maxScaledDown - cleaned, size - available(replicaset));
    sizes.set(replicaset, size - down);
    cleaned += down;
  }
  const availableTotal = [...old, newest].reduce((sum, replicaset) => sum + available(replicaset), 0);
  let rest = availableTotal - minAvailable;
  for (const [replicaset, size] of sizes) {
    if (rest <= 0) break;
    const down = Math.min(size, rest);
    sizes.set(replicaset, size - down);
    rest -= down;
  }
  return [...sizes].filter(([replicaset, size]) => size !== sizeOf(replicaset)).map(([replicaset, replicas]) => ({ replicaset, replicas }));
}

const MAX_REPLICAS_ANNOTATION = 'deployment.kubernetes.io/max-replicas';

/** Shares a change of spec.replicas during a rollout among the active ReplicaSets in proportion to their sizes. */
export function planProportional(deployment: Deployment, active: readonly ReplicaSet[]): Scaling[] {
  const allowed = desiredOf(deployment) > 0 ? desiredOf(deployment) + fenceposts(deployment).maxSurge : 0;
  const toAdd = allowed - totalSize(active);
  const bySize = [...active].sort((a, b) => sizeOf(b) - sizeOf(a) || (toAdd > 0 ? -oldestFirst(a, b) : oldestFirst(a, b)));
  const sizes = bySize.map(sizeOf);
  let added = 0;
  bySize.forEach((replicaset, at) => {
    const before = Number(replicaset.metadata.annotations?.[MAX_REPLICAS_ANNOTATION]) || totalSize(active);
    const exact = sizeOf(replicaset) === 0 || before === 0 ? 0 : Math.round((sizeOf(replicaset) * allowed) / before) - sizeOf(replicaset);
    const rest = toAdd - added;
    const share = toAdd > 0 ? Math.min(exact, rest) : Math.max(exact, rest);
    if (toAdd === 0 || share === 0) return;
    sizes[at] = sizeOf(replicaset) + share;
    added += share;
  });
  // What rounding left over goes to the largest.
  if (bySize.length && toAdd !== added) sizes[0] = Math.max(0, sizes[0]! + toAdd - added);
  return bySize.map((replicaset, at) => ({ replicaset, replicas: sizes[at]! }));
}
