/** Which pods are drawn on which machine. Pure. */
import { isMirrorPod, type PodObject } from '../state/objects.ts';
import { byCountedName } from './machine-rows.ts';

/** Pods by the name of their node, those on none under the empty name; each group in the order of names. Mirrors of static pods are left out: their components are drawn. */
export function podsByNode(pods: Iterable<PodObject>): ReadonlyMap<string, readonly PodObject[]> {
  const groups = new Map<string, PodObject[]>();
  for (const pod of pods) {
    if (isMirrorPod(pod)) continue;
    const node = pod.spec.nodeName ?? '';
    const group = groups.get(node) ?? [];
    groups.set(node, group);
    group.push(pod);
  }
  for (const group of groups.values()) group.sort((a, b) => byCountedName(a.metadata, b.metadata));
  return groups;
}
