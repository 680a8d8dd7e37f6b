/** NodeResourcesBalancedAllocation: prefers the node whose cpu and memory would be used in like shares. */
import { MAX_NODE_SCORE, type Plugin } from '../framework.ts';
import { podRequests } from '../node-info.ts';

/** The score of shares of use: 100 when all are equal. */
export function balancedScore(fractions: readonly number[]): number {
  const capped = fractions.map((fraction) => Math.min(fraction, 1));
  let deviation = 0;
  if (capped.length === 2) deviation = Math.abs((capped[0]! - capped[1]!) / 2);
  else if (capped.length > 2) {
    const mean = capped.reduce((sum, fraction) => sum + fraction, 0) / capped.length;
    deviation = Math.sqrt(capped.reduce((sum, fraction) => sum + (fraction - mean) ** 2, 0) / capped.length);
  }
  return Math.floor((1 - deviation) * MAX_NODE_SCORE);
}

/** The plugin. */
export function nodeResourcesBalancedAllocation(): Plugin {
  return {
    name: 'NodeResourcesBalancedAllocation',
    /** Best-effort pods say nothing of balance. */
    preScore: (_state, pod) => (Object.keys(podRequests(pod)).length ? undefined : { code: 'Skip', reasons: [] }),
    score(_state, pod, node) {
      const requests = podRequests(pod);
      const fractions: number[] = [];
      for (const name of ['cpu', 'memory']) {
        const allocatable = node.allocatable[name] ?? 0;
        if (allocatable > 0) fractions.push(((node.requested[name] ?? 0) + (requests[name] ?? 0)) / allocatable);
      }
      return balancedScore(fractions);
    },
  };
}
