/** NodeAffinity: nodeSelector and node affinity, required and preferred. */
import type { Node } from '#api';
import { deepEqual } from '#apimachinery';
import { matchesNodeAffinity, matchesNodeSelectorTerm } from '#client';
import { defaultNormalizeScore, unresolvable, type Plugin } from '../framework.ts';

const REASON = "node(s) didn't match Pod's node affinity/selector";

/** The plugin. */
export function nodeAffinity(): Plugin {
  return {
    name: 'NodeAffinity',
    interests: [
      {
        resource: 'Node',
        actions: ['Add', 'Update'],
        hint: (pod, event) =>
          matchesNodeAffinity(pod, event.object as Node) &&
          !(event.old && deepEqual(event.old.metadata.labels, event.object?.metadata.labels)),
      },
    ],
    /** Names in matchFields of every term (as DaemonSet pods have them) leave only those nodes to look at. */
    preFilter(_state, pod) {
      const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
      if (!terms?.length) return undefined;
      const names = new Set<string>();
      for (const term of terms) {
        const byName = (term.matchFields ?? []).filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
        if (!byName.length) return undefined;
        for (const name of byName[0]!.values ?? []) if (byName.every(({ values }) => values?.includes(name))) names.add(name);
      }
      return names.size ? { nodeNames: names } : { status: unresolvable('pod affinity terms conflict') };
    },
    filter: (_state, pod, { node }) => (matchesNodeAffinity(pod, node) ? undefined : unresolvable(REASON)),
    preScore: (_state, pod) =>
      pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ? undefined : { code: 'Skip', reasons: [] },
    score(_state, pod, { node }) {
      let sum = 0;
      for (const { weight, preference } of pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
        if (matchesNodeSelectorTerm(preference, node)) sum += weight;
      }
      return sum;
    },
    normalizeScore: (_state, _pod, scores) => defaultNormalizeScore(scores, false),
  };
}
