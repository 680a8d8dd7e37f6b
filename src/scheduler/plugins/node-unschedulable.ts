/** NodeUnschedulable: no new pods on a cordoned node, unless they tolerate the taint that stands for it. */
import type { Node, Pod } from '#api';
import { toleratesTaint } from '#client';
import { unresolvable, type Plugin } from '../framework.ts';

const tolerated = (pod: Pod): boolean =>
  (pod.spec?.tolerations ?? []).some((toleration) =>
    toleratesTaint(toleration, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }),
  );

/** The plugin. */
export function nodeUnschedulable(): Plugin {
  return {
    name: 'NodeUnschedulable',
    interests: [
      { resource: 'Node', actions: ['Add', 'Update'], hint: (_pod, event) => !(event.object as Node).spec?.unschedulable },
      { resource: 'Pod', actions: ['Update'], hint: (_pod, event) => tolerated(event.object as Pod) },
    ],
    filter: (_state, pod, { node }) =>
      node.spec?.unschedulable && !tolerated(pod) ? unresolvable('node(s) were unschedulable') : undefined,
  };
}
