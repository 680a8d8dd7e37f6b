/** Why a pod fits no node, in the scheduler's words (framework.FitError): counted reasons in order of their text. */
import type { PluginStatus } from './framework.ts';

/** `0/3 nodes are available: 1 node(s) …, 2 Insufficient cpu.`, then the message of preemption where there is one. */
export function fitMessage(
  nodes: number,
  rejected: ReadonlyMap<string, PluginStatus>,
  preFilterMessage = '',
  postFilterMessage = '',
): string {
  let message = `0/${nodes} nodes are available`;
  if (preFilterMessage) message += `: ${preFilterMessage}.`;
  else {
    const counts = new Map<string, number>();
    for (const { reasons } of rejected.values()) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const texts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
    if (texts.length) message += `: ${texts.join(', ')}.`;
  }
  return postFilterMessage ? `${message} ${postFilterMessage}` : message;
}
