/** TaintToleration: a pod avoids nodes with NoSchedule and NoExecute taints it does not tolerate, and those with fewer PreferNoSchedule ones score higher. */
import type { Node, Pod } from '#api';
import { findUntoleratedTaint, toleratesTaint } from '#client';
import { defaultNormalizeScore, unresolvable, type Plugin } from '../framework.ts';

const HARD = ['NoSchedule', 'NoExecute'] as const;

/** The plugin. */
export function taintToleration(): Plugin {
  return {
    name: 'TaintToleration',
    interests: [
      {
        resource: 'Node',
        actions: ['Add', 'Update'],
        hint: (pod, event) => !findUntoleratedTaint((event.object as Node).spec?.taints, pod.spec?.tolerations, HARD),
      },
      {
        resource: 'Pod',
        actions: ['Update'],
        hint: (_pod, event) =>
          ((event.object as Pod).spec?.tolerations?.length ?? 0) !== ((event.old as Pod | undefined)?.spec?.tolerations?.length ?? 0),
      },
    ],
    filter(_state, pod, { node }) {
      const taint = findUntoleratedTaint(node.spec?.taints, pod.spec?.tolerations, HARD);
      return taint && unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
    },
    score(_state, pod, { node }) {
      const tolerations = (pod.spec?.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
      return (node.spec?.taints ?? []).filter(
        (taint) => taint.effect === 'PreferNoSchedule' && !tolerations.some((toleration) => toleratesTaint(toleration, taint)),
      ).length;
    },
    normalizeScore: (_state, _pod, scores) => defaultNormalizeScore(scores, true),
  };
}
