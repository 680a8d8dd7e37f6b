/** NodeResourcesFit: what a pod requests must be free on the node; nodes with more left score higher (LeastAllocated over cpu and memory). */
import type { Node } from '#api';
import { MAX_NODE_SCORE, unresolvable, unschedulable, type CycleState, type Plugin } from '../framework.ts';
import { podRequests, resourcesOf, type NodeInfo, type Resources } from '../node-info.ts';

const NAME = 'NodeResourcesFit';
/** Reasons name cpu, memory, ephemeral-storage in this order, then the rest by name. */
const FIRST = ['cpu', 'memory', 'ephemeral-storage'];

const byReason = (a: string, b: string): number => {
  const [left, right] = [FIRST.indexOf(a), FIRST.indexOf(b)];
  if (left >= 0 || right >= 0) return (left < 0 ? FIRST.length : left) - (right < 0 ? FIRST.length : right);
  return a < b ? -1 : 1;
};

/** Resources of which the node has too little left, as reasons; and whether even an empty node would. */
export function insufficientResources(
  requests: Resources,
  node: Pick<NodeInfo, 'allocatable' | 'requested' | 'pods'>,
): { reasons: string[]; unresolvable: boolean } {
  const reasons: string[] = [];
  let never = false;
  if (node.pods.length + 1 > (node.allocatable['pods'] ?? 0)) reasons.push('Too many pods');
  for (const name of Object.keys(requests).sort(byReason)) {
    const wanted = requests[name]!;
    const allocatable = node.allocatable[name] ?? 0;
    if (wanted === 0 || wanted <= allocatable - (node.requested[name] ?? 0)) continue;
    reasons.push(`Insufficient ${name}`);
    if (wanted > allocatable) never = true;
  }
  return { reasons, unresolvable: never };
}

const requestsOf = (state: CycleState): Resources => state.get(NAME) as Resources;

/** The plugin. */
export function nodeResourcesFit(): Plugin {
  return {
    name: NAME,
    interests: [
      { resource: 'AssignedPod', actions: ['Delete', 'Update'] },
      {
        resource: 'Node',
        actions: ['Add', 'Update'],
        hint(pod, event) {
          const allocatable = resourcesOf((event.object as Node).status?.allocatable as Record<string, string> | undefined);
          return !insufficientResources(podRequests(pod), { allocatable, requested: {}, pods: [] }).reasons.length;
        },
      },
    ],
    preFilter(state, pod) {
      state.set(NAME, podRequests(pod));
      return undefined;
    },
    filter(state, _pod, node) {
      const { reasons, unresolvable: never } = insufficientResources(requestsOf(state), node);
      if (!reasons.length) return undefined;
      return never ? unresolvable(...reasons) : unschedulable(...reasons);
    },
    score(_state, pod, node) {
      const requests = podRequests(pod, true);
      let sum = 0;
      let weights = 0;
      for (const name of ['cpu', 'memory']) {
        const allocatable = node.allocatable[name] ?? 0;
        if (allocatable === 0) continue;
        const requested = (node.nonZeroRequested[name] ?? 0) + (requests[name] ?? 0);
        sum += requested > allocatable ? 0 : Math.floor(((allocatable - requested) * MAX_NODE_SCORE) / allocatable);
        weights++;
      }
      return weights === 0 ? 0 : Math.floor(sum / weights);
    },
  };
}
