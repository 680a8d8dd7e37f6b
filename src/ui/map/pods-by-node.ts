/** Which pods are drawn on which machine. Pure. */
import { isMirrorPod, type PodObject } from '../state/objects.ts';
import { compareCounted, countedName } from './machine-rows.ts';

/** Pods by the name of their node, those on none under the empty name; each group in the order of names. Mirrors of static pods are left out: their components are drawn. */
export function podsByNode(pods: Iterable<PodObject>): ReadonlyMap<string, readonly PodObject[]> {
  const groups = new Map<string, { readonly pod: PodObject; readonly stem: string; readonly count: number }[]>();
  for (const pod of pods) {
    if (isMirrorPod(pod)) continue;
    const node = pod.spec.nodeName ?? '';
    const group = groups.get(node) ?? [];
    groups.set(node, group);
    group.push({ pod, ...countedName(pod.metadata.name) });
  }
  return new Map([...groups].map(([node, group]) => [node, group.sort((a, b) => compareCounted(a, b)).map(({ pod }) => pod)] as const));
}
